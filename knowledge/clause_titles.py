"""The title of a clause: what the license prints after its label, or else its first words."""

import re

_SMALL_WORDS = frozenset("a an and as at by for from in into nor of on or per the to under upon with via vs".split())
_SENTENCE_WORDS = frozenset(
    "am are is was were be been has have had do does did may must shall will would can cannot could should not agree "
    "agrees means mean grants if".split()
)
_QUOTED_TERM = re.compile(r"(?:\*\*|__)?[\"“‘](?P<name>[^\"“”‘’]{1,60})[\"”’]")
_LEAD_IN = re.compile(r"(?P<title>[^.:\n]{45,80}\n[^.:\n]{2,40}|[^.:\n]{2,80})(?:\.|:|\s--|\s—)(?=\s|\*|_)")
_LONGEST_TITLE = 80
_DERIVED_WORDS = 6


def title_after(text: str, start: int) -> str | None:
    """The title printed at `start`, just after a label, or None where the clause begins with a sentence.

    A title is a line of its own ("1. LICENSE GRANT", also on the line below the label), a lead-in before the sentences
    ("Grant of Rights. You are granted …"), or the term that a definition opens with.
    """
    line, below = _line_and_below(text[start : start + 1000])
    if not line.strip() and text[start - 1 : start] != "\n":
        line, below = _line_and_below(below.lstrip("\n"))
        return _title_line(line, below)
    term = _QUOTED_TERM.match(line.lstrip())
    if term is not None:
        return " ".join(term["name"].split())
    lead = _LEAD_IN.match(text, start + len(line) - len(line.lstrip()))
    if lead is not None and _reads_as_title(_clean(lead["title"]), alone=False):
        return _clean(lead["title"])
    return _title_line(line, below)


def derived_title(text: str) -> str:
    """The first six words of a clause without a title, with an ellipsis where it goes on."""
    words = text.replace("*", "").split()
    first = " ".join(words[:_DERIVED_WORDS]).rstrip(".,;:")
    return first + "…" if len(words) > _DERIVED_WORDS else first


def _line_and_below(text: str) -> tuple[str, str]:
    line, _, below = text.partition("\n")
    return line, below


def _title_line(line: str, below: str) -> str | None:
    """The title that a whole line is, or None where the line begins a sentence that may run on below."""
    bare = line.strip().rstrip("*_# ")
    if len(bare) > _LONGEST_TITLE or bare.endswith((";", ",", "…")) or not _reads_as_title(_clean(bare), alone=True):
        return None
    next_line = _line_and_below(below)[0].strip()
    cut = bool(next_line) and bare.split()[-1] in _SMALL_WORDS
    runs_on = cut or next_line[:1].islower() or (bare.isupper() and next_line.isupper() and not bare.endswith("."))
    return None if runs_on else _clean(bare)


def _clean(title: str) -> str:
    return " ".join(title.split()).strip("*_#").rstrip("*_#.: ").strip()


def _reads_as_title(title: str, *, alone: bool) -> bool:
    """Whether words are a title rather than the start of a sentence; `alone` on their line they may be longer."""
    words = re.findall(r"[\w’'/&-]+", title)
    if not words or not title[0].isupper() or len(words) > (12 if alone else 9):
        return False
    if title.isupper() and any(len(word) > 1 for word in words):
        return True
    if all(word[0].isupper() or word[0].isdigit() or word in _SMALL_WORDS for word in words):
        return True
    sentence = ";" in title or any(word.lower() in _SENTENCE_WORDS for word in words)
    return not sentence and len(words) <= (8 if alone else 5)
