"""Servers that are restarted while a question is asked: it is said, they are waited for, and nothing is said twice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from bot.answering.answerer import Answerer
from bot.answering.patience import PAUSES, Patience
from bot.errors import ModelAwayError, ModelServerError
from bot.messages import Answer, Draft, Question, Status
from knowledge.errors import StoreAwayError, StoreError
from knowledge.retrieval import Findings, Retriever
from knowledge.vocabulary import Vocabulary
from tests.bot.answering.conftest import Stage
from tests.fakes import ModelStep, Piece, ScriptedModel

APPLE = "Companies like Apple, Snap and TikTok cannot use it freely."
AWAY = ModelAwayError("There is no model server.")
ANSWER = (Piece(f"{APPLE} [1]"),)


def model_of(*attempts: tuple[ModelStep, ...]) -> ScriptedModel:
    """A model that plays one script an attempt."""
    scripts: Iterator[tuple[ModelStep, ...]] = iter(attempts)
    return ScriptedModel(lambda asked: next(scripts))


async def events(answerer: Answerer, pauses: int = 3) -> list[Status | Draft | Answer]:
    patient = replace(answerer, pauses=(0.0,) * pauses)
    return [event async for event in patient.stream(Question("Which companies cannot use it?"))]


def drafts(happened: list[Status | Draft | Answer]) -> list[list[str]]:
    return [[sentence.text for sentence in event.sentences] for event in happened if isinstance(event, Draft)]


@dataclass
class Restarted:
    """A retriever whose server is away for some searches."""

    retriever: Retriever
    times: int
    error: StoreError

    async def search(self, query: str, limit: int, before: str = "", answer: str = "") -> Findings:
        self.times -= 1
        if self.times >= 0:
            raise self.error
        return await self.retriever.search(query, limit, before, answer)

    @property
    def vocabulary(self) -> Vocabulary:
        return self.retriever.vocabulary


class TestModelServer:
    async def test_it_is_said_that_it_is_waited_for_and_then_answered(self, dialogue: Stage) -> None:
        happened = await events(dialogue(model_of((AWAY,), (AWAY,), ANSWER)).answerer)
        stages = [event.stage for event in happened if isinstance(event, Status)]
        assert stages == ["searching", "reading", "writing", "waiting", "writing", "waiting", "writing"]
        assert isinstance(happened[-1], Answer) and happened[-1].outcome == "answered"

    async def test_a_sentence_that_was_said_before_it_broke_off_is_said_once(self, dialogue: Stage) -> None:
        broken = (Piece(f"{APPLE} [1] And"), AWAY)
        happened = await events(dialogue(model_of(broken, broken, ANSWER)).answerer)
        assert drafts(happened) == [[APPLE]]
        assert isinstance(happened[-1], Answer)
        assert [sentence.text for sentence in happened[-1].sentences if not sentence.quoted] == [APPLE]

    async def test_patience_ends_with_the_error(self, dialogue: Stage) -> None:
        model = model_of(*[(AWAY,)] * 4)
        with pytest.raises(ModelAwayError, match="There is no model server"):
            await events(dialogue(model).answerer)
        assert len(model.asked) == 4

    async def test_another_error_is_not_waited_for(self, dialogue: Stage) -> None:
        model = model_of((ModelServerError("It answers with 401."),), ANSWER)
        with pytest.raises(ModelServerError, match="401"):
            await events(dialogue(model).answerer)
        assert len(model.asked) == 1


class TestIndexServer:
    def answerer(self, dialogue: Stage, times: int, error: StoreError) -> Answerer:
        answerer = dialogue(model_of(ANSWER)).answerer
        return replace(answerer, retriever=Restarted(answerer.retriever, times, error))

    async def test_it_is_said_that_it_is_waited_for_and_then_answered(self, dialogue: Stage) -> None:
        happened = await events(self.answerer(dialogue, 2, StoreAwayError("It does not answer.")))
        assert happened[:3] == [Status("searching"), Status("waiting"), Status("waiting")]
        assert isinstance(happened[-1], Answer) and happened[-1].outcome == "answered"

    async def test_patience_is_one_for_the_whole_question(self, dialogue: Stage) -> None:
        answerer = dialogue(model_of((AWAY,), (AWAY,), ANSWER)).answerer
        retriever = Restarted(answerer.retriever, 2, StoreAwayError("It does not answer."))
        with pytest.raises(ModelAwayError):
            await events(replace(answerer, retriever=retriever))

    async def test_another_error_is_not_waited_for(self, dialogue: Stage) -> None:
        with pytest.raises(StoreError, match="damaged"):
            await events(self.answerer(dialogue, 1, StoreError("It is damaged.")))


async def test_without_pauses_an_error_stands() -> None:
    with pytest.raises(ModelAwayError):
        await Patience(()).wait(AWAY)


def test_it_is_half_a_minute() -> None:
    assert 25 <= sum(PAUSES) <= 35
