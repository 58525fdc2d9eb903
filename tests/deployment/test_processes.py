"""What compose.yaml runs, as plain processes: the bot on a real Chroma server and a real llama server that crash."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.answering.answerer import Answerer
from bot.answering.patience import PAUSES
from bot.app import App, open_app
from bot.errors import ModelAwayError
from bot.messages import Answer, Draft, Question, Status
from bot.replies import status_text
from bot.settings import KnowledgeSettings, Settings
from knowledge.errors import StoreAwayError
from tests.platforms.discord_server import DiscordServer
from tests.servers import Server, chroma_server, llama_server
from tests.soak.process import BotProcess
from tests.soak.tally import Tally

TEXT = """\
The old mill opens at nine in the morning and closes at five.

Anna Berg owns the mill since 1987. She bought it from her uncle for 40,000 crowns.

Visitors pay 12 crowns to see the mill. Children under six pay nothing.
"""
SOURCES = """\
shipped = false

[[source]]
id = "mill"
title = "The mill"
kind = "text"
file = "mill.txt"
"""
QUESTIONS = (
    "When does the old mill open?",
    "Who owns the mill since 1987?",
    "How much do visitors pay to see the mill?",
    "What do children under six pay?",
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
Happened = list[Status | Draft | Answer]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("services")
    (folder / "mill.txt").write_text(TEXT)
    (folder / "sources.toml").write_text(SOURCES)
    return folder


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chroma(folder: Path) -> AsyncIterator[Server]:
    async with running(chroma_server(folder)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def llama(folder: Path) -> AsyncIterator[Server]:
    async with running(llama_server(folder)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(folder: Path, chroma: Server, llama: Server) -> AsyncIterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "*")
        knowledge = KnowledgeSettings(sources=folder / "sources.toml", chroma_url=chroma.url)
        async with open_app(Settings(model=llama.url, data_dir=folder / "data", knowledge=knowledge)) as opened:
            yield opened


def patient(app: App) -> Answerer:
    """The answerer with time for servers that start slowly, as on a busy machine."""
    return replace(app.answerer, pauses=(*PAUSES, *PAUSES, *PAUSES))


async def asked(
    answerer: Answerer, text: str, on: Callable[[Status | Draft | Answer], Awaitable[None]] | None = None
) -> Happened:
    """Ask, and tell of everything that happens."""
    happened: Happened = []
    async for event in answerer.stream(Question(text)):
        happened.append(event)
        if on is not None:
            await on(event)
    return happened


def stages(happened: Happened) -> list[str]:
    return [event.stage for event in happened if isinstance(event, Status)]


def assert_answered(happened: Happened) -> None:
    answer = happened[-1]
    assert isinstance(answer, Answer)
    assert answer.outcome in ("answered", "quoted")
    for citation in answer.citations:
        assert citation.quote == TEXT[citation.start : citation.end]


async def test_questions_are_answered_over_both_servers(app: App) -> None:
    for happened in await asyncio.gather(*(asked(app.answerer, question) for question in QUESTIONS)):
        assert_answered(happened)
        assert "waiting" not in stages(happened)
    assert app.answerer.model_name == "smollm2-135m"


class Crash:
    """Kills a server once at a stage of some question, and starts it again when that is said."""

    def __init__(self, server: Server, at: str) -> None:
        self._server = server
        self._at = at
        self.killed = self.restarted = False
        self.gone = asyncio.Event()

    async def __call__(self, event: Status | Draft | Answer) -> None:
        stage = event.stage if isinstance(event, Status) else ""
        if stage == self._at and not self.killed:
            self.killed = True
            await asyncio.to_thread(self._server.kill)
            self.gone.set()
        if stage == "waiting" and not self.restarted:
            self.restarted = True
            await self.gone.wait()
            self._server.start()


async def test_a_llama_server_that_crashes_while_it_writes_loses_nothing(app: App, llama: Server) -> None:
    crash = Crash(llama, "writing")
    everything = await asyncio.gather(*(asked(patient(app), question, crash) for question in QUESTIONS))
    assert crash.restarted
    for happened in everything:
        assert_answered(happened)
    assert any("waiting" in stages(happened) for happened in everything)
    await llama.ready()


async def test_a_chroma_server_that_crashes_loses_nothing(app: App, chroma: Server) -> None:
    crash = Crash(chroma, "searching")
    everything = await asyncio.gather(*(asked(patient(app), question, crash) for question in QUESTIONS))
    assert crash.restarted
    for happened in everything:
        assert_answered(happened)
    assert any("waiting" in stages(happened) for happened in everything)
    await chroma.ready()


async def test_a_server_that_stays_away_is_a_clear_error(app: App, chroma: Server, llama: Server) -> None:
    hasty = replace(app.answerer, pauses=(0.01,))
    llama.kill()
    with pytest.raises(ModelAwayError, match=f"There is no model server at {llama.url}"):
        await asked(hasty, QUESTIONS[0])
    chroma.kill()
    with pytest.raises(StoreAwayError, match=f"the index on the Chroma server {chroma.url}"):
        await asked(hasty, QUESTIONS[0])
    for server in (llama, chroma):
        server.start()
        await server.ready()
    assert_answered(await asked(hasty, QUESTIONS[0]))


async def test_herald_serve_says_so_on_discord_and_answers_when_the_llama_server_is_back(
    app: App, folder: Path, tmp_path: Path, chroma: Server, llama: Server
) -> None:
    async with DiscordServer() as discord:
        variables = {
            "DISCORD_TOKEN": discord.token,
            "HERALD_DISCORD__API_URL": discord.api_url,
            "HERALD_DISCORD__GATEWAY_URL": discord.gateway_url,
            "HERALD_KNOWLEDGE__SOURCES": str(folder / "sources.toml"),
            "HERALD_KNOWLEDGE__CHROMA_URL": chroma.url,
            "HERALD_MODEL": llama.url,
        }
        bot = BotProcess(tmp_path, variables, "discord")
        try:
            await bot.start()
            first = discord.slash(discord.alice, discord.general, "ask", question=QUESTIONS[0])
            await discord.until(lambda: [it for it in first.replies if it.v2], 60)
            llama.kill()
            second = discord.slash(discord.bob, discord.general, "ask", question=QUESTIONS[1])
            waiting = status_text(Status("waiting"))
            await discord.until(lambda: any(waiting in it.text for it in second.replies), 30)
            llama.start()
            (answer,) = await discord.until(lambda: [it for it in second.replies if it.v2], 60)
            await llama.ready()
        finally:
            await bot.stop()
    assert "[1]" in answer.text and "Anna Berg" in answer.text
    tally = Tally()
    bot.read_log(tally, [discord.token])
    assert tally.faults == []
    assert discord.violations == []
