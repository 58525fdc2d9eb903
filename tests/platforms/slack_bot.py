"""Herald on the local Slack: the real adapter with a scripted answerer, connected and left again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bot.adapters.slack import SlackAdapter
from bot.adapters.slack.office import Pace
from bot.journal import Journal, open_journal
from bot.messages import Answer, Citation, Draft
from bot.serving.desk import Desk
from bot.settings import ServingSettings, Settings, SlackSettings
from bot.tokens import Tokens
from knowledge.loading import Library
from tests.desks import open_desk
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, USERS, USERS_QUOTE, ScriptedAnswerer
from tests.platforms.slack_server import SlackServer

QUICK = Pace(edit=0.0, ping=0.5, again=(0.01, 0.01, 0.01, 0.01))

APPLE_DRAFT = Draft((APPLE,), (APPLE_QUOTE,))
WHOLE_DRAFT = Draft((APPLE, USERS), (APPLE_QUOTE, USERS_QUOTE))


@dataclass
class Herald:
    """The bot as tests see it: what it told its operator, and the parts behind it."""

    slack: SlackServer
    answerer: ScriptedAnswerer
    desk: Desk
    journal: Journal
    adapter: SlackAdapter
    run: "asyncio.Task[None]"
    said: list[str] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def hears(self, words: str) -> str:
        """The line with these words that the operator is told, now or later."""
        async with asyncio.timeout(10):
            while not (lines := [line for line in self.said if words in line]):
                self.told.clear()
                await self.told.wait()
        return lines[0]

    async def leave(self) -> None:
        """Leave as `herald serve` does: the desk drains first."""
        await self.desk.drain()
        await self.desk.idle()
        await self.adapter.aclose()
        await self.run


@asynccontextmanager
async def herald(
    slack: SlackServer,
    folder: Path,
    answerer: ScriptedAnswerer | None = None,
    *,
    transport: Literal["socket", "http"] = "socket",
    pace: Pace = QUICK,
    serving: ServingSettings | None = None,
    parallel: int = 1,
    gate: asyncio.Event | None = None,
    tokens: Tokens | None = None,
    **settings: str | int,
) -> AsyncIterator[Herald]:
    """Herald, connected to a Slack; it leaves in the end."""
    answerer = answerer or ScriptedAnswerer({"Who?": [ANSWERED]})
    there = {"api_url": slack.api_url, "transport": transport, "port": 0}
    given = Settings(data_dir=folder, slack=SlackSettings.model_validate(there | settings))
    tokens = tokens or Tokens(
        slack_bot=slack.bot_token, slack_app=slack.app_token, slack_signing_secret=slack.signing_secret
    )
    said: list[str] = []
    told = asyncio.Event()
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(open_journal(folder / "journal.sqlite3", retention_days=90))
        desk = await stack.enter_async_context(
            open_desk(answerer, serving, parallel=parallel, journal=journal, data_dir=folder, gate=gate)
        )

        def say(line: str) -> None:
            said.append(line)
            told.set()

        adapter = SlackAdapter(desk, given, tokens, say, pace)
        run = asyncio.create_task(adapter.run())
        bot = Herald(slack, answerer, desk, journal, adapter, run, said, told)
        try:
            await _connected(bot, transport)
            yield bot
        finally:
            await desk.drain()
            await adapter.aclose()
            run.cancel()
            await asyncio.wait([run])


async def _connected(bot: Herald, transport: str) -> None:
    ready = asyncio.create_task(bot.hears("Connected to Slack"))
    await asyncio.wait([ready, bot.run], return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if bot.run.done():
        await bot.run
    if transport == "http":
        bot.slack.send_to((await bot.hears("Listening")).split()[-1])
    else:
        await bot.slack.connected()


def real_citation() -> Citation:
    """A citation of the shipped transcript, as it stands there."""
    document = Library.open().document("transcript")
    start = document.text.index("companies like Apple Snap")
    end = start + 40
    quote, reading = document.text[start:end], document.read(start, end).text
    return replace(APPLE_QUOTE, title=document.title, quote=quote, start=start, end=end, reading=reading)


def real_answer() -> Answer:
    """An answer whose source can be opened."""
    return replace(ANSWERED, sentences=(APPLE,), citations=(real_citation(),))
