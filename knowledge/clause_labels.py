"""The labels that may open a clause: "1.", "2.1", "(a)", "iii.", "Section II:", "Attachment A".

A license is prose, and prose is full of look-alikes: a cross-reference that a line break left at the start of a line
("… under section / 7. This requirement"), dates, version numbers, lists inside a sentence. A label is only a candidate
here; `clause_outline` decides by its place in the sequence whether it opens a clause.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from knowledge.clause_titles import title_after

Kind = Literal["keyword", "decimal", "letter", "capital", "roman", "upper roman"]
ATTACHMENTS = frozenset({"attachment", "appendix", "annex", "schedule", "exhibit", "addendum"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a label: "i" is the first roman numeral or the ninth letter."""

    kind: Kind
    value: int


@dataclass(frozen=True, slots=True)
class Label:
    """A candidate. It starts with Markdown's marks before the label: no clause is to end with the next one's "##"."""

    start: int
    text_start: int  # of the words after the label
    text: str  # the label as printed, "(iii)"
    name: str  # what is left of it in a clause's number, "iii"
    shape: str  # how it is written, "(x)"; clauses of one level are written alike
    readings: tuple[Reading, ...]
    indent: int
    title: str | None
    keyword: str = ""  # "section", "attachment"
    after_gap: bool = False  # after a blank line or a heading, where a missing number before it is believable
    introduced: bool = False  # after a colon or a heading: the first item of a list is believable
    chained: bool = False  # directly after another label: "1. (a) …"


_MARKS = re.compile(r"[ \t]*(?P<marks>(?:(?:#{1,6}|>|[*+•-])[ \t]+)*(?:\*\*|__|\*)?)")
_KEYWORD = re.compile(
    r"(?P<keyword>Section|Article|Clause|Part|Chapter|Title|Attachment|Appendix|Annex|Schedule|Exhibit|Addendum|§)"
    r"[ \t]*(?P<name>\d{1,2}(?:\.\d{1,2})*|[IVXL]{1,6}|[A-Z])?(?!\w)[ \t]*"
    r"(?P<end>\*\*|__)?[ \t]*(?P<mark>[:.)]|[-–—]{1,2}(?=[ \t]))?[ \t]*",
    re.IGNORECASE,
)
_PARENTHESIS = re.compile(r"\((?P<name>\d{1,2}|[ivx]{1,6}|[IVX]{1,6}|[a-zA-Z])\)[.:]?(?=\s|$|[A-Z“\"])[ \t]*")
_DOTTED = re.compile(
    r"(?P<name>\d{1,2}(?:\.\d{1,3}){1,4})(?P<mark>[.)]?)(?:[ \t]+(?=[^a-z\s])|[ \t\r]*$|(?=[A-Z“\"]))", re.MULTILINE
)
_SINGLE = re.compile(
    r"(?P<name>\d{1,2}|[ivx]{1,6}|[IVX]{1,6}|[a-zA-Z])(?P<mark>[.)])(?:[ \t]+|[ \t\r]*$|(?<=\d[.)])(?=[A-Z“\"]))",
    re.MULTILINE,
)
_BARE_IN_HEADING = re.compile(r"(?P<name>\d{1,2})(?P<mark>)[ \t]+(?=[A-Z])")
_DATE = re.compile(r"\s*(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d{4}")
# A line that ends with one of these goes on below, however short it is.
_GOES_ON = re.compile(
    r"\b(?:a|an|the|of|on|in|to|by|for|with|from|under|until|than|since|per|sections?|clauses?|articles?|paragraphs?|parts?|"
    r"version|chapter|schedule|attachment|appendix|annex|exhibit|no\.?|number|and|or)$",
    re.IGNORECASE,
)
_LONGEST_HEADING = 80
_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n")
_ROMAN = re.compile(r"(x{0,3})(ix|iv|v?i{0,3})")


def read_labels(text: str) -> tuple[Label, ...]:
    """Every candidate label of a text, in order; a table of contents gives none."""
    lines = list(_lines(text))
    width = _wrap_width([line for _, line in lines])
    found: list[Label] = []
    above, blank = "", True
    for start, line in lines:
        label = _label_at(text, start, line)
        if label is not None:
            below_title = (
                bool(found) and found[-1].title is not None and "\n" not in text[found[-1].start : start].strip()
            )
            if blank or below_title or _ends_its_line(above, line, width):
                introduced = below_title or not above or above.endswith(":")
                label = replace(label, after_gap=blank or below_title, introduced=introduced)
                found.extend((label, *_chain(text, label)))
        blank = not line.strip()
        above = above if blank else line.strip()
    return _without_contents(text, [label for label in found if not _runs_on(text, label)])


def roman_value(name: str) -> int:
    """The value of a roman numeral up to xxxix, 0 for anything else."""
    match = _ROMAN.fullmatch(name.lower())
    if not name or match is None:
        return 0
    ones = {"": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}
    return 10 * len(match[1]) + ones[match[2]]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    position = 0
    for line in text.splitlines(keepends=True):
        yield position, line.rstrip()
        position += len(line)


def _label_at(text: str, start: int, line: str) -> Label | None:
    marks = _MARKS.match(line)
    assert marks is not None  # every part of it is optional
    at, here = start + marks.end(), line[marks.end() :]
    opening = start + marks.start("marks")
    heading = marks["marks"].startswith("#")
    keyword = _keyword_label(text, opening, at, here, heading)
    return keyword or _plain_label(text, opening, at, heading, _column(line))


def _keyword_label(text: str, opening: int, at: int, line: str, heading: bool) -> Label | None:
    match = _KEYWORD.match(line)
    if match is None or not (match["keyword"][0].isupper() or match["keyword"] == "§"):
        return None
    keyword, name, rest = match["keyword"].lower(), match["name"] or "", line[match.end() :]
    unnamed = (keyword in ATTACHMENTS and match["mark"] == ":") or (heading and not rest)
    titled = rest[:1].isupper() and len(line) < _LONGEST_HEADING
    shown = bool(match["mark"] or match["end"] or heading or titled) or not rest
    if not shown or not (name or unnamed) or (keyword == "title" and not roman_value(name)):
        return None
    dotted = name[:1].isdigit() and "." in name
    reading = Reading("decimal" if dotted else "keyword", _keyword_value(name))
    text_start = at + match.end()
    return Label(
        start=opening,
        text_start=text_start,
        text=text[at:text_start].strip(),
        name=name,
        shape="dotted" if dotted else keyword,
        readings=(reading,),
        indent=0,
        title=title_after(text, text_start),
        keyword=keyword,
    )


def _keyword_value(name: str) -> int:
    """The place of "5.3", "IV" or "B" among its like; 0 for a lone "Appendix:"."""
    if name[:1].isdigit():
        return int(name.split(".")[-1])
    return roman_value(name) or (ord(name.upper()) - ord("A") + 1 if len(name) == 1 else 0)


def _plain_label(text: str, opening: int, at: int, heading: bool, indent: int) -> Label | None:
    bare = _BARE_IN_HEADING.match(text, at) if heading else None
    match = _DOTTED.match(text, at) or _PARENTHESIS.match(text, at) or _SINGLE.match(text, at) or bare
    if match is None or _DATE.match(text, match.end()):
        return None
    shapes = {_DOTTED: "dotted", _PARENTHESIS: "(x)"}
    return Label(
        start=opening,
        text_start=match.end(),
        text=match[0].strip(),
        name=match["name"],
        shape=shapes.get(match.re) or f"x{match['mark']}",
        readings=_readings(match["name"]),
        indent=indent,
        title=title_after(text, match.end()),
    )


def _readings(name: str) -> tuple[Reading, ...]:
    if name[0].isdigit():
        return (Reading("decimal", int(name.split(".")[-1])),)
    capital = name[0].isupper()
    readings = []
    if roman_value(name):
        readings.append(Reading("upper roman" if capital else "roman", roman_value(name)))
    if len(name) == 1:
        readings.append(Reading("capital" if capital else "letter", ord(name.lower()) - 96))
    return tuple(readings)


def _chain(text: str, label: Label) -> Iterator[Label]:
    """The label directly after another: "1. (a) You may …"."""
    following = _plain_label(text, label.text_start, label.text_start, False, label.indent)
    if following is not None and label.shape != following.shape and following.readings:
        yield replace(following, chained=True, introduced=True)


def _column(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())


def _wrap_width(lines: list[str]) -> float:
    """The length at which running lines break, infinite in an unwrapped text; a far shorter line ends on purpose."""
    filled = [(line, below) for line, below in pairwise(lines) if line.strip()]
    running = sorted(len(line) for line, below in filled if below.strip())
    return running[len(running) * 3 // 4] if len(running) > len(filled) / 3 else float("inf")


def _ends_its_line(above: str, line: str, width: float) -> bool:
    """Whether the line above was ended on purpose, so that this one may open a clause."""
    above = above.rstrip("*_ ")
    if re.search(r"[.;:,!?)\]”\"](?:\s+(?:and|or|and/or))?$", above):
        return True
    broken = len(above) < 0.6 * width or (above.isupper() and not line.isupper())
    return broken and _GOES_ON.search(above) is None


def _runs_on(text: str, label: Label) -> bool:
    """Whether a first item's second one follows within its paragraph: "(1) assert copyright, and (2) offer you …"."""
    if not any(reading.value == 1 for reading in label.readings) or label.shape not in ("(x)", "x)"):
        return False
    end = _PARAGRAPH_END.search(text, label.text_start)
    paragraph = text[label.text_start : end.start() if end else len(text)]
    opening = re.escape("(") if label.shape == "(x)" else ""
    return any(
        re.search(rf"[^\s\n][ \t]+{opening}{following}\)", paragraph) is not None
        for following in {"1": ("2",), "a": ("b",), "i": ("ii",), "A": ("B",), "I": ("II",)}.get(label.name, ())
    )


def _without_contents(text: str, labels: list[Label]) -> tuple[Label, ...]:
    """Drop a table of contents: titled lines in a row that all come again, with text below them."""
    last = {(label.text, (label.title or "").lower()): number for number, label in enumerate(labels)}
    kept = []
    for number, label in enumerate(labels):
        repeated = label.title is not None and last[label.text, label.title.lower()] != number
        following = labels[number + 1].start if number + 1 < len(labels) else len(text)
        if not (repeated and text[label.start : following].strip().count("\n") == 0):
            kept.append(label)
    return tuple(kept)
