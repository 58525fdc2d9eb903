"""Retriever: the passages that may answer a question, by meaning and by words, fused.

Three views are scored for every passage: the nearest of its questions, its sentence (alone or with its neighbours),
both by cosine similarity, and BM25 over the character n-grams of its words and its questions' words. They are fused
by a convex combination of scores, which keeps how sure each view is (Bruch et al. 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval"); its weights were tuned on the tune half of `tests/questions`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import bm25s
import numpy as np
import numpy.typing as npt

from knowledge.documents import Document, Passage
from knowledge.embedding import Embedder
from knowledge.index import Key, KeyMatch, PassageIndex
from knowledge.language import char_ngrams, tokens

Scores = npt.NDArray[np.float64]

_KEYS_ASKED = 200
"""How many of the nearest keys are read: a passage has up to a few dozen."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each view counts in the fused score."""

    question: float = 2.0
    sentence: float = 0.5
    lexical: float = 0.5


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A found passage with its fused score and the views behind it.

    `question` and `sentence` are cosine similarities (0 where no key of that kind was near); `lexical` is the BM25
    score over the best one that any passage reached, 0 to 1.
    """

    passage: Passage
    score: float
    question: float
    sentence: float
    lexical: float


class Retriever(Protocol):
    """Whatever finds passages for a question."""

    async def search(self, query: str, limit: int) -> Sequence[RankedPassage]:
        """The `limit` likeliest passages, best first; raises StoreError."""
        ...


class HybridRetriever:
    """Dense and lexical search over the same passages; safe to use from several tasks."""

    def __init__(
        self, passages: Sequence[Passage], keys: Sequence[Key], index: PassageIndex, embedder: Embedder, weights: Weights
    ) -> None:
        self._passages = {passage.id: passage for passage in passages}
        self._places = {passage.id: place for place, passage in enumerate(passages)}
        self._index = index
        self._embedder = embedder
        self._weights = weights
        self._lexical = _LexicalIndex([_lexical_text(passage, keys_) for passage, keys_ in _with_keys(passages, keys)])

    async def search(self, query: str, limit: int) -> Sequence[RankedPassage]:
        """The `limit` likeliest passages, best first; raises StoreError."""
        return await asyncio.to_thread(self._search, query, limit)

    def _search(self, query: str, limit: int) -> Sequence[RankedPassage]:
        nearest = self._index.query(self._embedder.embed([query])[0], _KEYS_ASKED)
        question, sentence = self._views(nearest)
        lexical = self._lexical.scores(query)
        weights = self._weights
        fused = weights.question * question + weights.sentence * sentence + weights.lexical * lexical
        # A stable sort: equal scores keep document order, so that the same question always has the same answer.
        order = np.argsort(-fused, kind="stable")[:limit]
        passages = list(self._passages.values())
        return [
            RankedPassage(passages[at], float(fused[at]), float(question[at]), float(sentence[at]), float(lexical[at]))
            for at in order
        ]

    def _views(self, matches: Iterable[KeyMatch]) -> tuple[Scores, Scores]:
        """The best similarity of each passage's questions, and of its own text."""
        question, sentence = np.zeros(len(self._passages)), np.zeros(len(self._passages))
        for match in matches:
            view = question if match.kind == "question" else sentence
            place = self._places[match.passage]
            view[place] = max(view[place], match.similarity)
        return question, sentence


class _LexicalIndex:
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


def assigned_questions(documents: Sequence[Document], passages: Sequence[Passage]) -> list[tuple[str, str]]:
    """The reviewed questions of all documents, each with the id of the passage that holds most of its span."""
    by_source: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_source[passage.source].append(passage)
    return [
        (max(by_source[document.id], key=lambda p: min(p.end, q.end) - max(p.start, q.start)).id, q.text)  # noqa: B023
        for document in documents
        for q in document.questions
    ]


def known_words(passages: Iterable[Passage], keys: Iterable[Key]) -> frozenset[str]:
    """Every word of the passages and of their keys, in lower case."""
    texts = [*(f"{passage.heading} {passage.text}" for passage in passages), *(key.text for key in keys)]
    return frozenset(token.text.lower() for text in texts for token in tokens(text))


def _with_keys(passages: Sequence[Passage], keys: Sequence[Key]) -> Iterable[tuple[Passage, list[str]]]:
    questions: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if key.kind == "question":
            questions[key.passage].append(key.text)
    return ((passage, questions[passage.id]) for passage in passages)


def _lexical_text(passage: Passage, questions: Sequence[str]) -> str:
    return " ".join((passage.text, passage.heading, *questions))
