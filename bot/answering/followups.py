"""A question that leans on its history is made to stand alone. Pure."""

import re
from collections.abc import Sequence

from bot.messages import Turn
from knowledge.language import tokens

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
_FEW_WORDS = 4


def stands_alone(question: str) -> bool:
    """Whether a question can be understood without the conversation before it."""
    content = [token for token in tokens(question) if token.is_content]
    if _LEANS.search(question.strip()) or not content:
        return False
    return len(content) >= _FEW_WORDS or not _POINTS_BACK.search(question)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question as it is searched for: with the previous question before it, if it leans on that one."""
    if stands_alone(question):
        return question
    previous = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
    return f"{previous} {question}".strip()
