"""Document and Passage: what Herald reads, with offsets that lead from every shown word back to the raw text."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["transcript", "license", "markdown", "text"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A reviewed correction, or a mechanical one: `raw[start:end]` reads as `reading`."""

    start: int
    end: int
    reading: str


@dataclass(frozen=True, slots=True)
class ReadingCopy:
    """A stretch of a document as a person reads it; every character knows the raw span it stands for."""

    text: str
    _starts: tuple[int, ...] = field(repr=False)
    _ends: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, raw: str, start: int, end: int, edits: Iterable[Edit]) -> "ReadingCopy":
        """Read `raw[start:end]` with `edits`, which lie inside it, in order and apart from each other."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []

        def keep(upto: int) -> None:
            parts.append(raw[position:upto])
            starts.extend(range(position, upto))
            ends.extend(range(position + 1, upto + 1))

        position = start
        for edit in edits:
            keep(edit.start)
            parts.append(edit.reading)
            starts.extend([edit.start] * len(edit.reading))
            ends.extend([edit.end] * len(edit.reading))
            position = edit.end
        keep(end)
        return cls("".join(parts), tuple(starts), tuple(ends))

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The raw span that `text[start:end]` (not empty) stands for; a cut through a correction takes all of it."""
        return self._starts[start], self._ends[end - 1]


@dataclass(frozen=True, slots=True)
class Document:
    """A text that Herald answers from; offsets count characters of `text`, the raw text.

    `governs` marks the document that has the last word where documents differ. `edits` are what the reading copy
    changes, `questions` are reviewed questions with the spans that answer them, `unanswered` are reviewed ones that it
    does not answer, and `annotations` is the file with the titles and topics of a license's clauses.
    """

    id: str
    title: str
    kind: Kind
    text: str
    governs: bool = False
    edits: tuple[Edit, ...] = field(default=(), repr=False)
    questions: tuple["KnownQuestion", ...] = field(default=(), repr=False)
    unanswered: tuple[str, ...] = field(default=(), repr=False)
    annotations: Path | None = None

    def read(self, start: int, end: int) -> ReadingCopy:
        """The reading copy of `text[start:end]`."""
        return ReadingCopy.of(
            self.text, start, end, (edit for edit in self.edits if start <= edit.start and edit.end <= end)
        )


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A reviewed question that `text[start:end]` of its document answers: one more key to find that span by."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or short clause: small to find, with the larger section to read around it.

    `text` is the reading copy of raw `start:end`; `heading` says where it stands ("Llama 2 license, § 2, Additional
    Commercial Terms"); `section` is the raw span of its paragraph or clause. Ids are stable while the text is.
    """

    id: str
    source: str
    title: str
    locator: str
    heading: str
    text: str
    start: int
    end: int
    section: tuple[int, int]
    governs: bool = False
