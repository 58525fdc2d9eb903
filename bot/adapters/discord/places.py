"""Where an answer is shown: in a message that is edited while it is written, or in the response to an interaction.

A place raises Gone when what it hangs on was deleted, Silenced where the bot may not speak, and LateError when an
interaction can be answered no more; other errors of Discord or of the network pass through it.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import aiohttp
import discord
from discord import ui

_log = logging.getLogger(__name__)

_NO_HISTORY, _THREAD_EXISTS, _INVALID = 160002, 160004, 50035
_LATE = frozenset({10015, 10062, 50027})
_MARGIN = 45.0
"""Seconds before an interaction ends at which its answer moves elsewhere."""
MOVED = "The queue is longer than Discord waits for a command: the answer comes as a message of its own."


Channel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.GroupChannel
    | discord.PartialMessageable
)
"""Wherever messages can be sent."""


TROUBLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError)
"""What Discord or the network may raise at any time, besides the errors below."""


class GoneError(Exception):
    """What an answer hangs on was deleted: the question, the answer or its channel."""


class SilencedError(Exception):
    """The bot may not speak there."""


class LateError(Exception):
    """Discord takes no more answers to an interaction."""


class Place(Protocol):
    """Where an answer is shown. `ids` are the messages and channels that it hangs on."""

    ids: set[int]

    @property
    def seconds_left(self) -> float | None:
        """How long it can be used; None without an end."""
        ...

    @property
    def address(self) -> str:
        """How to find what is shown again, by `mark`; empty if that cannot be done."""
        ...

    async def show(self, content: str, view: ui.View | None) -> None:
        """Show a text that is replaced later."""
        ...

    async def finish(self, views: Sequence[ui.LayoutView]) -> int:
        """Show the end in place of all before; returns the id of the last message."""
        ...

    async def withdraw(self) -> None:
        """Take away what is shown, if it is not finished."""
        ...

    async def elsewhere(self) -> "Place | None":
        """Another place for the same answer, where this one can be used no more."""
        ...


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except discord.NotFound as error:
        raise (LateError if error.code in _LATE else GoneError) from error
    except discord.Forbidden as error:
        raise SilencedError(str(error)) from error
    except discord.HTTPException as error:
        if error.code in _LATE:
            raise LateError from error
        raise


class MessagePlace:
    """A message of the bot's: in a thread named after the question, as a reply to it, or by itself in a channel."""

    seconds_left: float | None = None

    def __init__(self, channel: Channel, message: discord.Message | None = None, thread: str = "") -> None:
        """With a `thread`, its name, it is opened on the message; without one the message is replied to."""
        self.ids = {channel.id, *([message.id] if message is not None else [])}
        self._channel = channel
        self._message = message
        self._thread = thread
        self._where: Channel | None = None
        self._shown: discord.Message | None = None
        self._finished = False

    @property
    def address(self) -> str:
        """The channel and the message."""
        return f"{self._shown.channel.id}/{self._shown.id}" if self._shown is not None else ""

    async def show(self, content: str, view: ui.View | None) -> None:
        """Send the text, or put it in place of what was sent."""
        with _refusals():
            if self._shown is None:
                await self._send(content=content, suppress_embeds=True, **_given(view))
            else:
                self._shown = await self._shown.edit(content=content, view=view)

    async def finish(self, views: Sequence[ui.LayoutView]) -> int:
        """Replace what was shown, and send what does not fit into one message after it."""
        first, *rest = views
        with _refusals():
            if self._shown is None:
                await self._send(view=first)
            else:
                self._shown = await self._shown.edit(content=None, view=first)
            self._finished = True
            assert self._shown is not None and self._where is not None
            last = self._shown.id
            for view in rest:
                last = (await self._where.send(view=view)).id
        return last

    async def withdraw(self) -> None:
        """Delete what was sent."""
        if self._shown is not None and not self._finished:
            with suppress(*TROUBLE):
                await self._shown.delete()

    async def elsewhere(self) -> Place | None:
        """There is no need of one."""
        return None

    async def _send(self, **shown: Any) -> None:
        if self._where is None:
            self._where = await self._thread_opened() if self._thread else self._channel
        if not _may(self._where, "send_messages"):
            raise SilencedError(f"the permission to send messages is missing in channel {self._where.id}")
        if self._message is not None and self._where == self._channel:
            self._shown = await self._replied(self._message, shown)
        else:
            self._shown = await self._where.send(**shown)
        self.ids |= {self._shown.id, self._where.id}

    async def _replied(self, message: discord.Message, shown: dict[str, Any]) -> discord.Message:
        try:
            return await message.reply(mention_author=False, **shown)
        except discord.HTTPException as error:
            if error.code == _INVALID and "message_reference" in error.text:
                raise GoneError from error
            if error.code != _NO_HISTORY:
                raise
            return await self._channel.send(**shown)

    async def _thread_opened(self) -> Channel:
        """The thread of the question; its channel where none can be opened."""
        assert self._message is not None
        if not (_may(self._channel, "create_public_threads") and _may(self._channel, "send_messages_in_threads")):
            return self._channel
        try:
            return await self._message.create_thread(name=self._thread)
        except discord.NotFound:
            raise
        except discord.HTTPException as error:
            thread = self._message.thread if error.code == _THREAD_EXISTS else None
            if thread is None:
                _log.warning("A thread could not be opened, so the answer is a reply: %s", error)
            return thread or self._channel


class InteractionPlace:
    """The response to a slash command or to a button."""

    def __init__(self, interaction: discord.Interaction[Any], *, private: bool) -> None:
        """The interaction is to be deferred, `private` as the deferral was."""
        self.ids: set[int] = set()
        self._interaction = interaction
        self._private = private
        self._shown: discord.InteractionMessage | None = None
        self._finished = False
        if interaction.channel is not None:
            self.ids.add(interaction.channel.id)

    @property
    def seconds_left(self) -> float:
        """How long Discord takes answers to the interaction, with some seconds to spare."""
        return max(0.0, (self._interaction.expires_at - discord.utils.utcnow()).total_seconds() - _MARGIN)

    @property
    def address(self) -> str:
        """The channel and the message, if others than the asker can see it."""
        if self._shown is None or self._private or self._interaction.channel is None:
            return ""
        return f"{self._interaction.channel.id}/{self._shown.id}"

    async def show(self, content: str, view: ui.View | None) -> None:
        """Put the text into the response."""
        with _refusals():
            self._shown = await self._interaction.edit_original_response(content=content, view=view)
            self.ids.add(self._shown.id)

    async def finish(self, views: Sequence[ui.LayoutView]) -> int:
        """Replace the response, and send what does not fit into one message after it."""
        first, *rest = views
        with _refusals():
            self._shown = await self._interaction.edit_original_response(content=None, view=first)
            self._finished = True
            last = self._shown.id
            for view in rest:
                sent = await self._interaction.followup.send(view=view, ephemeral=self._private, wait=True)
                last = sent.id
        return last

    async def withdraw(self) -> None:
        """Delete the response."""
        if not self._finished:
            with suppress(*TROUBLE):
                await self._interaction.delete_original_response()

    async def elsewhere(self) -> Place | None:
        """A message in the same channel, of which the response tells."""
        place = self.as_message()
        if place is not None:
            with suppress(*TROUBLE):
                await self._interaction.edit_original_response(content=MOVED, view=None)
        return place

    def as_message(self) -> Place | None:
        """A message in the same channel, where the bot may send one and the answer is for all to see."""
        channel = self._interaction.channel
        if self._private or not isinstance(channel, discord.abc.Messageable) or not bot_is_at(self._interaction):
            return None
        in_thread, allowed = isinstance(channel, discord.Thread), self._interaction.app_permissions
        may_send = allowed.send_messages_in_threads if in_thread else allowed.send_messages
        return MessagePlace(channel) if may_send or self._interaction.guild_id is None else None


def bot_is_at(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot is where an interaction comes from itself, and not only its commands."""
    if interaction.guild_id is None:
        return bool(interaction.context.dm_channel)
    return interaction.is_guild_integration()


async def mark(client: discord.Client, address: str, content: str) -> None:
    """Put a text into a message that an earlier process left, found by its place's address."""
    channel, _, message = address.partition("/")
    if channel and message:
        there = client.get_partial_messageable(int(channel)).get_partial_message(int(message))
        await there.edit(content=content, view=None)


def _given(view: ui.View | None) -> dict[str, Any]:
    return {} if view is None else {"view": view}


def _may(channel: Channel, permission: str) -> bool:
    """Whether the bot has a permission in a channel, as far as it knows: asking in vain counts against it."""
    guild = getattr(channel, "guild", None)
    if guild is None or guild.me is None or isinstance(channel, discord.PartialMessageable):
        return True
    allowed = channel.permissions_for(guild.me)
    if isinstance(channel, discord.Thread) and permission == "send_messages":
        permission = "send_messages_in_threads"
    return bool(getattr(allowed, permission))
