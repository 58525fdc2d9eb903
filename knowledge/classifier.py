"""Which passage a question asks for, learnt from the questions that are known: multinomial logistic regression.

Known questions of one passage differ in what they say besides; a linear model over their vectors learns which direction
tells the passages apart, where the nearest question alone may be near for another reason. It is trained when an index
is first opened and kept beside it. Passages without known questions are one class together: "none of these".
"""

import logging
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.embedding import Vectors
from knowledge.likelihood import Scores, log_probabilities

log = logging.getLogger(__name__)

FILE = "classifier.npz"
_NONE = -1
_STRENGTH = 10.0  # the inverse of the regularisation, as scikit-learn has it
_FEWEST_CLASSES = 3


@dataclass(frozen=True, slots=True)
class PassageClassifier:
    """A trained model: `weights` of shape (classes, size), `bias` (classes,), the `classes` by passage place or -1."""

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]

    def scores(self, vector: Vectors, passages: int) -> Scores:
        """The logarithm of each passage's probability; 0 for all where nothing was learnt."""
        if not self.classes.size:
            return np.zeros(passages)
        known = log_probabilities((self.weights @ vector + self.bias).astype(np.float64))
        by_class = dict(zip(self.classes.tolist(), known.tolist(), strict=True))
        return np.array([by_class.get(place, by_class.get(_NONE, 0.0)) for place in range(passages)])


NOTHING_LEARNT = PassageClassifier(
    np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
)


def train(vectors: Vectors, places: Sequence[int], asked: Sequence[bool]) -> PassageClassifier:
    """Learn from the vectors of keys: each one's passage, and whether the passage has known questions."""
    labels = np.array([place if known else _NONE for place, known in zip(places, asked, strict=True)])
    if len(set(labels.tolist())) < _FEWEST_CLASSES:
        return NOTHING_LEARNT
    from sklearn.linear_model import LogisticRegression  # a second to import, and needed once an index

    model = LogisticRegression(C=_STRENGTH, max_iter=300).fit(vectors, labels)
    return PassageClassifier(
        model.coef_.astype(np.float32), model.intercept_.astype(np.float32), model.classes_.astype(np.int64)
    )


def kept(folder: Path, name: str, make: Callable[[], PassageClassifier]) -> PassageClassifier:
    """The classifier of this name that a folder keeps, else a new one, which it then keeps if it can be written."""
    path = folder / FILE
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            if str(content["name"]) == name:
                return PassageClassifier(content["weights"], content["bias"], content["classes"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # there is none yet, or it is damaged: it is made from the documents, so nothing is lost
    made = make()
    unfinished = path.with_name(f"{FILE}.{os.getpid()}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as written:
            np.savez(written, name=np.array(name), weights=made.weights, bias=made.bias, classes=made.classes)
        unfinished.replace(path)
    except OSError as error:
        log.warning("The classifier could not be kept, so it is made again each time: %s", error.strerror)
    return made
