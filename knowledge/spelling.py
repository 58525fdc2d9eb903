"""Spelling: a question's misspelled words as they are meant, before anything is searched for.

A noisy channel (Kernighan, Church and Gale 1990) in its simplest form: a word that neither the documents nor English
know well is read as the likeliest one within a slip or two, where the likelier ones are those that the documents and
their questions use. Frequencies are those of wordfreq (Speer 2022), on the Zipf scale: ten times as frequent is 1 more.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.language import stem

_WORD = re.compile(r"[^\W\d_]+")
_MEANT = 2.5
"""On the Zipf scale: words this frequent are meant as they are."""
_KNOWN = 1.5
"""Words this frequent are meant if they are capitalised, or forms of a word that is known: "Zuck", "licensees"."""
_ENGLISH = 30_000
"""How many English words besides those of the texts a slip may have been meant for."""
_LEAST, _SHORT = 4, 5
"""Shorter words are left alone; of words up to `_SHORT` letters, one slip is all that is believed."""
_SLIP = 3.0
"""What each slip costs, in terms of `_prior`."""
_OWN = 30
"""How many words of a question a word of the documents themselves is worth."""
_GAIN = 1.0
"""How much more frequent, on the Zipf scale, the word meant must be than what was typed."""


class Spelling:
    """Reads what was typed as words of some texts, or of English; safe to use from several threads."""

    def __init__(self, right: Iterable[str], likely: Iterable[str] = ()) -> None:
        """Words of `right` are right; those of `likely` show what is asked about, and may have slips themselves."""
        self._right = Counter(_words(right))
        self._counts = self._right + Counter(_words(likely))
        self._meant = lru_cache(maxsize=10_000)(self._likeliest)

    def corrected(self, text: str) -> str:
        """The text with its likely slips mended; everything else is left as it is."""
        return _WORD.sub(lambda match: self._meant(match.group()), text)

    @cached_property
    def _candidates(self) -> list[str]:
        from wordfreq import top_n_list

        return sorted({*self._right, *(word for word in top_n_list("en", _ENGLISH) if _WORD.fullmatch(word))})

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(map(stem, self._candidates))

    def _likeliest(self, typed: str) -> str:
        word, frequency = typed.lower(), _frequency(typed)
        is_known = frequency >= _KNOWN and (typed[0].isupper() or stem(word) in self._stems)
        if len(word) < _LEAST or word in self._right or frequency >= _MEANT or is_known:
            return typed
        slips = 1 if len(word) <= _SHORT else 2
        near = process.extract(word, self._candidates, scorer=OSA.distance, score_cutoff=slips, limit=None)
        likely = [
            (self._prior(other) - _SLIP * distance, other)
            for other, distance, _ in near
            if (distance == 1 or other[0] == word[0])
            and (other in self._right or _frequency(other) >= frequency + _GAIN)
        ]
        return max(likely)[1] if likely else typed

    def _prior(self, word: str) -> float:
        return 0.5 * _frequency(word) + math.log10(1 + self._counts[word] + _OWN * self._right[word])


def _words(texts: Iterable[str]) -> Iterable[str]:
    return (word.lower() for text in texts for word in _WORD.findall(text))


def _frequency(word: str) -> float:
    from wordfreq import zipf_frequency

    return zipf_frequency(word.lower(), "en")
