"""Which passages carry the answer: what is offered to the model, and what is quoted in its place."""

from collections.abc import Mapping

import pytest

from bot.answering.evidence import choose, leads_on, quoted
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


@pytest.mark.parametrize(
    ("best", "leading"),
    [
        ("So why?", ["So why?", "Wheat is dear."]),
        ("Now let's look at the bread.", ["Now let's look at the bread. It is baked at night."]),
        ("It is baked at night.", ["It is baked at night."]),
    ],
)
def test_what_a_sentence_leads_on_to_is_told_with_it(best: str, leading: list[str]) -> None:
    text = "Now let's look at the bread. It is baked at night. So why?\n\nWheat is dear. There are three reasons.\n"
    document = Document("bakery", "The bakery", "text", text)
    passages = passages_of(document)
    place = next(place for place, passage in enumerate(passages) if passage.text == best)
    found = choose([RankedPassage(passages[place], 1, 1, 1, 1)], {"bakery": document}, passages[place + 1 : place + 3])
    assert texts(found.leading) == leading


@pytest.mark.parametrize(
    "text",
    ["Who pays?", "I want to cover the price here.", "There's a reason for it.", "It helps in many different ways."],
)
def test_these_only_lead_on(text: str) -> None:
    assert leads_on(text)


@pytest.mark.parametrize("text", ["He started the mill.", "One reason is the price.", "Let him go.", "It is dear."])
def test_these_say_something(text: str) -> None:
    assert not leads_on(text)


RULES_OF_THE_HOUSE = Document(
    "house", "House", "markdown", "# Rules\n\nGuests must not:\n\n- smoke\n- bring:\n  - dogs\n\nIt is quiet.\n"
)


@pytest.mark.parametrize(
    ("best", "leading"),
    [
        ("smoke", ["Guests must not:", "smoke"]),
        ("dogs", ["Guests must not:", "bring:", "dogs"]),
        ("It is quiet.", ["It is quiet."]),
    ],
)
def test_an_item_is_quoted_behind_the_sentence_that_it_completes(best: str, leading: list[str]) -> None:
    passages = {passage.text: passage for passage in passages_of(RULES_OF_THE_HOUSE)}
    others = [RankedPassage(passage, 0.5, 0.5, 0.5, 0.5) for text, passage in passages.items() if text != best]
    found = choose([RankedPassage(passages[best], 1, 1, 1, 1), *others], {"house": RULES_OF_THE_HOUSE})
    assert texts(found.leading) == leading
    offered = texts(found.offered)
    assert offered == [] if len(leading) > 1 else not {"smoke", "dogs"} & set(offered), "alone they say the opposite"


def test_a_sentence_that_opens_a_list_is_quoted_with_it() -> None:
    opening, *items = passages_of(RULES_OF_THE_HOUSE)
    found = choose([RankedPassage(opening, 1, 1, 1, 1)], {"house": RULES_OF_THE_HOUSE}, items[:2])
    assert texts(found.leading) == ["Guests must not:\n\n- smoke\n- bring:"]
