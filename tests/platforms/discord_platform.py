"""What happens on the pretended Discord: each change of the world, with the events that tell the bot of it."""

from collections.abc import Callable
from functools import partial

from tests.platforms.discord_errors import Json
from tests.platforms.discord_gateway import CONTENT, DIRECT_MESSAGES, GUILD_MESSAGES, GUILDS, Gateway, Session
from tests.platforms.discord_payloads import Payloads
from tests.platforms.discord_rules import Draft
from tests.platforms.discord_world import (
    EPHEMERAL,
    LOADING,
    PUBLIC_THREAD,
    Channel,
    Guild,
    Message,
    Permission,
    User,
    World,
)

THREAD_CREATED, REPLY, STARTER = 18, 19, 21


class Platform:
    """The world and its events; REST routes and the actions of users go through the same verbs."""

    def __init__(self, world: World, payloads: Payloads, changed: Callable[[], None]) -> None:
        self.world = world
        self.payloads = payloads
        self.changed = changed
        self.gateway: Gateway

    def welcome(self, session: Session) -> None:
        """READY, then every server the bot is in."""
        guilds = [guild for guild in self.world.guilds.values() if guild.has_bot]
        application = self.payloads.application()
        ready: Json = {
            "v": 10,
            "user": self.payloads.me(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.gateway.rules.resume_url,
            "application": {"id": application["id"], "flags": application["flags"]},
            "private_channels": [],
            "shard": session.shard,
        }
        session.dispatch("READY", ready)
        if session.intents & GUILDS:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", self._described(guild))

    def _described(self, guild: Guild) -> Json:
        channels = self.world.channels.values()
        threads = [c for c in channels if c.is_thread and c.guild is guild and not (c.archived or c.deleted)]
        return self.payloads.created_guild(guild, threads)

    def post(self, message: Message) -> Message:
        """Put a new message into its channel."""
        message.channel.messages.append(message)
        self.world.messages[message.id] = message
        message.keep(self.world.clock.now())
        if message.channel.archived:
            message.channel.archived = False
            self.update_channel(message.channel)
        self._tell("MESSAGE_CREATE", message)
        return message

    def say(self, author: User, channel: Channel, text: str, *, kind: int = 0, reply_to: Message | None = None,
            mentions: list[User] | None = None) -> Message:  # fmt: skip
        """A message that a user writes."""
        world = self.world
        message = Message(world.new_id(), channel, author, world.clock.now(), kind, text, reply_to=reply_to)
        message.mentions = mentions or []
        return self.post(message)

    def send(self, channel: Channel, draft: Draft, reply_to: Message | None = None) -> Message:
        """A message that the bot sends."""
        message = Message(self.world.new_id(), channel, self.world.bot, self.world.clock.now(), reply_to=reply_to)
        message.type = REPLY if reply_to is not None else 0
        self.fill(message, draft)
        return self.post(message)

    def fill(self, message: Message, draft: Draft) -> None:
        """Let a message say what a draft says; whom it pings depends on whether it said anything before."""
        message.content, message.embeds, message.components = draft.content, draft.embeds, draft.components
        message.attachments, message.flags = draft.attachments, draft.flags
        message.nonce = message.nonce or draft.nonce
        replied = message.reply_to.author.id if message.reply_to is not None and not message.versions else None
        if not draft.flags & EPHEMERAL:
            message.pings |= draft.pings(message.text, replied)
        message.mentions = [user for user in self.world.users.values() if str(user.id) in message.pings]

    def edit(self, message: Message, draft: Draft) -> Message:
        """The bot changes a message of its own."""
        self.fill(message, draft)
        message.flags &= ~LOADING
        return self.edited(message)

    def edited(self, message: Message) -> Message:
        """Keep and tell what a message says now."""
        message.edited = self.world.clock.now()
        message.keep(message.edited)
        self._tell("MESSAGE_UPDATE", message)
        return message

    def delete(self, message: Message) -> None:
        """Take a message away; its thread stays."""
        message.deleted = True
        gone: Json = {"id": str(message.id), "channel_id": str(message.channel.id)}
        if message.channel.guild is not None:
            gone["guild_id"] = str(message.channel.guild.id)
        if not message.ephemeral:
            self._dispatch("MESSAGE_DELETE", message.channel, lambda intents: gone)

    def start_thread(self, parent: Channel, name: str, minutes: int, owner: User, on: Message | None,
                     kind: int = PUBLIC_THREAD) -> Channel:  # fmt: skip
        """Open a thread, on a message or beside one that says so; the first message in it repeats the one it is on."""
        thread = self.world.add_channel(
            kind, name, id=on.id if on else 0, guild=parent.guild, parent=parent, owner=owner,
            auto_archive=minutes,
        )  # fmt: skip
        shown = self.payloads.channel(thread) | {"newly_created": True}
        self._dispatch("THREAD_CREATE", parent, lambda intents: shown, needs=GUILDS)
        if on is None and kind == PUBLIC_THREAD:
            self.say(owner, parent, name, kind=THREAD_CREATED)
        elif on is not None:
            on.thread = thread
            self._tell("MESSAGE_UPDATE", on)
            self.say(owner, thread, "", kind=STARTER, reply_to=on)
        return thread

    def add_channel(self, channel: Channel) -> None:
        """Tell of a new channel, if the bot sees it."""
        shown = self.payloads.channel(channel)
        self._dispatch("CHANNEL_CREATE", channel, lambda intents: shown, needs=GUILDS)

    def update_channel(self, channel: Channel) -> None:
        """Tell that a channel or thread has changed."""
        event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        shown = self.payloads.channel(channel)
        if channel.guild is not None and channel.guild.has_bot:
            self._tell_all(event, partial(_with_guilds, shown))

    def update_roles(self, guild: Guild) -> None:
        """Tell of the roles of a server, which carry the bot's permissions."""
        for role in self.payloads.roles(guild) if guild.has_bot else ():
            told: Json = {"guild_id": str(guild.id), "role": role}
            self._tell_all("GUILD_ROLE_UPDATE", partial(_with_guilds, told))

    def delete_channel(self, channel: Channel) -> None:
        """Take a channel with its threads away, or a thread."""
        shown = self.payloads.channel(channel)
        if channel.is_thread:
            shown = {key: shown[key] for key in ("id", "guild_id", "parent_id", "type")}
        event = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        self._dispatch(event, channel, lambda intents: shown, needs=GUILDS)
        for gone in self.world.channels.values():
            gone.deleted |= gone is channel or gone.parent is channel
        self.changed()

    def join(self, guild: Guild) -> None:
        """The bot is taken into a server."""
        guild.has_bot = True
        guild.members[self.world.bot.id] = self.world.bot
        self._tell_all("GUILD_CREATE", partial(_with_guilds, self._described(guild)))

    def leave(self, guild: Guild) -> None:
        """The bot is thrown out of a server."""
        guild.has_bot = False
        guild.members.pop(self.world.bot.id, None)
        self._tell_all("GUILD_DELETE", partial(_with_guilds, {"id": str(guild.id)}))

    def _tell(self, event: str, message: Message) -> None:
        """Tell of a message, with its words if the session may read them; of ephemeral ones nobody is told."""
        granted = self.payloads.content_granted

        def told(intents: int) -> Json:
            return self.payloads.dispatched(message, content=granted and bool(intents & CONTENT))

        if not message.ephemeral:
            self._dispatch(event, message.channel, told)
        self.changed()

    def _dispatch(self, event: str, channel: Channel, told: Callable[[int], Json], needs: int | None = None) -> None:
        """Tell of something in a channel, if the bot sees the channel and has the intent."""
        wanted = needs or (DIRECT_MESSAGES if channel.guild is None else GUILD_MESSAGES)
        if self.world.bot_permissions(channel) & Permission.VIEW_CHANNEL:
            self._tell_all(event, lambda intents: told(intents) if intents & wanted else None)
        self.changed()

    def _tell_all(self, event: str, told: Callable[[int], Json | None]) -> None:
        self.gateway.dispatch(event, told)
        self.changed()


def _with_guilds(data: Json, intents: int) -> Json | None:
    return data if intents & GUILDS else None
