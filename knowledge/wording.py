"""How a question is worded: like the known questions that the documents answer, or like those that they do not. Pure.

A naive Bayes classifier over the stems of all words and of each two neighbours ("how many", "who sign"), since near
misses share their subject with answered questions and differ in what they ask about it. Known questions are its data,
so it is made when they are read; it has nothing to say about documents without any.
"""

import math
from collections import Counter
from collections.abc import Sequence

from knowledge.language import grams, stem_grams, stems

_SMOOTHING = 0.3


class Wording:
    """Compares the wording of questions with known answered and unanswered ones."""

    def __init__(self, answered: Sequence[str], unanswered: Sequence[str]) -> None:
        worded = [[_plain(text) for text in texts] for texts in (answered, unanswered)]
        self._answered, self._unanswered = map(frozenset, worded)
        yes, no = (Counter(gram for stems in texts for gram in grams(stems)) for texts in worded)
        known = yes.keys() | no.keys()
        yes_total, no_total = (sum(counts.values()) + _SMOOTHING * len(known) for counts in (yes, no))
        self._odds = (
            {
                gram: math.log((yes[gram] + _SMOOTHING) / yes_total) - math.log((no[gram] + _SMOOTHING) / no_total)
                for gram in known
            }
            if yes and no
            else {}
        )

    def known(self, question: str) -> bool | None:
        """Whether this very question is known to be answered; None if it is not known, or both ways."""
        plain = _plain(question)
        answered, unanswered = plain in self._answered, plain in self._unanswered
        return answered if answered != unanswered else None

    def leaning(self, question: str) -> float:
        """From -1 (worded like unanswered questions) over 0 (nothing to tell) to 1 (like answered ones)."""
        known = [self._odds[gram] for gram in stem_grams(question) if gram in self._odds]
        return math.tanh(sum(known) / math.sqrt(len(known)) / 2) if known else 0.0


def _plain(question: str) -> tuple[str, ...]:
    return tuple(stems(question))
