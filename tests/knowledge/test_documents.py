"""Reading copies: every character shown leads back to the raw text that it stands for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Document, Edit, ReadingCopy

RAW = "meta made Alc ompany news,  and fora model"
EDITS = (
    Edit(0, 1, "M"),
    Edit(10, 20, "an AI company"),
    Edit(26, 28, " "),
    Edit(35, 35, " "),
)
DOCUMENT = Document("d", "D", "text", RAW, edits=EDITS)
READING = "Meta made an AI company news, and for a model"


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, tuple[Edit, ...]]:
    """A raw text and edits of it: in order, apart, some of them insertions or deletions."""
    raw = draw(st.text(max_size=40))
    places = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=8, unique=True)))
    pairs = list(zip(places[::2], places[1::2], strict=False))
    kept = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    return raw, tuple(
        Edit(start, end if keep else start, draw(st.text(max_size=5)))
        for (start, end), keep in zip(pairs, kept, strict=True)
    )


def read(raw: str, edits: tuple[Edit, ...]) -> ReadingCopy:
    return Document("d", "D", "text", raw, edits=edits).read(0, len(raw))


def plainly(raw: str, edits: tuple[Edit, ...]) -> tuple[str, list[tuple[int, int]]]:
    """The reading copy, character by character: what `ReadingCopy` must agree with."""
    text, spans, position = "", [], 0
    for edit in (*edits, Edit(len(raw), len(raw), "")):
        text += raw[position : edit.start] + edit.reading
        spans += [(place, place + 1) for place in range(position, edit.start)]
        spans += [(edit.start, edit.end)] * len(edit.reading)
        position = edit.end
    return text, spans


def test_a_document_reads_with_its_edits() -> None:
    assert DOCUMENT.read(0, len(RAW)).text == READING


def test_a_part_reads_with_the_edits_inside_it() -> None:
    assert DOCUMENT.read(5, 25).text == "made an AI company news"


def test_an_edit_that_is_only_partly_inside_is_left_out() -> None:
    assert DOCUMENT.read(5, 15).text == "made Alc o"


@pytest.mark.parametrize(
    ("shown", "stands_for"),
    [
        ("made", "made"),
        ("AI", "Alc ompany"),
        ("company news", "Alc ompany news"),
        ("Meta", "meta"),
        ("for a model", "fora model"),
        (READING, RAW),
    ],
)
def test_what_is_shown_leads_back_to_the_raw_text(shown: str, stands_for: str) -> None:
    start = READING.index(shown)
    raw_start, raw_end = DOCUMENT.read(0, len(RAW)).raw_span(start, start + len(shown))
    assert RAW[raw_start:raw_end] == stands_for


@given(edited())
def test_a_reading_copy_agrees_with_its_plain_definition(case: tuple[str, tuple[Edit, ...]]) -> None:
    copy = read(*case)
    text, spans = plainly(*case)
    assert copy.text == text
    assert [copy.raw_span(place, place + 1) for place in range(len(text))] == spans


@given(edited(), st.data())
def test_raw_spans_are_inside_the_document_and_in_order(
    case: tuple[str, tuple[Edit, ...]], data: st.DataObject
) -> None:
    copy = read(*case)
    if not copy.text:
        return
    spans = [copy.raw_span(place, place + 1) for place in range(len(copy.text))]
    assert all(0 <= start <= end <= len(case[0]) for start, end in spans)
    assert all(earlier[0] <= later[0] and earlier[1] <= later[1] for earlier, later in pairwise(spans))
    first = data.draw(st.integers(0, len(spans) - 1))
    last = data.draw(st.integers(first, len(spans) - 1))
    assert copy.raw_span(first, last + 1) == (spans[first][0], spans[last][1])


@given(st.text(min_size=1, max_size=60), st.data())
def test_a_text_without_edits_is_its_own_reading_copy(raw: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(start + 1, len(raw)))
    copy = Document("d", "D", "text", raw).read(start, end)
    assert copy.text == raw[start:end]
    assert copy.raw_span(0, end - start) == (start, end)
