"""Fakes that tests share: they stand in for what is slow, and remember what was asked of them."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.messages import Answer, Citation, Draft, Question, Sentence, Status, Timings
from knowledge.embedding import Vectors

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

    def __init__(self, name: str = "word-hash", size: int = 64) -> None:
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
            vector[int.from_bytes(digest[:4], "big") % self._size] += 1.0 if digest[4] % 2 else -1.0
        return vector / np.linalg.norm(vector)
