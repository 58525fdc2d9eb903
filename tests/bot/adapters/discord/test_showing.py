"""How an answer is shown while it is written and in the end, and what becomes of it when something goes wrong."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.discord.delivery import TOO_LATE
from bot.adapters.discord.places import MOVED
from bot.errors import ModelServerError
from bot.messages import Draft, Sentence, Status
from bot.replies import STOPPED
from bot.serving.desk import CLOSING
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, USERS, USERS_QUOTE, ScriptedAnswerer, Step
from tests.platforms.discord_bot import herald
from tests.platforms.discord_server import DiscordServer, Limit, Message

FIRST = Draft((APPLE,), (APPLE_QUOTE,))


class Gate:
    """A step at which an answer waits until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.opened.wait()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def says(*steps: Step) -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": steps, "And why?": [ANSWERED]})


async def shown(server: DiscordServer, message: Message, words: str) -> None:
    await server.until(lambda: words in message.text)


class TestWhileItIsWritten:
    async def test_status_then_sentences_then_the_whole(
        self, server: DiscordServer, gate: Gate, tmp_path: Path
    ) -> None:
        answerer = says(Status("searching"), Status("reading"), FIRST, gate, ANSWERED)
        async with herald(server, answerer, tmp_path) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            (message,) = await server.until(lambda: server.replies(thread))
            await shown(server, message, "cannot use it freely. [1]\n\n-# Writing…")
            assert [it.label for it in message.buttons] == ["Stop"]
            gate.opened.set()
            await server.until(lambda: message.v2)
        assert message.content == ""
        assert "…" not in message.text
        assert [it.label or it.emoji for it in message.buttons] == ["1", "2"]

    async def test_the_place_in_the_queue_is_shown(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        async with herald(server, says(gate, ANSWERED), tmp_path) as bot:
            server.say(server.alice, server.general, "Who?", mention=True)
            await gate.reached.wait()
            second = server.slash(server.bob, server.general, "ask", question="And why?")
            (message,) = await server.until(lambda: second.replies)
            await shown(server, message, "1 question ahead of yours…")
            gate.opened.set()
            await server.until(lambda: message.v2)
            assert bot.desk.waiting == 0

    async def test_edits_are_coalesced_so_that_no_limit_delays_the_end(self, gate: Gate, tmp_path: Path) -> None:
        sentences = tuple(Sentence(f"Sentence {number}.", (1,)) for number in range(1, 41))
        drafts = [Draft(sentences[:number], (APPLE_QUOTE,)) for number in range(1, 41)]
        answerer = says(*drafts, gate, replace(ANSWERED, sentences=sentences))
        limits = {"webhook edit": Limit(2, 0.4)}
        async with DiscordServer(limits=limits) as server, herald(server, answerer, tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            await gate.reached.wait()
            (message,) = await server.until(lambda: asked.replies)
            await shown(server, message, "Sentence 40.")
            gate.opened.set()
            await server.until(lambda: message.v2)
            edits = [it for it in server.requests if it.method == "PATCH"]
            assert len(edits) <= 4
            assert all(it.status == 200 for it in edits)
            assert server.violations == []

    async def test_the_asker_can_stop_it(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        answerer = says(FIRST, gate)
        async with herald(server, answerer, tmp_path) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            (message,) = await server.until(lambda: server.replies(thread))
            await shown(server, message, "Apple")
            refused = server.click(server.bob, message, "Stop")
            (line,) = await server.until(lambda: refused.replies)
            assert line.text == "Only who asked can stop an answer, or a moderator." and line.ephemeral
            server.click(server.alice, message, "Stop")
            await server.until(lambda: message.v2)
        assert message.text.startswith("Companies like Apple") and message.text.endswith(STOPPED)
        assert answerer.stopped == ["Who?"]

    async def test_a_moderator_can_stop_it(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        async with herald(server, says(Status("searching"), gate), tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            (message,) = await server.until(lambda: [it for it in asked.replies if it.buttons])
            server.click(server.mira, message, "Stop")
            await server.until(lambda: message.v2)
        assert message.text == STOPPED


class TestManyAskers:
    async def test_fifty_at_once(self, server: DiscordServer, tmp_path: Path) -> None:
        people = [server.add_user(f"Person {number}", server.guild) for number in range(50)]
        answerer = ScriptedAnswerer({"Who?": [Status("searching"), ANSWERED]})
        async with herald(server, answerer, tmp_path):
            asked = [server.slash(person, server.general, "ask", question="Who?") for person in people]
            await server.until(lambda: all([it.v2 for it in one.replies] == [True] for one in asked), within=30)
        assert all(one.acknowledged_after is not None and one.acknowledged_after < 1 for one in asked)
        assert len(answerer.asked) == 50

    async def test_who_asks_too_often_and_a_full_queue_are_told_kindly(
        self, server: DiscordServer, gate: Gate, tmp_path: Path
    ) -> None:
        answerer = says(gate, ANSWERED)
        serving: dict[str, object] = {"questions_a_minute": 2, "queue_limit": 1}
        async with herald(server, answerer, tmp_path, serving=serving):
            server.slash(server.alice, server.general, "ask", question="Who?")
            await gate.reached.wait()
            waiting = server.slash(server.alice, server.general, "ask", question="And why?")
            await server.until(lambda: [it for it in waiting.replies if it.text])
            full = server.slash(server.bob, server.general, "ask", question="Who?")
            often = server.slash(server.alice, server.general, "ask", question="Who?")
            (full_line,) = await server.until(lambda: [it for it in full.replies if it.v2])
            (often_line,) = await server.until(lambda: [it for it in often.replies if it.v2])
            gate.opened.set()
            await server.until(lambda: [it for it in waiting.replies if it.v2])
        assert full_line.text == "2 questions are waiting already. Please ask again in a few minutes."
        assert often_line.text.startswith("That is more than 2 questions a minute. Ask again in ")

    async def test_an_event_that_comes_twice_is_answered_once(self, server: DiscordServer, tmp_path: Path) -> None:
        answerer = says(ANSWERED)
        async with herald(server, answerer, tmp_path) as bot:
            question = server.say(server.alice, server.general, "Who?", mention=True)
            server.repeat("MESSAGE_CREATE")
            thread = await bot.thread_of(question)
            await bot.answer(thread)
            asked = server.slash(server.alice, server.general, "ask", question="And why?")
            server.repeat("INTERACTION_CREATE")
            await server.until(lambda: [it for it in asked.replies if it.v2])
            await server.delivered()
            assert len(server.replies(thread)) == 1
        assert [it.text for it in answerer.asked] == ["Who?", "And why?"]


class TestWhatIsDeleted:
    async def test_the_question(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        answerer = says(Status("searching"), gate)
        async with herald(server, answerer, tmp_path, threads=False):
            question = server.say(server.alice, server.general, "Who?", mention=True)
            await server.until(lambda: server.replies(server.general))
            server.delete_message(question)
            await server.until(lambda: answerer.stopped and not server.replies(server.general))

    @pytest.mark.parametrize("what", ["thread", "channel", "answer"])
    async def test_where_it_is_answered(
        self, server: DiscordServer, gate: Gate, tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        answerer = says(Status("searching"), gate)
        async with herald(server, answerer, tmp_path) as bot:
            channel = server.add_channel("short-lived")
            thread = await bot.thread_of(server.say(server.alice, channel, "Who?", mention=True))
            (message,) = await server.until(lambda: server.replies(thread))
            if what == "thread":
                server.delete_thread(thread)
            elif what == "channel":
                server.delete_channel(channel)
            else:
                server.delete_message(message)
            await server.until(lambda: answerer.stopped)
            await bot.desk.idle()
        assert not [it for it in caplog.records if it.levelname == "ERROR"]

    async def test_the_response_to_a_command(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        answerer = says(Status("searching"), gate)
        async with herald(server, answerer, tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            (message,) = await server.until(lambda: [it for it in asked.replies if it.buttons])
            server.delete_message(message)
            await server.until(lambda: answerer.stopped)


class TestTrouble:
    async def test_the_model_dies_in_the_middle(self, server: DiscordServer, tmp_path: Path) -> None:
        answerer = says(FIRST, ModelServerError("The model server stopped. Please ask again."))
        async with herald(server, answerer, tmp_path) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            answer = await bot.answer(thread)
        assert answer.text.startswith("Companies like Apple")
        assert answer.text.endswith("The model server stopped. Please ask again.")

    async def test_a_fault_shows_no_traceback(self, server: DiscordServer, tmp_path: Path) -> None:
        async with herald(server, says(KeyError("secret")), tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        assert answer.text.startswith("An unexpected fault (KeyError)")
        assert "secret" not in answer.text and "Traceback" not in answer.text

    async def test_a_fault_while_showing_is_told_too(self, server: DiscordServer, tmp_path: Path) -> None:
        broken = replace(ANSWERED, citations=(replace(APPLE_QUOTE, quote=None),))  # type: ignore[arg-type]
        async with herald(server, says(broken), tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        assert answer.text.startswith("An unexpected fault (AttributeError)")

    async def test_discord_fails_for_a_while(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        async with herald(server, says(Status("searching"), gate, ANSWERED), tmp_path) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            await server.until(lambda: server.replies(thread))
            server.fail("PATCH", 503)
            server.throttle("PATCH", 0.05)
            gate.opened.set()
            assert "Apple" in (await bot.answer(thread)).text

    async def test_a_ban_for_a_moment(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        async with herald(server, says(Status("searching"), gate, ANSWERED), tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            await server.until(lambda: [it for it in asked.replies if it.buttons])
            server.ban("PATCH")
            gate.opened.set()
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        assert "Apple" in answer.text

    async def test_what_discord_does_not_take_is_told(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        async with herald(server, says(Status("searching"), gate, ANSWERED), tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            await server.until(lambda: [it for it in asked.replies if it.buttons])
            server.fail("PATCH", 400, code=50035)
            gate.opened.set()
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        assert answer.text == "The answer could not be shown on Discord. Please ask again."

    async def test_an_acknowledgement_that_is_too_late_becomes_a_message(self, tmp_path: Path) -> None:
        async with DiscordServer() as server, herald(server, says(ANSWERED), tmp_path) as bot:
            server.lag = 3.5
            server.slash(server.alice, server.general, "ask", question="Who?")
            assert "Apple" in (await bot.answer(server.general)).text
            (late,) = server.violations
            assert late.startswith("the first response to 'ask' came after 3.5")

    @pytest.mark.parametrize("private", [False, True])
    async def test_a_queue_that_is_longer_than_an_interaction_lives(
        self, tmp_path: Path, private: bool, gate: Gate
    ) -> None:
        async with DiscordServer(deadline=10_000) as server, herald(server, says(gate, ANSWERED), tmp_path) as bot:
            server.say(server.alice, server.general, "Who?", mention=True)
            await gate.reached.wait()
            server.clock.advance(-854.5)
            asked = server.slash(server.bob, server.general, "ask", question="And why?", private=private)
            server.clock.advance(854.5)
            (message,) = await server.until(lambda: [it for it in asked.replies if it.text])
            await shown(server, message, TOO_LATE if private else MOVED)
            gate.opened.set()
            if not private:
                assert "Apple" in (await bot.answer(server.general)).text
            await server.until(lambda: bot.desk.waiting == 0)
            assert server.violations == []


class TestConnection:
    @pytest.mark.parametrize("how", ["drop", "reconnect", "invalidate"])
    async def test_it_is_lost_in_the_middle_of_an_answer(
        self, server: DiscordServer, gate: Gate, tmp_path: Path, how: str
    ) -> None:
        answerer = says(FIRST, gate, ANSWERED)
        async with herald(server, answerer, tmp_path) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            await server.until(lambda: server.replies(thread))
            if how == "drop":
                server.drop()
            elif how == "reconnect":
                server.reconnect()
            else:
                server.invalidate_session(resumable=True)
            await server.until(lambda: not server.online)
            missed = server.say(server.bob, server.general, "And why?", mention=True)
            await server.until(lambda: server.online)
            gate.opened.set()
            assert "The limit is 700 million" in (await bot.answer(thread)).text
            await bot.answer(await bot.thread_of(missed))
            await server.delivered()
            assert server.connections[-1].resumed
        assert [it.text for it in answerer.asked] == ["Who?", "And why?"]

    async def test_leaving_marks_what_is_cut_off(self, server: DiscordServer, gate: Gate, tmp_path: Path) -> None:
        answerer = says(FIRST, gate)
        async with herald(server, answerer, tmp_path, serving={"grace_seconds": 0}) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            (message,) = await server.until(lambda: server.replies(thread))
            await shown(server, message, "Apple")
            await bot.leave()
        assert message.text.endswith(CLOSING)
        assert message.text.startswith("Companies like Apple")

    async def test_what_is_asked_while_it_leaves_is_told_so(
        self, server: DiscordServer, gate: Gate, tmp_path: Path
    ) -> None:
        async with herald(server, says(gate, ANSWERED), tmp_path) as bot:
            server.say(server.alice, server.general, "Who?", mention=True)
            await gate.reached.wait()
            leaving = asyncio.create_task(bot.desk.drain())
            late = server.slash(server.bob, server.general, "ask", question="And why?")
            (line,) = await server.until(lambda: [it for it in late.replies if it.v2])
            gate.opened.set()
            await leaving
        assert line.text == CLOSING


class TestLength:
    async def test_a_long_answer_is_several_messages_within_the_limits(
        self, server: DiscordServer, tmp_path: Path
    ) -> None:
        sentences = tuple(Sentence(f"{number} " + "word " * 120 + "end.", (1, 2)) for number in range(12))
        citations = tuple(replace(APPLE_QUOTE, number=number) for number in range(1, 21))
        long = replace(ANSWERED, sentences=sentences, citations=(*citations, replace(USERS_QUOTE, number=21)))
        async with herald(server, says(Draft(sentences, citations), long), tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            answers = await server.until(lambda: [it for it in asked.replies if it.v2][2:] and asked.replies)
        words = " ".join(" ".join(it.text for it in answers).split())
        assert all(f"{number} word" in words for number in range(12))
        assert words.count("end. [1][2]") == 12
        assert len(answers[-1].buttons) == 21

    async def test_a_draft_longer_than_a_message_is_cut(
        self, server: DiscordServer, gate: Gate, tmp_path: Path
    ) -> None:
        draft = Draft((Sentence("word " * 900 + "end.", (1,)),), (APPLE_QUOTE,))
        async with herald(server, says(draft, gate, ANSWERED), tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            (message,) = await server.until(lambda: asked.replies)
            await shown(server, message, " …\n\n-# Writing…")
            gate.opened.set()
            await server.until(lambda: message.v2)
        assert USERS.text in message.text
