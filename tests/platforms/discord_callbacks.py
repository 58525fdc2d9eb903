"""The REST routes of interactions: the callback with its deadline, and the webhook that edits and follows up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from tests.platforms.discord_commands import check_suggestions
from tests.platforms.discord_components import check_modal
from tests.platforms.discord_errors import ApiError, Json, Problems
from tests.platforms.discord_http import PREFIX, Desk, read_body
from tests.platforms.discord_interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
)
from tests.platforms.discord_limits import json_response
from tests.platforms.discord_platform import REPLY, Platform
from tests.platforms.discord_rules import Draft, check_message
from tests.platforms.discord_world import EPHEMERAL, LOADING, Attachment, Message

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
_ALLOWED: Mapping[int, frozenset[int]] = {
    COMMAND: frozenset({MESSAGE, DEFER, MODAL}),
    COMPONENT: frozenset({MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL}),
    AUTOCOMPLETE: frozenset({CHOICES}),
    MODAL_SUBMIT: frozenset({MESSAGE, DEFER, DEFER_UPDATE, UPDATE}),
}
SLASH_RESPONSE, MENU_RESPONSE = 20, 23
MOST_USER_APP_FOLLOWUPS = 5


@dataclass
class InteractionRoutes:
    """Each public method is a route; what Discord refuses is raised as ApiError."""

    platform: Platform
    interactions: Interactions
    desk: Desk
    deadline: float
    lifetime: float

    def table(self) -> list[web.RouteDef]:
        """The routes for aiohttp."""
        hook = PREFIX + r"/webhooks/{application:\d+}/{token}"
        message = hook + r"/messages/{message:\d+|@original}"
        return [
            web.post(PREFIX + r"/interactions/{id:\d+}/{token}/callback", self.call_back),
            web.post(hook, self.follow_up),
            web.get(message, self.show, allow_head=False),
            web.patch(message, self.edit),
            web.delete(message, self.delete),
        ]

    async def call_back(self, request: web.Request) -> web.Response:
        """POST the first response: in time, once, and of a type that suits the interaction."""
        payload, files = await read_body(request, self.platform.world)
        interaction = self.interactions.by_token(request.match_info["token"])
        if interaction is None or str(interaction.id) != request.match_info["id"]:
            raise ApiError(10062)
        if interaction.callback_type is not None:
            raise ApiError(40060)
        interaction.acknowledged_after = self.platform.world.clock.now() - interaction.created
        if interaction.acknowledged_after > self.deadline:
            late = f"the first response to {interaction.name!r} came after {interaction.acknowledged_after:.2f} s"
            self.desk.violations.append(late)
            raise ApiError(10062)
        kind = int(payload.get("type") or 0)
        if kind not in _ALLOWED[interaction.kind] or (kind in (DEFER_UPDATE, UPDATE) and interaction.message is None):
            problems = Problems()
            problems.add(("type",), "INTERACTION_TYPE_INVALID", f"A response of type {kind} does not fit")
            problems.refuse()
        self._respond(interaction, kind, payload.get("data") or {}, files)
        interaction.callback_type = kind
        if request.query.get("with_response") not in ("1", "true", "True"):
            return web.Response(status=204)
        return json_response(self._described(interaction))

    def _respond(self, interaction: Interaction, kind: int, data: Json, files: Sequence[Attachment]) -> None:
        if kind == CHOICES:
            check_suggestions(data.get("choices"))
            interaction.choices = data["choices"]
        elif kind == MODAL:
            problems = Problems()
            check_modal(problems, data)
            problems.refuse()
            interaction.modal = data
        elif kind == MESSAGE:
            interaction.response = self._post(interaction, check_message(data, files, interaction=True))
        elif kind == DEFER:
            # Of all that a defer may carry, Discord reads only the ephemeral flag.
            flags = LOADING | (data.get("flags", 0) & EPHEMERAL)
            interaction.response = self._post(interaction, Draft("", [], [], [], flags, None, None))
        else:
            interaction.response = interaction.message
            if kind == UPDATE and interaction.message is not None:
                self.platform.edit(interaction.message, check_message(data, files, interaction.message))

    def _post(self, interaction: Interaction, draft: Draft, reply_to: Message | None = None) -> Message:
        world = self.platform.world
        if interaction.channel.deleted:
            raise ApiError(10003)
        if interaction.channel.archived and interaction.channel.locked:
            raise ApiError(50083, status=403)
        message = Message(world.new_id(), interaction.channel, world.bot, world.clock.now(), reply_to=reply_to)
        message.origin = interaction.origin
        if reply_to is not None:
            message.type = REPLY
        elif interaction.kind == COMMAND:
            menu = any(one["name"] == interaction.name and one["type"] != 1 for one in self.interactions.commands)
            message.type = MENU_RESPONSE if menu else SLASH_RESPONSE
        self.platform.fill(message, draft)
        if message.ephemeral:
            message.visible_to = interaction.user
        return self.platform.post(message)

    def _described(self, interaction: Interaction) -> Json:
        about: Json = {"id": str(interaction.id), "type": interaction.kind}
        described: Json = {"interaction": about}
        response = interaction.response
        if response is not None:
            about["response_message_id"] = str(response.id)
            about["response_message_loading"] = response.loading
            about["response_message_ephemeral"] = response.ephemeral
            shown = self.platform.payloads.message(response)
            described["resource"] = {"type": interaction.callback_type, "message": shown}
        return described

    def _interaction(self, request: web.Request) -> Interaction:
        """The interaction of a webhook's token: answered already, and not expired."""
        interaction = self.interactions.by_token(request.match_info["token"])
        if interaction is None or request.match_info["application"] != str(self.platform.world.application_id):
            raise ApiError(10015)
        if self.platform.world.clock.now() - interaction.created > self.lifetime:
            raise ApiError(50027)
        if interaction.callback_type is None:
            if interaction.acknowledged_after is None:
                early = f"{request.method} by the webhook of {interaction.name!r} before its first response"
                self.desk.violations.append(early)
            raise ApiError(10015)
        return interaction

    def _message(self, request: web.Request, interaction: Interaction) -> Message:
        wanted = request.match_info["message"]
        if wanted == "@original":
            message = interaction.response
            if message is None:
                raise ApiError(10015)
        else:
            own = [*interaction.followups, *([interaction.response] if interaction.response else [])]
            message = next((one for one in own if str(one.id) == wanted), None)
        if message is None or message.deleted or message.channel.deleted:
            raise ApiError(10008)
        return message

    async def follow_up(self, request: web.Request) -> web.Response:
        """POST another message; while the first is still loading it takes that one's place, which is deprecated."""
        payload, files = await read_body(request, self.platform.world)
        interaction = self._interaction(request)
        if interaction.response is not None and interaction.response.loading:
            instead = f"a follow-up to {interaction.name!r} in place of editing the deferred response (deprecated)"
            self.desk.violations.append(instead)
            message = self.platform.edit(interaction.response, check_message(payload, files, interaction.response))
            return json_response(self.platform.payloads.message(message))
        if interaction.user_app and len(interaction.followups) >= MOST_USER_APP_FOLLOWUPS:
            raise ApiError(40094)
        draft = check_message(payload, files, interaction=True)
        message = self._post(interaction, draft, interaction.response)
        interaction.followups.append(message)
        return json_response(self.platform.payloads.message(message))

    async def show(self, request: web.Request) -> web.Response:
        """GET @original or a follow-up."""
        message = self._message(request, self._interaction(request))
        return json_response(self.platform.payloads.message(message))

    async def edit(self, request: web.Request) -> web.Response:
        """PATCH @original or a follow-up; it takes no permissions."""
        payload, files = await read_body(request, self.platform.world)
        message = self._message(request, self._interaction(request))
        if message.channel.archived and message.channel.locked:
            raise ApiError(50083, status=403)
        self.platform.edit(message, check_message(payload, files, message))
        return json_response(self.platform.payloads.message(message))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE @original or a follow-up."""
        self.platform.delete(self._message(request, self._interaction(request)))
        return web.Response(status=204)
