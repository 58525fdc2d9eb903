"""Which passages carry the answer: what is offered to the model, and what is quoted in its place."""

from collections.abc import Mapping

import pytest

from bot.answering.evidence import choose, quoted
from knowledge.chunking import passages_of
from knowledge.documents import Document, Passage
from knowledge.retrieval import RankedPassage

TALK = Document(
    "talk",
    "The talk",
    "text",
    "The mill is old. It stands by the river. The miller is young.\n\nBread is sold on Sundays.\n\nCake is sold too.\n",
)
RULES = Document("rules", "The rules", "text", "Bread must be paid for.\n", governs=True)
DOCUMENTS = {"talk": TALK, "rules": RULES}


@pytest.fixture(scope="module")
def passages() -> dict[str, Passage]:
    return {passage.text: passage for document in DOCUMENTS.values() for passage in passages_of(document)}


def ranked(passages: Mapping[str, Passage], **scores: float) -> list[RankedPassage]:
    """Passages by the word that they open with, with their scores."""
    by_word = {text.split()[0].lower(): passage for text, passage in passages.items() if passage.source == "talk"}
    by_word["must"] = next(passage for passage in passages.values() if passage.source == "rules")
    return [RankedPassage(by_word[word], score, score, score, score) for word, score in scores.items()]


def texts(evidence: tuple[object, ...]) -> list[str]:
    return [str(getattr(each, "text", "")) for each in evidence]


def test_the_best_one_leads_and_three_are_offered(passages: dict[str, Passage]) -> None:
    found = choose(ranked(passages, bread=1.0, cake=0.5, the=0.4, must=0.3), DOCUMENTS)
    assert texts(found.leading) == ["Bread is sold on Sundays."]
    assert texts(found.offered)[:2] == ["Bread is sold on Sundays.", "Cake is sold too."]
    assert len(found.offered) == 3


def test_one_as_good_leads_too_and_what_governs_comes_first(passages: dict[str, Passage]) -> None:
    found = choose(ranked(passages, bread=1.0, must=0.99, cake=0.5), DOCUMENTS)
    assert texts(found.leading) == ["Bread must be paid for.", "Bread is sold on Sundays."]
    assert found.offered[:2] == found.leading


def test_no_more_than_two_lead(passages: dict[str, Passage]) -> None:
    assert len(choose(ranked(passages, bread=1.0, cake=1.0, must=1.0), DOCUMENTS).leading) == 2


def test_a_neighbour_that_goes_on_is_read_and_quoted_with_it(passages: dict[str, Passage]) -> None:
    found = choose(ranked(passages, it=1.0, the=0.95, bread=0.2), DOCUMENTS)
    [leading] = found.leading
    assert TALK.text[leading.start : leading.end] == leading.text
    assert "It stands by the river." in leading.text
    assert len(leading.text) > len("It stands by the river.")


def test_one_alone_is_enough(passages: dict[str, Passage]) -> None:
    found = choose(ranked(passages, cake=0.0), DOCUMENTS)
    assert found.leading == found.offered


def test_a_quote_is_its_span(passages: dict[str, Passage]) -> None:
    found = choose(ranked(passages, bread=1.0, must=1.0), DOCUMENTS)
    for sentence, citation in quoted(found.leading, DOCUMENTS):
        assert sentence.quoted
        assert citation.quote == DOCUMENTS[citation.source].text[citation.start : citation.end] == sentence.text


def test_what_one_source_says_stays_in_its_order(passages: dict[str, Passage]) -> None:
    found = choose(ranked(passages, cake=1.0, bread=0.99), DOCUMENTS)
    assert texts(found.leading) == ["Bread is sold on Sundays.", "Cake is sold too."]


def test_a_passage_that_ends_inside_of_its_sentence_is_quoted_to_the_end() -> None:
    text = "Giving everybody what only the largest could build, with power they lack, will open a world to them.\n"
    document = Document("long", "Long", "text", text)
    end = text.index(",") + 1
    cut = Passage("long/p1/1", "long", "Long", "¶ 1", "Long", text[:end], 0, end, (0, len(text) - 1))
    [leading] = choose([RankedPassage(cut, 1, 1, 1, 1)], {"long": document}).leading
    assert leading.text == text.strip() == text[leading.start : leading.end]
