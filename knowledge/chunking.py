"""A document into passages by its structure: sentences to find, in the sections they are read in. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.documents import Document, Passage
from knowledge.licenses import Clause, License, load_annotations, parse_license
from knowledge.sentences import lead_at, sentence_spans, spoken_spans

_BLOCK = re.compile(r"\S(?:[^\n]|\n(?!\s*\n))*+")
_LAST_CHARACTERS = ".!?…:。！？\"'”’)"
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:(?!---)[^\n]*\n)*---[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r"[ \t]*(```|~~~)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
# A list item or a table row: a statement of its own, whatever ends it.
_ITEM = re.compile(r"^[ \t]*(?:[-*+•][ \t]+|\d{1,3}[.)][ \t]+|\|)", re.M)
# An item that is a sentence of its own ("You must …", "“Data” means …"); "Sell the Data" is none.
_SAYS_ALL = re.compile(
    r"(?:[\"“][^\"“”]{1,60}[\"”]|(?:You|We|It|They|There|This|These|If)\b).*?"
    r"\b(?:means?|is|are|was|were|must|may|shall|will|can|cannot|has|have|agrees?|includes?)\b"
)
_MAX_SECTION = 4_000


@dataclass(frozen=True, slots=True)
class _Section:
    """A paragraph or clause: its raw span, how a citation names it, and what it is about.

    `lead` is where the sentence ends that it completes, if it does (see Passage).
    """

    start: int
    end: int
    locator: str
    about: str = ""
    lead: int | None = None


def passages_of(document: Document) -> tuple[Passage, ...]:
    """The passages of a document in order; a section's sentences share its span, locator and heading."""
    counted: Counter[str] = Counter()
    found: list[Passage] = []
    ending: dict[int, Passage] = {}
    for section in _sections(document):
        for passage, lead in _sentences(document, section, counted):
            if lead is not None and not _SAYS_ALL.match(passage.text):
                passage = replace(passage, lead=ending.get(lead))
            found.append(passage)
            ending[passage.end] = passage
    return tuple(found)


def license_of(document: Document) -> License:
    """The clause tree of a document of kind `license`; raises SourceError where its annotations are wrong."""
    return parse_license(document.text, load_annotations(document.annotations) if document.annotations else ())


def _sections(document: Document) -> Iterator[_Section]:
    match document.kind:
        case "license":
            return _clauses(license_of(document))
        case "markdown":
            return _markdown(document)
        case _:
            return _paragraphs(document.text)


def _paragraphs(text: str) -> Iterator[_Section]:
    blocks = [span for span in _blocks(text) if _has_words(text, *span)]
    if len(blocks) == 1 and _has_a_paragraph_a_line(text):
        blocks = [(m.start(), m.end()) for m in re.finditer(r"\S[^\n]*", text) if _has_words(text, *m.span())]
    lead: int | None = None
    for number, (start, end) in enumerate(blocks, start=1):
        yield _Section(start, end, f"¶ {number}", lead=lead)
        lead = lead_at(text, end)


def _has_a_paragraph_a_line(text: str) -> bool:
    """Whether most lines end as sentences do; a hard-wrapped text ends its lines anywhere."""
    lines = [line for line in map(str.rstrip, text.split("\n")) if line]
    return sum(line.endswith(tuple(_LAST_CHARACTERS)) for line in lines) * 2 > len(lines)


def _markdown(document: Document) -> Iterator[_Section]:
    """Blocks under the trail of their headings; a heading itself is no passage."""
    trail: list[tuple[int, str]] = []
    lead: int | None = None
    counted: Counter[str] = Counter()
    for start, end, level in _markdown_blocks(document.text):
        if level:
            title = document.read(start, end).text.strip("# ")
            trail = [entry for entry in trail if entry[0] < level] + [(level, title)]
            lead = None
        elif _has_words(document.text, start, end):
            about = " › ".join(title for _, title in trail if title)
            counted[about] += 1
            locator = f"{about}, ¶ {counted[about]}" if about else f"¶ {counted[about]}"
            yield _Section(start, end, locator, about, lead)
            lead = lead_at(document.text, end)


def _markdown_blocks(text: str) -> Iterator[tuple[int, int, int]]:
    """What blank lines, headings and code fences set apart, without front matter: start, end and level of heading."""
    front_matter = _FRONT_MATTER.match(text)
    at = front_matter.end() if front_matter else 0
    start, previous, fence = at, at, ""
    for line in text[at:].split("\n"):
        end = at + len(line)
        mark = _FENCE.match(line)
        heading = _HEADING.match(line)
        if mark and fence in ("", mark[1]):
            if not fence:
                yield from _block(text, start, at)
            fence, start = ("", start) if fence else (mark[1], at)
        elif fence:
            pass
        elif heading:
            yield from _block(text, start, at)
            yield at, end, len(heading[1])
            start = end
        elif _UNDERLINE.match(line) and previous < at and _is_one_line(text, start, at):
            yield previous, at - 1, 1 if "=" in line else 2
            start = end
        elif not line.strip():
            yield from _block(text, start, at)
            start = end
        previous, at = at, end + 1
    yield from _block(text, start, len(text))


def _block(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    kept = text[start:end].strip()
    if kept:
        start = text.index(kept[0], start)
        yield start, start + len(kept), 0


def _is_one_line(text: str, start: int, end: int) -> bool:
    block = text[start:end].strip()
    return bool(block) and "\n" not in block


def _has_words(text: str, start: int, end: int) -> bool:
    return any(character.isalnum() for character in text[start:end])


def _clauses(license_: License) -> Iterator[_Section]:
    for span in license_.preamble:
        names = next((term.names for term in license_.terms if span.start <= term.start < span.end), ())
        yield _Section(span.start, span.end, span.locator, " or ".join(names))
    yield from (section for root in license_.clauses for section in _clause(license_, root, ()))


def _clause(license_: License, clause: Clause, above: tuple[str, ...], lead: int | None = None) -> Iterator[_Section]:
    titles = (*above, clause.title)
    start = _after_heading(license_.text, clause)
    if any(character.isalnum() for character in license_.text[start : clause.own_end]):
        about = ", ".join(title for title in titles if title)
        yield _Section(start, clause.own_end, clause.locator, about, lead)
        lead = lead_at(license_.text, clause.own_end)
    for child in clause.children:
        yield from _clause(license_, child, titles, lead)


def _after_heading(text: str, clause: Clause) -> int:
    """Where the clause's own words begin: behind its label and, if it is printed there, its title."""
    label = re.compile(rf"[\s#*]*{re.escape(clause.label)}").match(text, clause.start)
    start = label.end() if label else clause.start
    if clause.title_source == "document":
        title = r"\s+".join(re.escape(word) for word in clause.title.split())
        if heading := re.compile(rf"[\s#*]*{title}[\s*]*[.:]?").match(text, start):
            return heading.end()
    return start


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    for match in _BLOCK.finditer(text):
        yield match.start(), match.start() + len(match.group().rstrip())


def _sentences(document: Document, section: _Section, counted: Counter[str]) -> Iterator[tuple[Passage, int | None]]:
    """The passages of a section, each with where the sentence ends that it completes."""
    place = section.locator.replace("§ ", "").replace("¶ ", "p").replace(" ", "-")
    heading = ", ".join(part for part in (document.title, section.locator, section.about) if part)
    spans = list(_spans(document, section))
    surroundings = _surroundings(section, [(start, end) for _, start, end, _ in spans])
    for (text, start, end, lead), around in zip(spans, surroundings, strict=True):
        # Several sections can share a place ("Definitions"): the count makes the id unique.
        counted[place] += 1
        passage = Passage(
            id=f"{document.id}/{place}/{counted[place]}",
            source=document.id,
            title=document.title,
            locator=section.locator,
            heading=heading,
            text=text,
            start=start,
            end=end,
            section=around,
            governs=document.governs,
        )
        yield passage, lead


def _spans(document: Document, section: _Section) -> Iterator[tuple[str, int, int, int | None]]:
    """The sentences of a section: each as it reads, its raw span, and where the sentence ends that it completes."""
    divide = spoken_spans if document.kind in ("transcript", "text") else sentence_spans
    for piece_start, piece_end, lead in _pieces(document, section):
        reading = document.read(piece_start, piece_end)
        for start, end in divide(reading.text):
            yield reading.text[start:end], *reading.raw_span(start, end), lead


def _pieces(document: Document, section: _Section) -> Iterator[tuple[int, int, int | None]]:
    """The section, or what stands before its list items or table rows and each of those, without their marks.

    The items complete the sentence before them, in this section or the one before. So do the parts of a clause.
    """
    if document.kind not in ("markdown", "text"):
        yield section.start, section.end, section.lead if document.kind == "license" else None
        return
    items = list(_ITEM.finditer(document.text, section.start, section.end))
    ends = [*(item.start() for item in items), section.end]
    lead = section.lead
    if document.text[section.start : ends[0]].strip():
        yield section.start, ends[0], None
        lead = lead_at(document.text, ends[0])
    open_items = [(-1, lead)]  # how far each is indented, and where its sentence ends
    for item, end in zip(items, ends[1:], strict=True):
        indent = len(item.group()) - len(item.group().lstrip(" \t"))
        open_items = [opened for opened in open_items if opened[0] < indent]
        yield item.end(), end, open_items[-1][1]
        if own := lead_at(document.text, end):
            open_items.append((indent, own))


def _surroundings(section: _Section, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """For each sentence the span to read it in: the section, or if that is very long, the part of it around."""
    if section.end - section.start <= _MAX_SECTION:
        yield from [(section.start, section.end)] * len(spans)
        return
    first = 0
    for place, (_, end) in enumerate(spans, start=1):
        if place == len(spans) or spans[place][1] - spans[first][0] > _MAX_SECTION:
            yield from [(spans[first][0], end)] * (place - first)
            first = place
