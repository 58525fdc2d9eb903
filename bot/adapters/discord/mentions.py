"""Messages that are for Herald: mentions, replies to it, direct messages, and what is asked in its own threads.

In a channel where it is not to speak, whoever addresses it is told so once, and then no more until a restart; so is
who asks in one of its threads what Discord does not let it read.
"""

from collections.abc import Callable

import discord

from bot.adapters.discord.delivery import Delivery, conversation
from bot.adapters.discord.history import Readable, read_channel, read_replies, replied_to, words_of
from bot.adapters.discord.markdown import thread_name
from bot.adapters.discord.places import MessagePlace
from bot.commands import COMMANDS, called
from bot.messages import Turn
from bot.serving.desk import Desk
from bot.serving.lines import NOT_HERE
from bot.serving.once import Once
from bot.serving.tickets import Request
from bot.settings import DiscordSettings

UNREAD = "I can read only what mentions me. Please mention me in your question."
_WRITTEN = (discord.MessageType.default, discord.MessageType.reply)
_THREADED = (discord.ChannelType.text, discord.ChannelType.news)


class Mentions:
    """Turns messages into requests."""

    def __init__(self, desk: Desk, delivery: Delivery, settings: DiscordSettings, me: Callable[[], int]) -> None:
        """`me` gives the bot's own id, once it is known."""
        self._desk = desk
        self._delivery = delivery
        self._settings = settings
        self._policy = settings.policy
        self._me = me
        self._told = Once()

    async def heard(self, message: discord.Message) -> None:
        """Answer a message, if it is for the bot."""
        if message.author.bot or message.webhook_id is not None or message.type not in _WRITTEN:
            return
        addressed = self._is_addressed(message)
        if not addressed and not self._is_for_all(message):
            return
        if message.guild is not None and not self._policy.speaks_in(*channel_ids(message.channel)):
            if addressed:
                await self._tell_once(NOT_HERE, message)
            return
        words = words_of(message, self._me())
        if words or self._is_mentioned(message) or message.guild is None:
            await self._answer(message, words)
        elif not message.attachments and not message.stickers:
            # Discord keeps from the bot what does not mention it.
            await self._tell_once(UNREAD, message)

    async def _answer(self, message: discord.Message, words: str) -> None:
        call, channel = called(words, COMMANDS), message.channel
        threaded = call.command.needs_model and self._opens_thread(message)
        place = MessagePlace(channel, message, thread_name(words) if threaded else "")
        request = Request(
            platform="discord",
            event=f"m{message.id}",
            call=call,
            asker=asker(message.author),
            # A thread has the id of the message that it is opened on.
            conversation=conversation(channel.id if isinstance(channel, Readable) else message.id),
            history=lambda: self._history(message),
        )
        await self._delivery.serve(request, place)

    async def _history(self, message: discord.Message) -> tuple[Turn, ...]:
        if isinstance(message.channel, Readable):
            return await read_channel(message.channel, message.id, self._me())
        parent = replied_to(message)
        remembered = self._desk.recall(conversation(parent.id)) if parent is not None else ()
        return remembered or await read_replies(message, self._me())

    async def _tell_once(self, line: str, message: discord.Message) -> None:
        if self._told.first((line, message.channel.id, message.author.id)):
            await self._delivery.say(line, MessagePlace(message.channel, message))

    def _is_for_all(self, message: discord.Message) -> bool:
        """Whether it is addressed to nobody, where whatever is said is for the bot."""
        if message.mentions or message.role_mentions or message.type is discord.MessageType.reply:
            return False  # people talk to each other in its threads too
        channel = message.channel
        own = isinstance(channel, discord.Thread) and channel.owner_id == self._me()
        # What it cannot read in a thread of its own is most likely a question, and is told so.
        follows_up = own and (self._settings.message_content or not message.content)
        return follows_up or self._policy.answers_all(*channel_ids(channel))

    def _is_addressed(self, message: discord.Message) -> bool:
        parent = replied_to(message)
        replies = parent is not None and parent.author.id == self._me()
        return message.guild is None or replies or self._is_mentioned(message)

    def _is_mentioned(self, message: discord.Message) -> bool:
        """Whether it is mentioned by name, or by the role that Discord made for it, which looks the same."""
        role = message.guild.self_role if message.guild is not None else None
        return any(user.id == self._me() for user in message.mentions) or role in message.role_mentions

    def _opens_thread(self, message: discord.Message) -> bool:
        return self._settings.threads and message.channel.type in _THREADED


def asker(user: discord.abc.User) -> str:
    """The desk's key of a person."""
    return f"discord:{user.id}"


def channel_ids(channel: discord.abc.Snowflake) -> tuple[str, ...]:
    """The ids of a channel and of what it is in: a thread's channel."""
    parent = channel.parent_id if isinstance(channel, discord.Thread) else None
    return (str(channel.id), *([str(parent)] if parent is not None else []))
