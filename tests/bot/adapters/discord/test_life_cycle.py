"""Starting, staying connected and leaving: what Discord refuses, what the operator is told, and what never leaks."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from bot.adapters.discord import DiscordAdapter
from bot.adapters.discord.invite import NEEDED
from bot.adapters.discord.refusals import BAD_TOKEN, NO_CONTENT
from bot.adapters.opening import Opening, Report
from bot.app import App
from bot.errors import PlatformError
from bot.journal import Asked, open_journal
from bot.serving.desk import INTERRUPTED, Desk
from bot.settings import ServingSettings
from bot.tokens import Tokens
from tests.desks import open_desk
from tests.fakes import ANSWERED, ScriptedAnswerer
from tests.platforms.discord_bot import herald, settings_for
from tests.platforms.discord_server import DiscordServer

GATEWAY_INTENTS = 1 << 0 | 1 << 9 | 1 << 12


@pytest.fixture
def answerer() -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": [ANSWERED]})


class TestStarting:
    async def test_the_operator_is_told_where_it_is_and_how_to_invite_it(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            await server.until(lambda: len(bot.said) == 2)
        assert bot.said[0] == "Connected to Discord as Herald in 1 server."
        link = bot.said[1]
        assert "scope=bot+applications.commands" in link and f"client_id={server.world.application_id}" in link
        (permissions,) = re.findall(r"permissions=(\d+)", link)
        # View, send, read history, create public threads, send in them: nothing else.
        assert int(permissions) == 1 << 10 | 1 << 11 | 1 << 16 | 1 << 35 | 1 << 38
        assert len(NEEDED) == 5

    async def test_commands_are_sent_only_when_they_changed(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        for _ in range(2):
            async with herald(server, answerer, tmp_path):
                await server.until((tmp_path / "discord_commands.json").is_file)
        assert len(server.command_puts) == 1
        (tmp_path / "discord_commands.json").write_text("damaged")
        async with herald(server, answerer, tmp_path):
            await server.until(lambda: len(server.command_puts) == 2)
        for command in server.command_puts[0]:
            assert command["integration_types"] == [0, 1]
            assert command["contexts"] == [0, 1, 2]
        assert {it["name"] for it in server.command_puts[0]} == {
            "ask", "license", "explain", "sources", "help", "about", "Explain with Herald",
        }  # fmt: skip

    async def test_commands_that_cannot_be_sent_leave_the_rest_working(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            await server.until((tmp_path / "discord_commands.json").is_file)
        (tmp_path / "discord_commands.json").unlink()
        server.fail("PUT", 403)
        async with herald(server, answerer, tmp_path) as bot:
            await server.until(lambda: any("could not be registered" in line for line in bot.said))
            question = server.say(server.alice, server.general, "Who?", mention=True)
            await bot.answer(await bot.thread_of(question))

    async def test_only_the_intents_that_are_needed(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            assert {session.intents for session in server._gateway.sessions.values()} == {GATEWAY_INTENTS}
        assert server.connections[0].compression == "zlib-stream"

    async def test_a_wrong_token(self, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with DiscordServer() as server, herald(server, answerer, tmp_path, token="wrong") as bot:
            assert str(bot.running.exception()) == BAD_TOKEN
            assert isinstance(bot.running.exception(), PlatformError)

    async def test_without_the_content_intent_it_serves_what_needs_none(
        self, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with DiscordServer() as server, herald(server, answerer, tmp_path, message_content=True) as bot:
            await server.until(lambda: len(server.connections) == 2 and server.online)
            assert bot.said[0].startswith(NO_CONTENT)
            question = server.say(server.alice, server.general, "Who?", mention=True)
            await bot.answer(await bot.thread_of(question))
            assert server.violations == ["gateway close 4014: disallowed intents 0x8000"]

    async def test_a_token_that_was_reset_while_it_runs(self, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with DiscordServer() as server, herald(server, answerer, tmp_path) as bot:
            server.drop(4004)
            await server.until(bot.running.done)
            assert str(bot.running.exception()) == BAD_TOKEN

    @pytest.mark.parametrize("which", ["api_url", "gateway_url"])
    async def test_an_address_that_nobody_listens_on(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path, which: str
    ) -> None:
        wrong = {"api_url": "http://127.0.0.1:9/api/v10", "gateway_url": "ws://127.0.0.1:9/"}[which]
        settings = settings_for(server, tmp_path, {which: wrong}, {})
        async with open_desk(answerer) as desk:
            adapter = DiscordAdapter(desk, settings, Tokens(discord=server.token), lambda line: None)
            with pytest.raises(PlatformError, match="Discord cannot be reached"):
                await asyncio.wait_for(adapter.run(), 10)

    async def test_a_banned_address(self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        server.ban()
        async with herald(server, answerer, tmp_path) as bot:
            assert "Discord refuses this address for now" in str(bot.running.exception())

    async def test_answers_that_a_crash_cut_off_are_marked(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        path = tmp_path / "journal.sqlite3"
        left = server._platform.say(server.bot, server.general, "Writing…")
        async with open_journal(path, retention_days=9) as journal:
            for key, place in (("1", f"{server.general.id}/{left.id}"), ("2", f"{server.general.id}/1"), ("3", "")):
                await journal.begin(Asked(key, f"m{key}", "discord", "Who?", "discord:1"))
                await journal.place(key, place)
        async with (
            open_journal(path, retention_days=9) as journal,
            herald(server, answerer, tmp_path, journal=journal) as bot,
        ):
            await server.until(lambda: left.text == INTERRUPTED)
            await server.until(lambda: True)
            await bot.desk.idle()
            while await journal.interrupted("discord"):
                await server.delivered()

    async def test_where_an_answer_is_shown_is_written_down(self, server: DiscordServer, tmp_path: Path) -> None:
        reached, opened = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            reached.set()
            await opened.wait()

        path = tmp_path / "journal.sqlite3"
        async with (
            open_journal(path, retention_days=9) as journal,
            herald(server, ScriptedAnswerer({"Who?": [wait, ANSWERED]}), tmp_path, journal=journal, parallel=2) as bot,
        ):
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            private = server.slash(server.bob, server.general, "ask", question="Who?", private=True)
            (message,) = await server.until(lambda: server.replies(thread))
            await server.until(lambda: private.replies and private.replies[0].text)
            async with open_journal(path, retention_days=9) as next_process:

                async def places() -> list[str]:
                    return sorted(it.place for it in await next_process.interrupted("discord"))

                while len(found := await places()) < 2 or not found[1]:
                    await server.delivered()
            assert found == ["", f"{thread.id}/{message.id}"]
            opened.set()
            await bot.answer(thread)
            await server.until(lambda: private.replies[0].v2)

    async def test_where_discord_wants_several_connections_there_are(
        self, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with DiscordServer(shards=2) as server, herald(server, answerer, tmp_path) as bot:
            # discord.py waits five seconds between two connections, as Discord asks for.
            # The first connection is closed again: that there must be two is how it learns of it.
            await server.until(lambda: len(server.connections) == 3 and server.connections[2].session, within=15)
            question = server.say(server.alice, server.general, "Who?", mention=True)
            await bot.answer(await bot.thread_of(question))
            await server.delivered()
            assert len(server.replies(question.thread or server.general)) == 1
            await bot.leave()
            assert server.violations == []


class TestStaying:
    async def test_a_connection_that_is_lost_for_long_is_told(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.adapters.discord.client._LOST_AFTER", 0.0)
        async with herald(server, answerer, tmp_path) as bot:
            server.drop()
            await server.until(lambda: "The connection to Discord is lost; trying again." in bot.said)
            await server.until(lambda: bot.said[-1] == "Connected to Discord again.")

    async def test_a_session_that_cannot_be_resumed_is_begun_anew(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            server.invalidate_session()
            await server.until(lambda: not server.online)
            await server.until(lambda: server.online, within=15)
            question = server.say(server.alice, server.general, "Who?", mention=True)
            await bot.answer(await bot.thread_of(question))

    async def test_leaving_takes_no_time(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            started = asyncio.get_running_loop().time()
            await bot.leave()
            assert asyncio.get_running_loop().time() - started < 2
            assert not server.online


class TestSecrets:
    async def test_the_token_is_in_no_log_and_no_error(
        self, answerer: ScriptedAnswerer, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "bot")
        caplog.set_level(logging.INFO, "discord")
        async with DiscordServer() as server, herald(server, answerer, tmp_path) as bot:
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            await server.until(lambda: [it for it in asked.replies if it.v2])
            server.fail("POST /channels", 500)
            server.drop()
            await server.until(lambda: not server.online)
            await server.until(lambda: server.online)
            server.drop(4004)
            await server.until(bot.running.done)
            everything = caplog.text + "".join(bot.said) + str(bot.running.exception()) + repr(bot.adapter.__dict__)
        assert asked.token not in caplog.text
        assert server.token not in everything.replace(f"'_token': '{server.token}'", "")


@asynccontextmanager
async def with_real_model(app: App, settings: ServingSettings) -> AsyncIterator[Desk]:
    @asynccontextmanager
    async def open_app(report: Report) -> AsyncIterator[App]:
        yield app

    async with Opening(open_app) as opening:
        yield Desk(app.library, opening, settings, parallel=1)


class TestTheEventLoop:
    async def test_nothing_blocks_it(self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with (
            open_journal(tmp_path / "journal.sqlite3", retention_days=9) as journal,
            herald(server, answerer, tmp_path, journal=journal) as bot,
        ):
            with blockbuster_ctx(["bot", "knowledge"]):
                question = server.say(server.alice, server.general, "Who?", mention=True)
                answer = await bot.answer(await bot.thread_of(question))
                typed = server.autocomplete(server.alice, server.general, "license", "clause", "1")
                await server.until(lambda: typed.choices)
                acts = [
                    server.click(server.bob, answer, "1"),
                    server.click(server.bob, answer, "👍"),
                    server.slash(server.bob, server.general, "license", clause="1.b.v"),
                    server.slash(server.bob, server.general, "sources", id="transcript"),
                    server.slash(server.bob, server.general, "explain"),
                ]
                await server.until(lambda: all([it.v2 for it in one.replies] == [True] for one in acts))
                await bot.leave()
            for one in acts[1:]:
                assert "fault" not in one.replies[0].text


@pytest.mark.asyncio(loop_scope="session")
class TestWithTheRealModel:
    async def test_heartbeats_keep_their_interval_while_it_answers(self, app: App, tmp_path: Path) -> None:
        interval = 0.2
        opened = with_real_model(app, ServingSettings())
        async with DiscordServer(heartbeat_interval=interval) as server, opened as desk:
            settings = settings_for(server, tmp_path, {}, {})
            adapter = DiscordAdapter(desk, settings, Tokens(discord=server.token), lambda line: None)
            running = asyncio.create_task(adapter.run())
            await server.until(lambda: server.online and server.commands)
            asked = [
                server.slash(user, server.general, "ask", question=question)
                for user, question in (
                    (server.alice, "Which companies cannot use Llama 2 freely?"),
                    (server.bob, "How many monthly users before I need Meta's permission?"),
                    (server.mira, "Why does Meta give the model away?"),
                )
            ]
            await server.until(lambda: all([it.v2 for it in one.replies] == [True] for one in asked), within=90)
            texts = [one.replies[0].text for one in asked]
            gaps = server.heartbeat_gaps
            await adapter.aclose()
            await running
            assert server.violations == []
        assert "700 million" in texts[1] and "[1]" in texts[0]
        assert len(gaps) > 5
        assert max(gaps) < interval + 0.5, gaps
