"""The REST routes of channels: messages, threads, typing, reactions."""

from aiohttp import web

from tests.platforms.discord_errors import ApiError, Json, Problems
from tests.platforms.discord_http import PREFIX, read_body
from tests.platforms.discord_limits import json_response
from tests.platforms.discord_platform import THREAD_CREATED, Platform
from tests.platforms.discord_rules import check_message, check_thread
from tests.platforms.discord_world import PRIVATE_THREAD, PUBLIC_THREAD, TEXT, Channel, Message, Permission

_SENDABLE = frozenset({0, 19, 20, 23})


class MessageRoutes:
    """Each method is a route; what Discord refuses is raised as ApiError."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.world = platform.world
        self.typing: list[tuple[Channel, float]] = []

    def table(self) -> list[web.RouteDef]:
        """The routes for aiohttp."""
        channel = PREFIX + r"/channels/{channel:\d+}"
        message = channel + r"/messages/{message:\d+}"
        return [
            web.get(channel, self.show_channel, allow_head=False),
            web.patch(channel, self.change_channel),
            web.delete(channel, self.delete_channel),
            web.post(channel + "/typing", self.type),
            web.get(channel + "/messages", self.list, allow_head=False),
            web.post(channel + "/messages", self.send),
            web.get(message, self.show, allow_head=False),
            web.patch(message, self.edit),
            web.delete(message, self.delete),
            web.put(message + "/reactions/{emoji}/@me", self.react),
            web.delete(message + "/reactions/{emoji}/@me", self.unreact),
            web.post(message + "/threads", self.start_thread),
            web.post(channel + "/threads", self.start_thread),
            web.put(channel + "/thread-members/@me", self.join),
        ]

    def _channel(self, request: web.Request, *needed: Permission) -> Channel:
        """The channel of the address, if the bot sees it and has the permissions."""
        channel = self.world.channels.get(int(request.match_info["channel"]))
        if channel is None or channel.deleted:
            raise ApiError(10003)
        self.require(channel, Permission.VIEW_CHANNEL, *needed)
        return channel

    def require(self, channel: Channel, *needed: Permission) -> None:
        """Refuse what the bot may not do in a channel."""
        allowed = self.world.bot_permissions(channel)
        if not allowed & Permission.VIEW_CHANNEL:
            raise ApiError(50001)
        if any(permission not in allowed for permission in needed):
            raise ApiError(50013)

    def _message(self, request: web.Request, channel: Channel) -> Message:
        message = self.world.messages.get(int(request.match_info["message"]))
        if message is None or message.deleted or message.ephemeral or message.channel is not channel:
            raise ApiError(10008)
        return message

    async def show_channel(self, request: web.Request) -> web.Response:
        """GET a channel."""
        return json_response(self.platform.payloads.channel(self._channel(request)))

    async def list(self, request: web.Request) -> web.Response:
        """GET messages, newest first; without READ_MESSAGE_HISTORY there are none."""
        channel = self._channel(request)
        if Permission.READ_MESSAGE_HISTORY not in self.world.bot_permissions(channel):
            return json_response([])
        limit = int(request.query.get("limit", 50))
        if not 1 <= limit <= 100:
            problems = Problems()
            problems.add(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
            problems.refuse()
        found = _page([message for message in channel.living() if not message.ephemeral], request, limit)
        return json_response([self.platform.payloads.message(message) for message in reversed(found)])

    async def show(self, request: web.Request) -> web.Response:
        """GET one message."""
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        return json_response(self.platform.payloads.message(self._message(request, channel)))

    async def send(self, request: web.Request) -> web.Response:
        """POST a message."""
        payload, files = await read_body(request, self.world)
        channel = self._channel(request)
        self._may_send(channel)
        if files:
            self.require(channel, Permission.ATTACH_FILES)
        draft = check_message(payload, files)
        same = [message for message in channel.living() if message.nonce is not None and message.nonce == draft.nonce]
        # A client that sends again after an error of the line must not say it twice.
        if same and payload.get("enforce_nonce"):
            return json_response(self.platform.payloads.message(same[-1]))
        message = self.platform.send(channel, draft, self._replied(channel, payload.get("message_reference")))
        return json_response(self.platform.payloads.message(message))

    def _may_send(self, channel: Channel) -> None:
        if channel.guild is None:
            if not all(user.takes_dms for user in channel.recipients):
                raise ApiError(50007)
            return
        kind = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
        self.require(channel, kind)
        if channel.locked and Permission.MANAGE_THREADS not in self.world.bot_permissions(channel):
            raise ApiError(160005)

    def _replied(self, channel: Channel, reference: Json | None) -> Message | None:
        if not reference:
            return None
        message = self.world.messages.get(int(reference["message_id"]))
        if Permission.READ_MESSAGE_HISTORY not in self.world.bot_permissions(channel):
            raise ApiError(160002)
        if message is not None and not message.deleted and message.channel is channel:
            if message.type not in _SENDABLE:
                raise ApiError(50021)
            return message
        if reference.get("fail_if_not_exists", True):
            errors = {
                "message_reference": {"_errors": [{"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}]}
            }
            raise ApiError(50035, errors=errors, excused=True)
        return None

    async def edit(self, request: web.Request) -> web.Response:
        """PATCH a message of the bot."""
        payload, files = await read_body(request, self.world)
        message = self._message(request, self._channel(request))
        if message.author is not self.world.bot:
            raise ApiError(50005)
        if message.channel.archived:
            raise ApiError(50083)
        self.platform.edit(message, check_message(payload, files, message))
        return json_response(self.platform.payloads.message(message))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE a message of the bot, or with MANAGE_MESSAGES any."""
        channel = self._channel(request)
        message = self._message(request, channel)
        if message.author is not self.world.bot:
            self.require(channel, Permission.MANAGE_MESSAGES)
        self.platform.delete(message)
        return web.Response(status=204)

    async def type(self, request: web.Request) -> web.Response:
        """POST that the bot is typing."""
        channel = self._channel(request)
        self._may_send(channel)
        self.typing.append((channel, self.world.clock.now()))
        return web.Response(status=204)

    async def react(self, request: web.Request) -> web.Response:
        """PUT a reaction of the bot."""
        channel = self._channel(request, Permission.ADD_REACTIONS, Permission.READ_MESSAGE_HISTORY)
        self._message(request, channel).reactions.append(request.match_info["emoji"])
        return web.Response(status=204)

    async def unreact(self, request: web.Request) -> web.Response:
        """DELETE a reaction of the bot."""
        message = self._message(request, self._channel(request))
        if request.match_info["emoji"] in message.reactions:
            message.reactions.remove(request.match_info["emoji"])
        return web.Response(status=204)

    async def start_thread(self, request: web.Request) -> web.Response:
        """POST a thread, on a message or without one."""
        payload, _ = await read_body(request, self.world)
        channel = self._channel(request)
        if channel.type != TEXT:
            raise ApiError(50024)
        on = self._message(request, channel) if "message" in request.match_info else None
        # Without a message and a type the API makes it private.
        kind = PUBLIC_THREAD if on is not None else int(payload.get("type") or PRIVATE_THREAD)
        public = kind == PUBLIC_THREAD
        self.require(channel, Permission.CREATE_PUBLIC_THREADS if public else Permission.CREATE_PRIVATE_THREADS)
        if on is not None and on.thread is not None:
            raise ApiError(160004)
        if on is not None and on.type == THREAD_CREATED:
            raise ApiError(50021)
        name, minutes = check_thread(payload)
        thread = self.platform.start_thread(channel, name, minutes, self.world.bot, on, kind)
        return json_response(self.platform.payloads.channel(thread), 201)

    async def change_channel(self, request: web.Request) -> web.Response:
        """PATCH a thread: name, archived, locked; its owner may do all but lock it."""
        payload, _ = await read_body(request, self.world)
        thread = self._channel(request)
        if not thread.is_thread:
            raise ApiError(50013)
        if thread.owner is not self.world.bot or "locked" in payload or thread.locked:
            self.require(thread, Permission.MANAGE_THREADS)
        if thread.archived and payload.get("archived", True):
            raise ApiError(50083)
        thread.name, thread.auto_archive = check_thread(
            {"name": thread.name, "auto_archive_duration": thread.auto_archive} | payload
        )
        thread.archived = payload.get("archived", thread.archived)
        thread.locked = payload.get("locked", thread.locked)
        self.platform.update_channel(thread)
        return json_response(self.platform.payloads.channel(thread))

    async def delete_channel(self, request: web.Request) -> web.Response:
        """DELETE a thread, which takes MANAGE_THREADS."""
        thread = self._channel(request, Permission.MANAGE_THREADS)
        shown = self.platform.payloads.channel(thread)
        self.platform.delete_channel(thread)
        return json_response(shown)

    async def join(self, request: web.Request) -> web.Response:
        """PUT the bot into a thread."""
        if not self._channel(request).is_thread:
            raise ApiError(50024)
        return web.Response(status=204)


def _page(messages: list[Message], request: web.Request, limit: int) -> list[Message]:
    """The messages that before, after or around ask for, oldest first."""
    query = request.query
    if "after" in query:
        return [message for message in messages if message.id > int(query["after"])][:limit]
    if "around" in query:
        at = sum(message.id < int(query["around"]) for message in messages)
        start = max(0, at - limit // 2)
        return messages[start : start + limit]
    if "before" in query:
        messages = [message for message in messages if message.id < int(query["before"])]
    return messages[-limit:]
