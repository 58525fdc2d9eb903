"""The Web API's front: arguments in every form, tokens, scopes, rate limits, faults, errors as Slack answers them."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.platforms.slack_faults import RateLimitedError, SlackError
from tests.platforms.slack_platform import ApiCall, Platform
from tests.platforms.slack_text import Json
from tests.platforms.slack_world import Channel, Team

JSON_ARGUMENTS = {"blocks", "view", "chunks", "metadata", "prompts", "loading_messages"}


@dataclass(frozen=True)
class Call:
    """A call that may go ahead: its arguments and the team of its token."""

    platform: Platform
    args: Json
    found_team: Team | None

    @property
    def team(self) -> Team:
        """The token's team, for methods that need a bot token."""
        assert self.found_team is not None
        return self.found_team

    def need(self, *names: str) -> None:
        """Refuses a call that lacks one of these arguments."""
        missing = [name for name in names if self.args.get(name) in (None, "")]
        if missing:
            messages = [f"[ERROR] missing required field: {name}" for name in missing]
            raise SlackError("invalid_arguments", f"missing {', '.join(missing)}", messages=messages)

    def channel(self, name: str = "channel", *, member: bool = True) -> Channel:
        """The channel that an argument names; the bot has to be in it."""
        self.need(name)
        channel = self.platform.world.channels.get(str(self.args[name]))
        if channel is None or channel.team is not self.team:
            raise SlackError("channel_not_found")
        if member and not channel.bot_is_member:
            raise SlackError("not_in_channel")
        return channel


@dataclass(frozen=True)
class Method:
    """A method's handler, the scopes of which one is needed, its tier, and the kind of token."""

    handle: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    tier: int | None = 3
    token: str = "bot"  # or "app" or "none"


class WebApi:
    """Serves `/api/<method>`."""

    def __init__(self, platform: Platform, methods: dict[str, Method]) -> None:
        self._platform = platform
        self._methods = methods

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one call."""
        name = request.match_info["method"]
        call = ApiCall(name, {}, self._platform.clock.now())
        self._platform.calls.append(call)
        self._platform.changes.notify()
        try:
            return await self._answer(request, name, call)
        except Exception:
            call.error = "internal_error"
            raise
        finally:
            self._platform.changes.notify()

    async def _answer(self, request: web.Request, name: str, call: ApiCall) -> web.StreamResponse:
        await self._platform.faults.passed(name)
        fault = self._platform.faults.next(name)
        if fault and fault.drop:
            call.error = "dropped"
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault and fault.status:
            call.error = f"http_{fault.status}"
            return web.Response(status=fault.status, text="<html>upstream error</html>", content_type="text/html")
        try:
            if fault and fault.retry_after is not None:
                raise RateLimitedError(fault.retry_after)
            call.args = await _arguments(request)
            body = self._call(request, name, call, fault.error if fault else "")
        except SlackError as error:
            call.error = error.code
            if error.broken:
                self._platform.broken(f"{name}: {error.code}: {error.broken}")
            body = {"ok": False, "error": error.code} | error.extra
        except RateLimitedError as limited:
            call.error = "ratelimited"
            self._platform.rate_limited.append(call)
            headers = {"Retry-After": str(limited.retry_after)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        return web.json_response(body, headers=self._scope_headers(name, call.team))

    def _call(self, request: web.Request, name: str, call: ApiCall, error: str) -> Json:
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method", "there is no such method")
        token = str(call.args.pop("token", "")) or request.headers.get("Authorization", "").removeprefix("Bearer ")
        call.team = self._team(method, token)
        if error:
            raise SlackError(error)
        team_id = call.team.id if call.team else ""
        self._allow(method, call.team)
        self._platform.limits.call(name, team_id, method.tier)
        return {"ok": True} | method.handle(Call(self._platform, call.args, call.team))

    def _team(self, method: Method, token: str) -> Team | None:
        if method.token == "none":
            return None
        if not token:
            raise SlackError("not_authed")
        if method.token == "app":
            if token != self._platform.options.app_token:
                raise SlackError("invalid_auth" if token.startswith("xapp-") else "not_allowed_token_type")
            return None
        if token.startswith("xapp-"):
            raise SlackError("not_allowed_token_type", "a bot token is needed")
        team = next((team for team in self._platform.world.teams.values() if team.bot_token == token), None)
        if team is None:
            raise SlackError("invalid_auth")
        if not team.installed:
            raise SlackError("account_inactive")
        return team

    def _allow(self, method: Method, team: Team | None) -> None:
        if team and method.scopes and not team.scopes & set(method.scopes):
            raise SlackError("missing_scope", needed=method.scopes[0], provided=",".join(sorted(team.scopes)))

    def _scope_headers(self, name: str, team: Team | None) -> dict[str, str]:
        method = self._methods.get(name)
        if team is None or method is None:
            return {}
        return {"x-oauth-scopes": ",".join(sorted(team.scopes)), "x-accepted-oauth-scopes": ",".join(method.scopes)}


async def _arguments(request: web.Request) -> Json:
    found: Json = dict(request.query)
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            found |= _json(await request.text(), "invalid_json")
        else:
            found |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    for name in JSON_ARGUMENTS & set(found):
        if isinstance(found[name], str):
            found[name] = _json(found[name], "invalid_blocks_format" if name == "blocks" else "invalid_arguments")
    return found | _basic_auth(request)


def _json(text: str, error: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise SlackError(error, f"not JSON: {text[:80]}") from None


def _basic_auth(request: web.Request) -> Json:
    header = request.headers.get("Authorization", "")
    if not header.startswith("Basic "):
        return {}
    client_id, _, client_secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return {"client_id": client_id, "client_secret": client_secret}
