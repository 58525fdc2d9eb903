"""The words and clauses of a text as verification compares them. Pure."""

from dataclasses import dataclass

from bot.answering import grammar
from knowledge.language import stem

_SUFFIXES = frozenset(
    """er or ee ship er's ers ment ion ation al able ness ly ful ity ance ence ing ed ant ent ive ory ist ism ic
    ical""".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its clause: how often it is denied, and which modal verb governs it."""

    place: int
    text: str
    stem: str
    start: int
    end: int
    content: bool
    name: bool
    clause: int = 0
    sentence: int = 0
    denials: int = 0
    duty: bool = False
    freedom: bool = False
    hedged: bool = False
    optional: bool = False
    future: bool = False

    @property
    def negated(self) -> bool:
        """Whether the word is denied; two denials cancel each other."""
        return self.denials % 2 == 1


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of words with at most one verb group: `verb` is the place where it begins, -1 if none was found."""

    first: int
    last: int
    verb: int
    conditional: bool
    subject: tuple[int, ...]
    past: bool | None
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as words and clauses."""

    text: str
    words: tuple[Word, ...]
    clauses: tuple[Clause, ...]

    def clause_of(self, word: Word) -> Clause:
        """The clause that a word stands in."""
        return self.clauses[word.clause]

    def between(self, first: int, after: int) -> tuple[Word, ...]:
        """The words from one place to before another."""
        return self.words[max(0, first) : max(0, after)]


def is_party(word: Word) -> bool:
    """Whether a word names the party addressed, or anybody."""
    return word.text in grammar.ADDRESSEE or word.text in grammar.ANYBODY


def is_name(reading: Reading, word: Word) -> bool:
    """Whether a word is a name or the number of one, as in "Windows 11"."""
    return word.name or (word.text[0].isdigit() and word.place > 0 and reading.words[word.place - 1].name)


def owns(reading: Reading, word: Word) -> bool:
    """Whether a word is a possessive."""
    return reading.text[word.start : word.end].endswith(("'s", "’s", "s'", "s’"))


def related(first: str, second: str) -> bool:
    """Words of one family: "licensee" and "license", "distribution" and "distribute"."""
    one, other = sorted((stem(first), stem(second)), key=len)
    if len(one) >= 3 and other.startswith(one) and other[len(one) :] in _SUFFIXES:
        return True
    shared = min(len(one), len(other))
    return one == other or (shared >= 5 and one[: max(5, shared - 2)] == other[: max(5, shared - 2)])
