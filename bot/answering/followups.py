"""What a question that leans on the conversation leans on. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.courtesies import courtesy, without_courtesies
from bot.answering.prompts import REFUSAL
from bot.messages import Turn
from knowledge.language import names, rarity, tokens
from knowledge.vocabulary import Vocabulary

_LEANS = re.compile(
    r"^(?:and|but|or|so|also|then|what about|how about|what if|why(?: not)?\??$|really|are you sure|which ones?\??$|"
    r"who else|what else|anything else|where else|for whom|since when|until when|how so|in what way|same for)\b",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|this|those|these|they|them|their|theirs|he|she|him|her|his|there|then|one|ones|the same|"
    r"such|so|either|both|instead|else|above|former|latter)\b",
    re.I,
)
_ASKS = re.compile(
    r"^(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|may|must|will|would|should|"
    r"define|explain)\b",
    re.I,
)
_RARE = 3.5
"""The rarity from which a word of the documents ("Zuckerberg", "licensee") names one thing."""
_FEW_WORDS = 3
_LONGEST = 1_000
"""How many characters of an earlier message are read: it is context, and may be a whole page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what it leans on: the question `before` it and what was answered; empty where it stands alone."""

    text: str
    before: str = ""
    answer: str = ""

    @property
    def standalone(self) -> str:
        """The question as it would be asked without the conversation."""
        return f"{self.before} {self.text}".strip()


def stands_alone(question: str, vocabulary: Vocabulary) -> bool:
    """Whether a question can be understood without the conversation before it: few words seldom can."""
    plain = question.strip()
    if courtesy(plain) is not None:
        return True
    if _LEANS.search(plain):
        return False
    content = sum(token.is_content for token in tokens(plain))
    if _POINTS_BACK.search(plain):
        return content > _FEW_WORDS
    return content >= _FEW_WORDS or _names_its_subject(plain, vocabulary)


def _names_its_subject(question: str, vocabulary: Vocabulary) -> bool:
    """Whether few words ask for something by its name ("What is Llama 2?"), or are known to need no more."""
    if vocabulary.wording.known(question) is not None:
        return True
    rare = any(rarity(token.text) >= _RARE and token.stem in vocabulary.stems for token in tokens(question))
    return bool(_ASKS.search(question)) and (rare or bool(names(question)))


def in_context(question: str, history: Sequence[Turn], vocabulary: Vocabulary) -> Asked:
    """The question, its slips mended, with the last one that stood alone and the last answer, if it leans on them."""
    spelling = vocabulary.spelling
    question = spelling.corrected(question)
    if stands_alone(question, vocabulary):
        return Asked(question)
    history = without_courtesies(history)
    asked = [spelling.corrected(_readable(turn.text)) for turn in reversed(history) if turn.role == "user"]
    last = next((_readable(turn.text) for turn in reversed(history) if turn.role == "assistant"), "")
    before = next((text for text in asked if stands_alone(text, vocabulary)), asked[0] if asked else "")
    return Asked(question, before, last if before and REFUSAL not in last else "")


def _readable(text: str) -> str:
    """A message as context: on one line, not long, without what is no text."""
    return " ".join(text.encode(errors="ignore").decode().split())[:_LONGEST]
