"""What the reading copy of a document changes: white space, Markdown's marks, and reviewed corrections. Pure."""

import re
from collections.abc import Iterable, Sequence

from knowledge.documents import Edit

# A hard wrap inside a hyphenated word, any other run of white space, and Markdown's marks, read as a person reads them.
_HYPHEN_WRAP = re.compile(r"(?<=\w-)[^\S\n]*\n[^\S\n]*(?=\w)")
_WHITE_SPACE = re.compile(r"\s*\n\s*|\s{2,}|[^\S ]")
_MARKDOWN = re.compile(
    r"""^(\#{1,6}[ \t]+) | ^[ \t]*([-*+][ \t]+)(?=\S) | ^[ \t]*(>[ \t]?)  # heading, list item, block quote
    | ^[ \t]*((?:```|~~~)[^\n]*) | (`+)[^`\n]{1,500}(`+)               # code
    | (\*\*)(?=\S) | (?<=\S)(\*\*) | (?<!\w)(__)(?=\S) | (?<=\S)(__)(?!\w)    # strong
    | (?<![\w*])(\*)(?=[^\s*]) | (?<=[^\s*])(\*)(?![\w*])          # emphasis
    | (?<![\w_])(_)(?=[^\s_]) | (?<=[^\s_])(_)(?![\w_])""",
    re.M | re.X,
)
# Where a correction ends a sentence.
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_SPACES = re.compile(r"\s+")
_LINK = re.compile(r"(!?\[)[^\[\]\n]{0,500}(\]\([^()\n]{0,1000}\))")


def mechanical_edits(text: str, markdown: bool) -> list[Edit]:
    """The white space and, in Markdown, the marks that a person does not read; some may overlap."""
    edits = [Edit(m.start(), m.end(), "") for m in _HYPHEN_WRAP.finditer(text)]
    edits += [Edit(m.start(), m.end(), " ") for m in _WHITE_SPACE.finditer(text)]
    if markdown:
        edits += [Edit(*m.span(mark), "") for m in _LINK.finditer(text) for mark in (1, 2)]
        edits += [Edit(*span, "") for m in _MARKDOWN.finditer(text) for span in m.regs[1:] if span != (-1, -1)]
    return edits


def smallest_edits(start: int, raw: str, reading: str) -> list[Edit]:
    """The edits that make `raw` read as `reading`, without the words that both sides share.

    Quotes can then begin and end close to a correction, and one that puts a sentence end before a space is two edits,
    so that each of the two sentences has its own.
    """
    if parts := _two_sentences(raw, reading):
        (raw_end, reading_end), (raw_start, reading_start) = parts
        return [
            *smallest_edits(start, raw[:raw_end], reading[:reading_end]),
            *smallest_edits(start + raw_start, raw[raw_start:], reading[reading_start:]),
        ]
    edit = _smallest(start, raw, reading)
    return [edit] if edit.end > edit.start or edit.reading else []


def _two_sentences(raw: str, reading: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The space where the reading begins a new sentence: where it begins and ends, each in raw and reading."""
    for end in _SENTENCE_END.finditer(reading):
        last, first = _words(reading[: end.start()])[-1:], _words(reading[end.end() :])[:1]

        def alike(space: re.Match[str], last: list[str] = last, first: list[str] = first) -> int:
            """How many of the two words around a space are those around the new sentence end."""
            return (_words(raw[: space.start()])[-1:] == last) + (_words(raw[space.end() :])[:1] == first)

        best = max(_SPACES.finditer(raw), key=alike, default=None)
        if best and alike(best):
            return (best.start(), end.start()), (best.end(), end.end())
    return None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _smallest(start: int, raw: str, reading: str) -> Edit:
    before = 0
    while before < min(len(raw), len(reading)) and raw[before] == reading[before]:
        before += 1
    after = 0
    while after < min(len(raw), len(reading)) - before and raw[-1 - after] == reading[-1 - after]:
        after += 1
    return Edit(start + before, start + len(raw) - after, reading[before : len(reading) - after])


def merged(reviewed: Sequence[Edit], mechanical: Iterable[Edit]) -> tuple[Edit, ...]:
    """All edits in order; where two meet, the reviewed one or the earlier one holds. `reviewed` is in order."""
    kept = list(reviewed)
    upcoming = 0  # the first reviewed edit that does not end before the mechanical one begins
    clear_from = 0
    for edit in sorted(mechanical, key=lambda edit: edit.start):
        while upcoming < len(reviewed) and reviewed[upcoming].end <= edit.start:
            upcoming += 1
        clear = upcoming == len(reviewed) or edit.end <= reviewed[upcoming].start
        if clear and clear_from <= edit.start:
            kept.append(edit)
            clear_from = edit.end
    return tuple(sorted(kept, key=lambda edit: (edit.start, edit.end)))
