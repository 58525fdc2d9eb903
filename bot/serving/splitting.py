"""Splitting long text for messages of limited size: pure, and never inside a word, a citation or Markdown."""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^```(?P<language>\w*)\s*$", re.MULTILINE)
# What is not to be cut: citation markers with the word before them, inline code, links, emphasis.
_WHOLE = re.compile(
    r"(?<!\S)\S*(?:\s?\[\d+\])+\S*|`[^`\n]+`|\[[^\]\n]*\]\([^)\s]*\)"
    r"|(?<!\\)(?P<mark>\*\*|__|\*|_|~~)(?=\S)[^\n]+?(?<!\\)(?P=mark)"
)
# Where to cut, the best first: between paragraphs, lines, sentences, words.
_BREAKS = (re.compile(r"\n{2,}"), re.compile(r"\n"), re.compile(r"(?<=[.!?;:\]”])\s+"), re.compile(r"\s+"))
_LEAST_FILLED = 0.5
"""A cut at a better place is not worth a piece that is emptier than this."""


def split(text: str, limit: int) -> list[str]:
    """The text in pieces of at most `limit` characters; only white space is lost where it is cut.

    A code fence that is cut is closed and opened again. What is longer than a piece by itself (one long word) is cut
    where it must be. An empty text gives no piece.
    """
    pieces: list[str] = []
    opened = ""
    rest = text.strip("\n") if text.strip() else ""
    while rest:
        start = f"{opened}\n" if opened else ""
        if len(start) + len(rest) <= limit:
            return [*pieces, start + rest]
        end = _cut(rest, limit - len(start) - len("\n```"), code=bool(opened))
        opened = _fence_open_after(rest[:end], opened)
        piece, rest = _parted(rest, end, code=bool(opened))
        if piece.strip():
            pieces.append(start + piece + ("\n```" if opened else ""))
    return pieces


def split_exact(text: str, limit: int) -> list[str]:
    """Text whose white space counts, in pieces of at most `limit` characters: only the line break at a cut is lost.

    A line that is longer than a piece is cut after a space, or where it must be; then nothing is lost.
    """
    pieces: list[str] = []
    while len(text) > limit:
        line = text.rfind("\n", 1, limit + 1)
        end = line if line > 0 else text.rfind(" ", 1, limit) + 1 or limit
        pieces.append(text[:end])
        text = text[end:].removeprefix("\n") if line > 0 else text[end:]
    return [*pieces, text] if text else pieces


def _parted(text: str, end: int, *, code: bool) -> tuple[str, str]:
    """A text before and after a cut, without the white space there; in code, a line may begin with spaces."""
    if code:
        return text[:end].rstrip("\n"), text[end:].removeprefix("\n")
    return text[:end].rstrip(), text[end:].lstrip()


def _cut(text: str, room: int, *, code: bool) -> int:
    """Where to cut a text that is longer than its room: the last good place of the best kind."""
    whole = [] if code else [match.span() for match in _WHOLE.finditer(text[: room * 2])]
    for pattern in _BREAKS:
        places = [place for place in _places(pattern, text, room) if not _inside(place, whole)]
        if places and (places[-1] >= room * _LEAST_FILLED or pattern is _BREAKS[-1]):
            return places[-1]
    end = max(1, room)
    while end > 1 and text[end - 1] == "\\":  # what it escapes goes with it
        end -= 1
    return end


def _places(pattern: re.Pattern[str], text: str, room: int) -> Iterator[int]:
    return (match.start() for match in pattern.finditer(text, 0, room + 1) if 0 < match.start() <= room)


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < place < end for start, end in spans)


def _fence_open_after(piece: str, opened: str) -> str:
    """The line of the code fence that is open at the end of a piece, given the one open at its start."""
    for match in _FENCE.finditer(piece):
        opened = "" if opened else match.group().strip()
    return opened
