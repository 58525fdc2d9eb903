"""Which passages share a question's words: BM25 over character n-grams. Pure."""

from collections.abc import Sequence

import bm25s
import numpy as np

from knowledge.language import char_ngrams
from knowledge.likelihood import Scores


class LexicalIndex:
    """BM25 over character n-grams, which forgive the typing errors of a question and the hearing errors of a text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._size = len(texts)
        self._bm25 = bm25s.BM25(method="lucene")
        self._bm25.index([list(char_ngrams(text)) for text in texts], show_progress=False)

    def scores(self, query: str) -> Scores:
        """A score for each text, 1 for the best; all 0 where no n-gram of the query is known."""
        known = [gram for gram in char_ngrams(query) if gram in self._bm25.vocab_dict]
        if not known:
            return np.zeros(self._size)
        scores = np.asarray(self._bm25.get_scores(known), dtype=np.float64)
        return scores / scores.max() if scores.max() > 0 else scores
