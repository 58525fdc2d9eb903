"""Delivery to the app: what is sent, in which attempts, how it was acknowledged, and Slack's retries."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from tests.platforms.slack_clock import Changes, Clock
from tests.platforms.slack_text import Json
from tests.platforms.slack_world import Team

RETRY_PAUSES = (0.0, 60.0, 300.0)
KINDS = {"events_api": "event", "interactive": "interaction", "slash_commands": "command"}


@dataclass(eq=False)
class Attempt:
    """One sending of a delivery; `failed` is Slack's reason when it was not acknowledged in time."""

    number: int
    reason: str
    envelope_id: str = ""
    sent_at: float | None = None
    acked_at: float | None = None
    payload: Json = field(default_factory=dict)
    status: int | None = None
    no_retry: bool = False
    failed: str = ""


@dataclass(eq=False)
class Delivery:
    """Something that the app is told; `name` is the event's type, the command, the callback id or the action id."""

    kind: str
    name: str
    team: Team
    payload: Json
    on_ack: Callable[[Json], None] | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def event_id(self) -> str:
        """The id that all attempts of an event share; "" for what is not an event."""
        return str(self.payload.get("event_id", ""))

    @property
    def acked(self) -> bool:
        """Whether any attempt was acknowledged."""
        return any(attempt.acked_at is not None for attempt in self.attempts)

    @property
    def acked_after(self) -> float | None:
        """The seconds from the first sending to the first acknowledgement."""
        times = [attempt.acked_at for attempt in self.attempts if attempt.acked_at is not None]
        sent = self.attempts[0].sent_at if self.attempts else None
        return min(times) - sent if times and sent is not None else None

    @property
    def ack(self) -> Json | None:
        """The first acknowledgement's payload: {} when it had none, None before it."""
        return next((attempt.payload for attempt in self.attempts if attempt.acked_at is not None), None)

    @property
    def failed(self) -> str:
        """Why the last attempt failed; "" while it has not."""
        return self.attempts[-1].failed if self.attempts else ""


class Transport(Protocol):
    """A way to the app."""

    async def send(self, delivery: Delivery, attempt: Attempt) -> None:
        """Sends once; sets the attempt's times, payload and status, and `failed` when it was not acknowledged."""


class Outbox:
    """Sends deliveries in the background, again when an event is not acknowledged."""

    def __init__(self, clock: Clock, changes: Changes, ack_timeout: float, broken: Callable[[str], None]) -> None:
        self._clock = clock
        self._changes = changes
        self._broken = broken
        self.ack_timeout = ack_timeout
        self.transport: Transport | None = None
        self.deliveries: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def deliver(self, delivery: Delivery) -> Delivery:
        """Starts to send something new."""
        self.deliveries.append(delivery)
        self._start(self._carry(delivery))
        return delivery

    def repeat(self, delivery: Delivery) -> None:
        """Sends a delivery once more, as Slack does when it is not sure that the app got it."""
        self._start(self._attempt(delivery, "http_timeout"))

    async def close(self) -> None:
        """Gives up on what is still on its way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def acknowledge(self, delivery: Delivery, attempt: Attempt, payload: Json) -> None:
        """Notes an acknowledgement; only the first one of a delivery has an effect."""
        first = not delivery.acked
        attempt.acked_at = self._clock.now()
        attempt.payload = payload
        if first and delivery.on_ack:
            delivery.on_ack(payload)
        self._changes.notify()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._broken(f"the server failed while it delivered: {error!r}")

    async def _carry(self, delivery: Delivery) -> None:
        await self._attempt(delivery, "")
        if delivery.kind != "events_api":
            return
        for pause in RETRY_PAUSES:
            last = delivery.attempts[-1]
            if not last.failed or last.no_retry:
                return
            if pause:
                await self._clock.timer(pause)
            await self._attempt(delivery, last.failed)

    async def _attempt(self, delivery: Delivery, reason: str) -> None:
        attempt = Attempt(len(delivery.attempts), reason)
        delivery.attempts.append(attempt)
        assert self.transport is not None
        await self.transport.send(delivery, attempt)
        self._changes.notify()
        if attempt.failed in ("timeout", "http_timeout"):
            what = f"{KINDS[delivery.kind]} {delivery.name}"
            self._broken(f"{what} was not acknowledged within {self.ack_timeout:g} s (attempt {attempt.number + 1})")
        elif attempt.failed == "http_error":
            self._broken(f"{KINDS[delivery.kind]} {delivery.name} was answered with {attempt.status}")
