"""The terms that a license defines, where it does, and which of them a stretch of its text uses."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DefinedTerm:
    """A defined term: its names ("Licensee", "you") and the span of the whole paragraph that defines it.

    `formal` is true for a paragraph that opens with the term ('"X" means …'), false for one that names it on the way
    ('… made available by Meta (the "Software")').
    """

    names: tuple[str, ...]
    start: int
    end: int
    formal: bool = True


_NAME = r"(?:\*\*|__|\*)?[\"“‘][^\"“”‘’]{1,60}[\"”’](?:\*\*|__|\*)?|\*\*[^*\n]{1,60}\*\*"
_NAMES = rf"(?:{_NAME})(?:\)?,?\s*(?:\(?\b(?:or|and)\b|/|,)\s*(?:collectively,?\s*)?(?:{_NAME}))*\)?"
_LABEL = r"(?:\(\w{1,5}\)\.?|\w{1,4}[.)]|\d{1,2}(?:\.\d{1,3})+[.)]?)"
_VERB = (
    r"(?:\s+[\w()]+){0,4}?\s+(?:(?:shall|will)\s+)?"
    r"(?:means?|includes?|refers?\s+to|(?:has|have)\s+the\s+(?:same\s+)?meaning|(?:is|are)\s+defined|stands?\s+for)\b|\s*(?::|=|--|[–—])\s|:"
)
_FORMAL = re.compile(
    rf"^[ \t]*(?P<whole>(?:[*+•>–—-][ \t]+)*(?:{_LABEL}\s*)?(?:[Tt]he\s+(?:terms?\s+|words?\s+)?)?"
    rf"(?P<names>{_NAMES})(?:{_VERB}))",
    re.MULTILINE,
)
_COLON_INSIDE_BOLD = re.compile(r"^[ \t]*(?P<whole>(?:[*+•-][ \t]+)*\*\*(?P<names>[^*\n:]{1,60}):\*\*)", re.MULTILINE)
_IN_PASSING = re.compile(
    r"\((?P<lead>[^()\"“”]{0,90}?)(?P<names>[\"“][^\"“”]{1,60}[\"”](?:,?\s*(?:or|and)\s+[\"“][^\"“”]{1,60}[\"”])*)\)"
)
_LEAD = re.compile(
    r"(?:the|each|an?|any|collectively|together|individually|hereinafter|hereafter|as|all|referred|in|\s|,)*"
)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_EXAMPLE = re.compile(r"\b(?:e\.g|i\.e|including|such as|for example|see|like|not)\b", re.IGNORECASE)
_JOINT = r"[\s\-‐‑]+"  # between the words of a term: spaces, a line break, a hyphen
# A pronoun that is a defined term is used in all its forms; capital "US" is a country.
_PRONOUNS = {"you": r"(?i:you|your|yours|yourself)", "we": r"(?i:we|our|ours|ourselves)|us|Us"}


def find_terms(text: str, clauses: Sequence[tuple[int, int]] = ()) -> tuple[DefinedTerm, ...]:
    """The defined terms of a text in document order; `clauses` are the spans of its clauses.

    A name is defined once: by the first paragraph that opens with it, else by the first that names it on the way. The
    definition is that paragraph, or the whole clause that opens with the term, and the list after "means:".
    """
    found = _Definitions(text, clauses)
    known: set[str] = set()
    terms = []
    for term in [*found.formal(), *found.in_passing()]:
        names = tuple(name for name in term.names if name.lower() not in known)
        known.update(name.lower() for name in names)
        if names:
            terms.append(DefinedTerm(names, term.start, term.end, term.formal))
    return tuple(sorted(terms, key=lambda term: (term.start, not term.formal)))


def uses(term: DefinedTerm, text: str) -> bool:
    """Whether a text uses a term: as whole words, across line breaks, as defined or in capitals."""
    return any(_pattern(name).search(text) is not None for name in term.names)


def _pattern(name: str) -> re.Pattern[str]:
    pronoun = _PRONOUNS.get(name.lower()) or _PRONOUNS.get(name.lower().replace("your", "you"))
    if pronoun is not None:
        return re.compile(rf"(?<!\w)(?:{pronoun})(?!\w)")
    words = [re.escape(word) for word in re.split(r"[\s-]+", name) if word]
    joined = _JOINT.join(words)
    if name == name.lower():
        return re.compile(rf"(?<!\w){joined}(?!\w)", re.IGNORECASE)
    other = [word.title() if name.isupper() and len(name) > 3 else word.upper() for word in words]
    return re.compile(rf"(?<!\w)(?:{joined}|{_JOINT.join(other)})(?!\w)")


class _Definitions:
    """The definitions in a text, with where its paragraphs end: at a blank line, a clause or another definition."""

    def __init__(self, text: str, clauses: Sequence[tuple[int, int]]) -> None:
        self._text = text
        self._ends = dict(clauses)
        self._clause_starts = sorted(self._ends)
        self._blank_lines = [match.end() for match in _BLANK_LINE.finditer(text)]
        self._openings = sorted(self._find_openings())
        self._stops = sorted({*self._clause_starts, *(start for start, _ in self._openings), len(text)})

    def formal(self) -> Iterator[DefinedTerm]:
        """The paragraphs that open with a term."""
        for position, (start, names) in enumerate(self._openings):
            end = self._ends.get(start) or self._paragraph_end(start)
            if self._text.endswith((":", "means", "mean"), start, end) and start not in self._ends:
                following = self._openings[position + 1 : position + 2]
                end = min([following[0][0] if following else len(self._text), *self._ends_around(start)])
            yield DefinedTerm(names, start, _trimmed(self._text, start, end))

    def in_passing(self) -> Iterator[DefinedTerm]:
        """The terms in parentheses: '(the "Software")'."""
        for match in _IN_PASSING.finditer(self._text):
            lead = match["lead"].rstrip()
            if _EXAMPLE.search(lead) or not (lead.endswith(",") or _LEAD.fullmatch(lead.rsplit(",", 1)[-1])):
                continue
            start = max(0, _before(self._blank_lines, match.start()), _before(self._stops, match.start()))
            gap = self._text[start : match.start() + 1]
            start += len(gap) - len(gap.lstrip())
            yield DefinedTerm(_names(match["names"]), start, self._paragraph_end(start), formal=False)

    def _find_openings(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        for pattern in (_FORMAL, _COLON_INSIDE_BOLD):
            for match in pattern.finditer(self._text):
                names = _names(match["names"])
                if names and self._begins_a_paragraph(match.start("whole")):
                    yield match.start("whole"), names

    def _begins_a_paragraph(self, start: int) -> bool:
        """Whether a line begins something: a line break inside a sentence may put a quoted word first in its line."""
        line_end = max(self._text.rfind("\n", 0, start), 0)
        line_start = self._text.rfind("\n", 0, line_end) + 1
        above = self._text[line_start:line_end].strip()
        below_label = _before(self._clause_starts, start) >= line_start
        ended = above.endswith((".", ";", ":", ")", '"', "”"))
        return not above or below_label or ended or self._text[start] in "*-—–•+"

    def _ends_around(self, start: int) -> list[int]:
        """The end of the innermost clause around a place."""
        around = [end for clause, end in self._ends.items() if clause < start < end]
        return [min(around)] if around else []

    def _paragraph_end(self, start: int) -> int:
        blank = _BLANK_LINE.search(self._text, start)
        next_stop = bisect_right(self._stops, start)
        return _trimmed(
            self._text,
            start,
            min([blank.start() if blank else len(self._text), *self._stops[next_stop : next_stop + 1]]),
        )


def _before(places: Sequence[int], place: int) -> int:
    """The last of some places, in order, at or before one; -1 where there is none."""
    position = bisect_right(places, place)
    return places[position - 1] if position else -1


def _trimmed(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _names(printed: str) -> tuple[str, ...]:
    """The names in a printed list of them: '"Meta" or "we"' gives Meta and we."""
    quoted = re.findall(r"[\"“‘]([^\"“”‘’]+)[\"”’]", printed) or re.split(r"\*\*", printed)
    spaced = (" ".join(name.split()).strip("*_ .,:;") for name in quoted)
    names = (name.removeprefix("The ").removesuffix("(s)") for name in spaced)
    return tuple(name for name in names if re.search(r"\w", name) and name not in ("or", "and"))
