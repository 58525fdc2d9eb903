"""The front desk: all that stands between a platform's event and an answer, the same for every platform.

An adapter turns an event into a Request, takes it to the desk and shows what the ticket yields. The desk sees to it
that an event is handled once, that nobody asks too much, that the conversation is known, that an answer can be
stopped, that every error becomes a line that is safe to show, and that the journal knows of it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Literal, Protocol

from bot.adapters.opening import Opening
from bot.commands import COMMANDS, Context
from bot.errors import BusyError, JournalError
from bot.faults import message_for
from bot.journal import Asked, Journal
from bot.messages import Answer, Draft, Question, Status, Turn
from bot.replies import STOPPED, Cut, Event
from bot.serving.connections import Connections
from bot.serving.conversations import Conversations, exchange
from bot.serving.fair_queue import FairQueue, Place, RateLimit
from bot.serving.once import Once
from bot.serving.tickets import Request, Ticket
from bot.settings import ServingSettings
from knowledge.loading import Library

_log = logging.getLogger(__name__)

CLOSING = "Herald is being restarted. Please ask again in a minute."
INTERRUPTED = "This answer was interrupted by a restart. Please ask again."
DROPPED = "The question was taken back."
_REASONS = {STOPPED: "stopped", CLOSING: "interrupted", DROPPED: "dropped"}
"""What the journal calls an answer that was cut off with these words; with any others it failed."""
_REMEMBERED_EVENTS = 20_000

Stopping = Literal["stopped", "over", "not yours"]


class Observer(Protocol):
    """Whoever counts what happens at the desk."""

    def began(self, request: Request) -> None:
        """A request was taken."""
        ...

    def event(self, request: Request, event: Event | Cut) -> None:
        """Something happened that whoever asked may see."""
        ...

    def failed(self, request: Request, error: BaseException) -> None:
        """Something went wrong that ends a request."""
        ...

    def ended(self, request: Request, last: Event | Cut | None, seconds: float) -> None:
        """A request is over: with its last event, or None if it was dropped."""
        ...


class Desk:
    """Serves requests of all platforms from one App; `async with` it, and it drains in the end."""

    def __init__(
        self,
        library: Library,
        opening: Opening,
        settings: ServingSettings,
        *,
        parallel: int,
        journal: Journal | None = None,
        data_dir: Path | None = None,
        observers: tuple[Observer, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.library = library
        self.journal = journal
        self.connections = Connections()
        self._opening = opening
        self._settings = settings
        self._data_dir = data_dir
        self._observers = observers
        self._clock = clock
        self._queue = FairQueue(parallel, settings.queue_limit)
        self._rate = RateLimit(settings.questions_a_minute)
        self._conversations = Conversations()
        self._events = Once(_REMEMBERED_EVENTS)
        self._tickets: dict[str, Ticket] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    @property
    def waiting(self) -> int:
        """How many questions are at work or wait."""
        return len(self._queue)

    @property
    def at_work(self) -> int:
        """How many questions are at work."""
        return self._queue.at_work

    @property
    def opening(self) -> Opening:
        """The App, which may still be loading."""
        return self._opening

    @property
    def closing(self) -> bool:
        """Whether nothing more is taken."""
        return self._closing

    @asynccontextmanager
    async def take(self, request: Request) -> AsyncIterator[Ticket | None]:
        """Serve a request while the context is open; None for an event that was taken before.

        Leaving the context early (the message was deleted, showing failed) stops the work.
        """
        if not self._events.first(f"{request.platform}:{request.event}"):
            yield None
            return
        ticket = Ticket(request)
        self._tickets[ticket.key] = ticket
        self._idle.clear()
        began = self._clock()
        for observer in self._observers:
            observer.began(request)
        try:
            if await self._begin(ticket):
                ticket.start(self._serve(ticket))
                yield ticket
            else:
                yield None
        finally:
            ticket.stop(DROPPED)
            try:
                await ticket.over()
                await self._close(ticket)
            finally:  # whoever shows it may be cancelled even now
                del self._tickets[ticket.key]
                for observer in self._observers:
                    observer.ended(request, ticket.last, self._clock() - began)
                if not self._tickets:
                    self._idle.set()

    def stop(self, key: str, asker: str, *, moderator: bool = False) -> Stopping:
        """Stop an answer for its asker or a moderator."""
        ticket = self._tickets.get(key)
        if ticket is None:
            return "over"
        if asker != ticket.request.asker and not moderator:
            return "not yours"
        return "stopped" if ticket.stop(STOPPED) else "over"

    def also_known_as(self, conversation: str, ticket: Ticket) -> None:
        """Remember what a ticket's conversation is under another key too, as that of the message that answers."""
        self._conversations.remember(conversation, ticket.turns, self._clock())

    def forget(self, conversation: str) -> None:
        """Forget a conversation."""
        self._conversations.forget(conversation)

    def remembers(self, conversation: str) -> bool:
        """Whether the bot takes part in a conversation, as far as it remembers."""
        return bool(self.recall(conversation))

    def recall(self, conversation: str) -> tuple[Turn, ...]:
        """What was said in a conversation, as far as it is remembered."""
        return self._conversations.turns(conversation, self._clock())

    async def placed(self, ticket: Ticket, place: str) -> None:
        """Note where a question is being answered, so that it can be marked there after a crash."""
        if self._journaled(ticket.request):
            await self._note(lambda journal: journal.place(ticket.key, place))

    async def vote(self, key: str, voter: str, up: bool, reason: str = "") -> bool:
        """Keep a vote on an answer; False if the journal does not know it."""
        if self.journal is None:
            return False
        with contextlib.suppress(JournalError):
            return await self.journal.vote(key, voter, up, reason)
        return False

    async def settle(self, platform: str, mark: Callable[[str], Awaitable[object]]) -> None:
        """Have every answer marked that an earlier process left unfinished; `mark` is given where each was placed."""
        if self.journal is None:
            return
        try:
            for left in await self.journal.interrupted(platform):
                try:
                    await mark(left.place)
                except Exception as error:
                    _log.warning("An interrupted answer could not be marked: %s", type(error).__name__)
                await self.journal.cut(left.key, "interrupted")
        except JournalError as error:
            _log.warning("The journal could not be read: %s", error)

    async def drain(self) -> None:
        """Take no more; let what runs end within the time of grace, then cut it off, and wait until that is shown."""
        self._closing = True
        try:
            await asyncio.wait_for(self._idle.wait(), self._settings.grace_seconds)
        except TimeoutError:
            for ticket in list(self._tickets.values()):
                ticket.stop(CLOSING)

    async def idle(self) -> None:
        """Wait until nothing is being served or shown."""
        await self._idle.wait()

    async def _begin(self, ticket: Ticket) -> bool:
        """Write a question down; False for an event that an earlier process took."""
        request = ticket.request
        if self.journal is None or not self._journaled(request):
            return True
        asked = Asked(ticket.key, request.event, request.platform, request.call.argument, request.asker)
        try:
            return await self.journal.begin(asked)
        except JournalError as error:
            _log.warning("The journal could not be written: %s", error)
            return True

    def _journaled(self, request: Request) -> bool:
        return request.call.command.needs_model

    async def _serve(self, ticket: Ticket) -> None:
        draft: Draft | None = None
        try:
            async for event in self._work(ticket):
                draft = event if isinstance(event, Draft) else draft
                if isinstance(event, Answer) and self._journaled(ticket.request):
                    await self._answered(ticket, event)
                self._put(ticket, event)
        except asyncio.CancelledError:
            self._put(ticket, Cut(ticket.why, draft))
        except Exception as error:
            for observer in self._observers:
                observer.failed(ticket.request, error)
            self._put(ticket, Cut(await asyncio.to_thread(message_for, error, self._data_dir), draft))

    def _put(self, ticket: Ticket, event: Event | Cut) -> None:
        for observer in self._observers:
            observer.event(ticket.request, event)
        ticket.put(event)

    async def _work(self, ticket: Ticket) -> AsyncIterator[Event]:
        request = ticket.request
        if self._closing:
            raise BusyError(CLOSING)
        if not request.call.command.needs_model:
            context = Context(self.library, model=await self._model_name(), commands=COMMANDS)
            async for event in self._run(context, request, ()):
                yield event
            return
        self._rate.take(request.asker, self._clock())
        place = self._queue.enter(request.asker)
        try:
            async for event in self._in_turn(ticket, place):
                yield event
        finally:
            place.leave()

    async def _in_turn(self, ticket: Ticket, place: Place) -> AsyncIterator[Event]:
        """Answer a question once it is its turn and the App is open."""
        async for ahead in place.ahead():
            yield Status("queued", ahead)
        if not self._opening.done:
            yield Status("loading")
        app = await self._opening.app()
        context = Context(self.library, app.answerer, app.answerer.model_name, COMMANDS)
        # Reading the conversation may take a while, and so this is said before.
        yield Status("searching")
        history = await self._history(ticket)
        async for event in self._run(context, ticket.request, history):
            yield event

    async def _run(self, context: Context, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[Event]:
        question = Question(request.call.argument, history, request.asker, request.conversation)
        async with aclosing(request.call.command.run(context, question)) as events:  # type: ignore[type-var]
            async for event in events:
                yield event

    async def _model_name(self) -> str:
        """The model's name for `/about`; nothing yet while it loads, or if it could not be loaded."""
        if not self._opening.done:
            return self._opening.progress
        try:
            return (await self._opening.app()).answerer.model_name
        except Exception:
            return ""

    async def _history(self, ticket: Ticket) -> tuple[Turn, ...]:
        request = ticket.request
        turns = self._conversations.turns(request.conversation, self._clock())
        if not turns and request.history is not None:
            try:
                turns = await request.history()
            except Exception as error:
                # A question is answered without what was said before rather than not at all.
                _log.warning("The conversation could not be read: %s", type(error).__name__)
        ticket.turns = turns
        return turns

    async def _answered(self, ticket: Ticket, answer: Answer) -> None:
        request = ticket.request
        ticket.turns = (*ticket.turns, *exchange(request.call.argument, answer))
        self._conversations.remember(request.conversation, ticket.turns, self._clock())
        await self._note(lambda journal: journal.finish(ticket.key, answer))

    async def _close(self, ticket: Ticket) -> None:
        """Have the journal know of a question that got no complete answer."""
        if not self._journaled(ticket.request) or isinstance(ticket.last, Answer):
            return
        reason = ending(ticket.last) if isinstance(ticket.last, Cut) else "dropped"
        await self._note(lambda journal: journal.cut(ticket.key, reason))

    async def _note(self, write: Callable[[Journal], Awaitable[object]]) -> None:
        """Write to the journal; what it cannot keep is no reason not to answer."""
        if self.journal is None:
            return
        try:
            await write(self.journal)
        except JournalError as error:
            _log.warning("The journal could not be written: %s", error)


def ending(last: Event | Cut | None) -> str:
    """How a request ended, by its last event: an answer's outcome, `replied`, why it was cut off, or `repeated`."""
    if isinstance(last, Cut):
        return _REASONS.get(last.message, "failed")
    if last is None:
        return "repeated"
    return last.outcome if isinstance(last, Answer) else "replied"
