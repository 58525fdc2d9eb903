"""A document into passages by its structure: sentences to find, in the sections they are read in. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.documents import Document, Passage
from knowledge.licenses import Clause, License, load_annotations, parse_license
from knowledge.sentences import sentence_spans, spoken_spans

_BLOCK = re.compile(r"\S(?:.|\n(?!\s*\n))*")
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")


@dataclass(frozen=True, slots=True)
class _Section:
    """A paragraph or clause: its raw span, how a citation names it, and what it is about."""

    start: int
    end: int
    locator: str
    about: str = ""


def passages_of(document: Document) -> tuple[Passage, ...]:
    """The passages of a document in order; a section's sentences share its span, locator and heading."""
    counted: Counter[str] = Counter()
    return tuple(
        passage for section in _sections(document) for passage in _sentences(document, section, counted)
    )


def license_of(document: Document) -> License:
    """The clause tree of a document of kind `license`; raises SourceError where its annotations are wrong."""
    return parse_license(document.text, load_annotations(document.annotations) if document.annotations else ())


def _sections(document: Document) -> Iterator[_Section]:
    match document.kind:
        case "license":
            return _clauses(license_of(document))
        case "markdown":
            return _markdown(document.text)
        case _:
            return _paragraphs(document.text)


def _paragraphs(text: str) -> Iterator[_Section]:
    for number, (start, end) in enumerate(_blocks(text), start=1):
        yield _Section(start, end, f"¶ {number}")


def _markdown(text: str) -> Iterator[_Section]:
    """Blocks under the trail of their headings; a heading itself is no passage."""
    trail: list[tuple[int, str]] = []
    number = 0
    for start, end in _blocks(text):
        while heading := _HEADING.match(text, start, text.find("\n", start, end) if "\n" in text[start:end] else end):
            level = len(heading.group(1))
            trail = [entry for entry in trail if entry[0] < level] + [(level, heading.group(2))]
            number, start = 0, heading.end()
            start += len(text[start:end]) - len(text[start:end].lstrip())
            if start >= end:
                break
        if start < end:
            number += 1
            about = " › ".join(title for _, title in trail)
            yield _Section(start, end, f"{about}, ¶ {number}" if about else f"¶ {number}", about)


def _clauses(license_: License) -> Iterator[_Section]:
    for span in license_.preamble:
        names = next((term.names for term in license_.terms if span.start <= term.start < span.end), ())
        yield _Section(span.start, span.end, span.locator, " or ".join(names))
    yield from (section for root in license_.clauses for section in _clause(license_, root, ()))


def _clause(license_: License, clause: Clause, above: tuple[str, ...]) -> Iterator[_Section]:
    titles = (*above, clause.title)
    start = _after_heading(license_.text, clause)
    if any(character.isalnum() for character in license_.text[start : clause.own_end]):
        about = ", ".join(title for title in titles if title)
        yield _Section(start, clause.own_end, clause.locator, about)
    for child in clause.children:
        yield from _clause(license_, child, titles)


def _after_heading(text: str, clause: Clause) -> int:
    """Where the clause's own words begin: behind its label and, if it is printed there, its title."""
    start = clause.start + len(clause.label) if text.startswith(clause.label, clause.start) else clause.start
    if clause.title_source == "document":
        title = r"\s+".join(re.escape(word) for word in clause.title.split())
        if heading := re.compile(rf"[\s#*]*{title}[\s*]*[.:]?").match(text, start):
            return heading.end()
    return start


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    for match in _BLOCK.finditer(text):
        yield match.start(), match.start() + len(match.group().rstrip())


def _sentences(document: Document, section: _Section, counted: Counter[str]) -> Iterator[Passage]:
    reading = document.read(section.start, section.end)
    spans = spoken_spans(reading.text) if document.kind in ("transcript", "text") else sentence_spans(reading.text)
    place = section.locator.replace("§ ", "").replace("¶ ", "p").replace(" ", "-")
    heading = ", ".join(part for part in (document.title, section.locator, section.about) if part)
    for start, end in spans:
        # Several sections can share a place ("Definitions"): the count makes the id unique.
        counted[place] += 1
        raw_start, raw_end = reading.raw_span(start, end)
        yield Passage(
            id=f"{document.id}/{place}/{counted[place]}",
            source=document.id,
            title=document.title,
            locator=section.locator,
            heading=heading,
            text=reading.text[start:end],
            start=raw_start,
            end=raw_end,
            section=(section.start, section.end),
            governs=document.governs,
        )
