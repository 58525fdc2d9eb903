"""Retriever: the passages that may answer a question, by meaning and by words, fused.

Five views are scored for every passage: the questions that it is known to answer (the mean of the three nearest: one
alone may be near by chance) and its sentence (alone or with its neighbours), both by cosine similarity; BM25 over the
character n-grams of its words and its questions' words; how likely its language is to ask in these words; and what a
classifier learnt from the known questions. They are fused by a convex combination of scores, which keeps how sure each
view is (Bruch et al. 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"); its weights were tuned on the
questions for tuning in `tests/questions`.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Protocol, overload

import numpy as np

from knowledge.classifier import NOTHING_LEARNT, PassageClassifier, kept, train
from knowledge.contents import contents
from knowledge.documents import Document, Passage
from knowledge.embedding import Embedder, Vectors
from knowledge.errors import SourceError
from knowledge.index import Key, KeyMatch, PassageIndex, Report, open_index
from knowledge.lexical import LexicalIndex
from knowledge.likelihood import FLOOR, PassageLanguages, Scores
from knowledge.vocabulary import Vocabulary

_KEYS_ASKED = 3000
"""How many of the nearest keys are read: a passage has up to a hundred, and its third nearest counts too."""
_NEAREST_QUESTIONS = 3
_CONTEXT = 0.4
"""What a question counts together with what was said before, beside the question alone: topics change."""
_VOTERS = 100
_TEMPERATURE = 0.05
"""How fast a voter's weight falls with its distance, in cosine similarity."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each view counts in the fused score."""

    question: float = 1.0
    sentence: float = 0.25
    lexical: float = 0.4
    language: float = 0.4
    learnt: float = 1.0


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A found passage with its fused score and the views behind it.

    `question` and `sentence` are cosine similarities (0 where no key of that kind was near); `lexical` is the BM25
    score over the best one that any passage reached; `language` and `learnt` are logarithms of probabilities, scaled.
    The last three are between 0 and 1.
    """

    passage: Passage
    score: float
    question: float
    sentence: float
    lexical: float
    language: float = 0.0
    learnt: float = 0.0


@dataclass(frozen=True, slots=True)
class Findings(Sequence[RankedPassage]):
    """The passages found, best first, and how the question stands among known questions.

    `answered` and `unanswered` are the similarities of the nearest known question that the documents answer and of
    the nearest one that they do not; `vote` is the share of answered ones among the nearest, the nearer the more.
    """

    passages: tuple[RankedPassage, ...]
    answered: float
    unanswered: float
    vote: float

    @overload
    def __getitem__(self, index: int) -> RankedPassage: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RankedPassage, ...]: ...
    def __getitem__(self, index: int | slice) -> RankedPassage | tuple[RankedPassage, ...]:
        """A passage by its rank, from 0."""
        return self.passages[index]

    def __len__(self) -> int:
        """How many passages were found."""
        return len(self.passages)


class Retriever(Protocol):
    """Whatever finds passages for a question."""

    async def search(self, query: str, limit: int, context: str = "") -> Findings:
        """The `limit` likeliest passages, best first; `context` is what was said before, where the query leans on it.

        Raises StoreError.
        """
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of all that can be found."""
        ...


class HybridRetriever:
    """Dense and lexical search over the same passages; safe to use from several tasks."""

    def __init__(
        self,
        passages: Sequence[Passage],
        keys: Sequence[Key],
        index: PassageIndex,
        embedder: Embedder,
        weights: Weights,
        classifier: PassageClassifier = NOTHING_LEARNT,
    ) -> None:
        self._passages = {passage.id: passage for passage in passages}
        self._places = {passage.id: place for place, passage in enumerate(passages)}
        self._index = index
        self._embedder = embedder
        self._weights = weights
        self.vocabulary = Vocabulary(passages, keys)
        texts = [(f"{passage.heading} {passage.text}", *own) for passage, own in _with_keys(passages, keys)]
        self._lexical = LexicalIndex([" ".join(own) for own in texts])
        self._languages = PassageLanguages(texts)
        self._classifier = classifier
        self._is_asked = np.array([bool(self.vocabulary.questions(passage.id)) for passage in passages])

    async def search(self, query: str, limit: int, context: str = "") -> Findings:
        """The `limit` likeliest passages, best first; raises StoreError."""
        return await asyncio.to_thread(self._search, query, context, limit)

    def close(self) -> None:
        """Let other processes change the index again."""
        self._index.close()

    def _search(self, query: str, context: str, limit: int) -> Findings:
        wordings = [query, f"{context} {query}"] if context else [query]
        shares = [1 - _CONTEXT, _CONTEXT] if context else [1.0]
        seen = [self._view(*asked) for asked in zip(wordings, self._embedder.embed(wordings), strict=True)]
        views: Scores = np.average([views for views, _ in seen], axis=0, weights=shares)
        standing = np.average([standing for _, standing in seen], axis=0, weights=shares).tolist()
        question, sentence, *others = views
        # Where no question is known, the sentence stands in for it: else what a user adds would never be found.
        fused = astuple(self._weights) @ np.stack([np.where(self._is_asked, question, sentence), sentence, *others])
        # A stable sort: equal scores keep document order, so that the same question always has the same answer.
        order = np.argsort(-fused, kind="stable")[:limit]
        passages = list(self._passages.values())
        ranked = tuple(RankedPassage(passages[at], float(fused[at]), *views[:, at].tolist()) for at in order)
        return Findings(ranked, *standing)

    def _view(self, query: str, vector: Vectors) -> tuple[Scores, tuple[float, float, float]]:
        """The scores of all passages, a row a view in the order of Weights, and how the query stands (see Findings)."""
        nearest = self._index.query(vector, _KEYS_ASKED)
        rows = [
            *self._nearness(nearest),
            self._lexical.scores(query),
            1 - self._languages.scores(query) / FLOOR,
            1 - self._classifier.scores(vector, len(self._passages)) / FLOOR,
        ]
        return np.stack(rows), _standing(nearest)

    def _nearness(self, matches: Sequence[KeyMatch]) -> tuple[Scores, Scores]:
        """For each passage, how near its nearest questions are, and its own text."""
        questions: dict[int, list[float]] = defaultdict(list)
        sentence = np.zeros(len(self._passages))
        for match in matches:
            if match.kind == "question":
                questions[self._places[match.passage]].append(match.similarity)
            elif match.kind != "unanswered":
                place = self._places[match.passage]
                sentence[place] = max(sentence[place], match.similarity)
        question = np.zeros(len(self._passages))
        floor = max(0.0, matches[-1].similarity) if matches else 0.0
        for place, near in questions.items():
            # Questions that were not among the nearest keys are at most as near as the last one that was.
            question[place] = sum((near + [floor] * _NEAREST_QUESTIONS)[:_NEAREST_QUESTIONS]) / _NEAREST_QUESTIONS
        return question, sentence


def _standing(matches: Sequence[KeyMatch]) -> tuple[float, float, float]:
    """The nearest answered and unanswered question, and the vote of the nearest few (see Findings)."""
    questions = [match for match in matches if match.kind in ("question", "unanswered")]
    answered = max((match.similarity for match in questions if match.kind == "question"), default=0.0)
    unanswered = max((match.similarity for match in questions if match.kind == "unanswered"), default=0.0)
    votes = [(math.exp(match.similarity / _TEMPERATURE), match.kind == "question") for match in questions[:_VOTERS]]
    total = sum(weight for weight, _ in votes)
    return answered, unanswered, sum(weight for weight, yes in votes if yes) / total if total else 0.0


def open_retriever(
    documents: Sequence[Document],
    embedder: Embedder,
    *,
    folder: Path,
    url: str | None = None,
    report: Report = lambda done, total: None,
    rebuild: bool = False,
    weights: Weights = Weights(),  # frozen
) -> HybridRetriever:
    """Read the documents into passages and open their index, building what is missing. Blocking.

    Raises SourceError where there is nothing to index, StoreError where the index cannot be read or written.
    """
    passages, keys = contents(documents)
    if not passages:
        raise SourceError("The documents hold no sentences to answer from: add text below their headings.")
    index = open_index(keys, embedder, folder=folder, url=url, report=report, rebuild=rebuild)
    classifier = kept(folder, index.name, lambda: _learnt(passages, keys, index.vectors()))
    return HybridRetriever(passages, keys, index, embedder, weights, classifier)


def _learnt(passages: Sequence[Passage], keys: Sequence[Key], vectors: dict[str, Vectors]) -> PassageClassifier:
    """A classifier trained on the keys of an index."""
    places = {passage.id: place for place, passage in enumerate(passages)}
    asked = {key.passage for key in keys if key.kind == "question"}
    own = [key for key in keys if key.passage]
    return train(
        np.stack([vectors[key.id] for key in own]),
        [places[key.passage] for key in own],
        [key.passage in asked for key in own],
    )


def _with_keys(passages: Sequence[Passage], keys: Sequence[Key]) -> Iterable[tuple[Passage, list[str]]]:
    questions: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if key.kind == "question":
            questions[key.passage].append(key.text)
    return ((passage, questions[passage.id]) for passage in passages)
