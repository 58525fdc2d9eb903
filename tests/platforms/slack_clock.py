"""The local Slack's time and its news: a clock that tests can move, and waiting for a change without sleeping."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Changes:
    """Wakes whoever waits, each time something in the server changed."""

    def __init__(self) -> None:
        self.condition = asyncio.Condition()
        self.count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def notify(self) -> None:
        """Tells the waiting tasks; may be called from code that cannot await."""
        self.count += 1
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self.condition:
            self.condition.notify_all()

    async def until(self, true: Callable[[], T]) -> T:
        """The first value of `true()` that is true, looked at now and after each change."""
        async with self.condition:
            while not (value := true()):
                await self.condition.wait()
        return value


class Clock:
    """Real time plus what tests add to it; timers fire when either brings their moment."""

    def __init__(self) -> None:
        self._moved = 0.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Seconds since the epoch, as the server sees it."""
        return time.time() + self._moved

    def at(self, moment: float, call: Callable[[], None]) -> None:
        """Calls `call` once when the clock reaches `moment`."""
        heapq.heappush(self._timers, (moment, next(self._numbers), call))
        self._set_alarm()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Calls `call` once, `seconds` from now."""
        self.at(self.now() + seconds, call)

    def timer(self, seconds: float) -> asyncio.Future[None]:
        """A future that is done in `seconds`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.after(seconds, lambda: None if future.done() else future.set_result(None))
        return future

    async def done_within(self, future: asyncio.Future[T], seconds: float) -> bool:
        """Whether `future` was done before `seconds` had passed; it is never cancelled."""
        timer = self.timer(seconds)
        waiting: set[asyncio.Future[Any]] = {future, timer}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        return future.done()

    async def advance(self, seconds: float) -> None:
        """Moves the clock on, through each timer in its order; what a timer wakes runs before the next one fires."""
        target = self.now() + seconds
        while self._timers and self._timers[0][0] <= target:
            self._moved += max(0.0, self._timers[0][0] - self.now())
            self._ring()
            await _let_others_run()
        self._moved += max(0.0, target - self.now())
        await _let_others_run()
        self._set_alarm()

    def close(self) -> None:
        """Forgets all timers."""
        self._timers.clear()
        self._set_alarm()

    def _ring(self) -> None:
        while self._timers and self._timers[0][0] <= self.now():
            heapq.heappop(self._timers)[2]()
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._timers:
            wait = max(0.0, self._timers[0][0] - self.now())
            self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)


async def _let_others_run() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
