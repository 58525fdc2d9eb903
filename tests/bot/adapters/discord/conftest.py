"""The pretended Discord that tests of the adapter share; it is imported first, to quiet what discord.py warns of."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.platforms.discord_server import DiscordServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """A Discord on which the bot must not break a rule."""
    async with DiscordServer() as opened:
        yield opened
        assert opened.violations == []


@pytest_asyncio.fixture
async def reading() -> AsyncIterator[DiscordServer]:
    """The same, which lets the bot read what does not mention it."""
    async with DiscordServer(content_intent=True) as opened:
        yield opened
        assert opened.violations == []
