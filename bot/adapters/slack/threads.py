"""Threads of Slack: whether the bot takes part in one, and what was said in it."""

import re
from collections import OrderedDict

from bot.adapters.slack.office import Office
from bot.adapters.slack.places import Json, Said, Workspace, heard
from bot.adapters.slack.text import plain_text
from bot.messages import Turn
from bot.serving.conversations import MOST_TURNS

_READ = 200
"""Messages of a thread to look at, its first ones."""
_REMEMBERED = 10_000
_MARKERS = re.compile(r"\s*(?:\[\d+\])+")
_JOINER = "\u2060"


class Threads:
    """Knows the threads that the bot takes part in: those it remembers, and for older ones it asks Slack, once each."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._asked: OrderedDict[str, bool] = OrderedDict()

    async def has_bot(self, said: Said, workspace: Workspace) -> bool:
        """Whether the bot takes part in the thread of a message."""
        key = said.place.conversation
        if said.parent_user == workspace.bot_user or self._office.desk.remembers(key):
            return True
        if self._office.written_in(said.channel, said.thread):
            return True
        if key not in self._asked:
            messages = await self._read(said, workspace)
            self._remember(key, any(message.get("bot_id") == workspace.bot_id for message in messages))
        return self._asked[key]

    def joined(self, said: Said) -> None:
        """Remember that the bot answers in the thread of a message."""
        self._remember(said.place.conversation, True)

    async def turns(self, said: Said, workspace: Workspace) -> tuple[Turn, ...]:
        """What was said in the thread before a message, the oldest first."""
        before = [message for message in await self._read(said, workspace) if str(message.get("ts")) < said.ts]
        turns = [turn for message in before if (turn := _turn(message, said, workspace)) is not None]
        return tuple(turns[-MOST_TURNS:])

    def _remember(self, key: str, takes_part: bool) -> None:
        self._asked[key] = takes_part
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)

    async def _read(self, said: Said, workspace: Workspace) -> list[Json]:
        found = await self._office.client(workspace).conversations_replies(
            channel=said.channel, ts=said.place.ts, latest=said.ts, limit=_READ
        )
        messages: list[Json] = found.get("messages", [])
        return messages


def _turn(message: Json, said: Said, workspace: Workspace) -> Turn | None:
    if message.get("bot_id") == workspace.bot_id:
        text = plain_text(str(message.get("text") or "")).replace(_JOINER, "")
        answer = " ".join(_MARKERS.sub("", text).split())
        return Turn("assistant", answer) if answer else None
    other = heard({"channel": said.channel, **message}, workspace)
    asked = " ".join(plain_text(other.text, workspace.bot_user).split()) if other is not None else ""
    return Turn("user", asked) if asked else None
