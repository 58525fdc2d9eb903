"""The connection to Discord: its events go to those who act on them."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any

import discord
import yarl

from bot.adapters.discord import buttons
from bot.adapters.discord.clicks import Presses
from bot.adapters.discord.command_sync import sync_if_changed
from bot.adapters.discord.delivery import Delivery, Running, conversation
from bot.adapters.discord.invite import invite_link
from bot.adapters.discord.mentions import Mentions
from bot.adapters.discord.places import mark
from bot.adapters.discord.slash import SlashCommands, build_tree
from bot.faults import record
from bot.serve import Say
from bot.serving.desk import INTERRUPTED, Desk
from bot.settings import DiscordSettings, Settings

_log = logging.getLogger(__name__)

_API, _GATEWAY = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
# Herald writes and does not talk, so that nobody need be warned of what talking takes.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
_LOST_AFTER = 30.0
"""Seconds without a connection after which it is worth telling: Discord asks for a new one every few hours."""


def point_to(settings: DiscordSettings) -> None:
    """Have discord.py talk to the addresses of the settings; it keeps them for the whole process."""
    discord.http.Route.BASE = settings.api_url or _API
    gateway = yarl.URL(settings.gateway_url) if settings.gateway_url else _GATEWAY
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway


class HeraldClient(discord.Client):
    """A client of one connection, enough for 2,500 servers."""

    def __init__(self, desk: Desk, settings: Settings, say: Say, *, content: bool) -> None:
        """With `content` it asks for what members write without a mention, which Discord has to allow."""
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self._desk = desk
        self._settings = settings
        self._tell = say
        self._running = Running()
        delivery = Delivery(desk, self._running, settings.data_dir)
        self.clicks = Presses(desk, delivery, settings.data_dir)
        self._mentions = Mentions(desk, delivery, settings.discord, lambda: self.me)
        self._tree = build_tree(self, SlashCommands(delivery, settings.discord.policy), desk.library)
        self._background: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._lost = False
        self._greeted = False

    @property
    def me(self) -> int:
        """The bot's own id, once it is logged in."""
        return self.user.id if self.user is not None else 0

    async def setup_hook(self) -> None:
        """Make ready what needs no connection; nothing here keeps it from coming up."""
        self.add_dynamic_items(*buttons.ALL)
        self._begin(self._sync())
        self._begin(self._desk.settle("discord", lambda place: mark(self, place, INTERRUPTED)))

    async def close(self) -> None:
        """Leave Discord, and what is done in the background."""
        for task in [*self._background, *([self._watch] if self._watch is not None else [])]:
            task.cancel()
        self._desk.connections.down("discord")
        await super().close()

    async def on_connect(self) -> None:
        """Events arrive, though the servers are not all known yet."""
        self._desk.connections.up("discord")

    async def on_ready(self) -> None:
        """Say that the bot is there, and how to invite it."""
        self._back()
        if not self._greeted:
            self._greeted = True
            servers = f"{len(self.guilds):,} server{'' if len(self.guilds) == 1 else 's'}"
            name = self.user.display_name if self.user is not None else ""
            self._tell(f"Connected to Discord as {name} in {servers}.")
            if self.application_id is not None:
                self._tell(f"Add it to a server with {invite_link(self.application_id)}")

    async def on_resumed(self) -> None:
        """Be back after a short time without a connection: Discord sends what was missed."""
        self._back()

    async def on_disconnect(self) -> None:
        """Watch whether the connection comes back by itself."""
        self._desk.connections.down("discord")
        self._desk.connections.down("discord")
        if self._watch is None and not self.is_closed():
            self._watch = asyncio.create_task(self._watch_connection())

    async def on_message(self, message: discord.Message) -> None:
        """Answer it, if it is for the bot."""
        await self._mentions.heard(message)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Act on what is neither a command nor a button that discord.py knows."""
        await self.clicks.other(interaction)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """End what hangs on a message that was deleted."""
        self._forget(event.message_id)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """End what hangs on messages that were deleted."""
        for deleted in event.message_ids:
            self._forget(deleted)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """End what is answered in a thread that was deleted."""
        self._forget(event.thread_id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """End what is answered in a channel that was deleted."""
        self._forget(channel.id)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log where a fault arose, without the words of those who wrote."""
        error = sys.exception()
        if error is not None:
            _log.error("%s failed: %s", event_method, type(error).__name__)
            await asyncio.to_thread(record, error, self._settings.data_dir)

    def _forget(self, deleted: int) -> None:
        self._running.take_back(deleted)
        self._desk.forget(conversation(deleted))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _sync(self) -> None:
        assert self.application_id is not None
        try:
            await sync_if_changed(self._tree, self.application_id, self._settings.data_dir)
        except discord.DiscordException as error:
            self._tell(f"The slash commands could not be registered: {error}")

    def _back(self) -> None:
        self._desk.connections.up("discord")
        self._desk.connections.up("discord")
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._lost:
            self._lost = False
            self._tell("Connected to Discord again.")

    async def _watch_connection(self) -> None:
        await asyncio.sleep(_LOST_AFTER)
        self._lost = True
        self._tell("The connection to Discord is lost; trying again.")


class ShardedHeraldClient(HeraldClient, discord.AutoShardedClient):
    """A client of several connections, which Discord wants from 2,500 servers on."""
