"""Herald on the pretended Discord: the real adapter and client, with a scripted answerer, open inside `async with`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.discord import DiscordAdapter
from bot.journal import Journal
from bot.serving.desk import Desk
from bot.settings import DiscordSettings, JournalSettings, ServingSettings, Settings
from bot.tokens import Tokens
from tests.desks import open_desk
from tests.fakes import ScriptedAnswerer
from tests.platforms.discord_server import DiscordServer, Message
from tests.platforms.discord_world import Channel

READY = 5.0


@dataclass
class Bot:
    """A running Herald; `said` is what its operator is told."""

    server: DiscordServer
    adapter: DiscordAdapter
    desk: Desk
    running: "asyncio.Task[None]"
    said: list[str] = field(default_factory=list)

    async def answer(self, channel: Channel) -> Message:
        """The bot's last message in a channel, once it is complete."""
        return (await self.server.until(lambda: [it for it in self.server.replies(channel) if it.v2]))[-1]

    async def thread_of(self, question: Message) -> Channel:
        """The thread that the bot opens on a question."""
        found = await self.server.until(lambda: question.thread)
        assert found is not None
        return found

    async def leave(self) -> None:
        """Drain and leave, as `herald serve` does."""
        await self.desk.drain()
        await self.desk.idle()
        await self.adapter.aclose()
        await self.running


def settings_for(
    server: DiscordServer, folder: Path, discord: dict[str, object], serving: dict[str, object]
) -> Settings:
    """Settings that point to the server."""
    there = {"api_url": server.api_url, "gateway_url": server.gateway_url}
    return Settings(
        data_dir=folder,
        discord=DiscordSettings.model_validate(there | discord),
        serving=ServingSettings.model_validate(serving),
        journal=JournalSettings(enabled=False),
    )


@asynccontextmanager
async def herald(
    server: DiscordServer,
    answerer: ScriptedAnswerer,
    folder: Path,
    *,
    journal: Journal | None = None,
    parallel: int = 1,
    token: str = "",
    gate: asyncio.Event | None = None,
    error: Exception | None = None,
    serving: dict[str, object] | None = None,
    **discord: object,
) -> AsyncIterator[Bot]:
    """Herald, connected; `discord` are its settings."""
    settings = settings_for(server, folder, discord, serving or {})
    said: list[str] = []
    opened = open_desk(
        answerer, settings.serving, parallel=parallel, journal=journal, data_dir=folder, gate=gate, error=error
    )
    async with opened as desk:
        adapter = DiscordAdapter(desk, settings, Tokens(discord=token or server.token), said.append)
        running = asyncio.create_task(adapter.run())
        try:
            await server.until(lambda: running.done() or (server.online and server.commands), READY)
            await server.delivered()
            yield Bot(server, adapter, desk, running, said)
        finally:
            await adapter.aclose()
            await asyncio.wait([running])
