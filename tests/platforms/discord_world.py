"""What exists on the pretended Discord: users, servers, channels, threads and messages, and the clock they share."""

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntFlag

from tests.platforms.discord_errors import Json
from tests.platforms.discord_text import walk, written

_DISCORD_EPOCH_MS = 1_420_070_400_000
TEXT, DM, GROUP_DM, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 3, 11, 12
EPHEMERAL, HAS_THREAD, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 5, 1 << 7, 1 << 15


class Permission(IntFlag):
    """The permissions that matter to a bot which talks; numbers as in Discord's documents."""

    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


MEMBER = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
NOTHING = Permission(0)
MODERATOR = MEMBER | Permission.MANAGE_MESSAGES | Permission.MANAGE_THREADS


class Clock:
    """Seconds that run like real ones, and jump when a test says so; heartbeats do not use it."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._start = datetime.now(UTC) - timedelta(seconds=time.monotonic())

    def now(self) -> float:
        """Seconds on the monotonic clock, with the jumps."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Jump ahead, so that deadlines pass without anyone waiting."""
        self._ahead += seconds

    def at(self, moment: float) -> datetime:
        """The date of a moment of `now`."""
        return self._start + timedelta(seconds=moment)


@dataclass(eq=False)
class User:
    """A person, or a bot."""

    id: int
    name: str
    bot: bool = False
    takes_dms: bool = True

    @property
    def mention(self) -> str:
        """What a message says to mention the user."""
        return f"<@{self.id}>"


@dataclass(eq=False)
class Guild:
    """A server; `bot_role_id` is the managed role that carries the bot's permissions."""

    id: int
    name: str
    owner: User
    bot_role_id: int
    moderator_role_id: int
    has_bot: bool = False
    bot_permissions: Permission = MEMBER
    members: dict[int, User] = field(default_factory=dict)
    moderators: set[int] = field(default_factory=set)
    channels: list["Channel"] = field(default_factory=list)


@dataclass(eq=False)
class Channel:
    """A text channel, a DM or a thread; `denied` is what the bot may not do in it."""

    id: int
    type: int
    name: str
    guild: Guild | None = None
    recipients: tuple[User, ...] = ()
    parent: "Channel | None" = None
    owner: User | None = None
    denied: Permission = NOTHING
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    created: float = 0.0
    deleted: bool = False
    messages: list["Message"] = field(default_factory=list)

    @property
    def is_thread(self) -> bool:
        """Whether it hangs on another channel."""
        return self.parent is not None

    @property
    def mention(self) -> str:
        """What a message says to link to the channel."""
        return f"<#{self.id}>"

    def living(self) -> list["Message"]:
        """Its messages that have not been deleted, oldest first."""
        return [message for message in self.messages if not message.deleted]


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said from a moment on (seconds of the server's clock)."""

    at: float
    content: str
    components: tuple[Json, ...]
    flags: int
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button as a user sees it."""

    label: str
    custom_id: str
    disabled: bool
    style: int
    url: str
    emoji: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent with a message."""

    id: int
    name: str
    data: bytes


@dataclass(eq=False)
class Message:
    """A message with all it has ever said; `visible_to` is who alone sees it, if it is ephemeral."""

    id: int
    channel: Channel
    author: User
    created: float
    type: int = 0
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    nonce: str | None = None
    edited: float | None = None
    reply_to: "Message | None" = None
    mentions: list[User] = field(default_factory=list)
    thread: Channel | None = None
    origin: Json | None = None
    visible_to: User | None = None
    deleted: bool = False
    pings: frozenset[str] = frozenset()
    reactions: list[str] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that can be read in it, in order."""
        return written(self.content, self.embeds, self.components)

    @property
    def edits(self) -> list[Version]:
        """What it said after each edit."""
        return self.versions[1:]

    @property
    def ephemeral(self) -> bool:
        """Whether only one user sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still shows "Herald is thinking…"."""
        return bool(self.flags & LOADING)

    @property
    def v2(self) -> bool:
        """Whether it is made of Components V2."""
        return bool(self.flags & COMPONENTS_V2)

    @property
    def buttons(self) -> list[Button]:
        """Its buttons, in reading order."""
        return [_button(part) for part in walk(self.components) if part["type"] == 2]

    def keep(self, at: float) -> None:
        """Remember what it says now as its newest version."""
        self.versions.append(Version(at, self.content, tuple(self.components), self.flags, self.text))


def _button(part: Json) -> Button:
    emoji = (part.get("emoji") or {}).get("name") or ""
    label, custom_id = part.get("label") or "", part.get("custom_id") or ""
    return Button(label, custom_id, bool(part.get("disabled")), part["style"], part.get("url") or "", emoji)


class World:
    """All of it, found by id."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._numbers = itertools.count()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.bot = self.add_user("Herald", bot=True)
        self.application_id = self.new_id()

    def new_id(self) -> int:
        """A snowflake of this moment, higher than all before."""
        milliseconds = int(self.clock.at(self.clock.now()).timestamp() * 1000) - _DISCORD_EPOCH_MS
        return (milliseconds << 22) | next(self._numbers)

    def add_user(self, name: str, *, bot: bool = False) -> User:
        """Another user, a member of nothing yet."""
        user = User(self.new_id(), name, bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, owner: User) -> Guild:
        """A server without channels and without the bot; its id is also the id of its @everyone role."""
        guild = Guild(self.new_id(), name, owner, self.new_id(), self.new_id())
        guild.members[owner.id] = owner
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, kind: int, name: str, *, id: int = 0, **more: object) -> Channel:
        """A channel, DM or thread; a thread on a message takes the message's id."""
        channel = Channel(id or self.new_id(), kind, name, created=self.clock.now(), **more)  # type: ignore[arg-type]
        self.channels[channel.id] = channel
        if channel.guild and not channel.is_thread:
            channel.guild.channels.append(channel)
        return channel

    def dm(self, users: Iterable[User]) -> Channel:
        """The DM between these users, opened if there is none yet; with more than two it is a group."""
        wanted = {user.id for user in users}
        for channel in self.channels.values():
            if channel.guild is None and {user.id for user in channel.recipients} == wanted:
                return channel
        people = tuple(self.users[number] for number in sorted(wanted))
        return self.add_channel(DM if len(people) <= 2 else GROUP_DM, "", recipients=people)

    def bot_permissions(self, channel: Channel) -> Permission:
        """What the bot may do in a channel; in DMs whatever a member may, outside its servers nothing."""
        if channel.guild is None:
            return MEMBER if self.bot in channel.recipients else NOTHING
        if not channel.guild.has_bot:
            return NOTHING
        home = channel.parent or channel
        allowed = channel.guild.bot_permissions & ~home.denied
        return allowed if allowed & Permission.VIEW_CHANNEL else NOTHING

    def user_permissions(self, guild: Guild, user: User) -> Permission:
        """What a member may do; moderators may also manage messages and threads."""
        return MODERATOR if user is guild.owner or user.id in guild.moderators else MEMBER
