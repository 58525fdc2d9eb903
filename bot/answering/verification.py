"""Does a passage say what a sentence says? Exact means first: numbers, names, denial, force, roles, coverage. Pure.

A sentence is aligned word by word with the stretch of the passage that is most like it. It is supported if its
numbers and names are there, nearly all that it says is (in the same words or in words near in meaning), and nothing is
denied on one side only, told more strongly or more generally, of another time, of someone else, or without its
condition.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.answering import grammar
from bot.answering.alignment import Alignment, Matcher, Synonyms, spelled_out
from bot.answering.comparison import Comparison
from bot.answering.conditions import condition, exception
from bot.answering.denial import denial, force, opposites
from bot.answering.extent import counts, direction, extent, order, time
from bot.answering.reading import read
from bot.answering.roles import belongings, complements, roles, ways
from bot.answering.slots import cause, completion, counted
from bot.answering.words import Reading, is_name
from knowledge.language import FUNCTION_WORDS, names, numbers, stems, tokens
from knowledge.sentences import Span, sentence_spans

__all__ = ["Synonyms", "Verdict", "check"]

COVERAGE = 0.84
"""The share of a sentence's content that its passage must hold."""
NEAR_COVERAGE = 0.7
"""The share that suffices where sentence and stretch are near in meaning as wholes."""
_SENTENCES = 3
"""How many sentences of a passage one sentence may draw together."""
_FURTHER = 0.1
"""What each further sentence of a stretch costs."""
_RIVAL = 0.04
"""How much worse than the best a stretch may fit that supports the sentence in its place."""

_CHECKS: tuple[Callable[[Comparison], str], ...] = (
    *(opposites, denial, force),
    *(extent, time, order, counts, direction),
    *(roles, belongings, ways, complements),
    *(completion, counted, cause),
    *(condition, exception),
)
_OWN_VOICE = re.compile(r"^(?:i|i['’]m|sorry|unfortunately|as an ai|please|here)\b", re.I)
_ABOUT_ITSELF = re.compile(
    r"^\W*(?:(?:the|this|these|each|both|all|none|of|given|provided|numbered|first|second|third|\d+)\s+)*"
    r"(?:passages?|excerpts?|context|snippets?|question|answer)\b",
    re.I,
)

_ADDRESS = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[^\s,;)\]\"”]*)?|[\w.+-]+@[\w.-]+", re.I)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text supports a sentence, the span of the text that does, and if not, why."""

    supported: bool
    reason: str = ""
    start: int = 0
    end: int = 0
    coverage: float = 0.0


def check(sentence: str, text: str, context: str = "", synonyms: Synonyms = lambda word, words: frozenset()) -> Verdict:
    """Compare a sentence with a text; `context` (a heading) may supply names and words, but no numbers."""
    spans = list(sentence_spans(text))
    sentence = sentence.strip()
    if sentence.endswith("?"):
        return Verdict(False, "asks instead of saying")
    if copied := _copied(sentence, text, spans):
        return Verdict(True, "", *copied, coverage=1.0)
    if _OWN_VOICE.search(sentence) or _ABOUT_ITSELF.search(sentence):
        return Verdict(False, "is no statement about the subject")
    sentence = _plain(sentence)
    claim = read(sentence, text)
    if not any(word.content for word in claim.words):
        return Verdict(False, "says nothing")
    if reason := _unknown(sentence, text, context):
        return Verdict(False, reason)
    return _best(Matcher(claim, read(text), context, synonyms), text, spans)


def _best(matcher: Matcher, text: str, spans: Sequence[Span]) -> Verdict:
    """The verdict on the stretch that fits best, or on one that fits nearly as well and supports the claim."""
    fits = sorted(((matcher.align(w), w) for w in _windows(len(spans))), key=lambda fit: _rank(*fit))
    if not fits:
        return Verdict(False, "empty passage")
    limit = _rank(*fits[0]) + _RIVAL
    verdicts = [_judge(matcher, alignment, w, text, spans) for alignment, w in fits if _rank(alignment, w) <= limit]
    return max(verdicts, key=lambda verdict: verdict.supported)


def _windows(count: int) -> Iterator[range]:
    """Each sentence of a text, then each two or three neighbours."""
    for size in range(1, _SENTENCES + 1):
        for first in range(count - size + 1):
            yield range(first, first + size)


def _rank(alignment: Alignment, window: range) -> float:
    """The lower, the better a stretch fits: every further sentence must earn its place."""
    return alignment.cost + _FURTHER * (len(window) - 1)


def _judge(matcher: Matcher, alignment: Alignment, window: range, text: str, spans: Sequence[Span]) -> Verdict:
    start, end = spans[window[0]][0], spans[window[-1]][1]
    reason = _shortfall(matcher, alignment, text[start:end]) or _number_elsewhere(matcher.claim, text[start:end])
    if not reason:
        pair = Comparison(matcher, alignment, window)
        reason = next((found for objection in _CHECKS if (found := objection(pair))), "")
    return Verdict(not reason, reason, start, end, alignment.coverage)


def _shortfall(matcher: Matcher, alignment: Alignment, stretch: str) -> str:
    """What the stretch lacks: it may lack more if it is near in meaning as a whole."""
    if alignment.coverage >= COVERAGE:
        return ""
    if alignment.coverage >= NEAR_COVERAGE and matcher.synonyms(matcher.claim.text, [stretch]):
        return ""
    return f"not in the passage: {', '.join(word.text for word in alignment.missing[:3])}"


def _number_elsewhere(claim: Reading, stretch: str) -> str:
    """A number that the passage has, but not this stretch; one that belongs to a name may stand before it."""
    named = {value for word in claim.words if is_name(claim, word) for value in numbers(word.text)}
    return "the number belongs to another statement" if numbers(claim.text) - numbers(stretch) - named else ""


def _copied(sentence: str, text: str, spans: Sequence[Span]) -> Span | None:
    """The span of a sentence of the text that the sentence repeats word for word."""
    words = _folded(sentence)
    return next(((start, end) for start, end in spans if words and _folded(text[start:end]) == words), None)


def _folded(text: str) -> list[str]:
    return [token.text.lower().replace("’", "'") for token in tokens(text)]


def _plain(sentence: str) -> str:
    """The sentence without what opens or ends it: an answer's "yes", and who is reported to say it."""
    shorter = grammar.CLOSING.sub("", grammar.OPENING.sub("", sentence))
    return sentence if shorter == sentence else _plain(shorter)


def _unknown(sentence: str, text: str, context: str) -> str:
    """Why an address, a number or a name of the sentence stands nowhere in the text."""
    if wrong := _wrong_addresses(sentence, text):
        return f"address {min(wrong)} is not in the passage"
    if missing := numbers(sentence) - numbers(f"{text} {context}"):
        return f"number {min(missing):g} is not in the passage"
    words = [token.text for token in tokens(text)]
    known = set(stems(f"{text} {context}"))
    for name in names(sentence):
        parts = [part for part in tokens(name) if part.text.lower() not in FUNCTION_WORDS | grammar.ADDRESSEE]
        if any(part.stem not in known for part in parts) and not spelled_out(name, words):
            return f"name {name} is not in the passage"
    return ""


def _wrong_addresses(sentence: str, text: str) -> set[str]:
    """The addresses of a sentence that are none of a text's, nor a site of one."""
    known = _addresses(text)
    return {said for said in _addresses(sentence) if not any(f"{each}/".startswith(f"{said}/") for each in known)}


def _addresses(text: str) -> set[str]:
    return {match.group().rstrip("./?").lower() for match in _ADDRESS.finditer(text)}
