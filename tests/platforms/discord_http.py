"""What every REST request goes through: faults, the token, rate limits, errors as JSON, and the record of it all."""

import json
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.platforms.discord_errors import ApiError, Json
from tests.platforms.discord_limits import Fault, Limiter, json_response, next_fault, too_many
from tests.platforms.discord_rules import LARGEST_FILE
from tests.platforms.discord_world import Attachment, World

PREFIX = "/api/v10"
BODY: web.RequestKey[Json] = web.RequestKey("body", dict[str, Any])
LIMITS: web.RequestKey[dict[str, str]] = web.RequestKey("limits", dict[str, str])
_BREACHES = frozenset({40060, 50006, 50035, 50109, 40094, 30032})
"""Refusals that a bot brings on itself; the others (permissions, things deleted meanwhile) happen to the best."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came, and how it was answered; `at` is seconds of the server's clock."""

    at: float
    method: str
    path: str
    status: int
    code: int
    body: Json


@dataclass
class Desk:
    """The middleware, with what a test can look at or change."""

    world: World
    token: str
    limiter: Limiter
    changed: Callable[[], None]
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    async def serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer one request, whatever happens in the handler."""
        if not request.path.startswith(PREFIX):
            return await handler(request)
        method, path = request.method, request.path.removeprefix(PREFIX)
        began, code = self.world.clock.now(), 0
        try:
            response = await self._answer(request, handler, f"{method} {path}")
        except ApiError as error:
            code = error.code
            response = json_response(error.body(), error.status, request.get(LIMITS))
            if error.status >= 500 or (code in _BREACHES and not error.excused):
                self.violations.append(f"{method} {path}: {error}")
        except web.HTTPException as error:
            self.violations.append(f"{method} {path}: no such route ({error.status})")
            response = json_response({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)
        except Exception:
            self.violations.append(f"{method} {path}: the server failed\n{traceback.format_exc()}")
            response = json_response({"message": "500: Internal Server Error", "code": 0}, 500)
        body = request.get(BODY, {})
        self.requests.append(Request(began, method, path, response.status, code, body))
        self.changed()
        return response

    async def _answer(self, request: web.Request, handler: Handler, line: str) -> web.StreamResponse:
        fault = next_fault(self.faults, line)
        if fault is not None:
            self.changed()
            answer = await fault.meet()
            if answer is not None:
                return answer
        self._authorize(request)
        refused = self._limit(request)
        if refused is not None:
            return refused
        response = await handler(request)
        response.headers.update(request.get(LIMITS, {}))
        response.headers.setdefault("Via", "1.1 google")
        return response

    def _authorize(self, request: web.Request) -> None:
        """A token in the address is enough for webhooks and interactions."""
        path = request.path.removeprefix(PREFIX)
        open_to_all = path.startswith(("/webhooks/", "/interactions/")) or path == "/gateway"
        if not open_to_all and request.headers.get("Authorization") != f"Bot {self.token}":
            raise ApiError(0, status=401, message="401: Unauthorized")

    def _limit(self, request: web.Request) -> web.Response | None:
        parts = request.path.removeprefix(PREFIX).split("/")[1:]
        if parts[0] == "interactions":
            return None
        wait = 0.0 if parts[0] == "webhooks" else self.limiter.take_global()
        if wait:
            return too_many(wait, {}, everywhere=True)
        bucket, major = bucket_of(request.method, parts)
        passes, headers = self.limiter.take(bucket if bucket in self.limiter.limits else "other", major)
        request[LIMITS] = headers
        return None if passes else too_many(float(headers["X-RateLimit-Reset-After"]), headers)


def bucket_of(method: str, parts: list[str]) -> tuple[str, str]:
    """The name of a route's rate limit, and the id that it is counted for."""
    if parts[0] == "webhooks":
        return "webhook edit" if method == "PATCH" else "webhook", parts[2]
    if parts[0] == "channels" and len(parts) > 2:
        return f"{method} {'threads' if 'threads' in parts else parts[2]}", parts[1]
    return "other", f"{method} {parts[0]}"


async def read_body(request: web.Request, world: World) -> tuple[Json, list[Attachment]]:
    """The JSON of a request and the files sent with it (multipart with payload_json)."""
    files: list[Attachment] = []
    text = ""
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            data = bytes(await part.read())
            if part.name == "payload_json":
                text = data.decode()
            else:
                files.append(Attachment(world.new_id(), part.filename or "unknown", data[: LARGEST_FILE + 1]))
    elif request.content_type == "application/json":
        text = await request.text()
    return _parsed(request, text), files


def _parsed(request: web.Request, text: str) -> Json:
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        raise ApiError(50109) from None
    kept: Json = body if isinstance(body, dict) else {"list": body}
    request[BODY] = kept
    return dict(kept)
