"""Does a passage say what a sentence says? Exact means first: numbers, names, denial, force, roles, coverage. Pure.

A sentence is aligned word by word with the stretch of the passage that is most like it. It is supported if its numbers
and names are there, nearly all that it says is (in the same words or in words near in meaning), and nothing is denied on
one side only, told more strongly or more generally, of another time, of someone else, or without its condition.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.answering import grammar
from bot.answering.alignment import Alignment, Matcher, Synonyms, is_name, stands_for
from bot.answering.objections import Comparison
from bot.answering.reading import Reading, read
from knowledge.language import FUNCTION_WORDS, names, numbers, tokens
from knowledge.sentences import sentence_spans

COVERAGE = 0.84
"""The share of a sentence's content that its passage must hold."""
_SENTENCES = 3
"""How many sentences of a passage one sentence may draw together."""
_RIVAL = 0.1
"""A stretch that fits nearly as well as the best one may support the sentence in its place."""
_OWN_VOICE = re.compile(r"^(?:i|i'm|i’m|sorry|unfortunately|as an ai|please|here)\b", re.I)
_ABOUT_ITSELF = re.compile(
    r"\b(?:passages?|excerpts?|context|snippets?|question)\b.*\b(?:is|are|was|were|do|does|did|provides?|mentions?|discuss\w*|"
    r"contains?|describes?|answers?|says?|about)\b", re.I
)


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
    sentence = sentence.strip()
    if sentence.endswith("?") or _OWN_VOICE.search(sentence) or _ABOUT_ITSELF.search(sentence):
        return Verdict(False, "is no statement about the subject")
    sentence = _plain(sentence)
    claim = read(sentence, text)
    if not any(word.content for word in claim.words):
        return Verdict(False, "says nothing")
    if reason := _unknown(sentence, text, context):
        return Verdict(False, reason)
    source = read(text)
    matcher = Matcher(claim, source, context, synonyms)
    spans = list(sentence_spans(text))
    fits = sorted(((matcher.align(window), window) for window in _windows(len(spans))), key=lambda fit: _rank(*fit))
    if not fits:
        return Verdict(False, "empty passage")
    best = _rank(*fits[0])
    verdicts = [
        _judge(matcher, alignment, window, text, spans) for alignment, window in fits if _rank(alignment, window) <= best + _RIVAL
    ]
    return max(verdicts, key=lambda verdict: verdict.supported)


def _plain(sentence: str) -> str:
    """The sentence without what opens it: an answer's "yes", and who is reported to say it."""
    shorter = grammar.CLOSING.sub("", grammar.OPENING.sub("", sentence))
    return sentence if shorter == sentence else _plain(shorter)


def _unknown(sentence: str, text: str, context: str) -> str:
    if missing := numbers(sentence) - numbers(f"{text} {context}"):
        return f"number {min(missing):g} is not in the passage"
    known = {token.stem for token in tokens(f"{text} {context}")}
    words = [token.text for token in tokens(text)]
    for name in names(sentence):
        if any(stands_for(name, words[place : place + len(name)]) for place in range(len(words))):
            continue
        if any(part.stem not in known for part in tokens(name) if part.text.lower() not in FUNCTION_WORDS | grammar.ADDRESSEE):
            return f"name {name} is not in the passage"
    return ""


def _windows(count: int) -> Iterator[range]:
    """Each sentence of a text, then each two or three neighbours."""
    for size in range(1, _SENTENCES + 1):
        for first in range(count - size + 1):
            yield range(first, first + size)


def _rank(alignment: Alignment, window: range) -> float:
    """The lower, the better a stretch fits: every further sentence must earn its place."""
    return alignment.cost + 0.1 * (len(window) - 1)


def _judge(
    matcher: Matcher, alignment: Alignment, window: range, text: str, spans: list[tuple[int, int]]
) -> Verdict:
    start, end = spans[window[0]][0], spans[window[-1]][1]
    reason = _shortfall(alignment) or _number_elsewhere(matcher.claim, text[start:end])
    reason = reason or Comparison(matcher, alignment, window).objection()
    return Verdict(not reason, reason, start, end, alignment.coverage)


def _shortfall(alignment: Alignment) -> str:
    if alignment.coverage >= COVERAGE:
        return ""
    return f"not in the passage: {', '.join(word.text for word in alignment.missing[:3])}"


def _number_elsewhere(claim: Reading, stretch: str) -> str:
    named = {float(w.text) for w in claim.words if is_name(claim, w) and w.text.replace(".", "", 1).isdigit()}
    return "the number belongs to another statement" if numbers(claim.text) - numbers(stretch) - named else ""
