"""Which word of a source stands for which word of a claim: the cheapest path that keeps close together. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.answering import grammar
from bot.answering.synonyms import grouped, opposed
from bot.answering.thesaurus import are_siblings, is_near, is_wider
from bot.answering.words import Reading, Word, is_name, is_party, related
from knowledge.language import stem

Synonyms = Callable[[str, Sequence[str]], frozenset[str]]
"""Those of some words that a word may stand for."""

_Paths = dict[int, tuple[float, tuple[tuple[int, int], ...]]]
"""By the place where it ends, the cheapest path so far: its cost, and its pairs of places."""

_SAME = 0.1
"""Up to which cost two words are the same or of one family."""
_MISSING = 0.9
"""What a word of the claim costs that nothing stands for, times its weight, and what it costs at least."""
_LEAST_MISSING = 0.5
_JUMP = 0.025
"""What each word costs that is passed over, up to the farthest, and what going back costs besides."""
_FARTHEST = 14
_BACK = 0.08
_STRAIN = 0.06
"""What it costs that a word is denied, or past, on one side only: of two places as good, the like one is meant."""
_SUBJECT = 2.0
"""What the subject of the whole sentence weighs: the right fact about the wrong thing is wrong."""
_LIGHT = 0.25
"""What a word that only frames a statement weighs beside one that carries its facts."""

_FRAMES = grammar.LIGHT | grammar.GENERIC | grammar.NEGATIVE_VERBS


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
    """The places in the claim of words that the source has itself, or another of their family."""
    unmatched: tuple[Word, ...]
    """Of the missing words, those for which the stretch has nothing at all."""


class Matcher:
    """Finds, once for all windows of a source, the words that may stand for each word of a claim."""

    def __init__(self, claim: Reading, source: Reading, context: str, synonyms: Synonyms) -> None:
        self.claim, self.source, self.synonyms = claim, source, synonyms
        # A list of names is no statement about the heading's subject.
        stated = any(clause.verb >= 0 for clause in claim.clauses)
        self._context = {stem(word) for word in context.replace(":", " ").split()} if stated else set()
        self.subject = _subject_head(claim)
        self._segments = _segments(claim)
        self._texts = [word.text for word in source.words]
        self._candidates = {word.place: self._match(word, synonyms) for word in claim.words if word.content}

    def align(self, sentences: range) -> Alignment:
        """Align the claim with some sentences of the source."""
        earlier = self._named_earlier(sentences)
        paths: _Paths = {-1: (0.0, ())}
        for place, candidates in self._candidates.items():
            inside = [
                Candidate(c.place, c.cost + self._strain(place, c.place)) for c in self._inside(candidates, sentences)
            ]
            missing = _LEAST_MISSING / 2 if place in earlier else _MISSING * self.weight(self.claim.words[place])
            paths = _extend(paths, place, inside, missing if place in earlier else max(_LEAST_MISSING, missing))
        cost, path = min(paths.values(), key=lambda found: found[0])
        return self._alignment(dict(path), cost, sentences, earlier)

    def _inside(self, candidates: Sequence[Candidate], sentences: range) -> Sequence[Candidate]:
        """The candidates in some sentences: where the very word stands, no other stands for it."""
        found = [c for c in candidates if self.source.words[c.place].sentence in sentences]
        return [c for c in found if not c.cost] or found

    def _alignment(self, links: Mapping[int, int], cost: float, sentences: range, earlier: set[int]) -> Alignment:
        words = [self.claim.words[place] for place in self._candidates]
        found = self._coherent(links) | earlier
        missing = tuple(w for w in words if w.place not in found and w.stem not in self._context)
        total = sum(map(self.weight, words)) or 1.0
        return Alignment(
            links,
            cost,
            coverage=1 - sum(map(self.weight, missing)) / total,
            missing=missing,
            exact=frozenset(
                p for p, q in links.items() if any(c.place == q and c.cost <= _SAME for c in self._candidates[p])
            ),
            unmatched=tuple(word for word in missing if not self.places(word, sentences)),
        )

    def _named_earlier(self, sentences: range) -> set[int]:
        """The names of the claim that the source says before a stretch, which may mean them by "it" or "they"."""
        before = {word.stem for word in self.source.words if word.sentence < sentences[0]}
        first = min((word.place for word in self.source.words if word.sentence == sentences[0]), default=0)
        subject = [self.source.words[place] for place in self.source.clause_of(self.source.words[first]).subject]
        if not subject or any(word.content or word.text not in grammar.PRONOUNS for word in subject):
            return set()
        subjects = {place for clause in self.claim.clauses for place in clause.subject}
        return {
            w.place for w in self.claim.words if w.place in subjects and is_name(self.claim, w) and w.stem in before
        }

    def places(self, word: Word, sentences: range) -> list[int]:
        """All places in some sentences of the source where a word may be meant."""
        candidates = self._candidates.get(word.place, [])
        return [c.place for c in candidates if self.source.words[c.place].sentence in sentences]

    def _coherent(self, links: Mapping[int, int]) -> set[int]:
        """The linked words without those that a clause of the claim takes from another sentence than the rest of it.

        A subject may come from an earlier sentence if a pronoun stands for it where the rest is said.
        """
        kept: set[int] = set()
        for number in dict.fromkeys(self._segments.values()):
            own = {p: q for p, q in links.items() if self._segments[p] == number}
            main = self._main_sentence(own)
            kept |= {
                p
                for p, q in own.items()
                if (said := self.source.words[q].sentence) == main or (said < main and self._is_meant(p, main))
            }
        return kept

    def _main_sentence(self, links: Mapping[int, int]) -> int:
        """The sentence of the source from which a statement comes, apart from its subject."""
        words = [self.claim.words[place] for place in links]
        said = [word for word in words if word.place not in self.claim.clause_of(word).subject] or words
        weights: dict[int, float] = {}
        for word in said:
            sentence = self.source.words[links[word.place]].sentence
            weights[sentence] = weights.get(sentence, 0.0) + self.weight(word)
        return max(weights, key=lambda sentence: weights[sentence], default=-1)

    def _is_meant(self, place: int, sentence: int) -> bool:
        """Whether a pronoun of a sentence may stand for a word of the claim: as its subject, or behind its verb."""
        clause = self.claim.clause_of(self.claim.words[place])
        if clause.verb < 0:
            return False
        as_subject = place in clause.subject
        subjects = {p for c in self.source.clauses for p in c.subject}
        pronouns = [w for w in self.source.words if w.sentence == sentence and w.text in grammar.THIRD]
        return any((w.place in subjects) == as_subject and not self._joins(w) for w in pronouns)

    def _joins(self, word: Word) -> bool:
        """Whether a "that" or "those" joins a clause or a noun, rather than meaning something said before."""
        after = next(iter(self.source.between(word.place + 1, word.place + 2)), None)
        bare = after is None or after.text in grammar.FINITE
        return word.text in ("that", "this", "these", "those", "one") and not bare

    def _strain(self, place: int, other: int) -> float:
        """What sets two places apart although the words agree: denial and tense."""
        told, meant = self.claim.words[place], self.source.words[other]
        past, before = self.claim.clauses[told.clause].past, self.source.clauses[meant.clause].past
        tense = past is not None and before is not None and past != before
        return _STRAIN * ((told.negated != meant.negated) + tense)

    def weight(self, word: Word) -> float:
        """How much of a statement a word carries."""
        if word.name or word.text[0].isdigit():
            return 1.0
        if word.place == self.subject:
            return _SUBJECT
        return _LIGHT if word.stem in _FRAMES or is_party(word) else 1.0

    def _match(self, word: Word, synonyms: Synonyms) -> list[Candidate]:
        found = [Candidate(o.place, cost) for o in self.source.words if (cost := _unlike(word, o)) is not None]
        found += [Candidate(place, _SAME) for place in spelled_out(self.claim.text[word.start : word.end], self._texts)]
        if any(candidate.cost < 0.2 for candidate in found) or word.name or word.text[0].isdigit():
            return found
        if word.text in grammar.TIME_WORDS:
            return found
        others = [other for other in self.source.words if other.content and not other.text[0].isdigit()]
        near = synonyms(word.text, [other.text for other in others])
        taken = {candidate.place for candidate in found}
        return found + [
            Candidate(o.place, 0.35)
            for o in others
            if o.text in near and o.place not in taken and not are_siblings(word.text, o.text)
        ]


def _segments(claim: Reading) -> dict[int, int]:
    """A number for the part of its clause that each word stands in: a comma and a form in -ing begin another."""
    parts: dict[int, int] = {}
    number = -1
    for word in claim.words:
        before = claim.words[word.place - 1] if word.place else None
        apart = before is not None and "," in claim.text[before.end : word.start] and word.text.endswith("ing")
        if before is None or before.clause != word.clause or apart:
            number += 1
        parts[word.place] = number
    return parts


def _subject_head(claim: Reading) -> int:
    """The place of the noun that the sentence is about; -1 for a name, a pronoun, or a noun of a kind only."""
    clause = next((clause for clause in claim.clauses if clause.verb >= 0 and not clause.conditional), None)
    head: list[Word] = []
    for place in clause.subject if clause else ():
        if claim.words[place].text in grammar.PREPOSITIONS and head:
            break
        head.append(claim.words[place])
    last = next((word for word in reversed(head) if word.content), None)
    if last is None or last.name or is_party(last) or last.stem in grammar.GENERIC | grammar.LIGHT:
        return -1
    return last.place


def spelled_out(short: str, words: Sequence[str]) -> list[int]:
    """Where words begin that a name abbreviates: "artificial intelligence" for "AI"."""
    if not short.isupper() or len(short) < 2:
        return []
    initials = "".join(word[:1].upper() for word in words)
    return [place for place in range(len(words)) if initials.startswith(short, place)]


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
    if opposed(word.text, other.text):
        return None
    if grouped(word.text, other.text) or is_near(word.text, other.text):
        return 0.2
    return 0.3 if is_wider(word.text, other.text) else None


def _extend(paths: _Paths, place: int, candidates: Sequence[Candidate], skip: float) -> _Paths:
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
