"""An App that opens while its user already types: the model and the index load in the background."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from bot.app import App

Report = Callable[[str, int, int], None]
OpenApp = Callable[[Report], "AbstractAsyncContextManager[App]"]


class Opening:
    """Opens an App in a task of its own, and closes it there; `progress` says in words how far it is."""

    def __init__(self, open_app: OpenApp) -> None:
        self._open_app = open_app
        self._ready: asyncio.Future[App] = asyncio.get_running_loop().create_future()
        # An error that nobody asks about, since no question came, is no fault.
        self._ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.progress = "Loading…"
        self.on_change: Callable[[], None] = lambda: None

    @property
    def done(self) -> bool:
        """Whether the App is open, or could not be opened."""
        return self._ready.done()

    async def app(self) -> "App":
        """The App, once it is open; raises what opening it raised, each time."""
        return await asyncio.shield(self._ready)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._leave.set()
        if not self._ready.done():
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            async with self._open_app(self._report) as app:
                self._ready.set_result(app)
                self.on_change()
                await self._leave.wait()
        except asyncio.CancelledError:
            self._ready.cancel()
            raise
        except Exception as error:
            if not self._ready.done():
                self._ready.set_exception(error)
                self.on_change()

    def _report(self, what: str, done: int, total: int) -> None:
        self.progress = progress_text(what, done, total)
        self.on_change()


def progress_text(what: str, done: int, total: int) -> str:
    """How far something is: `Indexing: 120 of 1,300…`, or only what it is where that is not known."""
    what = what.rstrip("….: ")
    return f"{what}: {done:,} of {total:,}…" if total else f"{what}…"
