"""A license as a tree of clauses and its defined terms, each with its exact span of the text.

`parse_license` is pure. It reads most numbered licenses ("1. a. iii.", "2.1", "(a)", "Section II:", "Attachment A");
a text without numbering becomes unnumbered clauses, one a paragraph or Markdown heading. `clause_lookup` finds clauses.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.clause_outline import OutlineClause, outline
from knowledge.clause_titles import derived_title
from knowledge.defined_terms import DefinedTerm, find_terms, uses
from knowledge.errors import SourceError

__all__ = ["Clause", "ClauseAnnotation", "DefinedTerm", "License", "Span", "load_annotations", "parse_license"]

TitleSource = Literal["document", "annotation", "derived"]


@dataclass(frozen=True, slots=True)
class Span:
    """A paragraph before the first clause; its locator is "Definitions" or "Preamble"."""

    start: int
    end: int
    locator: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause: `text[start:end]` is all of it, `text[start:own_end]` what stands before its first sub-clause.

    `number` is unique in its license: "1.b.iii", "Attachment A.c", "¶ 4" in a text without numbering, "2 (2)" where two
    are numbered 2. `label` is what is printed ("iii."). `title` is the document's, or the annotations', or derived: the
    first six words.
    """

    number: str
    title: str
    title_source: TitleSource
    label: str
    start: int
    end: int
    own_end: int
    depth: int
    topics: tuple[str, ...] = ()
    children: tuple["Clause", ...] = ()

    @property
    def locator(self) -> str:
        """How a citation names the clause: "§ 1.b.iii", "Attachment A.c", "¶ 4"."""
        return f"§ {self.number}" if self.number[0].isdigit() else self.number

    def walk(self) -> Iterator["Clause"]:
        """This clause and those below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class ClauseAnnotation:
    """What a person reviewed about a clause: a title where the document has none, and words people look it up by."""

    number: str
    title: str | None = None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class License:
    """A license text, its preamble, clauses and defined terms, in document order; all offsets count in `text`."""

    text: str
    title: str
    preamble: tuple[Span, ...]
    clauses: tuple[Clause, ...]
    terms: tuple[DefinedTerm, ...]

    def walk(self) -> Iterator[Clause]:
        """Every clause, in document order: the table of contents is each one's number, title and depth."""
        for clause in self.clauses:
            yield from clause.walk()

    def clause(self, number: str) -> Clause | None:
        """The clause of exactly this number, as `Clause.number` gives it."""
        return next((clause for clause in self.walk() if clause.number == number), None)

    def clause_text(self, clause: Clause) -> str:
        """A clause byte for byte, with its sub-clauses."""
        return self.text[clause.start : clause.end]

    def definitions_used(self, clause: Clause) -> tuple[DefinedTerm, ...]:
        """The defined terms that a clause uses, in document order, but for those that it defines itself."""
        text = self.clause_text(clause)
        elsewhere = (term for term in self.terms if not clause.start <= term.start < clause.end)
        return tuple(term for term in elsewhere if uses(term, text))


def parse_license(text: str, annotations: Sequence[ClauseAnnotation] = ()) -> License:
    """Parse a license text; raises SourceError for an annotation of a clause that the text does not have."""
    top = outline(text)
    notes = {note.number: note for note in annotations}
    clauses = tuple(_clause(text, node, 0, notes) for node in top) if top else _unnumbered(text)
    every = [clause for root in clauses for clause in root.walk()]
    unknown = sorted(set(notes) - {clause.number for clause in every})
    if unknown:
        raise SourceError(f"The annotations name clause {unknown[0]!r}, which the license text does not have.")
    terms = find_terms(text, [(clause.start, clause.end) for clause in every] if top else ())
    first = clauses[0].start if clauses else len(text)
    title = next((line.strip().strip("#* ") for line in text.splitlines() if line.strip()), "")
    return License(text, title, _preamble(text, first, terms), clauses, terms)


def load_annotations(path: Path) -> tuple[ClauseAnnotation, ...]:
    """Read reviewed titles and topics, a TOML file of `[[clause]]` tables; raises SourceError where it is wrong."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("clause", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{path}: cannot read the annotations: {error}") from error
    if not isinstance(tables, list):
        raise SourceError(f"{path}: expected [[clause]] tables with number, title and topics.")
    return tuple(_annotation(path, table) for table in tables)


def _annotation(path: Path, table: object) -> ClauseAnnotation:
    if isinstance(table, dict) and set(table) <= {"number", "title", "topics"}:
        number, title, topics = table.get("number"), table.get("title"), table.get("topics", [])
        strings = isinstance(topics, list) and all(isinstance(topic, str) for topic in topics)
        if isinstance(number, str) and isinstance(title, str | None) and strings:
            return ClauseAnnotation(number, title, tuple(topics))
    raise SourceError(f"{path}: a [[clause]] table has a number, and may have a title and a list of topics.")


def _clause(text: str, node: OutlineClause, depth: int, notes: dict[str, ClauseAnnotation]) -> Clause:
    note = notes.get(node.number, ClauseAnnotation(node.number))
    own_limit = node.children[0].label.start if node.children else node.end
    own_end = node.label.start + len(text[node.label.start : own_limit].rstrip())
    title: str
    source: TitleSource
    if node.label.title is not None:
        title, source = node.label.title, "document"
    elif note.title is not None:
        title, source = note.title, "annotation"
    else:
        title, source = derived_title(text[node.label.text_start : own_end]) or node.label.text, "derived"
    children = tuple(_clause(text, child, depth + 1, notes) for child in node.children)
    return Clause(
        number=node.number,
        title=title,
        title_source=source,
        label=node.label.text,
        start=node.label.start,
        end=node.end,
        own_end=own_end,
        depth=depth,
        topics=note.topics,
        children=children,
    )


def _unnumbered(text: str) -> tuple[Clause, ...]:
    """The clauses of a text without numbering: its Markdown headings with what follows them, or else its paragraphs."""
    headings = [match.start() for match in re.finditer(r"^#{1,6}[ \t]+\S", text, re.MULTILINE)]
    spans = list(_pieces(text, headings)) if len(headings) > 1 else list(_paragraphs(text, 0, len(text)))
    clauses = []
    for position, (start, end) in enumerate(spans, start=1):
        heading = re.match(r"#{1,6}[ \t]+(.+)", text[start:end])
        title = heading[1].strip().strip("#* ") if heading else derived_title(text[start:end]) or f"¶ {position}"
        source: TitleSource = "document" if heading else "derived"
        clauses.append(Clause(f"¶ {position}", title, source, "", start, end, end, 0))
    return tuple(clauses)


def _pieces(text: str, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    for start, limit in zip(starts, [*starts[1:], len(text)], strict=True):
        yield start, start + len(text[start:limit].rstrip())


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans of the paragraphs of text[start:end]: what blank lines separate, without the white space around."""
    for match in re.finditer(r"\S(?:.|\n(?![ \t\r]*(?:\n|\Z)))*", text[start:end]):
        yield start + match.start(), start + match.start() + len(match.group().rstrip())


def _preamble(text: str, first: int, terms: Sequence[DefinedTerm]) -> tuple[Span, ...]:
    """The paragraphs before the first clause, cut again where a definition begins inside one."""
    definitions = {term.start for term in terms if term.formal and term.start < first}
    spans = []
    for start, end in _paragraphs(text, 0, first):
        inside = sorted(place for place in definitions if start < place < end)
        for piece_start, limit in zip([start, *inside], [*inside, end], strict=True):
            locator = "Definitions" if piece_start in definitions else "Preamble"
            spans.append(Span(piece_start, piece_start + len(text[piece_start:limit].rstrip()), locator))
    return tuple(spans)
