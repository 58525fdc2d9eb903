"""How likely a passage is to be asked for in these words: a language model of each passage. Pure.

The query likelihood model with Jelinek-Mercer smoothing (Zhai and Lafferty 2004) over stems, pairs of neighbours and
character n-grams. A passage's language is that of its text and of the questions that it is known to answer. Words of a
passage depend on each other, so that the sum of their logarithms is too sure of itself: it is divided by the square
root of their number.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from knowledge.language import char_ngrams, tokens

Scores = npt.NDArray[np.float64]

FLOOR = -8.0
"""The least logarithm of a probability that is told apart: what is below is all unlikely."""
_COLLECTION = 0.05
"""The share of a passage's language that is the language of all passages."""


class PassageLanguages:
    """The languages of passages; each is given by the texts that it is made of."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        counts = [Counter(gram for text in of_passage for gram in set(_grams(text))) for of_passage in texts]
        self._size = len(texts)
        collection: Counter[str] = Counter()
        for count in counts:
            collection.update(count)
        everything = collection.total()
        found: dict[str, list[tuple[int, float]]] = {}
        for place, count in enumerate(counts):
            total = count.total()
            for gram, times in count.items():
                relative = (times / total) / (collection[gram] / everything)
                found.setdefault(gram, []).append((place, relative * (1 - _COLLECTION) / _COLLECTION))
        # A gram that a passage lacks adds the same everywhere: only where it occurs is kept, as the logarithm's rise.
        self._rises = {
            gram: (np.array([place for place, _ in rises]), np.log1p([rise for _, rise in rises]))
            for gram, rises in found.items()
        }

    def scores(self, query: str) -> Scores:
        """The logarithm of each passage's probability given the query, from FLOOR to 0."""
        scores = np.zeros(self._size)
        grams = [self._rises[gram] for gram in set(_grams(query)) if gram in self._rises]
        for places, rises in grams:
            scores[places] += rises
        return log_probabilities(scores / max(1.0, len(grams)) ** 0.5)


def log_probabilities(scores: Scores) -> Scores:
    """Scores as logarithms of probabilities that sum to 1, from FLOOR to 0."""
    if not scores.size:
        return scores
    shifted = scores - scores.max()
    result: Scores = np.maximum(shifted - np.log(np.exp(shifted).sum()), FLOOR)
    return result


def _grams(text: str) -> Iterator[str]:
    stems = [token.stem for token in tokens(text)]
    yield from stems
    yield from (f"{first} {second}" for first, second in pairwise(stems))
    yield from (f"#{gram}" for gram in char_ngrams(text))
