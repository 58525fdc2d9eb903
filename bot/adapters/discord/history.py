"""What was said before a message, as far as the bot may see it: in its thread, or along the chain of replies."""

import re
from datetime import timedelta

import discord
from discord.components import TextDisplay

from bot.adapters.discord.layout import SENTENCES
from bot.adapters.discord.markdown import unescape
from bot.messages import Turn
from bot.serving.conversations import MOST_TURNS

_READ = 4 * MOST_TURNS
"""Messages to look at in a thread: the bot's own statuses and what others say among themselves are no turns."""
_SAME_CONVERSATION = timedelta(days=1)
Readable = discord.Thread | discord.DMChannel
_TAGS = re.compile(
    r"<(?:@(?P<role>&)?!?(?P<who>\d+)|#(?P<channel>\d+)|a?(?P<emoji>:\w+:)\d+|/(?P<command>[^:>]+):\d+)>"
)
_MARKERS = re.compile(r"\s*(?:\[\d+\])+")
_SMALL = re.compile(r"^-# .*$", re.MULTILINE)


def words_of(message: discord.Message, me: int) -> str:
    """What a person wrote, on one line, without mentions of the bot; others are named as readers see them."""
    names = {user.id: user.display_name for user in message.mentions}
    roles = {role.id: role.name for role in message.role_mentions}

    def named(tag: re.Match[str]) -> str:
        if tag["who"] is None:
            return _channel_name(message, tag["channel"]) if tag["channel"] else tag["emoji"] or f"/{tag['command']}"
        who = int(tag["who"])
        if tag["role"]:
            own = message.guild is not None and message.guild.self_role
            return "" if own and own.id == who else f"@{roles.get(who, 'role')}"
        return "" if who == me else f"@{names.get(who, 'somebody')}"

    return " ".join(_TAGS.sub(named, message.content).split())


def sentences_of(message: discord.Message) -> str:
    """The sentences of one of the bot's answers, without their markers; empty for its other messages."""
    texts = [part.content for part in message.components if isinstance(part, TextDisplay) and part.id == SENTENCES]
    return " ".join(unescape(_MARKERS.sub("", _SMALL.sub("", "\n".join(texts)))).split())


async def read_channel(channel: Readable, before: int, me: int) -> tuple[Turn, ...]:
    """The last turns in a thread or a direct message before what has an id, the oldest first.

    A direct message goes on for ever: what was said there the day before belongs to another conversation.
    """
    earliest = discord.utils.snowflake_time(before) - _SAME_CONVERSATION
    turns: list[Turn] = []
    async for message in channel.history(limit=_READ, before=discord.Object(before)):
        too_old = isinstance(channel, discord.DMChannel) and message.created_at < earliest
        if len(turns) == MOST_TURNS or too_old:
            break
        turn = _turn(_started_by(message), me)
        turns += [turn] if turn is not None else []
    return tuple(reversed(turns))


async def read_replies(message: discord.Message, me: int) -> tuple[Turn, ...]:
    """The turns that a message replies to, and those that they reply to, the oldest first."""
    turns: list[Turn] = []
    parent = await _replied_to(message)
    for _ in range(MOST_TURNS):
        if parent is None:
            break
        turn = _turn(parent, me)
        turns += [turn] if turn is not None else []
        parent = await _replied_to(parent)
    return tuple(reversed(turns))


def replied_to(message: discord.Message) -> discord.Message | None:
    """The message that a reply is to, if the event tells."""
    reference = message.reference
    if message.type is not discord.MessageType.reply or reference is None:
        return None
    return reference.resolved if isinstance(reference.resolved, discord.Message) else None


async def _replied_to(message: discord.Message) -> discord.Message | None:
    told = replied_to(message)
    reference = message.reference
    if told is not None or reference is None or reference.message_id is None:
        return told
    try:
        return await message.channel.fetch_message(reference.message_id)
    except (discord.NotFound, discord.Forbidden):
        return None


def _started_by(message: discord.Message) -> discord.Message:
    """The message in the channel above that a thread was opened on, for the note that stands for it in the thread."""
    if message.type is discord.MessageType.thread_starter_message and message.reference is not None:
        started = message.reference.resolved
        return started if isinstance(started, discord.Message) else message
    return message


def _turn(message: discord.Message, me: int) -> Turn | None:
    if message.author.id == me:
        said = sentences_of(message)
        return Turn("assistant", said) if said else None
    asked = "" if message.author.bot else words_of(message, me)
    return Turn("user", asked) if asked else None


def _channel_name(message: discord.Message, channel: str) -> str:
    found = message.guild.get_channel_or_thread(int(channel)) if message.guild is not None else None
    return f"#{found.name}" if found is not None else "#channel"
