"""What the dialogues with fakes share: passages of the shipped documents, and an Answerer over them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from bot.answering.answerer import Answerer, Event
from bot.messages import Answer, Draft, Question, Turn
from bot.models.base import ChatModel
from knowledge.chunking import passages_of
from knowledge.documents import Document, Passage
from knowledge.loading import Library
from tests.fakes import FixedRetriever, ScriptedModel, judge

APPLE_ID, USERS_ID, NOTICE_ID = "transcript/p10/1", "llama-2-license/2/1", "llama-2-license/1.b.iii/1"


@dataclass
class Dialogue:
    """An Answerer with a scripted model over a few passages; `model` and `retriever` remember what they were asked."""

    answerer: Answerer
    model: ScriptedModel
    retriever: FixedRetriever

    def stream(self, text: str, *history: Turn) -> AsyncGenerator[Event, None]:
        return self.answerer.stream(Question(text, history))

    async def events(self, text: str = "Who?", *history: Turn) -> list[Event]:
        async with aclosing(self.stream(text, *history)) as events:
            return [event async for event in events]

    async def answer(self, text: str = "Who?", *history: Turn) -> Answer:
        last = (await self.events(text, *history))[-1]
        assert isinstance(last, Answer)
        return last

    async def drafts(self, text: str = "Who?") -> list[Draft]:
        return [event for event in await self.events(text) if isinstance(event, Draft)]


@dataclass
class Stage:
    """Sets up dialogues over passages named by their ids."""

    documents: tuple[Document, ...]
    passages: dict[str, Passage] = field(init=False)

    def __post_init__(self) -> None:
        self.passages = {p.id: p for document in self.documents for p in passages_of(document)}

    def __call__(
        self,
        model: ScriptedModel | str,
        *ids: str,
        step: float = 0.1,
        answers: bool = True,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> Dialogue:
        scripted = ScriptedModel.saying(model) if isinstance(model, str) else model
        chat: ChatModel = scripted
        retriever = FixedRetriever(*(self.passages[each] for each in ids or (APPLE_ID, USERS_ID)), step=step)
        answerer = Answerer(self.documents, retriever, chat, judge(answers), no_synonyms, clock)
        return Dialogue(answerer, scripted, retriever)


def no_synonyms(word: str, others: object) -> frozenset[str]:
    return frozenset()


@pytest.fixture(scope="session")
def dialogue(shipped: Library) -> Stage:
    """Dialogues over the shipped documents; unless others are named, with the passages on Apple and on users."""
    return Stage(shipped.documents)
