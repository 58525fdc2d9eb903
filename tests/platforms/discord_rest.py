"""The REST routes that are about no channel: the bot, its application and commands, servers, users, the gateway."""

import json

from aiohttp import web

from tests.platforms.discord_commands import SLASH, check_commands
from tests.platforms.discord_errors import ApiError, Json
from tests.platforms.discord_http import BODY, PREFIX, read_body
from tests.platforms.discord_interactions import Interactions
from tests.platforms.discord_limits import json_response
from tests.platforms.discord_payloads import user_json
from tests.platforms.discord_platform import Platform
from tests.platforms.discord_world import Guild

IDENTIFIES_A_DAY = 1000


class ApplicationRoutes:
    """Each public method is a route; what Discord refuses is raised as ApiError."""

    def __init__(self, platform: Platform, interactions: Interactions) -> None:
        self.platform = platform
        self.world = platform.world
        self.payloads = platform.payloads
        self.interactions = interactions
        self.gateway_url = ""
        self.shards = 1
        self.puts: list[list[Json]] = []

    def table(self) -> list[web.RouteDef]:
        """The routes for aiohttp."""
        commands = PREFIX + r"/applications/{application:\d+}/commands"
        guild = PREFIX + r"/guilds/{guild:\d+}"
        return [
            web.get(PREFIX + "/users/@me", self.show_me, allow_head=False),
            web.get(PREFIX + "/users/@me/guilds", self.list_guilds, allow_head=False),
            web.post(PREFIX + "/users/@me/channels", self.open_dm),
            web.get(PREFIX + r"/users/{user:\d+}", self.show_user, allow_head=False),
            web.get(PREFIX + "/oauth2/applications/@me", self.show_application, allow_head=False),
            web.get(PREFIX + "/applications/@me", self.show_application, allow_head=False),
            web.get(commands, self.list_commands, allow_head=False),
            web.put(commands, self.put_commands),
            web.get(PREFIX + "/gateway", self.show_gateway, allow_head=False),
            web.get(PREFIX + "/gateway/bot", self.show_gateway, allow_head=False),
            web.get(guild, self.show_guild, allow_head=False),
            web.get(guild + "/channels", self.list_channels, allow_head=False),
            web.get(guild + r"/members/{user:\d+}", self.show_member, allow_head=False),
        ]

    async def show_me(self, request: web.Request) -> web.Response:
        """GET the bot."""
        return json_response(self.payloads.me())

    async def show_user(self, request: web.Request) -> web.Response:
        """GET anyone."""
        user = self.world.users.get(int(request.match_info["user"]))
        if user is None:
            raise ApiError(10013)
        return json_response(user_json(user))

    async def open_dm(self, request: web.Request) -> web.Response:
        """POST for the DM with a user."""
        payload, _ = await read_body(request, self.world)
        user = self.world.users.get(int(payload.get("recipient_id") or 0))
        if user is None:
            raise ApiError(10013)
        return json_response(self.payloads.channel(self.world.dm([user, self.world.bot])))

    async def show_application(self, request: web.Request) -> web.Response:
        """GET the application."""
        return json_response(self.payloads.application())

    async def list_commands(self, request: web.Request) -> web.Response:
        """GET the global commands."""
        self._own(request)
        return json_response(self.interactions.commands)

    async def put_commands(self, request: web.Request) -> web.Response:
        """PUT all global commands; a command that stays keeps its id."""
        self._own(request)
        payload = json.loads(await request.text())
        request[BODY] = {"list": payload}
        check_commands(payload)
        known = {(one["type"], one["name"]): one["id"] for one in self.interactions.commands}
        self.interactions.commands[:] = [self._synced(command, known) for command in payload]
        self.puts.append(payload)
        return json_response(self.interactions.commands)

    def _own(self, request: web.Request) -> None:
        if request.match_info["application"] != str(self.world.application_id):
            raise ApiError(50001)

    def _synced(self, command: Json, known: dict[tuple[int, str], str]) -> Json:
        kind = command.get("type") or SLASH
        return {
            "description": "",
            "default_member_permissions": None,
            "nsfw": False,
            "integration_types": [0],
            "contexts": None,
            **command,
            "id": known.get((kind, command["name"])) or str(self.world.new_id()),
            "application_id": str(self.world.application_id),
            "version": str(self.world.new_id()),
            "type": kind,
        }

    async def show_gateway(self, request: web.Request) -> web.Response:
        """GET where the gateway is; for bots also how many shards and identifies it gives."""
        if not request.path.endswith("/bot"):
            return json_response({"url": self.gateway_url})
        limit = {
            "total": IDENTIFIES_A_DAY,
            "remaining": IDENTIFIES_A_DAY - len(self.platform.gateway.connections),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return json_response({"url": self.gateway_url, "shards": self.shards, "session_start_limit": limit})

    def _guild(self, request: web.Request) -> Guild:
        guild = self.world.guilds.get(int(request.match_info["guild"]))
        if guild is None or not guild.has_bot:
            raise ApiError(10004)
        return guild

    async def list_guilds(self, request: web.Request) -> web.Response:
        """GET the servers that the bot is in."""
        return json_response(
            [
                {
                    "id": str(guild.id),
                    "name": guild.name,
                    "icon": None,
                    "owner": False,
                    "permissions": str(int(guild.bot_permissions)),
                    "features": [],
                }
                for guild in self.world.guilds.values()
                if guild.has_bot
            ]
        )

    async def show_guild(self, request: web.Request) -> web.Response:
        """GET a server."""
        return json_response(self.payloads.guild(self._guild(request)))

    async def list_channels(self, request: web.Request) -> web.Response:
        """GET the channels of a server, without threads."""
        channels = [channel for channel in self._guild(request).channels if not channel.deleted]
        return json_response([self.payloads.channel(channel) for channel in channels])

    async def show_member(self, request: web.Request) -> web.Response:
        """GET a member."""
        guild = self._guild(request)
        user = guild.members.get(int(request.match_info["user"]))
        if user is None:
            raise ApiError(10007, status=404, message="Unknown Member")
        return json_response(self.payloads.full_member(guild, user))
