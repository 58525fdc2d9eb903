"""Do these passages answer this question? A calibrated probability from a few general signs.

Two logistic models over the features below: one for passages with reviewed questions, one for those without, as
documents that a user adds are. Their parameters are in `answerability.json`, which `make answerability` fits on the
questions for tuning in `tests/questions`; nothing in it knows a document.
"""

import json
import math
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from importlib import resources

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.answering.asked_for import asks_opinion, is_demand, missing_kinds
from knowledge.language import Token, rarity, stem, stems, tokens
from knowledge.retrieval import Findings
from knowledge.vocabulary import Vocabulary

_STRANGE = 0.35
"""The similarity to the nearest of many known questions below which a question ("lol") is about something else.

Of the 273 answerable questions for tuning none is that far from all.
"""


@dataclass(frozen=True, slots=True)
class Features:
    """The signs, each between about 0 and 1.

    `question`, `sentence`, `nearest`: the best similarities to known questions, to passages, to either; `lead`: how
    far the best passage stands out; `language`, `learnt`: those views of it (see RankedPassage); `coverage`: the
    share of the question's content, by rarity, that the best passages hold, `passage_coverage` the best one alone;
    `unseen`: the rarest word that no document uses; `unseen_share`: how much of the content no document uses;
    `mismatch`: a kind of thing that is asked for (an amount, a date, a place, a person) is not in the best
    passages; `demand`, `opinion`: not a question about documents; `unanswered`, `vote`, `margin`, `wording`: how
    the question stands among known questions (see Findings and Wording).
    """

    question: float
    sentence: float
    nearest: float
    lead: float
    language: float
    learnt: float
    coverage: float
    passage_coverage: float
    unseen: float
    unseen_share: float
    mismatch: float
    demand: float
    opinion: float
    unanswered: float
    vote: float
    margin: float
    wording: float


@dataclass(frozen=True, slots=True)
class Answerability:
    """A fitted logistic model; `threshold` is the probability from which a question is answered."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def probability(self, features: Features) -> float:
        """The probability that the passages answer the question."""
        score = self.bias + sum(w * x for w, x in zip(self.weights, astuple(features), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))

    def answers(self, question: str, found: Findings, vocabulary: Vocabulary) -> bool:
        """Whether the passages found are likely enough to answer the question."""
        return bool(found) and self.probability(features_of(question, found, vocabulary)) >= self.threshold


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges by one model where the best passage has reviewed questions, by another where it has none."""

    reviewed: Answerability
    plain: Answerability

    @classmethod
    def load(cls) -> "Judge":
        """The fitted parameters that ship with Herald."""
        content = json.loads(resources.files("bot.answering").joinpath("answerability.json").read_text("utf-8"))
        names = [field.name for field in fields(Features)]
        reviewed, plain = (
            Answerability(tuple(part["weights"][name] for name in names), part["bias"], part["threshold"])
            for part in (content["reviewed"], content["plain"])
        )
        return cls(reviewed, plain)

    def answers(self, question: str, found: Findings, vocabulary: Vocabulary) -> bool:
        """Whether the passages found are likely enough to answer the question."""
        # What is known needs no judgement, and near misses that differ in a word may outvote it.
        if found and (known := vocabulary.wording.known(question)) is not None:
            return known
        reviewed = bool(found) and bool(vocabulary.questions(found[0].passage.id))
        if reviewed and max(max(ranked.question, ranked.sentence) for ranked in found) < _STRANGE:
            return False
        return (self.reviewed if reviewed else self.plain).answers(question, found, vocabulary)


def features_of(question: str, found: Findings, vocabulary: Vocabulary) -> Features:
    """The features of a question and the passages found for it, best first."""
    content = _content(question)
    weights = {token.stem: 0.5 + rarity(token.text) for token in content}
    total = sum(weights.values()) or 1.0
    unseen = [token for token in content if not _seen(token, vocabulary)]
    best, rest = found[0], found[1:6]
    shown = " ".join(ranked.passage.text for ranked in found[:2])
    read = " ".join(f"{ranked.passage.heading} {ranked.passage.text}" for ranked in found[:3])
    held = set(stems(read)) | {s for ranked in found[:3] for s in vocabulary.questions(ranked.passage.id)}
    own = set(stems(f"{best.passage.heading} {best.passage.text}")) | vocabulary.questions(best.passage.id)
    return Features(
        question=max(ranked.question for ranked in found),
        sentence=max(ranked.sentence for ranked in found),
        nearest=max(max(ranked.question, ranked.sentence) for ranked in found),
        lead=(best.score - sum(ranked.score for ranked in rest) / max(1, len(rest))) / (best.score or 1.0),
        language=best.language,
        learnt=best.learnt,
        coverage=sum(weight for word, weight in weights.items() if _held(word, held)) / total,
        passage_coverage=sum(weight for word, weight in weights.items() if _held(word, own)) / total,
        unseen=max((rarity(token.text) for token in unseen), default=0.0) / 7,
        unseen_share=sum(weights[token.stem] for token in unseen) / total,
        mismatch=float(missing_kinds(question, shown)),
        demand=float(is_demand(question)),
        opinion=float(asks_opinion(question)),
        unanswered=found.unanswered,
        vote=found.vote,
        margin=found.answered - found.unanswered if found.answered and found.unanswered else 0.0,
        wording=vocabulary.wording.leaning(question),
    )


def _content(question: str) -> list[Token]:
    return [token for token in tokens(question) if token.is_content and len(token.text) > 1]


def _held(word: str, held: set[str] | frozenset[str]) -> bool:
    return word in held or _nearest(word, frozenset(held))


@lru_cache(maxsize=20_000)
def _nearest(word: str, others: frozenset[str]) -> bool:
    """Whether a word is a likely misspelling of one of some words."""
    if len(word) < 4 or not word.isalpha():
        return False
    return process.extractOne(word, others, scorer=OSA.normalized_similarity, score_cutoff=0.75) is not None


def _seen(token: Token, vocabulary: Vocabulary) -> bool:
    if stem(token.text) in vocabulary.stems:
        return True
    # A common word is what it says; only a rare one may be a misspelling of a word of the documents.
    return rarity(token.text) > 3.5 and _nearest(token.stem, vocabulary.stems)
