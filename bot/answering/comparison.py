"""A claim beside the stretch of a source that it is aligned with: what the checks of a claim have in common. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.answering import grammar
from bot.answering.alignment import Alignment, Matcher
from bot.answering.words import Clause, Reading, Word, is_party

_SCALES = frozenset("thousand million billion trillion".split())


@dataclass(frozen=True)
class Comparison:
    """A claim, a source, some sentences of it, and which word stands for which."""

    matcher: Matcher
    alignment: Alignment
    sentences: range

    @property
    def claim(self) -> Reading:
        """What is claimed."""
        return self.matcher.claim

    @property
    def source(self) -> Reading:
        """What is to support it, with the sentences around the stretch."""
        return self.matcher.source

    @cached_property
    def links(self) -> Sequence[tuple[Word, Word]]:
        """The words of the claim that the source has, each with the word that stands for it, in order."""
        return [(self.claim.words[c], self.source.words[s]) for c, s in sorted(self.alignment.links.items())]

    @cached_property
    def window(self) -> Sequence[Word]:
        """The words of the stretch."""
        return [word for word in self.source.words if word.sentence in self.sentences]

    @cached_property
    def window_words(self) -> frozenset[str]:
        """The words of the stretch, in lower case."""
        return frozenset(word.text for word in self.window)

    @cached_property
    def claim_words(self) -> frozenset[str]:
        """The words of the claim, in lower case."""
        return frozenset(word.text for word in self.claim.words)

    @cached_property
    def predicates(self) -> Sequence[tuple[Word, Word]]:
        """For each clause of the claim, the first word from its verb on that the source has, with that word."""
        found: dict[int, tuple[Word, Word]] = {}
        for word, other in self.links:
            clause = self.claim.clause_of(word)
            behind = word.place >= clause.verb >= 0 and word.place not in clause.subject
            number = word.text[0].isdigit() or word.text in _SCALES
            if behind and not number and not word.name and not is_party(word):
                found.setdefault(word.clause, (word, other))
        return list(found.values())

    def is_exact(self, word: Word) -> bool:
        """Whether a word of the claim is linked with the same word, or another of its family."""
        return word.place in self.alignment.exact

    def is_direct(self, word: Word) -> bool:
        """Whether a word is the first content of its clause's verb group, so that the clause says it of its subject."""
        clause = self.claim.clause_of(word)
        between = [
            w for w in self.claim.between(clause.verb, word.place) if w.content and w.place not in clause.subject
        ]
        return all(w.name or is_party(w) or w.stem in grammar.LIGHT or w.text.endswith("ly") for w in between)

    def opens(self, clause: Clause, *openers: str) -> bool:
        """Whether a clause of the source opens with one of some words."""
        return any(word.text in openers for word in self.source.between(clause.first, clause.first + 2))
