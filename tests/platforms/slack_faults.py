"""What goes wrong on the platform's side: rate limits that the app ran into, and faults that a test asked for."""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

TIER = {1: 1, 2: 20, 3: 50, 4: 100}


class SlackError(Exception):
    """The answer `{"ok": false, "error": …}`; `broken` says which rule the app broke, if it is the app's fault."""

    def __init__(self, code: str, broken: str = "", *, messages: list[str] | None = None, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.broken = broken or "; ".join(messages or [])
        self.extra = extra | ({"response_metadata": {"messages": messages}} if messages else {})


class RateLimitedError(Exception):
    """The answer 429; `retry_after` is the header's whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass
class Bucket:
    """Calls that are left, refilled with time."""

    capacity: float
    per_second: float
    left: float
    since: float

    def take(self, now: float) -> float:
        """Takes one call: 0 when there was one, else the seconds until there is."""
        self.left = min(self.capacity, self.left + (now - self.since) * self.per_second)
        self.since = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / self.per_second


class Limits:
    """The rate limits: a tier's calls a minute for each method and team, and posts a second for each channel."""

    def __init__(self, now: Callable[[], float], tiers: Mapping[str, int], post_rate: float, post_burst: int) -> None:
        self._now = now
        self._per_minute = tiers
        self._post = (float(post_burst), post_rate)
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def call(self, method: str, team_id: str, tier: int | None) -> None:
        """Counts a call of a method; raises when its minute is full."""
        per_minute = self._per_minute.get(method, TIER[tier] if tier else 0)
        if per_minute:
            self._take((method, team_id), float(per_minute), per_minute / 60)

    def post(self, channel_id: str) -> None:
        """Counts a message in a channel; raises when there are too many a second."""
        self._take(("post", channel_id), *self._post)

    def _take(self, key: tuple[str, str], capacity: float, per_second: float) -> None:
        bucket = self._buckets.setdefault(key, Bucket(capacity, per_second, capacity, self._now()))
        wait = bucket.take(self._now())
        if wait > 0:
            raise RateLimitedError(max(1, math.ceil(wait)))


@dataclass
class Fault:
    """What a test wants of a method's next `times` calls (None: of all until healed)."""

    times: int | None
    error: str = ""
    status: int = 0
    retry_after: int | None = None
    drop: bool = False


class Gate:
    """Holds back the answers of a method until it is released."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self.waiting = 0

    def release(self) -> None:
        """Lets the answers go, those to come as well."""
        self._open.set()

    async def passed(self) -> None:
        """Returns once the gate is open."""
        self.waiting += 1
        await self._open.wait()


class Faults:
    """The faults that tests asked for, by method."""

    def __init__(self) -> None:
        self._faults: dict[str, list[Fault]] = {}
        self._gates: dict[str, Gate] = {}

    def add(self, method: str, fault: Fault) -> None:
        """Lets a method fail."""
        self._faults.setdefault(method, []).append(fault)

    def hold(self, method: str) -> Gate:
        """Holds back a method's answers."""
        return self._gates.setdefault(method, Gate())

    def heal(self, method: str | None) -> None:
        """Ends the faults of a method, or all of them."""
        for name in [method] if method else [*self._faults, *self._gates]:
            self._faults.pop(name, None)
            if gate := self._gates.pop(name, None):
                gate.release()

    async def passed(self, method: str) -> None:
        """Returns once no test holds the method back."""
        if gate := self._gates.get(method):
            await gate.passed()

    def next(self, method: str) -> Fault | None:
        """The fault that the call at hand is to meet, counted down."""
        waiting = self._faults.get(method, [])
        if not waiting:
            return None
        fault = waiting[0]
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                waiting.pop(0)
        return fault
