"""Do these passages answer this question? A calibrated probability from a few general signs.

A logistic model over the features below. Its parameters are in `answerability.json`, which
`make answerability` fits on the tune half of `tests/questions`; nothing in it knows a document.
"""

import json
import math
import re
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from importlib import resources

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.language import Token, names, numbers, rarity, stem, tokens
from knowledge.retrieval import Findings, RankedPassage, Vocabulary

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|big|large|old|tall|far|fast|often)\b|\bwhat (?:number|percentage|share|price|size|year|date|"
    r"amount|fee|cost)\b|\bwhen\b|\bnumber of\b|\bhow high\b",
    re.I,
)
_ASKS_NAME = re.compile(r"\bwho(?:m|se)?\b|\b(?:which|what) (?:company|companies|firm|firms|person|people|country|city|court)\b", re.I)
_DEMANDS = re.compile(
    r"^(?:please\s+|hey\s+|ok(?:ay)?\s+|now\s+|just\s+|could you\s+|can you\s+|would you\s+)*"
    r"(?:write|compose|draw|translate|pretend|act|ignore|forget|disregard|repeat|print|output|reveal|sing|tell me a|give me a|"
    r"generate|implement|code|summari[sz]e this|roleplay|imagine|recommend|make me|say)\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,30}\b(?:instruction|rule|prompt|guideline|above|previous|restriction)"
    r"|\bsystem prompt\b|\byou are now\b|\bdeveloper mode\b|\bjailbreak\b|\bjoke\b|\bpoem\b|\bhaiku\b|\bpython\b|\bscript\b",
    re.I,
)
_OPINION = re.compile(
    r"\b(?:do|would|what do|should) you (?:think|prefer|like|recommend|believe|say|rather)\b|\byour (?:opinion|view|favou?rite|take)\b"
    r"|\bin your\b|\b(?:best|better than|worse than|favou?rite|prettier|nicer|cooler)\b|\bshould i (?:buy|sell|invest)\b|\bworth (?:buying|it)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Features:
    """The signs, each between about 0 and 1.

    `question` and `sentence`: the best similarities; `lead`: how far the best passage stands out; `coverage`: the share
    of the question's content, by rarity, that the best passages hold; `unseen`: the rarest word that no document
    uses; `unseen_share`: how much of the content no document uses; `no_number`, `no_name`: the kind of answer asked for is not
    in the passages; `demand`, `opinion`: not a question about documents; `known`: the documents have reviewed questions.
    """

    question: float
    sentence: float
    nearest: float
    lead: float
    coverage: float
    passage_coverage: float
    unseen: float
    unseen_share: float
    no_number: float
    no_name: float
    demand: float
    opinion: float
    known: float
    unanswered: float
    vote: float


@dataclass(frozen=True, slots=True)
class Answerability:
    """A fitted logistic model; `threshold` is the probability from which a question is answered."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    @classmethod
    def load(cls) -> "Answerability":
        """The fitted parameters that ship with Herald."""
        content = json.loads(resources.files("bot.answering").joinpath("answerability.json").read_text("utf-8"))
        weights = tuple(content["weights"][field.name] for field in fields(Features))
        return cls(weights, content["bias"], content["threshold"])

    def probability(self, features: Features) -> float:
        """The probability that the passages answer the question."""
        score = self.bias + sum(w * x for w, x in zip(self.weights, astuple(features), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))

    def answers(self, question: str, found: Findings, vocabulary: Vocabulary) -> bool:
        """Whether the passages found are likely enough to answer the question."""
        return bool(found) and self.probability(features_of(question, found, vocabulary)) >= self.threshold


def features_of(question: str, found: Findings, vocabulary: Vocabulary) -> Features:
    """The features of a question and the passages found for it, best first."""
    content = _content(question)
    weights = {token.stem: 0.5 + rarity(token.text) for token in content}
    total = sum(weights.values()) or 1.0
    unseen = [token for token in content if not _seen(token, vocabulary)]
    best, rest = found[0], found[1:6]
    read = " ".join(f"{ranked.passage.heading} {ranked.passage.text}" for ranked in found[:3])
    held = {token.stem for token in tokens(read)} | {s for ranked in found[:3] for s in vocabulary.questions(ranked.passage.id)}
    own = {token.stem for token in tokens(f"{best.passage.heading} {best.passage.text}")} | vocabulary.questions(best.passage.id)
    return Features(
        question=max(ranked.question for ranked in found),
        sentence=max(ranked.sentence for ranked in found),
        nearest=max(max(ranked.question, ranked.sentence) for ranked in found),
        lead=(best.score - sum(ranked.score for ranked in rest) / max(1, len(rest))) / (best.score or 1.0),
        coverage=sum(weight for word, weight in weights.items() if _held(word, held)) / total,
        passage_coverage=sum(weight for word, weight in weights.items() if _held(word, own)) / total,
        unseen=max((rarity(token.text) for token in unseen), default=0.0) / 7,
        unseen_share=sum(weights[token.stem] for token in unseen) / total,
        no_number=float(bool(_ASKS_NUMBER.search(question)) and not any(map(_has_number, found[:2]))),
        no_name=float(bool(_ASKS_NAME.search(question)) and not any(names(ranked.passage.text) for ranked in found[:2])),
        demand=float(bool(_DEMANDS.search(question.strip()))),
        opinion=float(bool(_OPINION.search(question))),
        known=float(any(vocabulary.questions(ranked.passage.id) for ranked in found)),
        unanswered=found.unanswered,
        vote=found.vote,
    )


def _content(question: str) -> list[Token]:
    return [token for token in tokens(question) if token.is_content and len(token.text) > 1]


def _has_number(ranked: RankedPassage) -> bool:
    """Whether a passage has a quantity that is not merely part of a name ("Llama 2")."""
    plain = re.sub(r"\b[A-Z][a-z]+ \d+(?:\.\d+)?", "", ranked.passage.text)
    return bool(numbers(plain)) or bool(re.search(r"\b(?:year|month|week|day|soon|future|now|always|until|once)s?\b", plain, re.I))


def _held(word: str, stems: set[str] | frozenset[str]) -> bool:
    return word in stems or _nearest(word, frozenset(stems))


@lru_cache(maxsize=20_000)
def _nearest(word: str, stems: frozenset[str]) -> bool:
    """Whether a word is a likely misspelling of one of some words."""
    if len(word) < 4 or not word.isalpha():
        return False
    return process.extractOne(word, stems, scorer=OSA.normalized_similarity, score_cutoff=0.75) is not None


def _seen(token: Token, vocabulary: Vocabulary) -> bool:
    if stem(token.text) in vocabulary.stems:
        return True
    # A common word is what it says; only a rare one may be a misspelling of a word of the documents.
    return rarity(token.text) > 3.5 and _nearest(token.stem, vocabulary.stems)
