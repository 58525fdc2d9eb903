"""Where things are said in Slack, who said them, and the keys by which the desk knows both."""

from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncBoltContext

from bot.adapters.slack.text import mentions

Json = dict[str, Any]

_SAID_BY_PEOPLE = (None, "file_share", "thread_broadcast")
_NO_MESSAGE, _STREAMING = "-", "~"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that has the app, with the bot that it is there; `token` is never shown."""

    team: str
    bot_user: str
    bot_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread that an answer goes to, and the user who asked, who may be of another workspace (`user_team`)."""

    team: str
    channel: str
    ts: str
    user: str
    user_team: str = ""

    @property
    def conversation(self) -> str:
        """The desk's key of the conversation."""
        return f"slack:{self.team}:{self.channel}:{self.ts}"

    @property
    def asker(self) -> str:
        """The desk's key of the user."""
        return asker(self.team, self.user)

    def address(self, message: str = "", *, streaming: bool = False) -> str:
        """Where an answer is, to be found again by `found`; `message` is the one that shows it."""
        shown = f"{_STREAMING if streaming else ''}{message}"
        return " ".join((self.team, self.channel, self.ts or _NO_MESSAGE, shown or _NO_MESSAGE, self.user))


@dataclass(frozen=True, slots=True)
class Left:
    """Where an earlier process left an answer unfinished; without a message it had only shown a status."""

    thread: Thread
    message: str
    streaming: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a person."""

    team: str
    channel: str
    user: str
    ts: str
    thread: str
    text: str
    direct: bool
    parent_user: str
    user_team: str

    @property
    def place(self) -> Thread:
        """The thread that an answer goes to: that of the message, or one that it starts."""
        return Thread(self.team, self.channel, self.thread or self.ts, self.user, self.user_team)

    @property
    def conversation(self) -> str:
        """The conversation that it is part of; a direct message outside of threads goes on with those before it."""
        own_thread = self.thread or not self.direct
        return self.place.conversation if own_thread else f"slack:{self.team}:{self.channel}"

    @property
    def event(self) -> str:
        """What the message is known by, whichever event tells of it."""
        return f"{self.channel}:{self.ts}"

    def is_for_others(self, bot_user: str) -> bool:
        """Whether it speaks to somebody by name who is not the bot."""
        named = mentions(self.text)
        return bool(named) and bot_user not in named


def workspace_of(context: AsyncBoltContext) -> Workspace:
    """The workspace that an event comes from, as `authorize` found it."""
    known = (context.team_id, context.bot_user_id, context.bot_id, context.bot_token)
    return Workspace(*(each or "" for each in known))


def asker(team: str, user: str) -> str:
    """The desk's key of a user."""
    return f"slack:{team}:{user}"


def heard(event: Json, workspace: Workspace) -> Said | None:
    """A message event or an app_mention as what a person said; None for bots, edits and notes of Slack's."""
    by_bot = event.get("bot_id") or event.get("bot_profile") or event.get("user") in (None, workspace.bot_user)
    if by_bot or event.get("subtype") not in _SAID_BY_PEOPLE or not event.get("ts"):
        return None
    ts, thread = str(event["ts"]), str(event.get("thread_ts") or "")
    return Said(
        team=workspace.team,
        channel=str(event["channel"]),
        user=str(event["user"]),
        ts=ts,
        thread=thread if thread != ts else "",
        text=str(event.get("text") or ""),
        direct=event.get("channel_type") == "im" or str(event["channel"]).startswith("D"),
        parent_user=str(event.get("parent_user_id") or ""),
        user_team=str(event.get("user_team") or event.get("team") or ""),
    )


def found(address: str) -> Left:
    """Where an address leads."""
    team, channel, ts, message, user = ("" if part == _NO_MESSAGE else part for part in address.split(" "))
    return Left(Thread(team, channel, ts, user), message.removeprefix(_STREAMING), message.startswith(_STREAMING))
