"""What a test sets up and what users do: the half of DiscordServer that changes the world."""

import re
from collections.abc import Mapping
from typing import Any

from tests.platforms.discord_interactions import Interaction, Interactions
from tests.platforms.discord_platform import REPLY, Platform
from tests.platforms.discord_world import TEXT, Channel, Guild, Message, Permission, User

_MENTION = re.compile(r"<@!?(\d+)>")


class Actions:
    """A world with one server, one channel and three people, and what can happen in it."""

    def __init__(self, platform: Platform, interactions: Interactions) -> None:
        self._platform = platform
        self._interactions = interactions
        self.world = platform.world
        self.bot = self.world.bot
        self.alice = self.world.add_user("Alice")
        self.bob = self.world.add_user("Bob")
        self.mira = self.world.add_user("Mira")
        self.guild = self.add_guild("Home", self.alice, self.bob, self.mira)
        self.guild.moderators.add(self.mira.id)
        self.general = self.add_channel("general")

    def add_user(self, name: str, *guilds: Guild, bot: bool = False, moderator: bool = False) -> User:
        """Another user, in these servers; `bot` makes it another bot."""
        user = self.world.add_user(name, bot=bot)
        for guild in guilds:
            guild.members[user.id] = user
            if moderator:
                guild.moderators.add(user.id)
        return user

    def add_guild(self, name: str, *members: User, with_bot: bool = True) -> Guild:
        """Another server; it belongs to somebody who is not in the story."""
        guild = self.world.add_guild(name, self.world.add_user(f"Owner of {name}"))
        guild.members.update({user.id: user for user in members})
        if with_bot:
            self._platform.join(guild)
        return guild

    def add_channel(self, name: str, guild: Guild | None = None) -> Channel:
        """Another text channel, in the home server unless another is named."""
        channel = self.world.add_channel(TEXT, name, guild=guild or self.guild)
        self._platform.add_channel(channel)
        return channel

    def dm_channel(self, user: User) -> Channel:
        """The DM between a user and the bot."""
        return self.world.dm([user, self.bot])

    def private_channel(self, *users: User) -> Channel:
        """The DM or group of users that the bot is not in."""
        return self.world.dm(users)

    def install(self, user: User) -> None:
        """The user installs the bot as a user app."""
        self._interactions.installed_by.add(user.id)

    def deny(self, place: Channel | Guild, *permissions: Permission) -> None:
        """Take permissions from the bot, in a channel (of a thread: its parent) or a whole server."""
        for permission in permissions:
            if isinstance(place, Guild):
                place.bot_permissions &= ~permission
            else:
                (place.parent or place).denied |= permission
        self._permissions_changed(place)

    def allow(self, place: Channel | Guild, *permissions: Permission) -> None:
        """Give the bot permissions: in a server any, in a channel those that were denied there."""
        for permission in permissions:
            if isinstance(place, Guild):
                place.bot_permissions |= permission
            else:
                (place.parent or place).denied &= ~permission
        self._permissions_changed(place)

    def _permissions_changed(self, place: Channel | Guild) -> None:
        if isinstance(place, Guild):
            self._platform.update_roles(place)
        else:
            self._platform.update_channel(place.parent or place)

    def lock(self, thread: Channel, *, locked: bool = True) -> None:
        """A moderator locks a thread, or unlocks it."""
        thread.locked = locked
        self._platform.update_channel(thread)

    def archive(self, thread: Channel) -> None:
        """A thread is archived, as after a day without messages."""
        thread.archived = True
        self._platform.update_channel(thread)

    def say(
        self,
        user: User,
        channel: Channel,
        text: str,
        *,
        mention: bool = False,
        reply_to: Message | None = None,
        ping: bool = True,
    ) -> Message:
        """The user writes; `mention` puts the bot's mention first, `ping` is whether a reply pings whom it answers."""
        assert not channel.deleted, "the channel has been deleted"
        words = f"{self.bot.mention} {text}".strip() if mention else text
        mentioned = {int(number) for number in _MENTION.findall(words)}
        if reply_to is not None and ping:
            mentioned.add(reply_to.author.id)
        users = [user for user in self.world.users.values() if user.id in mentioned]
        kind = REPLY if reply_to is not None else 0
        return self._platform.say(user, channel, words, kind=kind, reply_to=reply_to, mentions=users)

    def dm(self, user: User, text: str, *, reply_to: Message | None = None) -> Message:
        """The user writes to the bot in private."""
        return self.say(user, self.dm_channel(user), text, reply_to=reply_to)

    def edit(self, message: Message, text: str) -> Message:
        """A user changes what a message of theirs says."""
        message.content = text
        return self._platform.edited(message)

    def slash(
        self, user: User, channel: Channel, name: str, options: Mapping[str, Any] | None = None, **more: Any
    ) -> Interaction:
        """A slash command, as in slash(alice, general, "ask", question="Why?")."""
        return self._interactions.slash(user, channel, name, {**(options or {}), **more})

    def autocomplete(
        self, user: User, channel: Channel, name: str, option: str, value: str, **others: Any
    ) -> Interaction:
        """The user types into an option; `others` are the options filled in before. See Interaction.choices."""
        return self._interactions.autocomplete(user, channel, name, {**others, option: value}, option)

    def message_command(self, user: User, channel: Channel, name: str, message: Message) -> Interaction:
        """The user takes an entry of the menu of a message."""
        return self._interactions.message_command(user, channel, name, message)

    def click(self, user: User, message: Message, button: str) -> Interaction:
        """The user clicks on a button, given by label, emoji or custom_id."""
        return self._interactions.click(user, message, button)

    def select(self, user: User, message: Message, custom_id: str, *values: str) -> Interaction:
        """The user chooses in a select menu."""
        return self._interactions.select(user, message, custom_id, list(values))

    def submit_modal(self, user: User, opened_by: Interaction, values: Mapping[str, str]) -> Interaction:
        """The user sends the modal that an interaction opened; values by label or custom_id."""
        return self._interactions.submit_modal(user, opened_by, values)

    def start_thread(self, user: User, place: Channel | Message, name: str) -> Channel:
        """The user opens a thread, on a message or without one."""
        on = place if isinstance(place, Message) else None
        parent = place.channel if isinstance(place, Message) else place
        return self._platform.start_thread(parent, name, 1440, user, on)

    def delete_message(self, message: Message) -> None:
        """Its author or a moderator deletes a message."""
        self._platform.delete(message)

    def delete_thread(self, thread: Channel) -> None:
        """A moderator deletes a thread with all in it."""
        self._platform.delete_channel(thread)

    def delete_channel(self, channel: Channel) -> None:
        """A moderator deletes a channel with its threads."""
        self._platform.delete_channel(channel)

    def expel(self, guild: Guild) -> None:
        """The bot is thrown out of a server."""
        self._platform.leave(guild)
