"""Splitting what a model writes, its markers, exact quotes and numbering."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.citations import Claimed, Evidence, SentenceStream, numbered, quote, split_claims, support
from bot.messages import Citation, Sentence
from knowledge.chunking import passages_of
from knowledge.documents import Document, Edit, Passage
from tests.bot.answering.conftest import no_synonyms

MILL = "The mill opens at nine. The miller sells bread, cake and flour on Sundays.\nSnap and Apple buy 20 loaves.\n"


def claims(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(claim.text, claim.numbers) for claim in split_claims(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apple is out. [1] Snap is out [2].", [("Apple is out.", (1,)), ("Snap is out.", (2,))]),
        ("Apple is out.[1] Snap is out.[2]", [("Apple is out.", (1,)), ("Snap is out.", (2,))]),
        ("Apple [1] and Snap [2] are out.", [("Apple and Snap are out.", (1, 2))]),
        ("Apple is out (1). Snap is out 【2】.", [("Apple is out.", (1,)), ("Snap is out.", (2,))]),
        ("Apple is out [1, 2; 3]", [("Apple is out", (1, 2, 3))]),
        ("Apple is out. [1][2] [3] Snap too.", [("Apple is out.", (1, 2, 3)), ("Snap too.", ())]),
        ("- Apple is out.\n* Snap too.\n• So is X.", [("Apple is out.", ()), ("Snap too.", ()), ("So is X.", ())]),
        ("1. Apple is out.\n2) Snap is out.", [("Apple is out.", ()), ("Snap is out.", ())]),
        ("Apple is out. 2. Snap is out.", [("Apple is out.", ()), ("Snap is out.", ())]),
        ("Answer: Apple.", [("Apple.", ())]),
        ("The final answer is: **Apple** is out.", [("Apple is out.", ())]),
        ("1. Answer: Apple is out.", [("Apple is out.", ())]),
        ("Meta Platforms, Inc. Apple is out.", [("Meta Platforms, Inc. Apple is out.", ())]),
        ("The model was released in July (2023).", [("The model was released in July (2023).", ())]),
        ("", []),
        ("[1] [2]\n---\n***", []),
        ("Apple is out\r\nSnap is out\u2028X is out", [("Apple is out", ()), ("Snap is out", ()), ("X is out", ())]),
    ],
)
def test_sentences_and_their_numbers(text: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    assert claims(text) == expected


class TestStreaming:
    def test_a_sentence_is_given_once_the_next_is_under_way(self) -> None:
        stream = SentenceStream()
        assert stream.feed("Apple is out.") == []
        assert stream.feed(" [1") == []
        assert stream.feed("] ") == []
        assert stream.feed("Sn") == [Claimed("Apple is out.", (1,))]
        assert stream.feed("ap is out.") == []
        assert stream.end() == [Claimed("Snap is out.", ())]

    def test_a_line_end_ends_a_sentence(self) -> None:
        assert SentenceStream().feed("- Apple is out\n") == [Claimed("Apple is out", ())]

    @pytest.mark.parametrize("rest", [" Snap is", " [1] Snap", " (See", " [1"])
    def test_a_sentence_that_was_cut_off_is_none(self, rest: str) -> None:
        assert [claim.text for claim in _streamed([f"Apple is out.{rest}"])] == ["Apple is out."]

    @given(st.data())
    def test_however_it_is_cut_the_same_sentences_come_out(self, data: st.DataObject) -> None:
        text = "".join(data.draw(st.lists(st.sampled_from(FRAGMENTS), max_size=25)))
        cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        streamed = _streamed(pieces)
        assert streamed == _streamed([text])
        # Only the last one may be missing, if it was cut off.
        assert _said(streamed) == _said(split_claims(text))[: len(streamed)]
        assert len(split_claims(text)) - len(streamed) <= 1

    @given(st.data())
    def test_any_text_may_come(self, data: st.DataObject) -> None:
        pieces = data.draw(st.lists(st.text(max_size=8), max_size=12))
        whole = "".join(pieces)
        assert _streamed(pieces) == _streamed([whole])
        assert _said(_streamed(pieces)) == _said(split_claims(whole))[: len(_streamed(pieces))]


# What models write, in parts that join into awkward texts.
FRAGMENTS = [
    *("Apple is out", "snap", "Meta Inc", "The U.S. law", "It is 3", "5 million", "A", "e.g", "Answer:", "Response: "),
    *(".", ". ", "! ", "?", "…", "。", " ", "\n", "\r\n", "\r", "\u2028", "\n\n", ",", ": ", '"', ") ", "(", "— "),
    *("[1]", " [2]", "[", "]", "[1, 2]", "(3)", "【4】", "[99] ", "1. ", "2) ", "- ", "* ", "**", "__", "*", "10"),
]


def _streamed(pieces: list[str]) -> list[Claimed]:
    stream = SentenceStream()
    return [claim for piece in pieces for claim in stream.feed(piece)] + stream.end()


def _said(claims: list[Claimed]) -> list[str]:
    return [claim.text for claim in claims]


@pytest.fixture(scope="module")
def mill() -> tuple[Document, list[Evidence]]:
    document = Document("mill", "The mill", "text", MILL, edits=(Edit(41, 46, "loaves"),))
    return document, [Evidence(p, p.text, p.start, p.end) for p in passages_of(document)]


class TestSupport:
    @staticmethod
    def supported(mill: tuple[Document, list[Evidence]], text: str, *numbers: int, leading: int = 3) -> str | None:
        document, evidence = mill
        found = support(Claimed(text, numbers), evidence, leading, {"mill": document}, no_synonyms)
        return found.quote if found else None

    def test_by_the_passage_it_points_to(self, mill: tuple[Document, list[Evidence]]) -> None:
        assert self.supported(mill, "The mill opens at nine.", 1) == "The mill opens at nine."

    @pytest.mark.parametrize("number", [0, 2, 3, 99])
    def test_a_wrong_marker_is_repaired(self, mill: tuple[Document, list[Evidence]], number: int) -> None:
        assert self.supported(mill, "The mill opens at nine.", number) == "The mill opens at nine."

    def test_without_a_marker(self, mill: tuple[Document, list[Evidence]]) -> None:
        assert self.supported(mill, "Snap and Apple buy 20 loaves.") == "Snap and Apple buy 20 loaves."

    @pytest.mark.parametrize("text", ["The mill opens at ten.", "Meta buys 20 loaves.", "Nine.", "nine, nine, nine"])
    def test_by_none(self, mill: tuple[Document, list[Evidence]], text: str) -> None:
        assert self.supported(mill, text, 1) is None

    def test_repeating_what_does_not_lead_is_no_answer(self, mill: tuple[Document, list[Evidence]]) -> None:
        text = "The miller sells loaves, cake and flour on Sundays."
        assert self.supported(mill, text, 2, leading=1) is None
        assert self.supported(mill, text, 2, leading=2) == "The miller sells bread, cake and flour on Sundays."


def test_a_quote_is_raw_where_its_reading_is_corrected(mill: tuple[Document, list[Evidence]]) -> None:
    document, evidence = mill
    at = evidence[1].text.index("loaves")
    citation = quote(evidence[1], at, at + 3, document)
    assert (citation.quote, citation.reading, document.text[citation.start : citation.end]) == ("bread", "loa", "bread")


def test_citations_are_numbered_as_they_appear_and_spans_share_a_number() -> None:
    def cited(text: str, start: int) -> tuple[Sentence, Citation]:
        return Sentence(text, ()), Citation(0, "mill", "The mill", "¶ 1", "…", start, start + 5, "p", "…")

    sentences, citations = numbered([cited("A.", 7), cited("B.", 3), cited("C.", 7)])
    assert [(sentence.text, sentence.citations) for sentence in sentences] == [("A.", (1,)), ("B.", (2,)), ("C.", (1,))]
    assert [(citation.number, citation.start) for citation in citations] == [(1, 7), (2, 3)]


def test_nothing_cited_is_nothing_numbered() -> None:
    assert numbered([]) == ((), ())


def test_evidence_may_lack_a_heading() -> None:
    passage = Passage("p", "mill", "The mill", "¶ 1", "", "The mill opens at nine.", 0, 23, (0, 23))
    document = Document("mill", "The mill", "text", MILL)
    evidence = [Evidence(passage, passage.text, 0, 23)]
    found = support(Claimed("The mill opens at nine.", ()), evidence, 1, {"mill": document}, no_synonyms)
    assert found is not None
    assert found.quote == passage.text
