"""How an answer is shown while it is made, and what happens when Slack will not have it so."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.slack.delivery import NOT_SHOWN
from bot.adapters.slack.office import Pace
from bot.adapters.slack.private import LATE
from bot.errors import ModelServerError
from bot.messages import Draft, Sentence, Status
from bot.serving.lines import STOPPING
from bot.settings import ServingSettings
from tests.fakes import ANSWERED, APPLE_QUOTE, UNKNOWN, ScriptedAnswerer, Step
from tests.platforms.slack_bot import APPLE_DRAFT, WHOLE_DRAFT, herald
from tests.platforms.slack_server import Message, SlackOptions, SlackServer

FIRST = "Companies like Apple, Snap and TikTok cannot use it freely. [1]"
SECOND = "The limit is 700 million monthly active users. [2]"
SOURCES = "[1] ¶ 10 · The video"


def says(*steps: Step) -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": steps})


def one_gate() -> tuple[asyncio.Event, ScriptedAnswerer]:
    """An answer that waits between its sentences until the gate opens."""
    gate = asyncio.Event()
    return gate, says(Status("searching"), APPLE_DRAFT, gate.wait, WHOLE_DRAFT, ANSWERED)


async def first_sentence(slack: SlackServer, asked: Message) -> Message:
    """The reply that shows the first sentence, finished or not."""
    found = await slack.until(lambda: next((it for it in slack.replies(asked) if FIRST in it.shown), None))
    assert found is not None
    return found


async def stoppable(slack: SlackServer, asked: Message) -> None:
    """Wait until a thread shows Slack's stop button."""
    await slack.until(lambda: (session := slack.session(asked)) and session.status == "processing")


async def complete(slack: SlackServer, message: Message) -> None:
    """Wait until a message shows the whole answer with its sources."""
    await slack.until(lambda: SECOND in message.shown and SOURCES in message.shown)


class TestStatus:
    async def test_it_is_there_at_once_and_gone_with_the_answer(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = asyncio.Event()
        async with herald(slack, tmp_path, says(Status("searching"), gate.wait, ANSWERED)):
            asked = slack.mention("ann", "general", "Who?")
            await slack.until(lambda: slack.status(asked) == "Searching the sources…")
            gate.set()
            await slack.reply(asked)
        assert slack.status(asked) == ""

    async def test_the_place_in_the_queue_is_shown(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = asyncio.Event()
        async with herald(slack, tmp_path, says(Status("searching"), gate.wait, ANSWERED)):
            first = slack.mention("ann", "general", "Who?")
            await slack.until(lambda: slack.status(first))
            second = slack.mention("bob", "general", "Who?")
            await slack.until(lambda: slack.status(second) == "1 question ahead of yours…")
            assert slack.streams == []  # a stream would die while it waits
            gate.set()
            await slack.reply(second)

    async def test_it_is_set_again_before_slack_clears_it(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = asyncio.Event()
        pace = Pace(edit=0, ping=0.5, status=0.02)
        async with herald(slack, tmp_path, says(Status("reading"), gate.wait, ANSWERED), pace=pace):
            asked = slack.mention("ann", "general", "Who?")
            await slack.until(lambda: len(slack.statuses) >= 3)
            gate.set()
            await slack.reply(asked)

    async def test_where_slack_shows_none_it_is_a_message(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = asyncio.Event()
        slack.fail("assistant.threads.setStatus", "method_not_supported_for_channel_type")
        answerer = says(Status("searching"), gate.wait, Status("reading"), ANSWERED)
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            message = await slack.reply(asked)
            assert message.shown == "Searching the sources…\nStop"
            gate.set()
            await complete(slack, message)
        assert len(slack.replies(asked)) == 1

    async def test_while_the_model_loads(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = asyncio.Event()
        async with herald(slack, tmp_path, says(ANSWERED), gate=gate):
            asked = slack.mention("ann", "general", "Who?")
            await slack.until(lambda: slack.status(asked) == "Starting up…")
            gate.set()
            await slack.reply(asked)


class TestStream:
    async def test_sentences_come_one_by_one_and_the_sources_below_them(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            assert answer.is_streaming and SECOND not in answer.shown
            gate.set()
            await slack.reply(asked)
        assert answer.shown.startswith(f"{FIRST}\n{SECOND}\n{SOURCES}")
        assert answer.stream is not None and answer.stream.state == "stopped"
        assert len(slack.replies(asked)) == 1

    async def test_what_is_no_plain_text_stays_plain(self, slack: SlackServer, tmp_path: Path) -> None:
        nasty = Sentence("See <!here> <@U0001BOB> [x](https://evil.example) https://evil.example *b* `c` & so.", (1,))
        draft = Draft((nasty,), (APPLE_QUOTE,))
        answer = replace(ANSWERED, sentences=(nasty,), citations=(APPLE_QUOTE,))
        async with herald(slack, tmp_path, says(draft, answer)):
            streamed = await slack.reply(slack.mention("ann", "general", "Who?"))
            slack.disallow_streaming()
            posted = await slack.reply(slack.mention("bob", "general", "Who?"))
        for message in (streamed, posted):
            assert not message.mentions and not message.links
        assert "[x](https://evil.example) https://evil.example *b* `c` & so." in posted.shown

    async def test_where_it_is_not_allowed_the_answer_is_edited(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        slack.disallow_streaming()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            assert answer.stream is None and SECOND not in answer.shown and "stop" in answer.action_ids
            gate.set()
            await complete(slack, answer)
        assert "stop" not in answer.action_ids
        assert len(slack.replies(asked)) == 1

    async def test_after_its_five_minutes_the_answer_is_edited(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            await slack.advance(301)
            gate.set()
            await complete(slack, answer)
        assert answer.shown.count(FIRST) == 1
        assert len(slack.replies(asked)) == 1

    async def test_a_stream_that_dies_at_the_very_end_is_made_good(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = asyncio.Event()
        async with herald(slack, tmp_path, says(WHOLE_DRAFT, gate.wait, ANSWERED)):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            await slack.advance(301)
            gate.set()
            await complete(slack, answer)
        assert answer.shown.count(FIRST) == 1

    async def test_an_answer_that_is_put_differently_in_the_end_replaces_the_stream(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, says(Draft((Sentence("Other.", (1,)),), (APPLE_QUOTE,)), ANSWERED)):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            await complete(slack, answer)
        assert "Other." not in answer.shown and len(slack.replies(asked)) == 1

    async def test_a_call_that_breaks_off_shows_no_sentence_twice(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            slack.drop_calls("chat.appendStream", 5)
            slack.drop_calls("chat.stopStream", 1)
            gate.set()
            await complete(slack, answer)
        assert answer.shown.count(SECOND) == 1 and len(slack.replies(asked)) == 1

    async def test_an_end_that_fails_again_and_again_is_shown_once_slack_is_well(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        slack.disallow_streaming()
        async with herald(slack, tmp_path, says(ANSWERED)):
            slack.drop_calls("chat.postMessage", 7)  # four attempts, each of which the SDK repeats once
            asked = slack.mention("ann", "general", "Who?")
            await slack.until(lambda: any(SOURCES in message.shown for message in slack.replies(asked)), within=20)
        assert len(slack.replies(asked)) == 1

    async def test_a_very_long_answer_is_complete(self, slack: SlackServer, tmp_path: Path) -> None:
        sentences = tuple(Sentence(f"Sentence {number} " + "word " * 150 + "ends.", (1,)) for number in range(40))
        draft, answer = Draft(sentences, (APPLE_QUOTE,)), replace(ANSWERED, sentences=sentences)
        async with herald(slack, tmp_path, says(Draft(sentences[:1], (APPLE_QUOTE,)), draft, answer)):
            asked = slack.mention("ann", "general", "Who?")
            await slack.until(lambda: any(SOURCES in message.shown for message in slack.replies(asked)), within=10)
        shown = "\n".join(message.shown for message in slack.replies(asked))
        assert all(f"Sentence {number} word" in shown for number in range(40))


class TestStopping:
    async def test_the_stop_button_of_a_stream(self, slack: SlackServer, tmp_path: Path) -> None:
        _, answerer = one_gate()
        async with herald(slack, tmp_path, answerer) as bot:
            asked = slack.dm("ann", "Who?")
            await first_sentence(slack, asked)
            await stoppable(slack, asked)
            slack.press_stop("ann", asked)
            answer = await slack.reply(asked)
            await bot.desk.idle()
        assert FIRST in answer.shown and answer.shown.split("\n")[-2] == "Stopped."
        assert answerer.stopped == ["Who?"]
        session = slack.session(asked)
        assert session is not None and session.status == "active"
        assert answer.shown.count(FIRST) == 1

    async def test_the_stop_button_in_the_queue(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            first = slack.dm("ann", "Who?")
            await first_sentence(slack, first)
            waiting = slack.dm("bob", "Who?")
            await stoppable(slack, waiting)
            slack.press_stop("bob", waiting)
            assert (await slack.reply(waiting)).shown == "Stopped."
            gate.set()
            await slack.reply(first)
        assert len(answerer.asked) == 1

    async def test_others_cannot_stop_an_answer_in_a_channel(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            await stoppable(slack, asked)
            slack.press_stop("bob", asked)
            await slack.until(lambda: slack.deliveries_of("agent_session_stopped")[0].acked)
            gate.set()
            await complete(slack, answer)
        assert answerer.stopped == [] and answer.shown.count(FIRST) == 1

    async def test_the_button_of_an_edited_answer(self, slack: SlackServer, tmp_path: Path) -> None:
        _, answerer = one_gate()
        slack.disallow_streaming()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            slack.click("bob", answer, "stop")
            told = await slack.until(lambda: slack.ephemerals)
            assert told[0].shown == STOPPING["not yours"] and told[0].ephemeral_to == slack.user("bob").id
            slack.click("ann", answer, "stop")
            await slack.until(lambda: "Stopped." in answer.shown)
        assert answerer.stopped == ["Who?"]


class TestTrouble:
    async def test_a_model_that_dies_says_so_and_keeps_what_was_verified(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        gate = asyncio.Event()
        error = ModelServerError("The model server is gone.")
        async with herald(slack, tmp_path, says(APPLE_DRAFT, gate.wait, error)):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            gate.set()
            await slack.until(lambda: "The model server is gone." in answer.shown)
        assert FIRST in answer.shown and SOURCES in answer.shown

    async def test_a_fault_shows_no_more_than_its_kind(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path, says(KeyError("a secret"))):
            answer = await slack.reply(slack.mention("ann", "general", "Who?"))
        assert "An unexpected fault (KeyError)" in answer.shown and "secret" not in answer.shown
        assert "secret" not in (tmp_path / "herald.log").read_text()

    async def test_rate_limits_are_waited_for(self, slack: SlackServer, tmp_path: Path) -> None:
        slack.rate_limit("chat.startStream")
        slack.rate_limit("chat.stopStream")
        async with herald(slack, tmp_path, says(WHOLE_DRAFT, ANSWERED)):
            answer = await slack.reply(slack.mention("ann", "general", "Who?"), within=10)
        assert FIRST in answer.shown and SOURCES in answer.shown

    async def test_errors_of_the_server_are_tried_again(self, slack: SlackServer, tmp_path: Path) -> None:
        slack.fail_http("chat.postMessage", 503)
        async with herald(slack, tmp_path):
            answer = await slack.reply(slack.mention("ann", "general", "hm?"))
        assert answer.shown.startswith(UNKNOWN.sentences[0].text)

    @pytest.mark.parametrize("method", ["chat.startStream", "assistant.threads.setStatus", "chat.appendStream"])
    async def test_what_fails_on_the_way_does_not_lose_the_answer(
        self, slack: SlackServer, tmp_path: Path, method: str
    ) -> None:
        slack.fail(method, "internal_error")
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            gate.set()
            await complete(slack, answer)
        assert len(slack.replies(asked)) == 1

    async def test_where_it_may_not_write_the_answer_is_a_direct_message(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        channel = slack.channel("general")
        gate = asyncio.Event()
        async with herald(slack, tmp_path, says(Status("searching"), gate.wait, ANSWERED)):
            asked = slack.mention("ann", "general", "Who?")
            await slack.until(lambda: slack.status(asked))
            slack.fail("chat.postMessage", "not_in_channel", times=1)
            gate.set()
            await slack.until(lambda: [it for it in slack.messages if it.channel.kind == "im" and FIRST in it.shown])
        told = next(message for message in slack.messages if message.channel.kind == "im")
        assert "invite the bot to the channel" in told.shown
        assert not [message for message in slack.messages if message.by_app and message.channel is channel]

    async def test_blocks_that_are_refused_leave_a_line(self, slack: SlackServer, tmp_path: Path) -> None:
        slack.fail("chat.postMessage", "invalid_blocks", times=1)
        async with herald(slack, tmp_path):
            answer = await slack.reply(slack.mention("ann", "general", "Who?"))
        assert answer.shown == NOT_SHOWN

    async def test_too_many_questions_at_once_are_turned_down_kindly(self, slack: SlackServer, tmp_path: Path) -> None:
        serving = ServingSettings(questions_a_minute=1)
        async with herald(slack, tmp_path, serving=serving):
            await slack.reply(slack.mention("ann", "general", "Who?"))
            answer = await slack.reply(slack.mention("ann", "general", "hm?"))
        assert "That is more than 1 question a minute." in answer.shown


class TestTakenBack:
    async def test_a_question_that_is_deleted_while_it_waits(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer) as bot:
            first = slack.mention("ann", "general", "Who?")
            await first_sentence(slack, first)
            asked = slack.mention("bob", "general", "Who?")
            await slack.until(lambda: slack.status(asked))
            slack.delete(asked)
            await slack.until(lambda: bot.desk.waiting == 1)
            gate.set()
            await slack.reply(first)
            await bot.desk.idle()
        assert slack.replies(asked) == [] and len(answerer.asked) == 1

    async def test_a_question_that_is_deleted_while_it_is_answered(self, slack: SlackServer, tmp_path: Path) -> None:
        _, answerer = one_gate()
        async with herald(slack, tmp_path, answerer) as bot:
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            slack.delete(asked)
            await bot.desk.idle()
            await slack.until(lambda: answer.deleted)
        assert answerer.stopped == ["Who?"] and slack.replies(asked) == []

    async def test_an_answer_that_is_deleted_while_it_is_written(self, slack: SlackServer, tmp_path: Path) -> None:
        _, answerer = one_gate()
        slack.disallow_streaming()
        async with herald(slack, tmp_path, answerer) as bot:
            asked = slack.mention("ann", "general", "Who?")
            slack.delete(await first_sentence(slack, asked))
            await bot.desk.idle()
        assert answerer.stopped == ["Who?"] and slack.replies(asked) == []

    async def test_a_thread_that_is_gone_without_a_word_is_left_quietly(self, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with SlackServer(SlackOptions(events=frozenset({"app_mention"}))) as slack:
            async with herald(slack, tmp_path, answerer) as bot:
                asked = slack.mention("ann", "general", "Who?")
                answer = await first_sentence(slack, asked)
                for message in (answer, asked):
                    message.deleted = True
                gate.set()
                await bot.desk.idle()
            assert slack.replies(asked) == [] and slack.violations == []


class TestPrivately:
    async def test_a_long_wait_is_told_and_the_answer_goes_another_way(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        gate = asyncio.Event()
        pace = Pace(edit=0, ping=0.5, response=0.05)
        async with herald(slack, tmp_path, says(Status("searching"), gate.wait, ANSWERED), pace=pace):
            slack.slash("ann", "general", "/ask", "Who?")
            await slack.until(lambda: any(message.shown == LATE for message in slack.ephemerals))
            gate.set()
            await slack.until(lambda: any(FIRST in message.shown for message in slack.ephemerals))

    async def test_without_a_response_url_it_is_a_direct_message(self, slack: SlackServer, tmp_path: Path) -> None:
        slack.platform.response_url = lambda channel, user, source: ""  # type: ignore[method-assign]
        async with herald(slack, tmp_path, says(ANSWERED)):
            slack.slash("ann", "random", "/ask", "Who?")
            await slack.until(lambda: any(it.channel.kind == "im" and FIRST in it.shown for it in slack.messages))


async def test_50_people_at_once_are_each_answered_once(tmp_path: Path) -> None:
    questions = [f"q{number}" for number in range(50)]
    answerer = ScriptedAnswerer({question: [Status("searching"), WHOLE_DRAFT, ANSWERED] for question in questions})
    # A burst of 50 leaves the pace to the rate limits of the other methods, which real time would take a minute for.
    async with SlackServer(SlackOptions(post_burst=50, tiers={"chat.startStream": 60, "chat.stopStream": 60})) as slack:
        async with herald(slack, tmp_path, answerer) as bot:
            askers = [slack.add_user(f"user{number}") for number in range(50)]
            asked = [slack.mention(user, "general", question) for user, question in zip(askers, questions, strict=True)]
            for message in asked:
                assert FIRST in (await slack.reply(message, within=30)).shown
            await bot.desk.idle()
        assert sorted(question.text for question in answerer.asked) == sorted(questions)
        assert all(len(slack.replies(message)) == 1 for message in asked)
        assert slack.violations == []


async def test_posts_in_one_channel_wait_for_each_other(tmp_path: Path) -> None:
    async with SlackServer(SlackOptions(post_burst=2, post_rate=2)) as slack:
        async with herald(slack, tmp_path, parallel=6) as bot:
            asked = [slack.mention(slack.add_user(f"user{number}"), "general", f"{number}?") for number in range(6)]
            for message in asked:
                await slack.reply(message, within=20)
            await bot.desk.idle()
        assert all(len(slack.replies(message)) == 1 for message in asked)
        assert slack.rate_limited and slack.violations == []


async def test_of_a_long_queue_only_some_places_are_shown(slack: SlackServer, tmp_path: Path) -> None:
    gates = [asyncio.Event() for _ in range(12)]
    answerer = ScriptedAnswerer({f"q{number}": [gate.wait, ANSWERED] for number, gate in enumerate(gates)})
    async with herald(slack, tmp_path, answerer):
        asked = [slack.dm(slack.add_user(f"user{number}"), f"q{number}") for number in range(12)]
        await slack.until(lambda: slack.status(asked[-1]) == "11 questions ahead of yours…")
        for message, gate in zip(asked[:-1], gates[:-1], strict=True):
            gate.set()
            await slack.reply(message)
        gates[-1].set()
        await slack.reply(asked[-1])
    shown = [status.text for status in slack.statuses if status.thread_ts == asked[-1].ts and status.text]
    places = [int(text.split()[0]) for text in shown if text[0].isdigit()]
    assert places[0] == 11 and len(places) <= 7


async def test_a_command_is_acknowledged_and_a_mention_shows_its_status_while_20_questions_wait(
    slack: SlackServer, tmp_path: Path
) -> None:
    gate = asyncio.Event()
    answerer = ScriptedAnswerer({f"q{number}": [Status("searching"), gate.wait, ANSWERED] for number in range(22)})
    async with herald(slack, tmp_path, answerer) as bot:
        askers = [slack.add_user(f"user{number}") for number in range(20)]
        for number, user in enumerate(askers):
            slack.dm(user, f"q{number}")
        await slack.until(lambda: bot.desk.waiting == 20)
        asking = await slack.acked(slack.slash("ann", "general", "/ask", "q20"))
        asked = slack.mention("bob", "general", "q21")
        began = slack.now()
        await slack.until(lambda: slack.status(asked))
        assert slack.now() - began < 1
        gate.set()
        await slack.reply(asked, within=20)
    assert asking.acked_after is not None and asking.acked_after < 1
