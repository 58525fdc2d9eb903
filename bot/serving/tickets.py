"""What is taken to the desk, and what it gives back: a Request, and the Ticket that its events come from."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass

from bot.commands import Call
from bot.messages import Turn
from bot.replies import Cut, Event

ReadHistory = Callable[[], Awaitable[tuple[Turn, ...]]]


@dataclass(frozen=True, slots=True)
class Request:
    """A command as somebody called it on a platform.

    `event` is the platform's own id of what happened; the same one is served once. `asker` and `conversation` are
    opaque keys that begin with the platform's name. `history` reads what was said before, where the bot may see it: it
    is asked when the desk itself does not remember the conversation.
    """

    platform: str
    event: str
    call: Call
    asker: str
    conversation: str
    history: ReadHistory | None = None


class Ticket:
    """A request that is being served; `key` is short and cannot be guessed, so that buttons may carry it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.key = secrets.token_urlsafe(9)
        self.turns: tuple[Turn, ...] = ()
        self.last: Event | Cut | None = None
        self.why = ""
        self._events: asyncio.Queue[Event | Cut | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def events(self) -> AsyncIterator[Event | Cut]:
        """What happens, in the end an Answer, a reply or a Cut. They do not wait for whoever shows them."""
        while (event := await self._events.get()) is not None:
            yield event

    def put(self, event: Event | Cut) -> None:
        """Hand out an event."""
        self.last = event
        self._events.put_nowait(event)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Do the work in a task of its own, so that a slow platform does not hold up the model."""
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(self._ended)

    def stop(self, why: str) -> bool:
        """End the work early, saying why; False if it is over already."""
        if self._task is None or self._task.done():
            return False
        self.why = why
        self._task.cancel()
        return True

    async def over(self) -> None:
        """Wait until the work has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():  # before it had begun
            self.put(Cut(self.why))
        self._events.put_nowait(None)
