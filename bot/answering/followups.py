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
_LONGEST = 1_000
"""How many characters of an earlier message are read: it is context, and may be a whole page."""


def stands_alone(question: str) -> bool:
    """Whether a question can be understood without the conversation before it."""
    content = [token for token in tokens(question) if token.is_content]
    if _LEANS.search(question.strip()) or not content:
        return False
    return len(content) >= _FEW_WORDS or not _POINTS_BACK.search(question)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question behind the last one that stood alone, if it leans on the conversation.

    The earlier question says what it is about, but would outweigh it: it is searched for by itself as well.
    """
    if stands_alone(question):
        return question
    asked = [_readable(turn.text) for turn in reversed(history) if turn.role == "user"]
    previous = next(filter(stands_alone, asked), asked[0] if asked else "")
    return f"{previous} {question}".strip()


def _readable(text: str) -> str:
    """A message as context: on one line, not long, without what is no text."""
    return " ".join(text.encode(errors="ignore").decode().split())[:_LONGEST]
