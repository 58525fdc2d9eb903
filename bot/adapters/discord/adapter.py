"""Herald on Discord: connects, serves until it is told to leave, and says what to do where Discord refuses it."""

import asyncio
import contextlib

import discord

from bot.adapters.discord.client import HeraldClient, ShardedHeraldClient, point_to
from bot.adapters.discord.refusals import NO_CONTENT, platform_error
from bot.serve import Say
from bot.serving.desk import Desk
from bot.settings import Settings
from bot.tokens import Tokens

_LEAVING = 5.0  # seconds
_SHARDS_DEMANDED = 4011


class DiscordAdapter:
    """The adapter that `herald serve discord` runs."""

    name = "discord"

    def __init__(self, desk: Desk, settings: Settings, tokens: Tokens, say: Say) -> None:
        """`say` tells the operator, a line at a time."""
        self._desk = desk
        self._settings = settings
        self._token = tokens.discord
        self._tell = say
        self._client: HeraldClient | None = None
        self._leaving = False

    async def run(self) -> None:
        """Connect and serve until `aclose`; raises PlatformError if Discord refuses the bot.

        Without the intent that some settings need it serves all the same, without what needs it.
        """
        point_to(self._settings.discord)
        wanted = self._settings.discord
        content = wanted.message_content or bool(wanted.policy.answer_all)
        try:
            await self._serve(content=content)
        except discord.PrivilegedIntentsRequired:
            self._tell(f"{NO_CONTENT} Until then only mentions, replies, direct messages and commands are answered.")
            await self._serve(content=False)

    async def aclose(self) -> None:
        """Leave Discord."""
        self._leaving = True
        if self._client is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._client.close(), _LEAVING)

    async def _serve(self, *, content: bool) -> None:
        try:
            await self._connect(content=content)
        except discord.PrivilegedIntentsRequired:
            raise
        except Exception as error:
            if self._leaving:
                return
            known = platform_error(error)
            if known is None:
                raise
            raise known from error

    async def _connect(self, *, content: bool) -> None:
        """Connect with one connection, which serves up to 2,500 servers; with several where Discord demands them.

        The plain client resumes after every failure, where the sharded one would begin anew and lose what was asked.
        """
        try:
            await self._run_client(HeraldClient, content=content)
        except discord.ConnectionClosed as error:
            if error.code != _SHARDS_DEMANDED:
                raise
            await self._run_client(ShardedHeraldClient, content=content)

    async def _run_client(self, kind: type[HeraldClient], *, content: bool) -> None:
        client = self._client = kind(self._desk, self._settings, self._tell, content=content)
        async with client:
            await client.login(self._token)
            try:
                await client.connect()
            except AttributeError as error:
                # discord.py 2.7 resumes a connection that it never had when the first one fails.
                if client.ws is None:
                    raise OSError("the gateway cannot be reached") from error
                raise
