"""Do these passages answer this question? A calibrated probability from a few general signs.

Two logistic models over the features below: one for passages with reviewed questions, one for those without, as
documents that a user adds are. Their parameters are in `answerability.json`, which `make answerability` fits on the
tune half of `tests/questions`; nothing in it knows a document.
"""

import json
import math
import re
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from importlib import resources

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.language import Token, rarity, stem, tokens
from knowledge.retrieval import Findings, Vocabulary

# What kind of thing a question asks for, and what a passage that gives one must show.
_KINDS = tuple(
    (re.compile(asks, re.I), re.compile(offers, re.I))
    for asks, offers in (
        (
            r"\bhow (?:much (?:money|does|do|did|is|are|will|would)|expensive|costly)\b|\bwhat(?:'s| is| are| does)? .{0,40}\b(?:price|fee|fees|cost|costs"
            r"|fine|penalty|salary|revenue)\b|\b(?:dollars?|euros?|usd|price|fee|fine)\b.{0,30}\?|^(?:price|cost|fee)s?\b",
            r"[$€£]|\b(?:dollars?|euros?|pounds?|cents?|penn(?:y|ies)|fees?|royalt\w+|royalty-free|paid|pays?|prices?|costs?|money|expensive|free)\b",
        ),
        (
            r"\b(?:percent(?:age)?|per cent|share of|proportion|fraction|ratio)\b",
            r"%|\b(?:percent|half|third|quarter|fraction|majority|most)\b",
        ),
        (
            r"\bhow many\b|\bnumber of\b|\bhow (?:large|big|high|old|tall)\b|\bwhat (?:number|size|limit|threshold)\b",
            r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?|millions?|billions?|several|all|any|many|most|one|no)\b",
        ),
        (
            r"^when\b|\b(?:what|which) (?:date|day|month|year|time)\b|\bsince when\b|\buntil when\b|\bhow (?:soon|long|often|frequently)\b|\bwithin how\b|\bdeadline\b",
            r"\b(?:\d{4}|january|february|march|april|may|june|july|august|september|october|november|december|days?|weeks?|months?|years?|daily|monthly|"
            r"noon|midnight|o'clock|at (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})|\d{1,2}:\d\d|future|soon|now|today|right now|already|once|upon|until|as of|commence|date|always|in force|after|before|when|term)\b",
        ),
        (
            r"\b(?:what|which|where|give|send|to)\b.{0,40}\b(?:e-?mail|web ?site|url|link|web address|download page)\b",
            r"@|https?:|www\.|\b\w+\.(?:com|org|net|ai|io)\b",
        ),
        (
            r"\b(?:postal address|street address|what address|which address|phone number|telephone|fax)\b",
            r"@|https?:|\d{3,}",
        ),
        (
            r"\b(?:which|what) (?:city|town|country|state|place|court|courts|street)\b|^where\b",
            r"\b(?:in|at|of|on|from|to|outside) (?:the )?[A-Z]|https?:|\.com|\bcourts?\b|\bcloud\b|\bdevices?\b",
        ),
        (
            r"\bwho(?:m|se)?\b|\bname of the (?:man|woman|guy|person|speaker|author|host)\b|\bwhat(?:'s| is) .{0,20}\bcalled\b",
            r"[a-z,] [A-Z][a-z]+|\b(?:you|we|they|users|developers|companies|licensee|party|entity)\b|^[A-Z][a-z]+ ",
        ),
    )
)
_NAMED_NUMBER = re.compile(r"(?<=[a-z]) \d+(?:\.\d+)?\b(?! ?(?:million|billion|thousand|%|percent))")
"""A number that is part of a name ("Llama 2", "Section 3") says how many of nothing."""
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
    of the question's content, by rarity, that the best passages hold, `passage_coverage` the best one alone; `unseen`: the
    rarest word that no document uses; `unseen_share`: how much of the content no document uses; `mismatch`: a kind of thing
    that is asked for (an amount, a date, a place, a person) is not in the best passages; `demand`, `opinion`: not a
    question about documents; `unanswered`, `vote`, `margin`, `wording`: how the question stands among known questions (see Findings and Wording).
    """

    question: float
    sentence: float
    nearest: float
    lead: float
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
        reviewed = bool(found) and bool(vocabulary.questions(found[0].passage.id))
        return (self.reviewed if reviewed else self.plain).answers(question, found, vocabulary)


def features_of(question: str, found: Findings, vocabulary: Vocabulary) -> Features:
    """The features of a question and the passages found for it, best first."""
    content = _content(question)
    weights = {token.stem: 0.5 + rarity(token.text) for token in content}
    total = sum(weights.values()) or 1.0
    unseen = [token for token in content if not _seen(token, vocabulary)]
    best, rest = found[0], found[1:6]
    read = " ".join(f"{ranked.passage.heading} {ranked.passage.text}" for ranked in found[:3])
    held = {token.stem for token in tokens(read)} | {
        s for ranked in found[:3] for s in vocabulary.questions(ranked.passage.id)
    }
    own = {token.stem for token in tokens(f"{best.passage.heading} {best.passage.text}")} | vocabulary.questions(
        best.passage.id
    )
    return Features(
        question=max(ranked.question for ranked in found),
        sentence=max(ranked.sentence for ranked in found),
        nearest=max(max(ranked.question, ranked.sentence) for ranked in found),
        lead=(best.score - sum(ranked.score for ranked in rest) / max(1, len(rest))) / (best.score or 1.0),
        coverage=sum(weight for word, weight in weights.items() if _held(word, held)) / total,
        passage_coverage=sum(weight for word, weight in weights.items() if _held(word, own)) / total,
        unseen=max((rarity(token.text) for token in unseen), default=0.0) / 7,
        unseen_share=sum(weights[token.stem] for token in unseen) / total,
        mismatch=float(_mismatch(question, found)),
        demand=float(bool(_DEMANDS.search(question.strip()))),
        opinion=float(bool(_OPINION.search(question))),
        unanswered=found.unanswered,
        vote=found.vote,
        margin=found.answered - found.unanswered if found.answered and found.unanswered else 0.0,
        wording=vocabulary.wording.leaning(question),
    )


def _content(question: str) -> list[Token]:
    return [token for token in tokens(question) if token.is_content and len(token.text) > 1]


def _mismatch(question: str, found: Findings) -> int:
    """How many kinds of thing the question asks for that the two best passages do not show."""
    read = " ".join(_NAMED_NUMBER.sub("", ranked.passage.text) for ranked in found[:2])
    return sum(bool(asks.search(question)) and not offers.search(read) for asks, offers in _KINDS)


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
