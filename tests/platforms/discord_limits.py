"""Rate limits with the headers that Discord sends, and the faults that a test can order."""

import asyncio
import hashlib
import json
import re
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from tests.platforms.discord_errors import Json
from tests.platforms.discord_world import Clock

VIA = "1.1 google"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


REAL_LIMITS = {
    "POST messages": Limit(5, 5.0),
    "PATCH messages": Limit(5, 5.0),
    "DELETE messages": Limit(5, 1.0),
    "GET messages": Limit(5, 5.0),
    "POST typing": Limit(5, 5.0),
    "POST threads": Limit(50, 300.0),
    "webhook": Limit(5, 2.0),
    "webhook edit": Limit(5, 5.0),
    "other": Limit(50, 5.0),
}
"""About what Discord allows; it publishes no numbers, and clients have to read the headers."""

ROOMY = dict.fromkeys(REAL_LIMITS, Limit(1000, 1.0))
"""Limits that no test meets."""

EVERYTHING = Limit(50, 1.0)
"""The limit over all routes but those of interactions."""


@dataclass
class _Window:
    """A bucket: when its period ends, and how many requests are left in it."""

    ends: float
    left: int


class Limiter:
    """Counts requests a bucket and over all."""

    def __init__(self, clock: Clock, limits: dict[str, Limit], everything: Limit) -> None:
        self.limits = limits
        self.everything = everything
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}
        self._recent: deque[float] = deque()

    def take(self, bucket: str, major: str) -> tuple[bool, dict[str, str]]:
        """Whether the request may pass, and the headers that go with its answer."""
        limit, now = self.limits[bucket], self._clock.now()
        window = self._windows.get((bucket, major))
        if window is None or window.ends <= now:
            window = self._windows[bucket, major] = _Window(now + limit.seconds, limit.requests)
        passes = window.left > 0
        window.left = max(0, window.left - 1)
        return passes, {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(window.left),
            "X-RateLimit-Reset": f"{self._clock.at(window.ends).timestamp():.3f}",
            "X-RateLimit-Reset-After": f"{window.ends - now:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:24],
        }

    def take_global(self) -> float:
        """Seconds to wait because of the limit over all, 0 if the request may pass."""
        now = self._clock.now()
        while self._recent and self._recent[0] <= now - self.everything.seconds:
            self._recent.popleft()
        if len(self._recent) >= self.everything.requests:
            return self._recent[0] + self.everything.seconds - now
        self._recent.append(now)
        return 0.0


def too_many(retry_after: float, headers: dict[str, str], *, everywhere: bool = False) -> web.Response:
    """The 429 of a full bucket, or of the limit over all."""
    body: Json = {"message": "You are being rate limited.", "retry_after": round(retry_after, 3), "global": everywhere}
    scope = {"X-RateLimit-Scope": "global" if everywhere else "user", "Retry-After": str(max(1, round(retry_after)))}
    if everywhere:
        scope["X-RateLimit-Global"] = "true"
    return json_response(body, 429, headers | scope)


def json_response(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON with the exact Content-Type that discord.py wants to see, and Via, without which a 429 is a ban."""
    data = json.dumps(body).encode()
    return web.Response(
        body=data, status=status, content_type="application/json", headers={"Via": VIA, **(headers or {})}
    )


@dataclass(eq=False)
class Fault:
    """What the next requests that match ("PATCH .*/messages/") meet instead of an answer, or before it."""

    match: str
    status: int = 0
    retry_after: float = 0.0
    everywhere: bool = False
    via: bool = True
    code: int = 0
    times: int = 1
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    def release(self) -> None:
        """Let the requests go on that it holds (a fault with status 0), and hold no more."""
        self.times = 0
        self.opened.set()

    async def meet(self) -> web.Response | None:
        """The answer, or None when the request may go on to the real one."""
        self.times -= 1
        if self.status == 0:
            self.waiting += 1
            await self.opened.wait()
            self.waiting -= 1
            return None
        if self.status != 429:
            return json_response({"message": f"fault {self.status}", "code": self.code}, self.status)
        if self.via:
            return too_many(self.retry_after, {}, everywhere=self.everywhere)
        return web.Response(status=429, text="error code: 1015", headers={"Retry-After": "600"})


def next_fault(faults: list[Fault], request: str) -> Fault | None:
    """The first ordered fault that this request ("PATCH /channels/1/messages/2") meets."""
    for fault in faults:
        if fault.times > 0 and re.search(fault.match, request):
            return fault
    return None
