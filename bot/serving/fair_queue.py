"""Who is answered when: a bounded queue in which nobody has two questions at work, and a rate for each asker."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator

from bot.errors import BusyError

_WINDOW = 60.0  # seconds
_REMEMBERED_ASKERS = 10_000


class Place:
    """A question's place in the queue; whoever holds it must `leave` in the end."""

    def __init__(self, queue: "FairQueue", asker: str) -> None:
        self._queue = queue
        self.asker = asker
        self.at_work = False
        self.moved = asyncio.Event()

    async def ahead(self) -> AsyncIterator[int]:
        """How many questions are ahead, each time that it changes; ends when it is this one's turn."""
        shown = 0
        while not self.at_work:
            self.moved.clear()
            if (ahead := self._queue.ahead_of(self)) != shown:
                shown = ahead
                yield ahead
                continue  # it may have moved while that was shown
            await self.moved.wait()

    def leave(self) -> None:
        """Make room: for the next one if this one was at work, or for those behind it."""
        self._queue.remove(self)


class FairQueue:
    """At most `parallel` questions at work and `limit` waiting, in order, but never two of one asker at work."""

    def __init__(self, parallel: int, limit: int) -> None:
        self._parallel = parallel
        self._limit = limit
        self._at_work: list[Place] = []
        self._waiting: list[Place] = []

    def __len__(self) -> int:
        """How many are at work or wait."""
        return len(self._at_work) + len(self._waiting)

    @property
    def at_work(self) -> int:
        """How many are at work."""
        return len(self._at_work)

    def enter(self, asker: str) -> Place:
        """Take a place; raises BusyError if the queue is full."""
        if len(self._waiting) >= self._limit:
            raise BusyError(f"{len(self):,} questions are waiting already. Please ask again in a few minutes.")
        place = Place(self, asker)
        self._waiting.append(place)
        self._advance()
        return place

    def ahead_of(self, place: Place) -> int:
        """How many are at work or wait before this one."""
        return len(self._at_work) + self._waiting.index(place)

    def remove(self, place: Place) -> None:
        """Take a place out, wherever it is."""
        for places in (self._at_work, self._waiting):
            if place in places:
                places.remove(place)
        self._advance()

    def _advance(self) -> None:
        busy = {place.asker for place in self._at_work}
        for place in list(self._waiting):
            if len(self._at_work) < self._parallel and place.asker not in busy:
                busy.add(place.asker)
                self._waiting.remove(place)
                self._at_work.append(place)
                place.at_work = True
                place.moved.set()
        for place in self._waiting:
            place.moved.set()


class RateLimit:
    """So many questions a minute for each asker."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, asker: str, now: float) -> None:
        """Count a question at a time in seconds; raises BusyError that says how long to wait."""
        times = self._asked.setdefault(asker, deque())
        self._asked.move_to_end(asker)
        if len(self._asked) > _REMEMBERED_ASKERS:
            self._asked.popitem(last=False)
        while times and times[0] <= now - _WINDOW:
            times.popleft()
        if len(times) >= self._per_minute:
            wait = max(1, round(times[0] + _WINDOW - now))
            plural = "question" if self._per_minute == 1 else "questions"
            raise BusyError(f"That is more than {self._per_minute} {plural} a minute. Ask again in {wait} s, please.")
        times.append(now)
