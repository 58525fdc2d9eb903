"""Where sentences begin and end, in prose, in legal prose and in run-on speech. Pure."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_ABBREVIATIONS = frozenset(
    (
        "inc ltd co corp llc e.g i.e eg ie cf vs etc mr mrs ms dr prof st no nos art sec fig vol pp "
        "u.s u.k ph.d jr sr approx"
    ).split()
)
# Possessive, and never tried again inside a run of marks: a line of a million dots takes no longer than other lines.
_END = re.compile(
    r"""(?<![.!?…])[.!?…]++["'”’)\]»*_]*+(?=\s+["'“‘(\[«*_]*(?P<next>\w)|\s*$)"""
    r"""|[。！？]++[」』”’)）]*+|\n\s*\n"""
)
_LONGEST_WORD = 24
MAX_CHARACTERS = 2_000
"""A sentence longer than this is cut: a text without full stops is not one sentence."""
_LAST_WORD = re.compile(r"([A-Za-z][A-Za-z.]*)\.$")
# Words that open a new statement in speech. "and" and "that" join as often as they divide, so they come last.
_OPENERS = (
    re.compile(r"(?<=\s)(?:but|so|because|however|now|then|although|while|which means|that means|therefore)\b", re.I),
    re.compile(r"(?<=[,;:]\s)(?=\S)"),
    re.compile(r"(?<=\s)(?:and|this|that's|it's|we|they|if|when|where|which|who)\b", re.I),
)


def sentence_spans(text: str) -> Iterator[Span]:
    """The spans of the sentences of a text, without the white space around them, in order."""
    start = 0
    for match in _END.finditer(text):
        if (match["next"] or "").islower():
            continue
        if match.group() == "." and _is_abbreviation(text[max(start, match.end() - _LONGEST_WORD) : match.end()]):
            continue
        yield from _bounded(text, start, match.end())
        start = match.end()
    yield from _bounded(text, start, len(text))


def spoken_spans(text: str, max_words: int = 50) -> Iterator[Span]:
    """The spans of sentences of speech: a sentence of over `max_words` words is divided where a new statement opens."""
    for start, end in sentence_spans(text):
        yield from _divide(text, start, end, max_words)


def lead_at(text: str, end: int) -> int | None:
    """Where a sentence ends that what comes next completes, if one ends here."""
    end = len(text[:end].rstrip())
    return end if text.endswith(":", 0, end) else None


def _is_abbreviation(text: str) -> bool:
    match = _LAST_WORD.search(text)
    if not match:
        return False
    word = match.group(1)
    return word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper() and word != "I")


def _divide(text: str, start: int, end: int, max_words: int) -> Iterator[Span]:
    words = len(text[start:end].split())
    cut = _best_cut(text, start, end) if words > max_words else None
    if cut is None:
        yield from _trimmed(text, start, end)
        return
    yield from _divide(text, start, cut, max_words)
    yield from _divide(text, cut, end, max_words)


def _best_cut(text: str, start: int, end: int) -> int | None:
    """The opener nearest to the middle of the sentence, if one leaves at least a fifth on either side."""
    middle, margin = (start + end) / 2, (end - start) / 5
    for opener in _OPENERS:
        cuts = [match.start() for match in opener.finditer(text, start, end)]
        cuts = [cut for cut in cuts if start + margin <= cut <= end - margin]
        if cuts:
            return min(cuts, key=lambda cut: abs(cut - middle))
    return None


def _bounded(text: str, start: int, end: int) -> Iterator[Span]:
    """The span, cut where a new statement opens, or else at white space, so that no piece is too long to read."""
    while end - start > MAX_CHARACTERS:
        cut = _best_cut(text, start, start + MAX_CHARACTERS)
        if cut is None:
            space = max(
                text.rfind(" ", start + 1, start + MAX_CHARACTERS), text.rfind("\n", start + 1, start + MAX_CHARACTERS)
            )
            cut = space if space > start else start + MAX_CHARACTERS
        yield from _trimmed(text, start, cut)
        start = cut
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if any(character.isalnum() for character in text[start:end]):
        yield start, end
