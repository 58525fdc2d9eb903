"""The outline of a license: which labels open clauses, how they nest, and the number and span of each.

Labels are read in order against the open levels: a label continues a level ("c." after "b."), opens one below
("i." after "b."), or is no clause at all. A label read two ways ("i." after "h.") takes the way that continues, unless
the next label ("ii.") shows otherwise. Sections and attachments contain what follows them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from knowledge.clause_labels import ATTACHMENTS, Kind, Label, Reading, read_labels

_LONGEST_GAP = 5  # a level may miss up to four labels in a row: real texts do, where a converter lost them
_DEEPEST = 8  # levels; no license nests deeper, only a text that is none
_PARAGRAPH = re.compile(r"^[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*", re.MULTILINE)
_NUMBERED_KEYWORDS = frozenset({"section", "article", "clause", "§"})


@dataclass(slots=True)
class OutlineClause:
    """A clause while the outline is built; `end` and `number` are set once all labels are placed."""

    label: Label
    children: list["OutlineClause"] = field(default_factory=list)
    end: int = 0
    number: str = ""

    def walk(self) -> Iterator["OutlineClause"]:
        """This clause and those below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def outline(text: str) -> list[OutlineClause]:
    """The clauses of a text at its top level, with their children, spans and numbers; none without numbering."""
    labels = read_labels(text)
    builder = _Outline()
    for position, label in enumerate(labels):
        builder.place(label, labels[position + 1] if position + 1 < len(labels) else None)
    _drop_lone_items(builder.top)
    _set_ends(builder.top, text, len(text.rstrip()))
    _set_numbers(builder.top)
    return builder.top


@dataclass(slots=True)
class _Level:
    kind: Kind
    shape: str
    latest: OutlineClause
    value: int


class _Outline:
    def __init__(self) -> None:
        self.top: list[OutlineClause] = []
        self._levels: list[_Level] = []
        self._before_section: dict[str, int] = {}  # shape -> the last number, for numbering that runs through sections

    def place(self, label: Label, following: Label | None) -> None:
        """Add a label's clause where it belongs, or leave it as text."""
        if label.shape == "dotted":
            self._place_dotted(label)
        elif label.keyword:
            self._place_section(label)
        else:
            self._place_item(label, following)

    def _place_item(self, label: Label, following: Label | None) -> None:
        continuing = self._continuing(label)
        opening = self._opening(label)
        roman = opening is not None and opening.kind in ("roman", "upper roman")
        if continuing and not (roman and following is not None and _is_second_roman(label, following)):
            depth, reading = max(continuing, key=lambda choice: self._likeness(label, choice[0]))
            self._add(label, depth, reading)
        elif opening is not None:
            self._add(label, len(self._levels), opening)
        elif label.after_gap and (jump := self._jump(label)) is not None:
            self._add(label, *jump)

    def _continuing(self, label: Label) -> list[tuple[int, Reading]]:
        """The levels whose next label this is."""
        return [
            (depth, reading)
            for depth, level in enumerate(self._levels)
            for reading in label.readings
            if (level.kind, level.shape) == (reading.kind, label.shape) and level.value + 1 == reading.value
        ]

    def _likeness(self, label: Label, depth: int) -> tuple[bool, bool, int]:
        """Of levels that wait for the same label, the one whose clauses look like it: indented, titled, else deeper."""
        before = self._levels[depth].latest.label
        return before.indent == label.indent, (before.title is None) == (label.title is None), depth

    def _opening(self, label: Label) -> Reading | None:
        """The reading by which a label is the first of a new level below the open ones."""
        innermost = self._levels[-1] if self._levels else None
        if len(self._levels) == _DEEPEST:
            return None
        for reading in label.readings:
            same = innermost is not None and (innermost.kind, innermost.shape) == (reading.kind, label.shape)
            numbered_on = innermost is not None and innermost.kind == "keyword" and self._runs_through(label, reading)
            zero = reading.value == 0 and reading.kind == "decimal" and not self._levels
            if numbered_on or ((reading.value == 1 or zero) and (not same or label.introduced)):
                return reading
        return None

    def _runs_through(self, label: Label, reading: Reading) -> bool:
        """Whether a section's first number goes on from the section before."""
        before = self._before_section.get(label.shape, 0)
        furthest = before + (_LONGEST_GAP if label.after_gap else 1)
        return reading.kind == "decimal" and 0 < before < reading.value <= furthest

    def _jump(self, label: Label) -> tuple[int, Reading] | None:
        """The deepest level that this label continues after a gap."""
        for depth in reversed(range(len(self._levels))):
            level = self._levels[depth]
            for reading in label.readings:
                same = (level.kind, level.shape) == (reading.kind, label.shape)
                if same and level.value < reading.value <= level.value + _LONGEST_GAP:
                    return depth, reading
        return None

    def _place_dotted(self, label: Label) -> None:
        """Place "5.3.1" by its own words: below "5.3", after "5.3.0" or as the first one there."""
        parent_name, _, last = label.name.rpartition(".")
        value = int(last)
        for depth in reversed(range(len(self._levels))):
            level = self._levels[depth]
            name = level.latest.label.name
            if level.kind == "decimal" and level.shape == "dotted" and name.rpartition(".")[0] == parent_name:
                if 0 < value - level.value <= (_LONGEST_GAP if label.after_gap else 1):
                    self._add(label, depth, label.readings[0])
                return
            if name == parent_name and level.latest.label.readings[0].kind in ("decimal", "keyword"):
                if value == 1:
                    self._add(label, depth + 1, label.readings[0])
                return
        if value == 1 and not any(level.shape in ("x.", "x)", "(x)") for level in self._levels):
            depth = len([level for level in self._levels if level.kind == "keyword"])
            self._add(label, depth, label.readings[0])

    def _place_section(self, label: Label) -> None:
        reading = label.readings[0]
        depth = next((depth for depth, level in enumerate(self._levels) if level.shape == label.shape), None)
        if label.keyword in ATTACHMENTS:
            depth = 0
        elif depth is not None and reading.value <= self._levels[depth].value:
            return  # a reference to an earlier section
        elif depth is None:
            depth = len([level for level in self._levels if level.kind == "keyword"])
        for level in self._levels[depth:]:
            if level.kind == "decimal":
                self._before_section[level.shape] = level.value
                break
        self._add(label, depth, reading)

    def _add(self, label: Label, depth: int, reading: Reading) -> None:
        clause = OutlineClause(label)
        del self._levels[depth:]
        siblings = self._levels[-1].latest.children if self._levels else self.top
        siblings.append(clause)
        self._levels.append(_Level(reading.kind, label.shape, clause, reading.value))


def _is_second_roman(label: Label, following: Label) -> bool:
    return following.shape == label.shape and following.name.lower() == "ii"


def _drop_lone_items(clauses: list[OutlineClause]) -> None:
    """A lone "(a)" in a clause is a part of its sentence, not a clause."""
    for clause in clauses:
        _drop_lone_items(clause.children)
        if len(clause.children) == 1 and _is_lone_item(clause.children[0]):
            clause.children = []


def _is_lone_item(clause: OutlineClause) -> bool:
    label = clause.label
    bare = not label.keyword and label.title is None and not clause.children
    return bare and (label.chained or not label.name[0].isdigit())


def _set_ends(clauses: Sequence[OutlineClause], text: str, end: int) -> None:
    """End each clause at the last character before the next one that is not white space."""
    limits = [*(following.label.start for following in clauses[1:]), end]
    for clause, limit in zip(clauses, limits, strict=False):
        clause.end = clause.label.start + len(text[clause.label.start : limit].rstrip())
        _set_ends(clause.children, text, clause.end)
        for child in clause.children:
            if not child.children:
                child.end = _hanging_end(text, child)


def _hanging_end(text: str, clause: OutlineClause) -> int:
    """Where an indented list item ends: a paragraph that is indented less belongs to the parent again."""
    paragraphs = list(_PARAGRAPH.finditer(text[clause.label.start : clause.end]))
    first = paragraphs[0].group().split("\n")[1:] if paragraphs else []
    body = min(map(_indent, first), default=0)
    outside = clause.label.indent if body > clause.label.indent else body - 1
    if body < max(clause.label.indent, 1):
        return clause.end
    for paragraph in paragraphs[1:]:
        if _indent(paragraph.group()) <= outside:
            return clause.label.start + len(text[clause.label.start : clause.label.start + paragraph.start()].rstrip())
    return clause.end


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())


def _set_numbers(top: list[OutlineClause]) -> None:
    through = _numbering_runs_through(top)
    taken: Counter[str] = Counter()

    def number(clauses: list[OutlineClause], parent: OutlineClause | None) -> None:
        for clause in clauses:
            clause.number = _unique(_number(clause, parent, through), taken)
            number(clause.children, clause)

    number(top, None)


def _number(clause: OutlineClause, parent: OutlineClause | None, through: bool) -> str:
    label = clause.label
    if label.keyword and label.shape != "dotted":
        holds_decimals = through and any(_is_single_decimal(child.label) for child in clause.children)
        if label.keyword in _NUMBERED_KEYWORDS and label.name.isdigit() and not holds_decimals:
            return label.name
        return f"{label.keyword.capitalize()} {label.name}".strip()
    if parent is None:
        return label.name
    in_section = parent.label.keyword not in ("", *ATTACHMENTS) and not parent.number.isdigit()
    if in_section and through and _is_single_decimal(label):
        return label.name
    if label.shape == "dotted":
        return f"{parent.number}.{label.name}" if parent.label.keyword in ATTACHMENTS else label.name
    return f"{parent.number}.{label.name}"


def _numbering_runs_through(top: list[OutlineClause]) -> bool:
    """Whether 1, 2, 3 … run through the sections, rather than beginning anew in each."""
    sections = [clause for clause in _every(top) if clause.label.keyword and clause.label.keyword not in ATTACHMENTS]
    values = [
        child.label.readings[0].value
        for section in sections
        for child in section.children
        if _is_single_decimal(child.label)
    ]
    return all(before < after for before, after in pairwise(values))


def _every(top: list[OutlineClause]) -> Iterator[OutlineClause]:
    for clause in top:
        yield from clause.walk()


def _is_single_decimal(label: Label) -> bool:
    return not label.keyword and label.shape != "dotted" and label.name.isdigit()


def _unique(number: str, taken: Counter[str]) -> str:
    taken[number] += 1
    return number if taken[number] == 1 else f"{number} ({taken[number]})"
