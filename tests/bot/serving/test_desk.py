"""The desk that all platforms share: once an event, in turn, stoppable, remembered, and never without an end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.commands import COMMANDS, Call
from bot.errors import JournalError, ModelFileError
from bot.journal import Journal, open_journal
from bot.messages import Answer, Draft, Status, Turn
from bot.replies import STOPPED, AboutReply, ClauseReply, Cut, Event
from bot.serving.desk import CLOSING, DROPPED, Desk
from bot.serving.tickets import ReadHistory, Request
from bot.settings import ServingSettings
from tests.desks import open_desk
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, ScriptedAnswerer, Step

NAMED = {command.name: command for command in COMMANDS}
SAID = Turn("user", "Who?"), Turn("assistant", " ".join(sentence.text for sentence in ANSWERED.sentences))


def asks(
    text: str = "Who?",
    *,
    event: str = "1",
    asker: str = "a",
    conversation: str = "c",
    command: str = "ask",
    history: ReadHistory | None = None,
) -> Request:
    return Request("test", event, Call(NAMED[command], text), asker, conversation, history)


async def shown(desk: Desk, request: Request) -> list[Event | Cut]:
    """Everything that a request yields; nothing for one that came before."""
    async with desk.take(request) as ticket:
        return [event async for event in ticket.events()] if ticket is not None else []


def says(*steps: Step) -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": steps, "And why?": [ANSWERED]})


@dataclass
class Waiting:
    """A step at which an answer waits."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        self.reached.set()
        await self.opened.wait()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


class TestAnswering:
    async def test_what_happens_until_the_answer(self) -> None:
        async with open_desk(says(Status("reading"), ANSWERED)) as desk:
            events = await shown(desk, asks())
        assert [event for event in events if event != Status("loading")] == [
            Status("searching"),
            Status("reading"),
            ANSWERED,
        ]

    async def test_the_same_event_is_served_once(self) -> None:
        answerer = says(ANSWERED)
        async with open_desk(answerer) as desk:
            assert await shown(desk, asks(event="1"))
            assert not await shown(desk, asks(event="1"))
            assert await shown(desk, asks(event="2"))
        assert len(answerer.asked) == 2

    async def test_commands_without_a_model_need_not_wait_for_it(self) -> None:
        gate = asyncio.Event()
        async with open_desk(says(), gate=gate) as desk:
            (clause,) = await shown(desk, asks("2", command="license"))
            (about,) = await shown(desk, asks("", event="2", command="about"))
        assert isinstance(clause, ClauseReply)
        assert isinstance(about, AboutReply)
        assert "Loading" in about.model or "Indexing" in about.model

    async def test_the_queue_place_then_the_turn(self, waiting: Waiting) -> None:
        async with open_desk(says(waiting, ANSWERED)) as desk:
            first = asyncio.create_task(shown(desk, asks()))
            await waiting.reached.wait()
            async with desk.take(asks("And why?", event="2", asker="b")) as ticket:
                assert ticket is not None
                events = ticket.events()
                assert await anext(events) == Status("queued", 1)
                assert desk.waiting == 2
                waiting.opened.set()
                assert [event async for event in events][-1] == ANSWERED
            await first

    @pytest.mark.parametrize("limit", ["rate", "queue"])
    async def test_too_much_is_a_kind_line(self, waiting: Waiting, limit: str) -> None:
        settings = ServingSettings(questions_a_minute=2 if limit == "rate" else 9, queue_limit=1)
        async with open_desk(says(waiting, ANSWERED), settings) as desk:
            tasks = [asyncio.create_task(shown(desk, asks(event=str(number)))) for number in range(2)]
            await waiting.reached.wait()
            (cut,) = await shown(desk, asks(event="9"))
            waiting.opened.set()
            await asyncio.gather(*tasks)
        assert isinstance(cut, Cut)
        assert "Please ask again" in cut.message or "Ask again in" in cut.message


class TestEndings:
    async def test_an_error_becomes_a_line_with_what_there_was(self) -> None:
        async with open_desk(says(Draft((APPLE,), (APPLE_QUOTE,)), ModelFileError("No model."))) as desk:
            events = await shown(desk, asks())
        assert events[-1] == Cut("No model.", Draft((APPLE,), (APPLE_QUOTE,)))

    async def test_a_model_that_could_not_be_loaded(self) -> None:
        async with open_desk(says(), error=ModelFileError("There is no model.")) as desk:
            assert (await shown(desk, asks()))[-1] == Cut("There is no model.")
            (about,) = await shown(desk, asks("", event="2", command="about"))
        assert isinstance(about, AboutReply) and about.model == ""

    async def test_a_fault_is_logged_and_not_shown(self, tmp_path: Path) -> None:
        async with open_desk(says(KeyError("secret")), data_dir=tmp_path) as desk:
            cut = (await shown(desk, asks()))[-1]
        assert isinstance(cut, Cut) and cut.message.startswith("An unexpected fault (KeyError)")
        assert "secret" not in cut.message + (tmp_path / "herald.log").read_text(encoding="utf-8")

    async def test_stopping(self, waiting: Waiting) -> None:
        answerer = says(waiting)
        async with open_desk(answerer) as desk, desk.take(asks()) as ticket:
            assert ticket is not None
            await waiting.reached.wait()
            assert desk.stop(ticket.key, "b") == "not yours"
            assert desk.stop("nothing", "a") == "over"
            assert desk.stop(ticket.key, "b", moderator=True) == "stopped"
            assert [event async for event in ticket.events()][-1] == Cut(STOPPED)
            assert desk.stop(ticket.key, "a") == "over"
        assert answerer.stopped == ["Who?"]

    async def test_leaving_early_stops_the_work(self, waiting: Waiting) -> None:
        answerer = says(waiting)
        async with open_desk(answerer) as desk:
            async with desk.take(asks()) as ticket:
                assert ticket is not None
                await waiting.reached.wait()
            assert ticket.last == Cut(DROPPED)
            assert desk.waiting == 0
            await asyncio.wait_for(desk.idle(), 1)
        assert answerer.stopped == ["Who?"]

    async def test_leaving_before_anything_began(self) -> None:
        async with open_desk(says(ANSWERED)) as desk:
            async with desk.take(asks()) as ticket:
                pass
            assert ticket is not None and ticket.last == Cut(DROPPED)
            assert [event async for event in ticket.events()] == [Cut(DROPPED)]

    async def test_draining_lets_what_runs_end(self, waiting: Waiting) -> None:
        async with open_desk(says(waiting, ANSWERED)) as desk:
            running = asyncio.create_task(shown(desk, asks()))
            await waiting.reached.wait()
            draining = asyncio.create_task(desk.drain())
            await asyncio.sleep(0)
            assert await shown(desk, asks("And why?", event="2")) == [Cut(CLOSING)]
            waiting.opened.set()
            await asyncio.wait_for(draining, 1)
            assert (await running)[-1] == ANSWERED

    async def test_draining_cuts_off_what_does_not(self, waiting: Waiting) -> None:
        async with open_desk(says(waiting), ServingSettings(grace_seconds=0)) as desk:
            running = asyncio.create_task(shown(desk, asks()))
            await waiting.reached.wait()
            await desk.drain()
            assert (await running)[-1] == Cut(CLOSING)
            await asyncio.wait_for(desk.idle(), 1)


class TestConversation:
    async def test_what_was_said_is_remembered_also_under_another_key(self) -> None:
        answerer = says(ANSWERED)
        async with open_desk(answerer) as desk:
            async with desk.take(asks(conversation="thread")) as ticket:
                assert ticket is not None
                assert [event async for event in ticket.events()]
                desk.also_known_as("message", ticket)
            await shown(desk, asks("And why?", event="2", conversation="thread"))
            await shown(desk, asks("And why?", event="3", conversation="message"))
            await shown(desk, asks("And why?", event="4", conversation="other"))
            assert desk.remembers("thread") and desk.recall("message")[:2] == SAID
            desk.forget("thread")
            assert not desk.remembers("thread")
        assert [question.history for question in answerer.asked] == [(), SAID, SAID, ()]

    async def test_history_is_read_where_nothing_is_remembered(self) -> None:
        reads = []

        async def history() -> tuple[Turn, ...]:
            reads.append(1)
            return SAID

        answerer = says(ANSWERED)
        async with open_desk(answerer) as desk:
            await shown(desk, asks(history=history))
            await shown(desk, asks("And why?", event="2", history=history))
        assert answerer.asked[0].history == SAID
        assert len(answerer.asked[1].history) == 4
        assert len(reads) == 1

    async def test_history_that_cannot_be_read_is_no_reason_not_to_answer(self) -> None:
        async def history() -> tuple[Turn, ...]:
            raise ConnectionError("no")

        async with open_desk(says(ANSWERED)) as desk:
            assert (await shown(desk, asks(history=history)))[-1] == ANSWERED


class TestJournal:
    @pytest.fixture
    async def journal(self, tmp_path: Path) -> AsyncIterator[Journal]:
        async with open_journal(tmp_path / "journal.sqlite3", retention_days=9) as opened:
            yield opened

    async def test_questions_and_votes_are_kept_commands_are_not(self, journal: Journal) -> None:
        async with open_desk(says(ANSWERED), journal=journal) as desk:
            async with desk.take(asks()) as ticket:
                assert ticket is not None
                await desk.placed(ticket, "here")
                assert [event async for event in ticket.events()]
            await shown(desk, asks("2", event="2", command="license"))
            assert await desk.vote(ticket.key, "b", False, "wrong")
            assert not await desk.vote("unknown", "b", True)
        summary = await journal.summary()
        assert summary.questions == 1 and summary.votes_down == 1
        assert [count.what for count in summary.outcomes] == ["answered"]

    @pytest.mark.parametrize(
        ("steps", "reason"),
        [((ModelFileError("No."),), "failed"), ((), "dropped"), ((asyncio.Event().wait,), "stopped")],
    )
    async def test_why_there_was_no_answer(self, journal: Journal, steps: tuple[Step, ...], reason: str) -> None:
        async with open_desk(says(*steps), journal=journal) as desk, desk.take(asks()) as ticket:
            assert ticket is not None
            if reason == "stopped":
                async for _ in ticket.events():
                    break
                desk.stop(ticket.key, "a")
            if reason != "dropped":
                assert [event async for event in ticket.events()]
        assert [count.what for count in (await journal.summary()).outcomes] == [reason]

    async def test_what_an_earlier_process_took_is_not_taken_again(self, journal: Journal) -> None:
        answerer = says(ANSWERED)
        for _ in range(2):
            async with open_desk(answerer, journal=journal) as desk:
                await shown(desk, asks())
        assert len(answerer.asked) == 1

    async def test_what_an_earlier_process_left_is_settled(self, tmp_path: Path, waiting: Waiting) -> None:
        marked: list[str] = []

        async def mark(place: str) -> None:
            marked.append(place)
            raise ConnectionError("gone")

        path = tmp_path / "crashed.sqlite3"
        async with (
            open_journal(path, retention_days=9) as crashed,
            open_desk(says(waiting), journal=crashed) as desk,
            desk.take(asks()) as ticket,
        ):
            assert ticket is not None
            await desk.placed(ticket, "here")
            async with open_journal(path, retention_days=9) as journal, open_desk(says(), journal=journal) as later:
                await later.settle("test", mark)
                await later.settle("test", mark)
                assert [count.what for count in (await journal.summary()).outcomes] == ["interrupted"]
        assert marked == ["here"]

    async def test_a_journal_that_fails_harms_no_answer(self, caplog: pytest.LogCaptureFixture) -> None:
        class Broken(Journal):
            async def begin(self, asked: object) -> bool:
                raise JournalError("The disk is full.")

            async def finish(self, key: str, answer: Answer) -> None:
                raise JournalError("The disk is full.")

            async def vote(self, key: str, voter: str, up: bool, reason: str = "") -> bool:
                raise JournalError("The disk is full.")

        broken = Broken.__new__(Broken)
        async with open_desk(says(ANSWERED), journal=broken) as desk:
            assert (await shown(desk, asks()))[-1] == ANSWERED
            assert not await desk.vote("key", "b", True)
        assert "The disk is full." in caplog.text
