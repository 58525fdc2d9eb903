"""What is recorded of each request: how it ended, how long each stage took, and one id through all of it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.commands import COMMANDS, Call
from bot.errors import ModelServerError
from bot.messages import Draft, Status
from bot.operations.records import CURRENT, Recorder, Served
from bot.replies import STOPPED
from bot.serving.desk import Desk
from bot.serving.tickets import Request
from bot.settings import ServingSettings
from tests.desks import open_desk
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, QUOTED, UNKNOWN, ScriptedAnswerer, Step

NAMED = {command.name: command for command in COMMANDS}


class Clock:
    """Time that passes when a step says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> Step:
        """A step that takes so long."""

        async def pass_time() -> None:
            self.now += seconds

        return pass_time


@asynccontextmanager
async def watched(*steps: Step, clock: Clock | None = None) -> AsyncIterator[tuple[Desk, list[Served]]]:
    """A desk whose requests are recorded."""
    served: list[Served] = []
    recorder = Recorder(served.append, clock=clock or Clock())
    async with open_desk(ScriptedAnswerer({"Who?": steps}), observers=(recorder,)) as desk:
        yield desk, served


def asks(command: str = "ask", text: str = "Who?", event: str = "1") -> Request:
    return Request("discord", event, Call(NAMED[command], text), "discord:ann", "discord:general")


async def serve(desk: Desk, request: Request) -> None:
    async with desk.take(request) as ticket:
        if ticket is not None:
            async for _ in ticket.events():
                pass


async def test_how_long_each_stage_took() -> None:
    clock = Clock()
    steps = (
        clock.passes(2),
        Status("reading"),
        clock.passes(3),
        Draft((APPLE,), (APPLE_QUOTE,)),
        clock.passes(4),
        ANSWERED,
        clock.passes(1),
    )
    async with watched(*steps, clock=clock) as (desk, served):
        await serve(desk, asks())
    (one,) = served
    assert one.seconds == {"queue": 0, "search": 2, "first_sentence": 5, "total": 10}
    assert (one.platform, one.command, one.outcome, one.error) == ("discord", "ask", "answered", "")
    assert one.passages == ("transcript/p10/1", "llama-2-license/2/1")
    assert one.model == "scripted"


@pytest.mark.parametrize(
    ("steps", "outcome", "error", "stages"),
    [
        ((Status("reading"), QUOTED), "quoted", "", {"queue", "search", "first_sentence", "total"}),
        ((Status("searching"), UNKNOWN), "unknown", "", {"queue", "search", "first_sentence", "total"}),
        (
            (Status("reading"), ModelServerError("It is away.")),
            "failed",
            "ModelServerError",
            {"queue", "search", "total"},
        ),
        ((ZeroDivisionError("Who?"),), "failed", "ZeroDivisionError", {"queue", "total"}),
    ],
)
async def test_how_a_question_ends(steps: tuple[Step, ...], outcome: str, error: str, stages: set[str]) -> None:
    async with watched(*steps) as (desk, served):
        await serve(desk, asks())
    (one,) = served
    assert (one.outcome, one.error, set(one.seconds)) == (outcome, error, stages)


async def test_a_command_without_a_model_is_replied_to() -> None:
    async with watched() as (desk, served):
        await serve(desk, asks("license", "2"))
        await serve(desk, asks("explain", "", event="2"))
    assert [(one.command, one.outcome, one.asks_model) for one in served] == [
        ("license", "replied", False),
        ("explain", "replied", False),
    ]
    assert served[1].passages


async def test_a_stopped_answer() -> None:
    reached = asyncio.Event()

    async def wait() -> None:
        reached.set()
        await asyncio.Event().wait()

    async with watched(wait) as (desk, served):
        asking = asyncio.create_task(serve(desk, asks()))
        await reached.wait()
        (ticket,) = desk._tickets.values()
        ticket.stop(STOPPED)
        await asking
    assert [one.outcome for one in served] == ["stopped"]


async def test_the_time_in_the_queue() -> None:
    clock, opened = Clock(), asyncio.Event()
    served: list[Served] = []
    recorder = Recorder(served.append, clock=clock)
    answerer = ScriptedAnswerer({"Who?": [opened.wait, ANSWERED]})
    async with open_desk(answerer, ServingSettings(), observers=(recorder,)) as desk:
        first = asyncio.create_task(serve(desk, asks()))
        second = asyncio.create_task(serve(desk, asks(event="2", text="Why?")))
        async with asyncio.timeout(5):
            while desk.waiting < 2:  # noqa: ASYNC110
                await asyncio.sleep(0)
        clock.now += 7
        opened.set()
        await asyncio.gather(first, second)
    assert {one.question: one.seconds["queue"] for one in served} == {"Who?": 0, "Why?": 7}


async def test_one_id_goes_through_all_that_is_done_for_a_request(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    async def note() -> None:
        seen.append(CURRENT.get())
        await asyncio.to_thread(lambda: seen.append(CURRENT.get()))

    async with watched(note, ANSWERED) as (desk, served):
        async with desk.take(asks()) as ticket:
            assert ticket is not None
            seen.append(CURRENT.get())
            async for _ in ticket.events():
                pass
            key = ticket.key
        logging.getLogger("bot.test").warning("over")
        await serve(desk, asks(event="2"))
    assert set(seen[:3]) == {served[0].id} and served[0].id != served[1].id
    assert key not in served[0].id
    assert CURRENT.get() == ""


async def test_an_event_that_came_twice_is_recorded_once() -> None:
    async with watched(ANSWERED) as (desk, served):
        await serve(desk, asks())
        await serve(desk, asks())
    assert len(served) == 1


async def test_who_asked_and_where_is_in_no_record() -> None:
    async with watched(ANSWERED) as (desk, served):
        await serve(desk, asks())
    assert "ann" not in repr(served[0]) and "general" not in repr(served[0])
