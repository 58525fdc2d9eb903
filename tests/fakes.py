"""Fakes that tests share: they stand in for what is slow, and remember what was asked of them."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np

from bot.answering.answerability import Answerability, Features
from bot.messages import Answer, Citation, Draft, Question, Sentence, Status, Timings, Turn
from bot.models.base import SamplingOptions
from knowledge.documents import Passage
from knowledge.embedding import Vectors
from knowledge.retrieval import Findings, RankedPassage
from knowledge.vocabulary import Vocabulary

Step = Status | Draft | Answer | Exception | Callable[[], Awaitable[object]]

TIMINGS = Timings(search=0.0312345, first_sentence=0.4, total=1.25)

APPLE_QUOTE = Citation(
    number=1,
    source="transcript",
    title="The video",
    locator="¶ 10",
    quote="companies like Apple Snap TikTok  a lot of the other big tech companies",
    start=3015,
    end=3086,
    passage="transcript/p10/1",
    reading="companies like Apple, Snap, TikTok, a lot of the other big tech companies",
)
USERS_QUOTE = Citation(
    number=2,
    source="llama-2-license",
    title="Llama 2 Community License Agreement",
    locator="§ 2",
    quote="greater than 700 million monthly active users",
    start=3497,
    end=3542,
    passage="llama-2-license/2/1",
    reading="greater than 700 million monthly active users",
)
APPLE = Sentence("Companies like Apple, Snap and TikTok cannot use it freely.", (1,))
USERS = Sentence("The limit is 700 million monthly active users.", (2,))

ANSWERED = Answer(
    outcome="answered",
    sentences=(APPLE, USERS),
    citations=(APPLE_QUOTE, USERS_QUOTE),
    model="scripted",
    timings=TIMINGS,
    notes=("This is not legal advice.",),
)
QUOTED = Answer(
    outcome="quoted",
    sentences=(Sentence(APPLE_QUOTE.reading, (1,), quoted=True),),
    citations=(APPLE_QUOTE,),
    model="scripted",
    timings=TIMINGS,
)
UNKNOWN = Answer("unknown", (Sentence("I can't answer that from my sources.", ()),), (), "scripted", TIMINGS)


@dataclass
class ScriptedAnswerer:
    """Answers each question with the steps scripted for it: events to yield, an error to raise, something to await.

    A question without a script is refused. `asked` holds the questions, `stopped` the texts of those cut short.
    """

    script: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    model_name: str = "scripted"
    asked: list[Question] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    async def stream(self, question: Question) -> AsyncGenerator[Status | Draft | Answer, None]:
        """Play the script of a question."""
        self.asked.append(question)
        try:
            for step in self.script.get(question.text, (Status("searching"), UNKNOWN)):
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Status | Draft | Answer):
                    yield step
                else:
                    await step()
        except (GeneratorExit, asyncio.CancelledError):
            self.stopped.append(question.text)
            raise


class WordHashEmbedder:
    """Texts to unit vectors by hashing their words: texts that share words are near. `embedded` counts its texts."""

    def __init__(self, name: str = "word-hash", size: int = 256) -> None:
        self.name = name
        self.embedded = 0
        self._size = size

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), size)."""
        self.embedded += len(texts)
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self._size, dtype=np.float32)
        vector[0] = 0.01  # a text without words has a direction too
        for word in re.findall(r"\w+", text.lower()):
            digest = hashlib.sha256(word.encode()).digest()
            for first, second in zip(digest[::2], digest[1::2], strict=True):
                vector[(first * 256 + second) // 2 % self._size] += 1.0 if second % 2 else -1.0
        return vector / np.linalg.norm(vector)


HANG: Literal["hang"] = "hang"
"""A step of a ScriptedModel: nothing more comes until the stream is closed."""


@dataclass(frozen=True)
class Piece:
    """A step of a ScriptedModel: a piece of text that it writes."""

    text: str


ModelStep = Piece | Exception | Literal["hang"]
Script = Callable[[str], Sequence[ModelStep]]


@dataclass
class ScriptedModel:
    """A ChatModel that plays a script: pieces to write, an error to raise, or HANG.

    `script` is given the last turn's text. `asked` holds the turns of each request, `running` counts the streams that
    are open and `stopped` those that were closed early; `hanging` is set while one hangs.
    """

    script: Script
    name: str = "scripted"
    waiting: int = 0
    asked: list[tuple[Turn, ...]] = field(default_factory=list)
    options: list[SamplingOptions] = field(default_factory=list)
    running: int = 0
    stopped: int = 0
    closed: bool = False
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def saying(cls, *texts: str, waiting: int = 0) -> "ScriptedModel":
        """A model that answers whatever it is asked with these pieces."""
        return cls(lambda asked: [Piece(text) for text in texts], waiting=waiting)

    async def stream(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        """Play the script."""
        self.asked.append(tuple(turns))
        self.options.append(options)
        self.running += 1
        try:
            for step in self.script(turns[-1].text):
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Piece):
                    await asyncio.sleep(0)  # lets other questions have their turn, as a real model does
                    yield step.text
                else:
                    self.hanging.set()
                    await asyncio.Event().wait()
        except (GeneratorExit, asyncio.CancelledError):
            self.stopped += 1
            raise
        finally:
            self.running -= 1

    async def aclose(self) -> None:
        """Remember that the model was freed."""
        self.closed = True


class FixedRetriever:
    """Finds the same passages whatever is asked, best first; `queries` holds what it was asked."""

    def __init__(self, *passages: Passage, step: float = 0.1) -> None:
        """Each passage scores `step` less than the one before it."""
        scores = [1.0 - step * place for place in range(len(passages))]
        self.found = tuple(RankedPassage(p, s, s, s, s) for p, s in zip(passages, scores, strict=True))
        self.vocabulary = Vocabulary(passages, [])
        self.searched: list[tuple[str, str, str]] = []

    async def search(self, query: str, limit: int, before: str = "", answer: str = "") -> Findings:
        """The passages, at most `limit`."""
        self.searched.append((query, before, answer))
        return Findings(self.found[:limit], answered=0.0, unanswered=0.0, vote=0.0)


def judge(answers: bool) -> Answerability:
    """A judge that finds every question answerable, or none."""
    return Answerability(tuple(0.0 for _ in fields(Features)), bias=9.0 if answers else -9.0, threshold=0.5)
