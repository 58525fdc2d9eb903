"""How a question is worded: like the known questions that the documents answer, or like those that they do not. Pure.

A naive Bayes classifier over the stems of all words and of each two neighbours ("how many", "who sign"), since near
misses share their subject with answered questions and differ in what they ask about it. Known questions are its data,
so it is made when they are read; it has nothing to say about documents without any.
"""

import math
from collections import Counter
from collections.abc import Iterable

from knowledge.language import stem_grams

_SMOOTHING = 0.3


class Wording:
    """Compares the wording of questions with known answered and unanswered ones."""

    def __init__(self, answered: Iterable[str], unanswered: Iterable[str]) -> None:
        yes, no = (Counter(gram for text in texts for gram in stem_grams(text)) for texts in (answered, unanswered))
        grams = yes.keys() | no.keys()
        yes_total, no_total = (sum(counts.values()) + _SMOOTHING * len(grams) for counts in (yes, no))
        self._odds = (
            {
                gram: math.log((yes[gram] + _SMOOTHING) / yes_total) - math.log((no[gram] + _SMOOTHING) / no_total)
                for gram in grams
            }
            if yes and no
            else {}
        )

    def leaning(self, question: str) -> float:
        """From -1 (worded like unanswered questions) over 0 (nothing to tell) to 1 (like answered ones)."""
        known = [self._odds[gram] for gram in stem_grams(question) if gram in self._odds]
        return math.tanh(sum(known) / math.sqrt(len(known)) / 2) if known else 0.0
