"""What exists in the local Slack: teams, users, channels, messages, streams, views, and what apps did to them."""

import copy
import itertools
from dataclasses import dataclass, field

from tests.platforms.slack_text import (
    Json,
    as_read,
    elements_of,
    links_in,
    links_in_blocks,
    mentions_in,
    mentions_in_blocks,
    shown_in_blocks,
)

APP_ID = "A0HERALD"


@dataclass
class Team:
    """A workspace that has the app; its bot token is the only one that reaches it."""

    id: str
    name: str
    bot_token: str
    bot_id: str
    bot_user_id: str
    scopes: set[str]
    installed: bool = True


@dataclass(eq=False)
class User:
    """A person; `id` is what events carry."""

    id: str
    name: str
    team: Team


@dataclass(eq=False)
class Channel:
    """A conversation; `user` is the person on the other side of a DM."""

    id: str
    name: str
    team: Team
    kind: str = "channel"
    bot_is_member: bool = True
    user: User | None = None


@dataclass(frozen=True)
class Revision:
    """A message's content from the time `at` on."""

    at: float
    text: str
    blocks: list[Json]


@dataclass
class Stream:
    """A streaming message's life; `mode` is what opened it, and what every later call has to use."""

    started_at: float
    recipient: str | None
    state: str = "streaming"  # then "stopped", "expired" or "stopped_by_user"
    mode: str | None = None  # "text" or "chunks"
    chunks: list[tuple[float, Json]] = field(default_factory=list)
    text: str = ""


@dataclass(eq=False)
class Message:
    """A message, an ephemeral one when `ephemeral_to` names its only reader."""

    ts: str
    channel: Channel
    user: str
    text: str
    blocks: list[Json]
    thread_ts: str | None
    posted_at: float
    by_app: bool = False
    ephemeral_to: str | None = None
    deleted: bool = False
    stream: Stream | None = None
    revisions: list[Revision] = field(default_factory=list)
    metadata: Json | None = None

    @property
    def root_ts(self) -> str:
        """The time stamp of the thread that the message is in or would start."""
        return self.thread_ts or self.ts

    @property
    def is_streaming(self) -> bool:
        """Whether the app can still append to it."""
        return self.stream is not None and self.stream.state == "streaming"

    @property
    def shown(self) -> str:
        """What a reader sees: the streamed text and the blocks, or else the text."""
        if self.stream and self.stream.text:
            return "\n".join(part for part in (as_read(self.stream.text), shown_in_blocks(self.blocks)) if part)
        return shown_in_blocks(self.blocks) if self.blocks else as_read(self.text)

    @property
    def mentions(self) -> list[str]:
        """The entities in it that name or notify people and channels; the text counts even beside blocks."""
        streamed = mentions_in(self.stream.text) if self.stream and self.stream.text != self.text else []
        return mentions_in(self.text) + streamed + mentions_in_blocks(self.blocks)

    @property
    def links(self) -> list[str]:
        """The addresses in it that can be clicked."""
        streamed = links_in(self.stream.text, markdown=True) if self.stream else []
        text = [] if self.stream and self.stream.text == self.text else links_in(self.text)
        return text + streamed + links_in_blocks(self.blocks)

    @property
    def action_ids(self) -> list[str]:
        """The ids of everything in it that can be clicked."""
        return [str(element["action_id"]) for element in elements_of(self.blocks) if "action_id" in element]

    def put(self, at: float, text: str, blocks: list[Json]) -> None:
        """Gives it new content, and remembers that."""
        self.text, self.blocks = text, blocks
        self.revisions.append(Revision(at, text, copy.deepcopy(blocks)))

    def as_json(self) -> Json:
        """The message object of events and of conversations.replies."""
        found: Json = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "team": self.channel.team.id,
        }
        if self.thread_ts:
            found["thread_ts"] = self.thread_ts
        if self.blocks:
            found["blocks"] = copy.deepcopy(self.blocks)
        if self.by_app:
            team = self.channel.team
            found |= {"bot_id": team.bot_id, "app_id": APP_ID, "bot_profile": {"id": team.bot_id, "app_id": APP_ID}}
        if len(self.revisions) > 1:
            found["edited"] = {"user": self.user, "ts": f"{self.revisions[-1].at:.6f}"}
        return found


@dataclass(eq=False)
class View:
    """A modal or a Home tab of one user; `view` is its current JSON."""

    id: str
    user: User
    view: Json
    root_id: str
    previous_id: str | None = None
    open: bool = True
    history: list[Json] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """What the user reads in it."""
        title = self.view.get("title", {}).get("text", "")
        return "\n".join(part for part in (title, shown_in_blocks(self.view["blocks"])) if part)

    @property
    def action_ids(self) -> list[str]:
        """The ids of everything in it that can be clicked or filled in."""
        return [str(element["action_id"]) for element in elements_of(self.view["blocks"]) if "action_id" in element]


@dataclass(frozen=True)
class Status:
    """A loading status that the app set in a thread; empty text clears it."""

    channel: str
    thread_ts: str
    text: str
    at: float
    loading_messages: tuple[str, ...] = ()


@dataclass
class Session:
    """An agent session of a thread; `history` holds (time, status)."""

    channel: str
    thread_ts: str
    status: str
    title: str | None
    history: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Prompts:
    """Suggested prompts: (title, message) pairs."""

    channel: str
    thread_ts: str | None
    title: str | None
    prompts: tuple[tuple[str, str], ...]


class World:
    """All of it, found by id, by name, or by the object itself."""

    def __init__(self) -> None:
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.ephemerals: list[Message] = []
        self.views: list[View] = []
        self.homes: dict[str, View] = {}
        self.statuses: list[Status] = []
        self.sessions: dict[tuple[str, str], Session] = {}
        self.prompts: list[Prompts] = []
        self.titles: dict[tuple[str, str], str] = {}
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """The next of the numbers that keep ids and time stamps apart."""
        return next(self._numbers)

    def add_team(self, name: str, scopes: frozenset[str]) -> Team:
        """A new workspace with the app installed."""
        n = len(self.teams) + 1
        token = f"xoxb-{n:04d}-{name}"
        team = Team(f"T{n:04d}{name.upper()}", name, token, f"B{n:04d}BOT", f"U{n:04d}BOT", set(scopes))
        self.teams[team.id] = team
        return team

    def add_user(self, name: str, team: Team) -> User:
        """A new person, with a DM to the app."""
        user = User(f"U{team.id[1:5]}{name.upper()}", name, team)
        self.users[user.id] = user
        dm = Channel(f"D{user.id[1:]}", f"dm-{name}", team, "im", True, user)
        self.channels[dm.id] = dm
        return user

    def add_channel(self, name: str, team: Team, *, bot_is_member: bool = True, private: bool = False) -> Channel:
        """A new public or private channel."""
        kind = "group" if private else "channel"
        channel = Channel(f"C{team.id[1:5]}{name.upper()}", name, team, kind, bot_is_member)
        self.channels[channel.id] = channel
        return channel

    def user(self, wanted: User | str) -> User:
        """A user by object, id or name (the first team's first)."""
        if isinstance(wanted, User):
            return wanted
        return self.users.get(wanted) or next(user for user in self.users.values() if user.name == wanted)

    def channel(self, wanted: Channel | str, team: Team | None = None) -> Channel:
        """A channel by object, id or name, preferably of `team`."""
        if isinstance(wanted, Channel):
            return wanted
        named = [channel for channel in self.channels.values() if wanted in (channel.id, channel.name)]
        return next((channel for channel in named if channel.team is team), None) or named[0]

    def dm(self, user: User) -> Channel:
        """The user's DM with the app."""
        return self.channels[f"D{user.id[1:]}"]

    def message(self, channel: Channel, ts: object) -> Message | None:
        """A message that is still there."""
        alive = (message for message in self.messages if not message.deleted)
        return next((message for message in alive if message.channel is channel and message.ts == ts), None)

    def thread(self, channel: Channel, root_ts: str) -> list[Message]:
        """A thread's messages that are still there, the root first."""
        alive = (message for message in self.messages if not message.deleted)
        return [message for message in alive if message.channel is channel and message.root_ts == root_ts]
