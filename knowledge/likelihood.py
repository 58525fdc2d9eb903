"""How likely a passage is to be asked for in these words: a language model of each passage. Pure.

The query likelihood model with Jelinek-Mercer smoothing (Zhai and Lafferty 2004) over stems, pairs of neighbours and
character n-grams. A passage's language is that of its text and of the questions that it is known to answer. Words of a
passage depend on each other, so that the sum of their logarithms is too sure of itself: it is divided by the square
root of their number.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from knowledge.language import char_ngrams, stem_grams

Scores = npt.NDArray[np.float64]

FLOOR = -8.0
"""The least logarithm of a probability that is told apart: what is below is all unlikely."""
_COLLECTION = 0.05
"""The share of a passage's language that is the language of all passages."""


class PassageLanguages:
    """The languages of passages; each is given by the texts that it is made of."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        counts = [Counter(gram for text in of_passage for gram in set(_grams(text))) for of_passage in texts]
        self._totals = np.array([count.total() for count in counts], dtype=np.float64)
        self._places: dict[str, dict[int, int]] = {}
        for place, count in enumerate(counts):
            for gram, times in count.items():
                self._places.setdefault(gram, {})[place] = times

    def scores(self, query: str) -> Scores:
        """The logarithm of each passage's probability given the query, from FLOOR to 0."""
        scores = np.zeros(len(self._totals))
        known = [self._places[gram] for gram in dict.fromkeys(_grams(query)) if gram in self._places]
        for counts in known:
            # A gram that a passage lacks adds the same everywhere: only its rise where it occurs is added.
            places, times = list(counts), np.array(list(counts.values()))
            relative = (times / self._totals[places]) / (times.sum() / self._totals.sum())
            scores[places] += np.log1p(relative * (1 - _COLLECTION) / _COLLECTION)
        return log_probabilities(scores / max(1.0, len(known)) ** 0.5)


def log_probabilities(scores: Scores) -> Scores:
    """Scores as logarithms of probabilities that sum to 1, from FLOOR to 0."""
    if not scores.size:
        return scores
    shifted = scores - scores.max()
    result: Scores = np.maximum(shifted - np.log(np.exp(shifted).sum()), FLOOR)
    return result


def _grams(text: str) -> Iterator[str]:
    yield from stem_grams(text)
    yield from (f"#{gram}" for gram in char_ngrams(text))
