"""Does a passage say what a sentence says? Exact means first: numbers, names, negation, modality, coverage. Pure.

A sentence is compared with the best window of one or two sentences of the passage. It is supported if its numbers and
names are there, nearly all of its content words are (or words near in meaning), each under the same negation, and
nothing is said more strongly, more generally, of another time or the other way round.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.language import FUNCTION_WORDS, Token, names, numbers, stem, tokens
from knowledge.sentences import sentence_spans

Synonyms = Callable[[str, Sequence[str]], frozenset[str]]
"""Those of some words that a word may stand for."""

COVERAGE = 0.82
"""The share of a sentence's content words that its passage must hold."""
_SCOPE = 6
"""How many words a negation reaches."""

_OBLIGATION = frozenset("must shall required requires require obliged obligation need needs have has mandatory".split())
_PERMISSION = frozenset(
    "may can could might possible possibly potentially perhaps maybe optional allowed permitted free choose wish think thinks".split()
)
_HEDGES = frozenset("may might could possible possibly potentially maybe perhaps think thinks hope hopes".split())
_STRONG = frozenset(
    """always only solely exclusively all every everyone everybody anyone anybody entirely completely automatically certainly
    certain definitely guaranteed guarantees immediately unlimited unconditionally whatever any none never optional
    voluntary recommended""".split()
)
_TIMES = frozenset(
    """before after until already previously previous last next ago earlier later soon year years month months week day days
    today tomorrow yesterday now former past future longer still yet again first second third daily monthly yearly""".split()
)
_UP = frozenset("more greater over above exceed exceeds exceeding exceeded bigger larger higher rising increase increased least up".split())
_DOWN = frozenset("less fewer under below smaller lower falling decrease decreased down".split())
_NEGATORS = frozenset("no not never none neither nor nothing nobody cannot without non hardly stop stopped refuses deny denies prohibited forbidden".split())
_BREAK = re.compile(r"[,;:.!?()—]|\b(?:but|because|although|though|while|so|if|unless|which|that)\b", re.I)
_OPENING = re.compile(
    r"^(?:yes|no|yeah|correct|right|according to [^,]{1,40}|in short|in other words|basically)\s*[,:.;]\s*", re.I
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text supports a sentence, the span of the text that does, and if not, why."""

    supported: bool
    reason: str = ""
    start: int = 0
    end: int = 0
    coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class _Claim:
    """What is compared: the tokens of a stretch of text, and which of them stand under a negation."""

    text: str
    tokens: tuple[Token, ...]
    negated: frozenset[int]
    words: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "_Claim":
        found = tuple(tokens(text))
        return cls(text, found, frozenset(_negated(text, found)), frozenset(token.text.lower() for token in found))


def check(sentence: str, text: str, context: str = "", synonyms: Synonyms = lambda word, words: frozenset()) -> Verdict:
    """Compare a sentence with a text; `context` (a heading) may supply names and words, but no numbers."""
    sentence = _OPENING.sub("", sentence.strip())
    claim = _Claim.of(sentence)
    if not any(token.is_content for token in claim.tokens):
        return Verdict(False, "says nothing")
    if missing := numbers(sentence) - numbers(f"{text} {context}"):
        return Verdict(False, f"number {min(missing):g} is not in the passage")
    known = {token.stem for token in tokens(f"{text} {context}")}
    if unknown := [name for name in names(sentence) if not _known_name(name, known)]:
        return Verdict(False, f"name {unknown[0]} is not in the passage")
    verdicts = [_compare(claim, window, start, context, synonyms) for start, window in _windows(text)]
    return max(verdicts, key=lambda v: (v.supported, v.coverage, -(v.end - v.start)), default=Verdict(False, "empty passage"))


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """Each sentence of the text, then each two neighbours."""
    spans = list(sentence_spans(text))
    for size in (1, 2):
        for number in range(len(spans) - size + 1):
            start, end = spans[number][0], spans[number + size - 1][1]
            yield start, text[start:end]


def _compare(claim: _Claim, window: str, offset: int, context: str, synonyms: Synonyms) -> Verdict:
    source = _Claim.of(window)
    matches = [(token, _match(token, source, synonyms)) for token in claim.tokens if token.is_content]
    in_context = {token.stem for token in tokens(context)}
    covered = [match or token.stem in in_context for token, match in matches]
    coverage = sum(map(bool, covered)) / len(covered)
    reason = _objection(claim, source, matches, coverage)
    return Verdict(not reason, reason, offset, offset + len(window), coverage)


Match = tuple[Token, list[int]]


def _objection(claim: _Claim, source: _Claim, matches: Sequence[tuple[Token, list[int]]], coverage: float) -> str:
    """Why the window does not support the claim; nothing if it does."""
    if coverage < COVERAGE:
        missing = [token.text for token, match in matches if not match]
        return f"not in the passage: {', '.join(missing[:3])}"
    if numbers(claim.text) - numbers(source.text):
        return "the number belongs to another statement"
    for token, places in matches:
        if places and all((place in source.negated) != (_place(claim, token) in claim.negated) for place in places):
            return f"{token.text!r} is negated on one side only"
    return _overstatement(claim, source) or _turned_round(claim, source, matches)


def _overstatement(claim: _Claim, source: _Claim) -> str:
    stems = {token.stem for token in source.tokens}
    for word in sorted(claim.words & (_STRONG | _TIMES)):
        if stem(word) not in stems:
            return f"{word!r} is not in the passage"
    obliged, allowed = bool(claim.words & _OBLIGATION), bool(claim.words & _PERMISSION)
    source_obliged, source_allowed = bool(source.words & _OBLIGATION), bool(source.words & _PERMISSION)
    if obliged and not source_obliged and source_allowed:
        return "an option is told as a duty"
    if allowed and not obliged and source_obliged and not source_allowed:
        return "a duty is told as an option"
    if source.words & _HEDGES and not allowed and not claim.words & _OBLIGATION:
        return "a possibility is told as a fact"
    if (claim.words & _DOWN and not source.words & _DOWN and source.words & _UP) or (
        claim.words & _UP and not source.words & _UP and source.words & _DOWN
    ):
        return "a comparison is turned round"
    return ""


def _turned_round(claim: _Claim, source: _Claim, matches: Sequence[tuple[Token, list[int]]]) -> str:
    """Whether a name that acts in the claim is acted upon in the source: "A sues B" for "B sues A"."""
    for (first, first_places), (second, second_places) in zip(matches, matches[1:], strict=False):
        if not first_places or not second_places or not first.text[0].isupper() or second.text[0].isupper():
            continue
        if _place(claim, second) - _place(claim, first) > 3:
            continue
        if all(place > other for place in first_places for other in second_places):
            before = {source.tokens[place - 1].text.lower() for place in first_places if place}
            if not before & {"by", "from", "of"}:
                return f"{first.text!r} and {second.text!r} are the other way round"
    return ""


def _match(token: Token, source: _Claim, synonyms: Synonyms) -> list[int]:
    """The places in the source of a word, or of words of its family or near it in meaning."""
    same = [place for place, other in enumerate(source.tokens) if other.stem == token.stem or _family(token, other)]
    if same or token.text.lower() in _TIMES or token.text[0].isdigit() or token.text[0].isupper():
        return same
    others = [(place, other.text.lower()) for place, other in enumerate(source.tokens) if other.is_content]
    near = synonyms(token.text.lower(), [word for _, word in others])
    return [place for place, word in others if word in near]


def _family(token: Token, other: Token) -> bool:
    """Words of one family: "licensee" and "license", "distribution" and "distribute"."""
    shared = min(len(token.stem), len(other.stem))
    return shared >= 5 and token.stem[: max(5, shared - 2)] == other.stem[: max(5, shared - 2)]


def _known_name(name: str, stems: set[str]) -> bool:
    return all(part.stem in stems for part in tokens(name) if part.text.lower() not in FUNCTION_WORDS)


def _place(claim: _Claim, token: Token) -> int:
    return next(place for place, other in enumerate(claim.tokens) if other.start == token.start)


def _negated(text: str, found: Sequence[Token]) -> Iterator[int]:
    """The places of the words that a negation before them reaches, to the end of its clause."""
    left = 0
    for place, token in enumerate(found):
        gap = text[found[place - 1].end : token.start] if place else ""
        if _BREAK.search(gap) or _BREAK.fullmatch(token.text):
            left = 0
        word = token.text.lower().replace("’", "'")
        if word in _NEGATORS or word.endswith("n't"):
            left = _SCOPE
        elif left:
            left -= 1
            yield place
