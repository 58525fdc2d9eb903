"""Retriever: the passages that may answer a question, by meaning and by words, fused.

Six views are scored for every passage: the questions that it is known to answer (the mean of the three nearest: one
alone may be near by chance) and its sentence (alone or under its heading), both by cosine similarity; BM25 over the
character n-grams of its words and its questions' words; how likely its language is to ask in these words; and what a
classifier learnt from the known questions. Where a question leans on an answer, the sixth is how near it is to the
known follow-ups of what was answered. They are fused by a convex combination of scores, which keeps how sure each
view is (Bruch et al. 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"); its weights were tuned on the
questions for tuning in `tests/questions`, and for passages without known questions on those known for the others.
"""

import asyncio
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
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
_SHOWN = 2
"""How many passages an answer is taken to show."""
_LEAST_SHOWN = 0.3
"""The similarity to an answer below which a passage is not in it: a refusal shows none."""
_BESIDE = 0.95
"""What a known follow-up counts that leans on another sentence of the same section."""
_VOTERS = 100
_FOLLOWING = 2
_TEMPERATURE = 0.05
"""How fast a voter's weight falls with its distance, in cosine similarity."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each view counts in the fused score of a passage that has known questions."""

    question: float = 1.0
    sentence: float = 0.25
    lexical: float = 0.4
    language: float = 0.4
    learnt: float = 1.0
    followup: float = 5.0


PLAIN = Weights(question=0.0, sentence=3.0, lexical=0.1, language=0.6)
"""The same for a passage without known questions, as in documents that a user adds: its sentence stands in for them."""


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A found passage with its fused score and the views behind it.

    `question` and `sentence` are cosine similarities (0 where no key of that kind was near); `lexical` is the BM25
    score over the best one that any passage reached; `language` and `learnt` are logarithms of probabilities, scaled.
    These three are between 0 and 1. `followup` is the similarity to the nearest known follow-up to what was said (0
    where there is none), counted as the question alone is.
    """

    passage: Passage
    score: float
    question: float
    sentence: float
    lexical: float
    language: float = 0.0
    learnt: float = 0.0
    followup: float = 0.0


@dataclass(frozen=True, slots=True)
class Findings(Sequence[RankedPassage]):
    """The passages found, best first, and how the question stands among known questions.

    `answered` and `unanswered` are the similarities of the nearest known question that the documents answer and of
    the nearest one that they do not; `vote` is the share of answered ones among the nearest, the nearer the more.
    `following` are the passages behind the best one in its document: those that complete it, or the next few.
    """

    passages: tuple[RankedPassage, ...]
    answered: float
    unanswered: float
    vote: float
    following: tuple[Passage, ...] = ()

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

    async def search(self, query: str, limit: int, before: str = "", answer: str = "") -> Findings:
        """The `limit` likeliest passages, best first.

        Where the query leans on what was said, `before` is the question before it and `answer` what was answered.
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
        weights: Weights = Weights(),  # frozen, as all defaults here
        plain: Weights = PLAIN,
        classifier: PassageClassifier = NOTHING_LEARNT,
    ) -> None:
        self._passages = tuple(passages)
        self._places = {passage.id: place for place, passage in enumerate(passages)}
        self._index = index
        self._embedder = embedder
        self._weights = weights
        self._plain = plain
        # What a follow-up asks for is told by what was said before, not by its words: no other view learns from it.
        alone = [key for key in keys if not key.after]
        self.vocabulary = Vocabulary(passages, alone)
        texts = [(f"{passage.heading} {passage.text}", *own) for passage, own in _with_keys(passages, alone)]
        self._lexical = LexicalIndex([" ".join(own) for own in texts])
        self._languages = PassageLanguages(texts)
        self._classifier = classifier
        self._is_asked = np.array([bool(self.vocabulary.questions(passage.id)) for passage in passages])

    async def search(self, query: str, limit: int, before: str = "", answer: str = "") -> Findings:
        """The `limit` likeliest passages, best first; raises StoreError."""
        return await asyncio.to_thread(self._search, query, limit, before, answer)

    def close(self) -> None:
        """Let other processes change the index again."""
        self._index.close()

    def _search(self, query: str, limit: int, before: str, answer: str) -> Findings:
        context = f"{before} {answer}".strip()
        wordings = [query, f"{context} {query}"] if context else [query]
        shares = [1 - _CONTEXT, _CONTEXT] if context else [1.0]
        vector, *others = self._embedder.embed([*wordings, answer] if answer else wordings)
        said = self._said(answer, others.pop()) if answer else {}
        seen = [self._view(query, vector, said)]
        seen += [self._view(wording, other, {}) for wording, other in zip(wordings[1:], others, strict=True)]
        views: Scores = np.average([views for views, _ in seen], axis=0, weights=shares)
        answered, unanswered, vote = np.average([standing for _, standing in seen], axis=0, weights=shares).tolist()
        asked, plain = (np.array(astuple(weights)) @ views for weights in (self._weights, self._plain))
        fused = np.where(self._is_asked, asked, plain)
        # A stable sort: equal scores keep document order, so that the same question always has the same answer.
        order = np.argsort(-fused, kind="stable")[:limit]
        ranked = tuple(RankedPassage(self._passages[at], float(fused[at]), *views[:, at].tolist()) for at in order)
        return Findings(ranked, answered, unanswered, vote, self._following(int(order[0])))

    def _following(self, place: int) -> tuple[Passage, ...]:
        best, behind = self._passages[place], self._passages[place + 1 :]
        items = tuple(itertools.takewhile(lambda passage: passage.lead == best, behind))
        return items or tuple(passage for passage in behind[:_FOLLOWING] if passage.source == best.source)

    def _said(self, answer: str, vector: Vectors) -> dict[str, float]:
        """The passages that an answer shows, by id: 1 for each of the likeliest two, less for their neighbours."""
        _, sentence, lexical, language, *_ = self._view(answer, vector, {})[0]
        shown = np.argsort(-(sentence + lexical / 2 + language / 2), kind="stable")[:_SHOWN]
        told = [self._passages[at] for at in shown if sentence[at] >= _LEAST_SHOWN]
        sections = {(passage.source, passage.section) for passage in told}
        beside = {p.id: _BESIDE for p in self._passages if (p.source, p.section) in sections}
        return beside | {passage.id: 1.0 for passage in told}

    def _view(
        self, query: str, vector: Vectors, said: Mapping[str, float]
    ) -> tuple[Scores, tuple[float, float, float]]:
        """The scores of all passages, a row a view in the order of Weights, and how the query stands (see Findings).

        Of the known follow-ups only those count that lean on what was `said`.
        """
        found = self._index.query(vector, _KEYS_ASKED)
        alone = [match for match in found if not match.after]
        leaning = [
            replace(match, similarity=match.similarity * said[match.after]) for match in found if match.after in said
        ]
        rows = [
            *self._nearness(alone),
            self._lexical.scores(query),
            1 - self._languages.scores(query) / FLOOR,
            1 - self._classifier.scores(vector, len(self._passages)) / FLOOR,
            self._nearest(leaning),
        ]
        every = sorted([*alone, *leaning], key=lambda match: -match.similarity) if leaning else alone
        return np.stack(rows), _standing(every)

    def _nearest(self, leaning: Sequence[KeyMatch]) -> Scores:
        """For each passage, how near the nearest of some known follow-ups is."""
        scores = np.zeros(len(self._passages))
        for match in leaning:
            if match.kind == "question":
                place = self._places[match.passage]
                scores[place] = max(scores[place], match.similarity)
        return scores

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
    weights: Weights = Weights(),
    plain: Weights = PLAIN,
) -> HybridRetriever:
    """Read the documents into passages and open their index, building what is missing. Blocking.

    Raises SourceError where there is nothing to index, StoreError where the index cannot be read or written.
    """
    passages, keys = contents(documents)
    if not passages:
        raise SourceError("The documents hold no sentences to answer from: add text below their headings.")
    index = open_index(keys, embedder, folder=folder, url=url, report=report, rebuild=rebuild)
    classifier = kept(folder, index.name, lambda: _learnt(passages, keys, index.vectors()))
    return HybridRetriever(passages, keys, index, embedder, weights, plain, classifier)


def _learnt(passages: Sequence[Passage], keys: Sequence[Key], vectors: dict[str, Vectors]) -> PassageClassifier:
    """A classifier trained on the keys of an index."""
    places = {passage.id: place for place, passage in enumerate(passages)}
    asked = {key.passage for key in keys if key.kind == "question"}
    own = [key for key in keys if key.passage and not key.after]
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
