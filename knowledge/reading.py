"""What the reading copy of a document changes: white space, Markdown's marks, and reviewed corrections. Pure."""

import re
from collections.abc import Iterable, Sequence

from knowledge.documents import Edit

# A hard wrap inside a hyphenated word, any other run of white space, and Markdown's marks, read as a person reads them.
_HYPHEN_WRAP = re.compile(r"(?<=\w-)[^\S\n]*\n[^\S\n]*(?=\w)")
_WHITE_SPACE = re.compile(r"\s*\n\s*|\s{2,}|[^\S ]")
_MARKDOWN = re.compile(
    r"""^(\#{1,6}[ \t]+) | ^[ \t]*([-*+][ \t]+)(?=\S) | ^[ \t]*(>[ \t]?)  # heading, list item, block quote
    | ^[ \t]*((?:```|~~~)[^\n]*) | (`)                              # code
    | (\*\*)(?=\S) | (?<=\S)(\*\*) | (?<!\w)(__)(?=\S) | (?<=\S)(__)(?!\w)    # strong
    | (?<![\w*])(\*)(?=[^\s*]) | (?<=[^\s*])(\*)(?![\w*])          # emphasis
    | (?<![\w_])(_)(?=[^\s_]) | (?<=[^\s_])(_)(?![\w_])""",
    re.M | re.X,
)
_LINK = re.compile(r"(!?\[)[^\[\]\n]{0,500}(\]\([^()\n]{0,1000}\))")


def mechanical_edits(text: str, markdown: bool) -> list[Edit]:
    """The white space and, in Markdown, the marks that a person does not read; some may overlap."""
    edits = [Edit(m.start(), m.end(), "") for m in _HYPHEN_WRAP.finditer(text)]
    edits += [Edit(m.start(), m.end(), " ") for m in _WHITE_SPACE.finditer(text)]
    if markdown:
        edits += [Edit(*m.span(mark), "") for m in _LINK.finditer(text) for mark in (1, 2)]
        edits += [Edit(*m.span(m.lastindex or 0), "") for m in _MARKDOWN.finditer(text)]
    return edits


def smallest_edit(start: int, raw: str, reading: str) -> Edit:
    """The edit without the words that both sides share, so that quotes can begin and end close to it."""
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
