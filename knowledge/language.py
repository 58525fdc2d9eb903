"""The words of a text as retrieval, judging and verifying see them: stems, numbers, names, negations. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

import Stemmer

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")
# A digit that opens the number of a clause ("1.b.iii") is no quantity.
_NUMBER = re.compile(
    r"(?<![\w.])\$?(\d+(?:,\d{3})+|\d++)(\.\d+)?+(?!\.[a-z]\b)"
    r"(?:(?:\s*|-)(thousand|million|billion|trillion|k|mn|m|bn|b)\b|\b)",
    re.I,
)
_NAME = re.compile(r"[A-Z][\w]*(?:[A-Z0-9&.'’-][\w]*)*")
_SCALES = {
    "thousand": 10**3,
    "k": 10**3,
    "million": 10**6,
    "m": 10**6,
    "mn": 10**6,
    "billion": 10**9,
    "b": 10**9,
    "bn": 10**9,
}
_SCALES["trillion"] = 10**12
_LARGE = frozenset(("hundred", "thousand", "million", "billion", "trillion"))
_UNITS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: value
    for value, word in zip(
        range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True
    )
}

# Words that carry grammar rather than content: they neither find a passage nor need its support.
FUNCTION_WORDS = frozenset(
    """a about above after again all also although am an and any anyone anything are around as at be because been
    before being below between both but by can cannot could did do does doing done down during each either else etc
    even ever every few for from further get gets getting go goes going gonna got had has have having he her here
    hers him his how however i if in into is it its itself just kind let like lot made make makes making many may me
    might mine more most much must my myself need no nor not now of off ok on once one only onto or other our ours
    out over own per perhaps please quite rather really same she should since so some somebody someone something
    such than that the their theirs them themselves then there therefore these they thing things this those though
    through thus to too under until up upon us very was we were what whatever when where whether which while who
    whoever whom whose why will with within without would yes yet you your yours yourself""".split()
) | frozenset(
    """ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't he'd he'll he's i'd i'll i'm i've isn't
    it'd it'll it's let's mustn't she'd she'll she's shouldn't that's there's they'd they'll they're they've wasn't
    we'd we'll we're we've weren't what's where's who's won't wouldn't you'd you'll you're you've im dont cant wont
    doesnt didnt isnt arent whats hows thats""".split()
)
NEGATIONS = frozenset("no not never none neither nor nothing nobody cannot without n't hardly unless except".split())
_NEGATIVE = re.compile(
    r"\b(?:no|not|never|none|neither|nor|nothing|nobody|cannot|without|hardly|unless|except)\b|n['’]t\b", re.I
)

_NGRAM = 4
"""How many characters an n-gram has."""
_stemmer = Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: as written, its stem, and its place."""

    text: str
    stem: str
    start: int
    end: int

    @property
    def is_content(self) -> bool:
        """Whether the word carries content rather than grammar."""
        return _is_content(self.text)


def tokens(text: str) -> list[Token]:
    """The words and numbers of a text, in order."""
    return [Token(m.group(), stem(m.group()), m.start(), m.end()) for m in _WORD.finditer(text)]


def stems(text: str) -> list[str]:
    """The stems of all words and numbers of a text, in order: those of its tokens, in half the time."""
    return [stem(word) for word in _WORD.findall(text)]


def stem_grams(text: str) -> Iterator[str]:
    """The stems of all words of a text, then each two neighbours."""
    return grams(stems(text))


def grams(words: Sequence[str]) -> Iterator[str]:
    """Words as they are, then each two neighbours."""
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))


def content_stems(text: str) -> list[str]:
    """The stems of the content words of a text, in order, repeated as they are."""
    return [stem(word) for word in _WORD.findall(text) if _is_content(word)]


def _is_content(word: str) -> bool:
    return word.lower().replace("’", "'") not in FUNCTION_WORDS


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a word, in lower case and without a possessive ending (Snowball's English stemmer)."""
    plain = re.sub(r"['’](?:s|)$", "", word.lower().replace("’", "'"))
    return str(_stemmer.stemWord(plain))


@lru_cache(maxsize=50_000)
def rarity(word: str) -> float:
    """How rare a word is in English: 0 for the commonest, 7 for one never seen (7 minus its Zipf frequency)."""
    # Imported when first needed: an exact look-up of a clause needs no word frequencies.
    from wordfreq import zipf_frequency

    return max(0.0, 7.0 - zipf_frequency(word.lower(), "en", wordlist="small"))


def is_negated(text: str) -> bool:
    """Whether a text has a negation in it."""
    return bool(_NEGATIVE.search(text))


def numbers(text: str) -> set[float]:
    """The quantities in a text, however written: `700 million`, `700M`, `seven hundred million`, `700,000,000`."""
    found: set[float] = set()
    for match in _NUMBER.finditer(text):
        whole, fraction, scale = match.groups()
        value = float(whole.replace(",", "") + (fraction or ""))
        found.add(value * _SCALES[scale.lower()] if scale else value)
    return found | set(_spelled_numbers(text))


def _spelled_numbers(text: str) -> Iterator[float]:
    """The numbers in words: what stands before each scale is multiplied by it, and those products are added."""
    total = group = 0
    inside, before = False, ""
    for word in [*re.findall(r"[a-z]+", text.lower()), ""]:
        if word in _UNITS or word in _TENS:
            # "nineteen ninety" and "one two" are two numbers; "ninety nine" is one.
            if inside and not _joins(word, before):
                yield from _quantity(total + group)
                total = group = 0
            group, inside = group + _UNITS.get(word, _TENS.get(word, 0)), True
        elif word == "hundred" and (inside or before == "a"):
            group, inside = (group or 1) * 100, True
        elif word in ("thousand", "million", "billion", "trillion") and (inside or before == "a"):
            total, group, inside = total + (group or 1) * _SCALES[word], 0, True
        elif inside and not (word == "and" and before in _LARGE):
            yield from _quantity(total + group)
            total = group = 0
            inside = False
        before = word


def _joins(word: str, before: str) -> bool:
    """Whether a spelled digit, teen or ten continues the number that the word before it belongs to."""
    return before in _LARGE or before == "and" or (before in _TENS and 0 < _UNITS.get(word, 0) < 10)


def _quantity(value: float) -> Iterator[float]:
    # A lone "one" is more often a pronoun than a quantity.
    if value != 1:
        yield float(value)


def names(text: str) -> list[str]:
    """The proper names in a text: capitalised words, but for one that only opens a sentence and is a common word."""
    found = []
    for match in _NAME.finditer(text):
        word = match.group().rstrip(".'’").removesuffix("'s").removesuffix("’s")
        before = text[max(0, match.start() - 20) : match.start()].rstrip(" \"'“‘(\n")
        opens = not before or before.endswith((".", "!", "?", ":"))
        common = word.lower() in FUNCTION_WORDS or (opens and rarity(word) < 4.0)
        if len(word) > 1 and not common:
            found.append(word)
    return found


def char_ngrams(text: str) -> Iterator[str]:
    """The character n-grams of the content words of a text, with `_` at their ends; shorter words stand whole."""
    return chain.from_iterable(map(_ngrams, _WORD.findall(text)))


@lru_cache(maxsize=50_000)
def _ngrams(word: str) -> tuple[str, ...]:
    if not _is_content(word):
        return ()
    padded = f"_{word.lower()}_"
    return tuple(padded[start : start + _NGRAM] for start in range(max(1, len(padded) - _NGRAM + 1)))


def places(snippet: str, text: str) -> list[tuple[int, int]]:
    """The spans of a text that read like a snippet, white space aside; none for a snippet without a character."""
    characters = re.findall(r"\S", snippet)
    pattern = r"\s*".join(map(re.escape, characters))
    return [match.span() for match in re.finditer(pattern, text)] if characters else []
