"""Showing what comes of a request, from the first status to the end, wherever it was asked."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import discord
from discord import ui

from bot.adapters.discord.buttons import Calling
from bot.adapters.discord.layout import answer_views, cut_views, line_view, reply_views, status_content, stop_view
from bot.adapters.discord.places import TROUBLE, GoneError, LateError, Place, SilencedError
from bot.faults import message_for
from bot.messages import Answer, Draft, Status
from bot.replies import Cut, Event, status_text
from bot.serving.desk import Desk
from bot.serving.once import Once
from bot.serving.pacing import Latest
from bot.serving.tickets import Request, Ticket

_log = logging.getLogger(__name__)

TOO_LATE = "The queue was longer than Discord waits for a command. Please ask again, or mention Herald in a channel."
NOT_SHOWN = "The answer could not be shown on Discord. Please ask again."
_PACE = 1.2
"""Seconds between two edits of a message: Discord allows about five in five seconds, for all in a channel."""
_RETRY_AFTER = 1.0


class Running:
    """The answers that are being shown, which end when what they hang on is deleted."""

    def __init__(self) -> None:
        self._places: dict[asyncio.Task[object], Place] = {}
        self._taken_back: set[asyncio.Task[object]] = set()

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Have the running task cancelled when what a place hangs on is deleted; it raises GoneError then."""
        task = asyncio.current_task()
        assert task is not None
        self._places[task] = place
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._taken_back:
                raise
            raise GoneError from None
        finally:
            del self._places[task]
            if task in self._taken_back:
                self._taken_back.remove(task)
                task.uncancel()

    def follow(self, place: Place) -> None:
        """Watch another place of the running task from now on."""
        task = asyncio.current_task()
        if task in self._places:
            self._places[task] = place

    def take_back(self, deleted: int) -> None:
        """End what hangs on a message, thread or channel that was deleted."""
        for task, place in list(self._places.items()):
            if deleted in place.ids and task not in self._taken_back:
                self._taken_back.add(task)
                task.cancel()


class Delivery:
    """Takes requests to the desk and shows what comes of them."""

    def __init__(self, desk: Desk, running: Running, data_dir: Path) -> None:
        """`data_dir` is where a fault is logged."""
        self._desk = desk
        self._running = running
        self._data_dir = data_dir
        self._silent = Once()

    async def serve(self, request: Request, place: Place, page: int = 0) -> None:
        """Serve a request at a place; what Discord refuses ends it without an error."""
        try:
            with self._running.at(place):
                async with self._desk.take(request) as ticket:
                    if ticket is not None:
                        await self._show(ticket, place, page)
        except (GoneError, LateError):
            await place.withdraw()
        except SilencedError as error:
            self._once(str(error))
        except TROUBLE as error:
            _log.warning("An answer could not be shown: %s", error)
        except Exception as error:
            # A fault of Herald's own: who asked is told at least that.
            await self.say(await asyncio.to_thread(message_for, error, self._data_dir), place)

    async def say(self, line: str, place: Place) -> None:
        """Show one line at a place."""
        try:
            await place.finish([line_view(line)])
        except (GoneError, LateError):
            return
        except SilencedError as error:
            self._once(str(error))
        except TROUBLE as error:
            _log.warning("A line could not be shown: %s", error)

    def _once(self, why: str) -> None:
        """Log that the bot may not speak somewhere, the first time."""
        if self._silent.first(why):
            _log.warning("Herald may not answer: %s", why)

    async def _show(self, ticket: Ticket, place: Place, page: int) -> None:
        try:
            async with asyncio.timeout(place.seconds_left) as limit:
                last = await self._progress(ticket, place)
        except (TimeoutError, LateError) as error:
            if isinstance(error, TimeoutError) and not limit.expired():
                raise
            place = await self._moved(ticket, place)
            last = await self._progress(ticket, place)
        await self._end(ticket, place, last, page)

    async def _moved(self, ticket: Ticket, place: Place) -> Place:
        """Another place, where this one can be used no more; without one the work is stopped, and this one says so."""
        other = await place.elsewhere()
        if other is None:
            ticket.stop(TOO_LATE)
            return place
        self._running.follow(other)
        return other

    async def _progress(self, ticket: Ticket, place: Place) -> Event | Cut:
        """Show each status and draft, the latest only where Discord is slow; returns what the request ends with."""
        draft: Draft | None = None
        shown = ""

        async def show(content: str) -> None:
            try:
                await place.show(content, stop_view(ticket.key))
            except TROUBLE as error:  # the next one may be shown, and the end in any case
                _log.warning("A status could not be shown: %s", error)
            else:
                await noted.at(place.address)

        noted = _Address(self._desk, ticket)
        latest = Latest(show, _PACE)
        try:
            async for event in ticket.events():
                if not isinstance(event, Status | Draft):
                    return event
                draft = event if isinstance(event, Draft) else draft
                status = event if isinstance(event, Status) else Status("writing")
                content = status_content(status_text(status), draft)
                if content != shown:
                    latest.put(content)
                    shown = content
                if latest.failed:
                    break
        finally:
            await latest.aclose()
        # The end was handed out before, but this failed just then.
        return ticket.last or Cut(NOT_SHOWN)

    async def _end(self, ticket: Ticket, place: Place, last: Event | Cut, page: int) -> None:
        views = self._views(ticket, last, page)
        try:
            shown = await self._finish(place, views)
        except LateError:
            other = await place.elsewhere()
            if other is None:
                raise
            shown = await self._finish(other, views)
        if isinstance(last, Answer):
            self._desk.also_known_as(conversation(shown), ticket)

    def _views(self, ticket: Ticket, last: Event | Cut, page: int) -> Sequence[ui.LayoutView]:
        match last:
            case Answer():
                return answer_views(last, ticket.key, votes=self._desk.journal is not None)
            case Cut():
                return cut_views(last)
            case Status() | Draft():
                raise AssertionError(f"{last} is no end")
        call = ticket.request.call
        return reply_views(last, Calling.of(call.command.name, call.argument, last), page)

    async def _finish(self, place: Place, views: Sequence[ui.LayoutView]) -> int:
        """Show the end: once more where that failed, and if Discord does not take it, a line that says so."""
        try:
            return await place.finish(views)
        except TROUBLE as error:
            _log.warning("An answer could not be shown at first: %s", error)
            refused = isinstance(error, discord.HTTPException) and error.status == 400
        if refused:
            return await place.finish([line_view(NOT_SHOWN)])
        await asyncio.sleep(_RETRY_AFTER)
        return await place.finish(views)


class _Address:
    """Tells the desk where an answer is shown, each time that this is somewhere else."""

    def __init__(self, desk: Desk, ticket: Ticket) -> None:
        self._desk = desk
        self._ticket = ticket
        self._told = ""

    async def at(self, address: str) -> None:
        """Tell of an address."""
        if address != self._told:
            self._told = address
            await self._desk.placed(self._ticket, address)


def conversation(key: int) -> str:
    """The desk's key of a conversation: of a channel, of a thread, or of the message that it hangs on."""
    return f"discord:{key}"
