"""Which word of a source stands for which word of a claim: the cheapest path that keeps close together. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.answering import grammar
from bot.answering.reading import Reading, Word, related
from bot.answering.synonyms import grouped, opposed
from knowledge.language import stem

Synonyms = Callable[[str, Sequence[str]], frozenset[str]]
"""Those of some words that a word may stand for."""

_MISSING = 0.9
_LEAST_MISSING = 0.5
_JUMP = 0.025
_FARTHEST = 14
_BACK = 0.08
_UNLIKE_DENIAL = 0.06
_SUBJECT = 2.0
"""What the subject of the whole sentence weighs: the right fact about the wrong thing is wrong."""
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
    unmatched: tuple[Word, ...] = ()


_THIRD = frozenset("it it's its they they're them their this that these those one he she him her".split())


class Matcher:
    """Finds, once for all windows of a source, the words that may stand for each word of a claim."""

    def __init__(self, claim: Reading, source: Reading, context: str, synonyms: Synonyms) -> None:
        self.claim, self.source = claim, source
        self._context = {stem(word) for word in context.replace(":", " ").split()}
        self.subject = _subject_head(claim)
        self._segments = _segments(claim)
        self._candidates = {word.place: self._match(word, synonyms) for word in claim.words if counts(word)}

    def align(self, sentences: range) -> Alignment:
        """Align the claim with some sentences of the source."""
        paths: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {-1: (0.0, ())}
        earlier = self._named_earlier(sentences)
        for place, candidates in self._candidates.items():
            inside = [c for c in candidates if self.source.words[c.place].sentence in sentences]
            # Where two places are as good, the one that is denied as the claim is, or isn't, is meant.
            inside = [Candidate(c.place, c.cost + self._strain(place, c.place)) for c in inside]
            skip = _LEAST_MISSING / 2 if place in earlier else max(_LEAST_MISSING, _MISSING * self.weight(self.claim.words[place]))
            paths = _extend(paths, place, inside, skip)
        cost, path = min(paths.values(), key=lambda found: found[0])
        links = dict(path)
        words = [self.claim.words[place] for place in self._candidates]
        near = self._coherent(links)
        missing = tuple(w for w in words if w.place not in near and w.stem not in self._context)
        missing = tuple(w for w in missing if w.place not in earlier)
        total = sum(map(self.weight, words)) or 1.0
        exact = frozenset(p for p, q in links.items() if any(c.place == q and c.cost <= 0.1 for c in self._candidates[p]))
        unmatched = tuple(w for w in missing if not self._in(self._candidates[w.place], sentences))
        return Alignment(links, cost, 1 - sum(map(self.weight, missing)) / total, missing, exact, unmatched)

    def _named_earlier(self, sentences: range) -> set[int]:
        """The names of the claim that the source says before a stretch, which may mean them by "it" or "they"."""
        before = {word.stem for word in self.source.words if word.sentence < sentences[0]}
        first = min((word.place for word in self.source.words if word.sentence == sentences[0]), default=0)
        subject = [self.source.words[place] for place in self.source.clause_of(first).subject]
        if not any(word.text in grammar.PRONOUNS for word in subject):
            return set()
        subjects = {place for clause in self.claim.clauses for place in clause.subject}
        return {w.place for w in self.claim.words if w.place in subjects and is_name(self.claim, w) and w.stem in before}

    def places(self, word: Word, sentences: range) -> list[int]:
        """All places in some sentences of the source where a word may be meant."""
        return self._in(self._candidates.get(word.place, []), sentences)

    def _in(self, candidates: Sequence[Candidate], sentences: range) -> list[int]:
        return [c.place for c in candidates if self.source.words[c.place].sentence in sentences]

    def _coherent(self, links: Mapping[int, int]) -> set[int]:
        """The linked words without those that a clause of the claim takes from another sentence than the rest of it.

        A subject may come from an earlier sentence if a pronoun stands for it where the rest is said.
        """
        kept: set[int] = set()
        for number in dict.fromkeys(self._segments.values()):
            own = {p: q for p, q in links.items() if self._segments[p] == number}
            weights: dict[int, float] = {}
            for p, q in own.items():
                sentence = self.source.words[q].sentence
                weights[sentence] = weights.get(sentence, 0.0) + self.weight(self.claim.words[p])
            if not weights:
                continue
            main = max(weights, key=lambda sentence: weights[sentence])
            kept |= {p for p, q in own.items() if self.source.words[q].sentence == main or self._is_meant(p, main)}
        return kept if any(clause.verb >= 0 for clause in self.claim.clauses) else set(links)

    def _is_meant(self, place: int, sentence: int) -> bool:
        """Whether a pronoun of a sentence may stand for a word of the claim: as its subject, or behind its verb."""
        as_subject = place in self.claim.clause_of(place).subject
        subjects = {p for c in self.source.clauses for p in c.subject}
        pronouns = [w for w in self.source.words if w.sentence == sentence and w.text in _THIRD]
        return any((w.place in subjects) == as_subject for w in pronouns)

    def _strain(self, place: int, other: int) -> float:
        """What sets two places apart although the words agree: denial and tense."""
        told, meant = self.claim.words[place], self.source.words[other]
        past, before = self.claim.clauses[told.clause].past, self.source.clauses[meant.clause].past
        return _UNLIKE_DENIAL * ((told.negated != meant.negated) + (past is not None and before is not None and past != before))

    def weight(self, word: Word) -> float:
        """How much of a statement a word carries."""
        if word.name or word.text[0].isdigit():
            return 1.0
        if word.place == self.subject:
            return _SUBJECT
        light = word.stem in grammar.LIGHT or word.stem in grammar.GENERIC or word.text in grammar.ADDRESSEE | grammar.ANYBODY
        return _LIGHT if light or word.stem in grammar.NEGATIVE_VERBS else 1.0

    def _match(self, word: Word, synonyms: Synonyms) -> list[Candidate]:
        found = [Candidate(o.place, cost) for o in self.source.words if (cost := _unlike(word, o)) is not None]
        written = self.claim.text[word.start : word.end]
        texts = [o.text for o in self.source.words]
        found += [Candidate(p, 0.1) for p in range(len(texts)) if stands_for(written, texts[p : p + len(written)])]
        if any(candidate.cost < 0.2 for candidate in found) or word.name or word.text[0].isdigit():
            return found
        if word.text in grammar.TIME_WORDS:
            return found
        others = [other for other in self.source.words if other.content and not other.text[0].isdigit()]
        near = synonyms(word.text, [other.text for other in others])
        taken = {candidate.place for candidate in found}
        return found + [Candidate(o.place, 0.35) for o in others if o.text in near and o.place not in taken]


def _segments(claim: Reading) -> dict[int, int]:
    """A number for the part of its clause that each word stands in: a comma before a form in -ing begins another part."""
    parts: dict[int, int] = {}
    number = -1
    for word in claim.words:
        before = claim.words[word.place - 1] if word.place else None
        apart = before is not None and "," in claim.text[before.end : word.start] and word.text.endswith("ing")
        if before is None or before.clause != word.clause or apart:
            number += 1
        parts[word.place] = number
    return parts


def is_name(reading: Reading, word: Word) -> bool:
    """Whether a word is a name or the number of one, as in "Windows 11"."""
    return word.name or (word.text[0].isdigit() and word.place > 0 and reading.words[word.place - 1].name)


def _subject_head(claim: Reading) -> int:
    """The place of the noun that the sentence is about; -1 if it is a name, a pronoun, or a noun that names no kind of thing."""
    clause = next((clause for clause in claim.clauses if clause.verb >= 0 and not clause.conditional), None)
    head: list[Word] = []
    for place in clause.subject if clause else ():
        if claim.words[place].text in grammar.PREPOSITIONS and head:
            break
        head.append(claim.words[place])
    last = next((word for word in reversed(head) if word.content), None)
    if last is None or last.name or last.stem in grammar.GENERIC | grammar.LIGHT or last.text in grammar.ADDRESSEE | grammar.ANYBODY:
        return -1
    return last.place


def counts(word: Word) -> bool:
    """Whether a word of a claim needs a word of the source: content, and the party addressed."""
    return word.content


def stands_for(short: str, words: Sequence[str]) -> bool:
    """Whether some words are what a name abbreviates: "AI" for "artificial intelligence"."""
    return short.isupper() and 2 <= len(short) == len(words) and all(w[:1].upper() == c for w, c in zip(words, short, strict=True))


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
    if grouped(word.text, other.text) and not opposed(word.text, other.text):
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
