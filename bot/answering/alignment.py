"""Which word of a source stands for which word of a claim: the cheapest path that keeps close together. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.answering import grammar
from bot.answering.reading import Reading, Word, related
from knowledge.language import stem

Synonyms = Callable[[str, Sequence[str]], frozenset[str]]
"""Those of some words that a word may stand for."""

_MISSING = 0.9
_JUMP = 0.025
_FARTHEST = 14
_BACK = 0.08
_LIGHT = 0.25
"""What a word that only frames a statement weighs beside one that carries its facts."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word of the source that may stand for a word of the claim, and how unlike it is: 0 for the same word."""

    place: int
    cost: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The places in the source of the words of a claim, by their places in the claim."""

    links: Mapping[int, int]
    cost: float
    coverage: float
    missing: tuple[Word, ...]
    exact: frozenset[int]


class Matcher:
    """Finds, once for all windows of a source, the words that may stand for each word of a claim."""

    def __init__(self, claim: Reading, source: Reading, context: str, synonyms: Synonyms) -> None:
        self.claim, self.source = claim, source
        self._context = {stem(word) for word in context.replace(":", " ").split()}
        self._candidates = {word.place: self._match(word, synonyms) for word in claim.words if counts(word)}

    def align(self, sentences: range) -> Alignment:
        """Align the claim with some sentences of the source."""
        paths: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {-1: (0.0, ())}
        for place, candidates in self._candidates.items():
            inside = [c for c in candidates if self.source.words[c.place].sentence in sentences]
            paths = _extend(paths, place, inside, _MISSING * self.weight(self.claim.words[place]))
        cost, path = min(paths.values(), key=lambda found: found[0])
        links = dict(path)
        words = [self.claim.words[place] for place in self._candidates]
        missing = tuple(w for w in words if w.place not in links and w.stem not in self._context)
        total = sum(map(self.weight, words)) or 1.0
        exact = frozenset(p for p, q in links.items() if any(c.place == q and c.cost <= 0.1 for c in self._candidates[p]))
        return Alignment(links, cost, 1 - sum(map(self.weight, missing)) / total, missing, exact)

    def weight(self, word: Word) -> float:
        """How much of a statement a word carries."""
        if word.name or word.text[0].isdigit():
            return 1.0
        light = word.stem in grammar.LIGHT or word.stem in grammar.GENERIC or word.text in grammar.ADDRESSEE | grammar.ANYBODY
        return _LIGHT if light or word.stem in grammar.NEGATIVE_VERBS else 1.0

    def _match(self, word: Word, synonyms: Synonyms) -> list[Candidate]:
        found = [Candidate(o.place, cost) for o in self.source.words if (cost := _unlike(word, o)) is not None]
        if any(candidate.cost < 0.2 for candidate in found) or word.name or word.text[0].isdigit():
            return found
        if word.text in grammar.TIME_WORDS:
            return found
        others = [other for other in self.source.words if other.content and not other.text[0].isdigit()]
        near = synonyms(word.text, [other.text for other in others])
        taken = {candidate.place for candidate in found}
        return found + [Candidate(o.place, 0.35) for o in others if o.text in near and o.place not in taken]


def counts(word: Word) -> bool:
    """Whether a word of a claim needs a word of the source: content, and the party addressed."""
    return word.content


def _unlike(word: Word, other: Word) -> float | None:
    """How unlike two words are that may stand for each other without an embedding; None for others."""
    if word.stem == other.stem:
        return 0.0
    if word.text[0].isdigit() or other.text[0].isdigit():
        return None
    if word.text in grammar.ADDRESSEE and other.text in grammar.ADDRESSEE:
        return 0.05
    if not other.content and not any(word.text in c and other.text in c for c in grammar.TIMES):
        return None
    if related(word.text, other.text):
        return 0.1
    if any(word.text in group and other.text in group for group in grammar.TIMES):
        return 0.2
    if any(word.stem in group and other.stem in group for group in grammar.CONVERSES):
        return 0.2
    return None


def _extend(
    paths: dict[int, tuple[float, tuple[tuple[int, int], ...]]], place: int, candidates: Sequence[Candidate], skip: float
) -> dict[int, tuple[float, tuple[tuple[int, int], ...]]]:
    """All cheapest paths, by the place where they end, with one more word of the claim."""
    extended = {end: (cost + skip, path) for end, (cost, path) in paths.items()}
    for candidate in candidates:
        options = ((cost + candidate.cost + _step(end, candidate.place), path) for end, (cost, path) in paths.items())
        cost, path = min(options, key=lambda option: option[0])
        if candidate.place not in extended or cost < extended[candidate.place][0]:
            extended[candidate.place] = (cost, (*path, (place, candidate.place)))
    return extended


def _step(before: int, place: int) -> float:
    """What it costs to go on from one place to another: nothing for the next word, more backwards."""
    if before < 0:
        return 0.0
    if before == place:
        return 0.02
    return _JUMP * min(abs(place - before - 1), _FARTHEST) + (_BACK if place < before else 0.0)
