"""The types that cross seams: what is asked, what is said meanwhile, and what is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
Stage = Literal["loading", "queued", "searching", "reading", "writing", "waiting"]
Outcome = Literal["answered", "quoted", "unknown"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it reached Herald; `asker` and `channel` are opaque keys, used for fairness only."""

    text: str
    history: tuple[Turn, ...] = ()
    asker: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What Herald is doing; `queue_position` counts the questions ahead (0: none) while `stage` is queued."""

    stage: Stage
    queue_position: int = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact span of a source: `quote == document.text[start:end]`, in characters of the raw text.

    `reading` is the same span in the corrected reading copy, for showing to a person.
    """

    number: int
    source: str
    title: str
    locator: str
    quote: str
    start: int
    end: int
    passage: str
    reading: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A verified sentence and the numbers of the citations that support it; `quoted` if it is a source's own words."""

    text: str
    citations: tuple[int, ...]
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """The verified sentences so far: what may be shown before the answer is complete."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the start of the question to the end of the search, to the first sentence and to the end."""

    search: float
    first_sentence: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The one, last word on a question.

    `answered`: the model's words, each verified. `quoted`: the sources' own words. `unknown`: an honest refusal,
    without citations. `notes` are short remarks shown under the answer ("not legal advice").
    """

    outcome: Outcome
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    model: str
    timings: Timings
    notes: tuple[str, ...] = ()


def marked_text(sentences: Sequence[Sentence]) -> str:
    """The sentences as one text with their markers: `Apple is excluded. [1] So is Snap. [1][2]`."""
    return " ".join(f"{sentence.text} {markers(sentence)}".rstrip() for sentence in sentences)


def markers(sentence: Sentence) -> str:
    """The citation markers of a sentence: `[1][2]`, or nothing."""
    return "".join(f"[{number}]" for number in sentence.citations)
