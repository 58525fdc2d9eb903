"""Showing what changes faster than a platform lets a message be edited: always the latest, never a queue of edits."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Shows values in a task of its own: while one is being shown, newer ones replace each other.

    `show` may take as long as the platform makes it wait; after it, `interval` seconds pass before the next. A failure
    of `show` ends the showing, and `aclose` raises it.
    """

    def __init__(self, show: Callable[[T], Awaitable[object]], interval: float = 1.0) -> None:
        self._show = show
        self._interval = interval
        self._next: list[T] = []
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def put(self, value: T) -> None:
        """Show this next, in place of what waits to be shown."""
        self._next = [value]
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    @property
    def failed(self) -> bool:
        """Whether nothing more is shown, since `show` failed; `aclose` says why."""
        return self._task is not None and self._task.done() and not self._closing.is_set()

    async def aclose(self) -> None:
        """Stop: what is being shown is finished, what waits is dropped. Raises what `show` raised."""
        self._next.clear()
        self._closing.set()
        self._changed.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._closing.is_set():
            await self._changed.wait()
            self._changed.clear()
            if self._next:
                await self._show(self._next.pop())
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), self._interval)
