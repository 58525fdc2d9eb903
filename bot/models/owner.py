"""One thread that owns a model: requests wait in a bounded queue, and their text streams back into asyncio.

llama.cpp's context is not thread-safe, so everything that touches it runs on this thread. A request is cancelled by
closing its iterator: while it waits it never runs, and while it runs the engine sees its flag and gives up.
"""

import asyncio
import ctypes
import logging
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Protocol

from bot.errors import HeraldError, ModelBusyError, ModelError
from bot.messages import Turn
from bot.models.base import SamplingOptions

_log = logging.getLogger(__name__)


class CancelFlag:
    """A flag that is set once, from any thread.

    It is a C string, empty until it is set, so that native code can watch it without taking Python's global lock.
    """

    __slots__ = ("buffer",)

    def __init__(self) -> None:
        self.buffer = ctypes.create_string_buffer(2)

    def set(self) -> None:
        """Ask whoever watches the flag to stop."""
        self.buffer[0] = b"\1"

    def __bool__(self) -> bool:
        return self.buffer[0] != b"\0"


class Engine(Protocol):
    """What the thread owns: it completes one chat at a time."""

    def complete(
        self, turns: Sequence[Turn], options: SamplingOptions, cancelled: CancelFlag
    ) -> Generator[str, None, None]:
        """Write the completion in pieces; ends early, at a token, once `cancelled` is set."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


_Work = Callable[[Engine, CancelFlag], Generator[str, None, None]]


@dataclass(slots=True, eq=False)
class _Request:
    """What a caller waits for: `events` carries its text, then None or an error."""

    work: _Work
    counted: bool
    loop: asyncio.AbstractEventLoop
    events: "asyncio.Queue[str | HeraldError | None]" = field(default_factory=asyncio.Queue)
    cancelled: CancelFlag = field(default_factory=CancelFlag)

    def send(self, event: str | HeraldError | None) -> None:
        """Hand an event to the caller's loop."""
        try:
            self.loop.call_soon_threadsafe(self.events.put_nowait, event)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self.cancelled.set()


class OwnerThread:
    """A thread that opens an engine when it is first needed and serves requests in order.

    `open_engine` runs on the thread and gets a flag that is set when the thread closes meanwhile. At most
    `queue_limit` requests wait beside the one that runs. An engine that fails in an unexpected way is closed, and
    the next request opens a new one.
    """

    def __init__(self, name: str, open_engine: Callable[[CancelFlag], Engine], *, queue_limit: int) -> None:
        self._name = name
        self._open_engine = open_engine
        self._queue_limit = queue_limit
        self._changed = threading.Condition()
        self._pending: deque[_Request] = deque()
        self._running: _Request | None = None
        self._closing = CancelFlag()
        self._thread: threading.Thread | None = None
        self._engine: Engine | None = None

    @property
    def waiting(self) -> int:
        """How many requests a new one would have to wait for."""
        with self._changed:
            running = self._running is not None and self._running.counted
            return self._queued() + running

    def start(self) -> None:
        """Begin to open the engine, without waiting for it; an error is met by the first request."""
        with self._changed:
            if self._thread is None and not self._closing:
                # A daemon, so that a caller who forgot aclose() can still leave the program.
                self._thread = threading.Thread(target=self._run, name=f"model {self._name}", daemon=True)
                self._thread.start()

    async def load(self) -> None:
        """Open the engine and wait until it is there; raises what opening it raises."""
        async for _ in self._answers(_nothing, counted=False):
            pass

    def stream(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        """Stream a completion; closing the iterator cancels it. Raises ModelBusyError when the queue is full."""
        return self._answers(lambda engine, cancelled: engine.complete(turns, options, cancelled), counted=True)

    async def aclose(self) -> None:
        """Stop what runs, refuse what waits and free the engine."""
        with self._changed:
            self._closing.set()
            refused, thread = list(self._pending), self._thread
            self._pending.clear()
            if self._running is not None:
                self._running.cancelled.set()
            self._changed.notify_all()
        for request in refused:
            request.send(self._closed())
        if thread is not None:
            await asyncio.to_thread(thread.join)

    async def _answers(self, work: _Work, *, counted: bool) -> AsyncGenerator[str, None]:
        request = _Request(work, counted, asyncio.get_running_loop())
        self._submit(request)
        try:
            while (event := await request.events.get()) is not None:
                if isinstance(event, HeraldError):
                    raise event
                yield event
        finally:
            self._cancel(request)

    def _submit(self, request: _Request) -> None:
        self.start()
        with self._changed:
            if self._closing:
                raise self._closed()
            if request.counted and self._queued() >= self._queue_limit:
                raise ModelBusyError("Many questions are waiting already. Please ask again in a moment.")
            self._pending.append(request)
            self._changed.notify_all()

    def _cancel(self, request: _Request) -> None:
        request.cancelled.set()
        with self._changed:
            if request in self._pending:
                self._pending.remove(request)

    def _queued(self) -> int:
        return sum(request.counted for request in self._pending)

    def _closed(self) -> ModelError:
        return ModelError(f"The model {self._name} has been closed.")

    # Below: on the thread only.

    def _run(self) -> None:
        with suppress(HeraldError):  # the next request tries again, and is told
            self._opened()
        while (request := self._next()) is not None:
            outcome = self._serve(request)
            with self._changed:  # before the outcome is known, so that `waiting` is right for whoever knows it
                self._running = None
            request.send(outcome)
        self._drop_engine()

    def _next(self) -> _Request | None:
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closing)
            if self._closing:
                return None
            self._running = self._pending.popleft()
            return self._running

    def _serve(self, request: _Request) -> HeraldError | None:
        if request.cancelled:
            return self._closed()
        try:
            engine = self._opened()
            with closing(request.work(engine, request.cancelled)) as pieces:
                for piece in pieces:
                    if request.cancelled:
                        break
                    request.send(piece)
        except HeraldError as error:
            return error
        except Exception:
            _log.exception("the model %s failed while answering", self._name)
            self._drop_engine()
            return ModelError(f"The model {self._name} failed while answering. Please ask again.")
        # A caller who cancelled does not listen; one who does was cut off by aclose().
        return self._closed() if request.cancelled else None

    def _opened(self) -> Engine:
        if self._engine is None:
            try:
                self._engine = self._open_engine(self._closing)
            except HeraldError:
                raise
            except Exception as error:
                _log.exception("the model %s could not be loaded", self._name)
                raise ModelError(f"The model {self._name} could not be loaded.") from error
        return self._engine

    def _drop_engine(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            try:
                engine.close()
            except Exception:
                _log.exception("the model %s could not be freed", self._name)


def _nothing(engine: Engine, cancelled: CancelFlag) -> Generator[str, None, None]:
    yield from ()
