"""The pretended Slack that tests of the adapter share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.platforms.slack_server import SlackServer


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A Slack on which the bot must not break a rule."""
    async with SlackServer() as opened:
        yield opened
        assert opened.violations == []
