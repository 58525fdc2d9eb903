"""Documents into passages: what each kind of document divides into, and what holds for every passage."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import license_of, passages_of
from knowledge.documents import Document, Kind, Passage
from knowledge.loading import Library, Source, load_document
from knowledge.reading import mechanical_edits, merged

GUIDE = """---
title: Guide
tags: [a, b]
---
# Guide to **Herald**

Intro with a [link](http://example.com "t") and `code_name`. A second sentence.

## Setting up ##
- first item
- second item
  - nested item
1. Do this. Then that.
2. Stop.

```python
# a comment, no heading

x = 1
```

| company | users |
|---------|-------|
| Apple   | 700 million |

Questions
=========
> Why so?

---

## Setting up
Again.
"""


def document(text: str, kind: Kind = "text") -> Document:
    """A document as loading makes it."""
    return Document("d", "Doc", kind, text, edits=merged((), mechanical_edits(text, kind == "markdown")))


def passages(text: str, kind: Kind = "text") -> tuple[Passage, ...]:
    return passages_of(document(text, kind))


def shown(text: str, kind: Kind = "text") -> list[tuple[str, str]]:
    """What a citation shows of each passage: its place and its words."""
    return [(passage.locator, passage.text) for passage in passages(text, kind)]


def assert_sound(document: Document) -> tuple[Passage, ...]:
    """What holds for the passages of every document."""
    found = passages_of(document)
    assert len({passage.id for passage in found}) == len(found)
    for passage in found:
        start, end = passage.section
        assert 0 <= start <= passage.start < passage.end <= end <= len(document.text)
        assert document.read(passage.start, passage.end).text == passage.text
        assert passage.text == passage.text.strip()
        assert any(character.isalnum() for character in passage.text)
        assert (passage.source, passage.title) == (document.id, document.title)
        assert passage.heading.startswith(f"{document.title}, {passage.locator}")
    assert all(earlier.end <= later.start for earlier, later in pairwise(found))
    return found


# --- the shipped documents ------------------------------------------------------------------------------------------


def test_the_passages_of_the_shipped_documents_are_sound(shipped: Library) -> None:
    assert [len(assert_sound(document)) > 20 for document in shipped.documents] == [True, True]


def test_ids_are_stable(shipped: Library) -> None:
    again = Library.open().documents
    assert [passages_of(document) for document in again] == [passages_of(document) for document in shipped.documents]


@pytest.mark.parametrize(
    ("id", "locator", "words"),
    [
        ("transcript/p1/1", "¶ 1", "Just Changed Artificial Intelligence Forever"),
        ("transcript/p9/3", "¶ 9", "greater than 700 million monthly active users"),
        ("transcript/p10/1", "¶ 10", "companies like Apple, Snap, TikTok"),
        ("llama-2-license/1.b.iii/1", "§ 1.b.iii", "retain in all copies of the Llama Materials"),
        ("llama-2-license/2/1", "§ 2", "greater than 700 million monthly active users"),
        ("llama-2-license/Preamble/1", "Preamble", "LLAMA 2 COMMUNITY LICENSE AGREEMENT"),
        ("llama-2-license/Definitions/5", "Definitions", '"Llama Materials" means'),
    ],
)
def test_a_passage_is_where_its_id_and_locator_say(shipped: Library, id: str, locator: str, words: str) -> None:
    found = {p.id: p for document in shipped.documents for p in passages_of(document)}[id]
    assert found.locator == locator
    assert words in found.text


def test_a_clause_is_found_under_its_title(shipped: Library) -> None:
    found = {passage.id: passage for passage in passages_of(shipped.document("llama-2-license"))}
    assert found["llama-2-license/2/1"].heading == (
        "Llama 2 Community License Agreement, § 2, Additional Commercial Terms"
    )
    assert not found["llama-2-license/2/1"].text.startswith("2")
    assert found["llama-2-license/2/1"].governs


def test_paragraph_numbers_count_the_paragraphs_of_the_text(shipped: Library) -> None:
    transcript = shipped.document("transcript")
    paragraphs = [block for block in transcript.text.split("\n\n") if block.strip()]
    for passage in passages_of(transcript):
        paragraph = paragraphs[int(passage.locator.removeprefix("¶ ")) - 1]
        assert transcript.text[passage.start : passage.end] in paragraph


# --- plain text -----------------------------------------------------------------------------------------------------


def test_paragraphs_are_what_blank_lines_set_apart() -> None:
    assert shown("One. Two.\nThree.\n \n\nFour.\n") == [
        ("¶ 1", "One."),
        ("¶ 1", "Two."),
        ("¶ 1", "Three."),
        ("¶ 2", "Four."),
    ]


def test_a_rule_between_paragraphs_is_no_paragraph() -> None:
    assert shown("One.\n\n-----\n\nTwo.") == [("¶ 1", "One."), ("¶ 2", "Two.")]


def test_a_text_without_blank_lines_has_a_paragraph_a_line() -> None:
    assert shown("The first line.\nThe second line, longer.\nThe third!") == [
        ("¶ 1", "The first line."),
        ("¶ 2", "The second line, longer."),
        ("¶ 3", "The third!"),
    ]


def test_hard_wrapped_text_is_one_paragraph() -> None:
    assert shown("A sentence that goes on\nfor three lines and is\nwrapped at a width.") == [
        ("¶ 1", "A sentence that goes on for three lines and is wrapped at a width.")
    ]


def test_list_items_are_passages_of_their_own() -> None:
    assert [text for _, text in shown("You need:\n- a laptop\n* a model\n2) some time\n")] == [
        "You need:",
        "a laptop",
        "a model",
        "some time",
    ]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        ("It is here 🎉. Try it 🦙!", ["It is here 🎉.", "Try it 🦙!"]),
        ("Seven\u00a0hundred million.", ["Seven hundred million."]),
        ("open-\nsource", ["open-source"]),
    ],
)
def test_texts_of_all_scripts_divide(text: str, reads: list[str]) -> None:
    assert [words for _, words in shown(text)] == reads
    assert_sound(document(text))


LIMITS = """1. Rights.

a. Use. You may use the Data.

b. Limits. You may not:

i. sell the Data by itself;

ii. use the Data to identify persons; or

iii. You must keep the notices.

c. Term. It ends in May.
"""


@pytest.mark.parametrize(
    ("kind", "text", "leads"),
    [
        (
            "markdown",
            "# Rules\n\nMembers must not:\n\n- bring dogs\n- take:\n  - tools\n  - keys\n- smoke\n\nThe end.\n\n- Me\n",
            {
                "bring dogs": "Members must not:",
                "take:": "Members must not:",
                "tools": "take:",
                "keys": "take:",
                "smoke": "Members must not:",
            },
        ),
        ("markdown", "# One\n\nBring:\n\n# Two\n\n- bread\n", {}),
        ("text", "Bring:\n1. bread\n2. You may bring wine.\n", {"bread": "Bring:"}),
        ("transcript", "And she said:\n\nBread is dear.\n", {}),
        (
            "license",
            LIMITS,
            {"sell the Data by itself;": "You may not:", "use the Data to identify persons; or": "You may not:"},
        ),
    ],
)
def test_an_item_knows_the_sentence_that_it_completes(kind: Kind, text: str, leads: dict[str, str]) -> None:
    passages = passages_of(Document("d", "D", kind, text))
    assert {passage.text: passage.lead.text for passage in passages if passage.lead} == leads
    assert all(passage.lead in passages for passage in passages if passage.lead)


def test_sections_of_an_enormous_paragraph_are_bounded() -> None:
    found = assert_sound(document("This is a sentence. " * 5_000))
    assert {passage.locator for passage in found} == {"¶ 1"}
    assert len(found) == 5_000
    assert all(passage.section[1] - passage.section[0] <= 4_000 for passage in found)


# --- Markdown -------------------------------------------------------------------------------------------------------


def test_a_markdown_document_divides_under_its_headings() -> None:
    assert shown(GUIDE, "markdown") == [
        ("Guide to Herald, ¶ 1", "Intro with a link and code_name."),
        ("Guide to Herald, ¶ 1", "A second sentence."),
        ("Guide to Herald › Setting up, ¶ 1", "first item"),
        ("Guide to Herald › Setting up, ¶ 1", "second item"),
        ("Guide to Herald › Setting up, ¶ 1", "nested item"),
        ("Guide to Herald › Setting up, ¶ 1", "Do this."),
        ("Guide to Herald › Setting up, ¶ 1", "Then that."),
        ("Guide to Herald › Setting up, ¶ 1", "Stop."),
        ("Guide to Herald › Setting up, ¶ 2", "a comment, no heading x = 1"),
        ("Guide to Herald › Setting up, ¶ 3", "company | users |"),
        ("Guide to Herald › Setting up, ¶ 3", "Apple | 700 million |"),
        ("Questions, ¶ 1", "Why so?"),
        ("Questions › Setting up, ¶ 1", "Again."),
    ]


def test_the_passages_of_a_markdown_document_are_sound() -> None:
    found = assert_sound(document(GUIDE, "markdown"))
    assert found[2].heading == "Doc, Guide to Herald › Setting up, ¶ 1, Guide to Herald › Setting up"


def test_a_quote_of_a_markdown_document_is_its_raw_text() -> None:
    found = passages(GUIDE, "markdown")[0]
    assert GUIDE[found.start : found.end] == 'Intro with a [link](http://example.com "t") and `code_name`.'


@pytest.mark.parametrize(
    ("text", "locators"),
    [
        ("No heading at all.", ["¶ 1"]),
        ("# A\n### C\nDeep.\n## B\nFlat.", ["A › C, ¶ 1", "A › B, ¶ 1"]),
        ("Text\n# A\nMore\n# A\nAgain", ["¶ 1", "A, ¶ 1", "A, ¶ 2"]),
        ("#hashtag is no heading", ["¶ 1"]),
        ("A heading\n---\nBody.", ["A heading, ¶ 1"]),
        ("```\n# no end of the code", ["¶ 1"]),
        ("~~~\n```\n# code\n~~~\n# A\nBody.", ["¶ 1", "A, ¶ 1"]),
    ],
)
def test_headings(text: str, locators: list[str]) -> None:
    assert [locator for locator, _ in shown(text, "markdown")] == locators


def test_a_document_of_headings_alone_has_no_passages() -> None:
    assert shown("# A\n## B\n", "markdown") == []


def test_a_license_in_markdown_divides_into_clauses(tmp_path: Path) -> None:
    (tmp_path / "terms.md").write_text(
        "# Our Terms\n\n## 1. Grant\n\nYou may **use** it.\n\n## 2. Limits\n\nYou may not sell it. Nor rent it.\n"
    )
    license_ = load_document(Source("terms", "Terms", "license", tmp_path / "terms.md"))
    found = assert_sound(license_)
    assert [(passage.locator, passage.text) for passage in found][-3:] == [
        ("§ 1", "You may use it."),
        ("§ 2", "You may not sell it."),
        ("§ 2", "Nor rent it."),
    ]
    assert [clause.number for clause in license_of(license_).walk()] == ["1", "2"]


# --- every text -----------------------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        "# A",
        "## B ##",
        "",
        " ",
        "- item *x*",
        "1. one. Two.",
        "| a | b |",
        "|--|--|",
        "```",
        "> quote",
        "===",
        "---",
        "Plain words. More words",
        "**bold** [l](u)",
        "日本語。",
        "🦙",
        "2. (a) “Term” means x",
        "(b) y;",
        "_",
        "`",
    ]
)


@settings(deadline=None)
@given(
    st.lists(LINES | st.text(max_size=20), max_size=12), st.sampled_from(["text", "markdown", "transcript", "license"])
)
def test_the_passages_of_any_text_are_sound(lines: list[str], kind: Kind) -> None:
    text = "\n".join(lines).replace("\r", "\n")
    assert_sound(document(text, kind))


@settings(deadline=None)
@given(st.lists(LINES | st.text(max_size=20), max_size=12))
def test_no_word_of_a_plain_text_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines).replace("\r", "\n")
    inside = {place for passage in passages(text, "transcript") for place in range(passage.start, passage.end)}
    assert all(place in inside for place, character in enumerate(text) if character.isalnum())


@pytest.mark.parametrize("kind", ["text", "markdown"])
@pytest.mark.parametrize("unit", ["It goes on and on. ", "It goes on.\n\n", "- item\n", "# heading\n", "x", "word "])
def test_a_large_text_divides_in_seconds(unit: str, kind: Kind) -> None:
    started = time.perf_counter()
    passages(unit * (300_000 // len(unit)), kind)
    assert time.perf_counter() - started < 30  # a quadratic division takes hours
