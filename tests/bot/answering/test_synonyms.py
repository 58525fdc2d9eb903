"""Words near in meaning: what the embedder finds near counts, opposites never do, and each word is embedded once."""

from collections.abc import Sequence

import numpy as np

from bot.answering.synonyms import WordSynonyms, grouped, opposed
from knowledge.embedding import Vectors

_NEAR = {
    "car": (1.0, 0.0),
    "automobile": (0.9, 0.4),
    "cheap": (0.0, 1.0),
    "expensive": (0.1, 0.99),
    "tree": (-1.0, 0.0),
}


class _Embedder:
    """Looks vectors up in a table, and remembers what it was asked."""

    name = "table"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = np.array([_NEAR[text] for text in texts], dtype=np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_near_words_count_and_far_ones_do_not() -> None:
    synonyms = WordSynonyms(_Embedder())

    assert synonyms("car", ["automobile", "tree"]) == {"automobile"}
    assert synonyms("car", []) == frozenset()


def test_opposites_never_count_however_near() -> None:
    synonyms = WordSynonyms(_Embedder())

    assert synonyms("cheap", ["expensive"]) == frozenset()


def test_each_word_is_embedded_once() -> None:
    embedder = _Embedder()
    synonyms = WordSynonyms(embedder)

    synonyms("car", ["automobile", "tree"])
    synonyms("car", ["tree", "automobile"])

    assert sorted(embedder.asked) == ["automobile", "car", "tree"]


def test_opposites_and_groups_know_every_form_of_a_word() -> None:
    assert opposed("accepted", "rejects")
    assert not opposed("accepted", "agreed")
    assert grouped("purchased", "buying")
    assert not grouped("purchased", "sold")
