"""Connecting, losing the connection, leaving and coming back; and what the operator is told."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from bot.adapters.slack.office import Pace
from bot.errors import PlatformError
from bot.messages import Status
from bot.serving.desk import CLOSING, INTERRUPTED
from bot.settings import ServingSettings
from bot.tokens import Tokens
from tests.fakes import ANSWERED, UNKNOWN, ScriptedAnswerer
from tests.platforms.slack_bot import APPLE_DRAFT, QUICK, WHOLE_DRAFT, herald
from tests.platforms.slack_server import Message, SlackOptions, SlackServer

FIRST = "Companies like Apple, Snap and TikTok cannot use it freely. [1]"
SOURCES = "[1] ¶ 10 · The video"


def one_gate() -> tuple[asyncio.Event, ScriptedAnswerer]:
    gate = asyncio.Event()
    return gate, ScriptedAnswerer({"Who?": [Status("searching"), APPLE_DRAFT, gate.wait, WHOLE_DRAFT, ANSWERED]})


async def first_sentence(slack: SlackServer, asked: Message) -> Message:
    found = await slack.until(lambda: next((it for it in slack.replies(asked) if FIRST in it.shown), None))
    assert found is not None
    return found


class TestConnecting:
    async def test_the_operator_is_told(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path) as bot:
            assert bot.said == ["Connected to Slack as @herald in acme."]

    @pytest.mark.parametrize(
        ("bot_token", "app_token", "expected"),
        [
            ("xoxb-wrong", "", r"does not accept SLACK_BOT_TOKEN \(invalid_auth\): copy it again from OAuth"),
            ("xapp-wrong", "", "SLACK_BOT_TOKEN is not a bot token: copy the one that begins with xoxb-"),
            ("", "xapp-wrong", r"SLACK_APP_TOKEN \(invalid_auth\)"),
            ("", "xoxb-0001-acme", "SLACK_APP_TOKEN is not an app token: copy the one that begins with xapp-"),
        ],
    )
    async def test_a_wrong_token_ends_it_and_says_what_to_do(
        self, slack: SlackServer, tmp_path: Path, bot_token: str, app_token: str, expected: str
    ) -> None:
        tokens = Tokens(slack_bot=bot_token or slack.bot_token, slack_app=app_token or slack.app_token)
        with pytest.raises(PlatformError, match=expected) as raised:
            async with herald(slack, tmp_path, tokens=tokens):
                pass
        assert (bot_token or app_token) not in str(raised.value)

    async def test_a_user_token_is_none_of_a_bot(self, slack: SlackServer, tmp_path: Path) -> None:
        slack.team.bot_id = ""
        with pytest.raises(PlatformError, match="is not a bot token"):
            async with herald(slack, tmp_path):
                pass

    async def test_a_slack_that_is_not_there(self, tmp_path: Path) -> None:
        async with SlackServer() as slack:
            slack.api_url = "http://127.0.0.1:1/api/"
            with pytest.raises(PlatformError, match="Slack cannot be reached"):
                async with herald(slack, tmp_path):
                    pass

    async def test_scopes_that_are_missing_are_named(self, tmp_path: Path) -> None:
        scopes = frozenset({"app_mentions:read", "assistant:write", "chat:write", "commands", "im:history"})
        async with SlackServer(SlackOptions(scopes=scopes)) as slack:
            async with herald(slack, tmp_path) as bot:
                assert "lacks channels:history, groups:history;" in bot.said[0]
                answer = await slack.reply(slack.mention("ann", "general", "hm?"))
            assert answer.shown.startswith(UNKNOWN.sentences[0].text)
            assert slack.violations == []

    async def test_proxies_are_not_asked_for_loopback(
        self, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        async with herald(slack, tmp_path):
            await slack.reply(slack.mention("ann", "general", "hm?"))
            slack.slash("ann", "general", "/license", "2")
            await slack.until(lambda: slack.ephemerals)

    async def test_secrets_and_questions_stay_out_of_the_log(
        self, slack: SlackServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for name in ("bot", "slack_bolt", "slack_sdk", "asyncio", "aiohttp"):
            caplog.set_level(logging.DEBUG, name)
        async with herald(slack, tmp_path):
            slack.fail("chat.postMessage", "internal_error", times=1)
            await slack.reply(slack.mention("ann", "general", "a private matter?"))
            await slack.drop_connections()
            await slack.connected()
        for secret in (slack.bot_token, slack.app_token, slack.signing_secret, "ticket=", "a private matter"):
            assert secret not in caplog.text


class TestConnection:
    async def test_slack_may_ask_for_a_new_one(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            slack.disconnect()
            await slack.until(lambda: len(slack.calls_to("apps.connections.open")) == 2)
            await slack.connected()
            gate.set()
            await slack.until(lambda: SOURCES in answer.shown)
            await slack.reply(slack.mention("bob", "general", "hm?"))
        assert len(slack.replies(asked)) == 1 and len(answerer.asked) == 2

    async def test_one_that_drops_in_the_middle_of_an_answer_loses_and_doubles_nothing(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            await slack.drop_connections()
            gate.set()
            await slack.until(lambda: SOURCES in answer.shown)
            await slack.connected()
            later = slack.mention("bob", "general", "hm?")
            await slack.reply(later)
        assert len(slack.replies(asked)) == 1 and len(answerer.asked) == 2

    async def test_one_that_stays_away_is_told_to_the_operator(self, slack: SlackServer, tmp_path: Path) -> None:
        pace = Pace(edit=0, ping=0.05, lost=0.1)
        async with herald(slack, tmp_path, pace=pace) as bot:
            slack.fail("apps.connections.open", "internal_error")
            await slack.drop_connections()
            assert bot.desk.connections.states == {"slack": True}
            await bot.hears("is lost")
            assert bot.desk.connections.states == {"slack": False}
            slack.heal()
            await bot.hears("Connected to Slack again.")
            assert bot.desk.connections.states == {"slack": True} and bot.desk.connections.losses["slack"] == 1


class TestLeaving:
    async def test_answers_are_finished_first(self, slack: SlackServer, tmp_path: Path) -> None:
        gate, answerer = one_gate()
        async with herald(slack, tmp_path, answerer) as bot:
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            leaving = asyncio.create_task(bot.leave())
            late = slack.mention("bob", "general", "hm?")
            assert (await slack.reply(late)).shown == CLOSING
            gate.set()
            await asyncio.wait_for(leaving, 5)
        assert SOURCES in answer.shown
        assert slack.connections == []

    async def test_what_takes_too_long_is_marked(self, slack: SlackServer, tmp_path: Path) -> None:
        _, answerer = one_gate()
        async with herald(slack, tmp_path, answerer, serving=ServingSettings(grace_seconds=0)) as bot:
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            await asyncio.wait_for(bot.leave(), 5)
        assert FIRST in answer.shown and CLOSING in answer.shown and not answer.is_streaming

    async def test_a_slack_that_hangs_does_not_hold_it_up(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path) as bot:
            slack.hold("chat.postMessage")
            slack.mention("ann", "general", "hm?")
            await slack.until(lambda: slack.calls_to("chat.postMessage"))
            await asyncio.wait_for(bot.adapter.aclose(), 5)

    async def test_before_it_is_connected(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = slack.hold("apps.connections.open")
        connecting = asyncio.create_task(_connect(slack, tmp_path))
        await slack.until(lambda: gate.waiting)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(connecting, 5)


async def _connect(slack: SlackServer, folder: Path) -> None:
    async with herald(slack, folder):
        pass


class TestComingBack:
    async def test_answers_that_a_crash_cut_off_are_marked_once(self, slack: SlackServer, tmp_path: Path) -> None:
        _, answerer = one_gate()
        crashed = tmp_path / "crashed"
        async with herald(slack, tmp_path, answerer) as bot:
            streamed = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, streamed)
            waiting = slack.mention("bob", "general", "Who?")
            slack.slash(slack.add_user("eve"), "general", "/ask", "Who?")
            await slack.until(lambda: slack.session(streamed) and slack.status(waiting) and slack.ephemerals)
            # What a process that dies leaves: a journal with open questions, and nobody who writes.
            await asyncio.to_thread(copy_journal, tmp_path, crashed)
            bot.run.cancel()
            await asyncio.wait([bot.run])
        async with herald(slack, crashed) as second:
            await slack.until(lambda: INTERRUPTED in answer.shown)
            await slack.until(lambda: [it.shown for it in slack.replies(waiting)] == [INTERRUPTED])
            await slack.until(lambda: slack.ephemerals[-1].shown == INTERRUPTED)
            await slack.reply(slack.mention("bob", "general", "hm?"))
            await second.leave()
            assert await second.journal.interrupted("slack") == []
        assert FIRST in answer.shown and not answer.is_streaming

    async def test_an_edited_answer_is_marked_too(self, slack: SlackServer, tmp_path: Path) -> None:
        _, answerer = one_gate()
        slack.disallow_streaming()
        async with herald(slack, tmp_path, answerer) as bot:
            asked = slack.mention("ann", "general", "Who?")
            answer = await first_sentence(slack, asked)
            await slack.until(lambda: slack.session(asked))
            await asyncio.to_thread(copy_journal, tmp_path, tmp_path / "crashed")
            bot.run.cancel()
            await asyncio.wait([bot.run])
        async with herald(slack, tmp_path / "crashed"):
            await slack.until(lambda: answer.shown == INTERRUPTED)


def copy_journal(source: Path, target: Path) -> None:
    """A copy of a journal as it is on the disk now."""
    target.mkdir()
    name = "journal.sqlite3"
    with closing(sqlite3.connect(source / name)) as read, closing(sqlite3.connect(target / name)) as write:
        read.backup(write)


def test_the_pace_keeps_slacks_limits() -> None:
    pace = Pace()
    assert pace.edit >= 60 / 50 and pace.status < 120 and pace.response < 30 * 60
    assert QUICK.edit == 0


async def test_nothing_blocks_the_event_loop(slack: SlackServer, tmp_path: Path) -> None:
    answerer = ScriptedAnswerer({"Who?": [Status("searching"), WHOLE_DRAFT, ANSWERED]})
    async with herald(slack, tmp_path, answerer) as bot:
        with blockbuster_ctx(["bot"]):
            answer = await slack.reply(slack.mention("ann", "general", "Who?"))
            for command in ("/license", "/explain", "/sources", "/herald"):
                slack.slash("ann", "general", command)
            await slack.until(lambda: len(slack.ephemerals) >= 4)
            slack.click("ann", answer, "source:1")
            slack.click("ann", answer, "feedback", "positive")
            slack.open_home("ann")
            await slack.until(lambda: slack.home("ann"))
            await bot.leave()
    assert FIRST in answer.shown
