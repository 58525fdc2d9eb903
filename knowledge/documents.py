"""Document and Passage: what Herald reads, with offsets that lead from every shown word back to the raw text."""

from bisect import bisect_left, bisect_right
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
class _Piece:
    """A stretch of a reading copy from its character `at` on: raw text as it is, or what a correction put there."""

    at: int
    start: int
    end: int
    corrected: bool


@dataclass(frozen=True, slots=True)
class ReadingCopy:
    """A stretch of a document as a person reads it; every character knows the raw span it stands for."""

    text: str
    _pieces: tuple[_Piece, ...] = field(repr=False)

    @classmethod
    def of(cls, raw: str, start: int, end: int, edits: Iterable[Edit]) -> "ReadingCopy":
        """Read `raw[start:end]` with `edits`, which lie inside it, in order and apart from each other."""
        parts: list[str] = []
        pieces: list[_Piece] = []
        at, position = 0, start
        for edit in (*edits, Edit(end, end, "")):
            kept = raw[position : edit.start]
            for text, piece in (
                (kept, _Piece(at, position, edit.start, corrected=False)),
                (edit.reading, _Piece(at + len(kept), edit.start, edit.end, corrected=True)),
            ):
                if text:
                    parts.append(text)
                    pieces.append(piece)
            at, position = at + len(kept) + len(edit.reading), edit.end
        return cls("".join(parts), tuple(pieces))

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The raw span that `text[start:end]` (not empty) stands for; a cut through a correction takes all of it."""
        first, last = self._piece_of(start), self._piece_of(end - 1)
        return (
            first.start if first.corrected else first.start + start - first.at,
            last.end if last.corrected else last.start + end - last.at,
        )

    def _piece_of(self, place: int) -> _Piece:
        return self._pieces[bisect_right(self._pieces, place, key=lambda piece: piece.at) - 1]


@dataclass(frozen=True, slots=True)
class Document:
    """A text that Herald answers from; offsets count characters of `text`, the raw text.

    `governs` marks the document that has the last word where documents differ. `edits` are what the reading copy
    changes, `questions` are reviewed questions with the spans that answer them, `unanswered` are reviewed ones that it
    does not answer, `followups` are reviewed ones that its spans make people ask, and `annotations` is the file with
    the titles and topics of a license's clauses.
    """

    id: str
    title: str
    kind: Kind
    text: str
    governs: bool = False
    edits: tuple[Edit, ...] = field(default=(), repr=False)
    questions: tuple["KnownQuestion", ...] = field(default=(), repr=False)
    unanswered: tuple[str, ...] = field(default=(), repr=False)
    followups: tuple["KnownFollowUp", ...] = field(default=(), repr=False)
    annotations: Path | None = None

    def read(self, start: int, end: int) -> ReadingCopy:
        """The reading copy of `text[start:end]`."""
        first = bisect_left(self.edits, start, key=lambda edit: edit.start)
        last = bisect_right(self.edits, end, key=lambda edit: edit.end)
        return ReadingCopy.of(self.text, start, end, self.edits[first:last])


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A reviewed question that `text[start:end]` of its document answers: one more key to find that span by."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """Words of a document, white space aside."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class KnownFollowUp:
    """A reviewed question that leans on `text[start:end]` of its document; `answer` is None if nothing answers it."""

    text: str
    start: int
    end: int
    answer: Snippet | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or short clause: small to find, with the larger section to read around it.

    `text` is the reading copy of raw `start:end`; `heading` says where it stands ("Llama 2 license, § 2, Additional
    Commercial Terms"); `section` is the raw span of its paragraph or clause. `lead` is the sentence that it completes,
    as an item of a list does ("You must not:"): without that it may say the opposite. Ids are stable while the text is.
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
    lead: "Passage | None" = None
