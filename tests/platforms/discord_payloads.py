"""The JSON in which Discord describes users, servers, channels and messages."""

from tests.platforms.discord_errors import Json
from tests.platforms.discord_world import (
    DM,
    GROUP_DM,
    HAS_THREAD,
    MEMBER,
    MODERATOR,
    Attachment,
    Channel,
    Guild,
    Message,
    Permission,
    User,
    World,
)

MESSAGE_CONTENT, MESSAGE_CONTENT_LIMITED = 1 << 18, 1 << 19


def user_json(user: User) -> Json:
    """A user."""
    return {
        "id": str(user.id),
        "username": user.name.lower(),
        "global_name": user.name,
        "discriminator": "0000" if user.bot else "0",
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
    }


class Payloads:
    """Descriptions of what is in the world, as the bot is shown them."""

    def __init__(self, world: World, *, content_granted: bool) -> None:
        self.world = world
        self.content_granted = content_granted

    def when(self, moment: float) -> str:
        """A date as Discord writes it."""
        return self.world.clock.at(moment).isoformat()

    def me(self) -> Json:
        """The bot, as GET /users/@me shows it."""
        return user_json(self.world.bot) | {"mfa_enabled": True, "verified": True, "flags": 0, "locale": "en-US"}

    def application(self) -> Json:
        """The application, with the flags that tell which privileged intents it has."""
        return {
            "id": str(self.world.application_id),
            "name": self.world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": MESSAGE_CONTENT_LIMITED if self.content_granted else 0,
            "owner": user_json(next(user for user in self.world.users.values() if not user.bot)),
            "team": None,
            "bot": user_json(self.world.bot),
            "interactions_endpoint_url": None,
            "approximate_guild_count": sum(guild.has_bot for guild in self.world.guilds.values()),
            "integration_types_config": {"0": {}, "1": {}},
        }

    def member(self, guild: Guild, user: User) -> Json:
        """A member without the user."""
        roles = [str(guild.moderator_role_id)] if user.id in guild.moderators else []
        if user is self.world.bot:
            roles = [str(guild.bot_role_id)]
        return {
            "roles": roles,
            "nick": None,
            "avatar": None,
            "joined_at": self.when(0),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "communication_disabled_until": None,
        }

    def full_member(self, guild: Guild, user: User) -> Json:
        """A member with the user."""
        return self.member(guild, user) | {"user": user_json(user)}

    def guild(self, guild: Guild) -> Json:
        """A server as GET /guilds shows it."""
        return {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "owner_id": str(guild.owner.id),
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "roles": self.roles(guild),
            "emojis": [],
            "stickers": [],
            "features": [],
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "system_channel_flags": 0,
        }

    def created_guild(self, guild: Guild, threads: list[Channel]) -> Json:
        """A server as GUILD_CREATE shows it: with channels, living threads and, without the intent, only the bot."""
        me = self.world.bot
        visible = [c for c in guild.channels if self.world.bot_permissions(c) & Permission.VIEW_CHANNEL]
        return self.guild(guild) | {
            "joined_at": self.when(0),
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [self.full_member(guild, me)] if me.id in guild.members else [],
            "channels": [self.channel(channel) for channel in guild.channels if not channel.deleted],
            "threads": [self.channel(thread) for thread in threads if thread.parent in visible],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def roles(self, guild: Guild) -> list[Json]:
        """The roles of a server: @everyone, the moderators', and the bot's own."""
        shown = (
            (guild.id, "@everyone", MEMBER & guild.bot_permissions, None),
            (guild.moderator_role_id, "Moderators", MODERATOR, None),
            (guild.bot_role_id, self.world.bot.name, guild.bot_permissions, {"bot_id": str(self.world.bot.id)}),
        )
        return [
            {
                "id": str(number),
                "name": name,
                "color": 0,
                "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
                "hoist": False,
                "position": position,
                "permissions": str(int(permissions)),
                "managed": tags is not None,
                "mentionable": False,
                "flags": 0,
            }
            | ({"tags": tags} if tags else {})
            for position, (number, name, permissions, tags) in enumerate(shown)
        ]

    def channel(self, channel: Channel) -> Json:
        """A channel, DM or thread."""
        last = channel.living()[-1:]
        shown: Json = {
            "id": str(channel.id),
            "type": channel.type,
            "last_message_id": str(last[0].id) if last else None,
            "flags": 0,
        }
        if channel.type in (DM, GROUP_DM):
            others = [user_json(user) for user in channel.recipients if user is not self.world.bot]
            return shown | {"recipients": others} | ({"name": "", "icon": None} if channel.type == GROUP_DM else {})
        assert channel.guild is not None
        shown |= {"guild_id": str(channel.guild.id), "name": channel.name, "rate_limit_per_user": 0}
        if channel.is_thread:
            return shown | self._thread(channel)
        return shown | {
            "position": channel.guild.channels.index(channel),
            "permission_overwrites": self._overwrites(channel),
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "default_auto_archive_duration": 1440,
        }

    def _overwrites(self, channel: Channel) -> list[Json]:
        if not channel.denied:
            return []
        return [{"id": str(self.world.bot.id), "type": 1, "allow": "0", "deny": str(int(channel.denied))}]

    def _thread(self, thread: Channel) -> Json:
        assert thread.parent is not None and thread.owner is not None
        date = self.when(thread.created)
        shown: Json = {
            "parent_id": str(thread.parent.id),
            "owner_id": str(thread.owner.id),
            "message_count": len(thread.living()),
            "total_message_sent": len(thread.messages),
            "member_count": 2,
            "thread_metadata": {
                "archived": thread.archived,
                "auto_archive_duration": thread.auto_archive,
                "archive_timestamp": date,
                "locked": thread.locked,
                "create_timestamp": date,
            },
        }
        if thread.owner is self.world.bot:
            me = {"id": str(thread.id), "user_id": str(self.world.bot.id), "join_timestamp": date, "flags": 0}
            shown["member"] = me
        return shown

    def message(self, message: Message, *, content: bool | None = None, nested: bool = False) -> Json:
        """A message; its words only if the content intent or one of its exceptions allows them."""
        channel, author = message.channel, message.author
        granted = self.content_granted if content is None else content
        shown: Json = {
            "id": str(message.id),
            "channel_id": str(channel.id),
            "type": message.type,
            "author": user_json(author),
            "timestamp": self.when(message.created),
            "edited_timestamp": None if message.edited is None else self.when(message.edited),
            "tts": False,
            "mention_everyone": False,
            "mentions": [self._mention(channel, user) for user in message.mentions],
            "mention_roles": [],
            "pinned": False,
            "flags": message.flags | (HAS_THREAD if message.thread else 0),
        }
        shown |= self._words(message) if granted or self.reads(message) else _NO_WORDS
        if message.thread:
            shown["thread"] = self.channel(message.thread)
        if message.nonce is not None:
            shown["nonce"] = message.nonce
        if message.origin is not None:
            shown |= {"application_id": str(self.world.application_id), "webhook_id": str(self.world.application_id)}
            shown["interaction_metadata"] = message.origin
        if message.reply_to is not None:
            shown |= self._reference(message.reply_to, granted, nested=nested)
        return shown

    def reads(self, message: Message) -> bool:
        """Whether the bot reads the message without the content intent: its own, DMs, and what mentions it."""
        me = self.world.bot
        return message.author is me or message.channel.guild is None or me in message.mentions

    def _words(self, message: Message) -> Json:
        return {
            "content": message.content,
            "embeds": message.embeds,
            "components": message.components,
            "attachments": [attachment_json(attachment) for attachment in message.attachments],
        }

    def _reference(self, target: Message, granted: bool, *, nested: bool) -> Json:
        reference: Json = {"type": 0, "message_id": str(target.id), "channel_id": str(target.channel.id)}
        if target.channel.guild:
            reference["guild_id"] = str(target.channel.guild.id)
        shown: Json = {"message_reference": reference}
        if not nested:
            gone = target.deleted
            shown["referenced_message"] = None if gone else self.message(target, content=granted, nested=True)
        return shown

    def _mention(self, channel: Channel, user: User) -> Json:
        guild = channel.guild
        if guild is None or user.id not in guild.members:
            return user_json(user)
        return user_json(user) | {"member": self.member(guild, user)}

    def dispatched(self, message: Message, *, content: bool) -> Json:
        """A message as MESSAGE_CREATE and MESSAGE_UPDATE carry it: with the server and the member."""
        shown = self.message(message, content=content)
        guild = message.channel.guild
        if guild is not None:
            shown["guild_id"] = str(guild.id)
            if message.origin is None and message.author.id in guild.members:
                shown["member"] = self.member(guild, message.author)
        return shown | {"channel_type": message.channel.type}


_NO_WORDS: Json = {"content": "", "embeds": [], "components": [], "attachments": []}


def attachment_json(attachment: Attachment) -> Json:
    """A file of a message; its address leads nowhere."""
    url = f"https://cdn.invalid/{attachment.id}/{attachment.name}"
    return {
        "id": str(attachment.id),
        "filename": attachment.name,
        "size": len(attachment.data),
        "url": url,
        "proxy_url": url,
    }
