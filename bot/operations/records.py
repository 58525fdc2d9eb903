"""What became of each request: a Served for every one, for whoever counts it or writes it down."""

import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from bot.messages import Answer, Draft, Status
from bot.replies import Cut, Event, ExplainReply
from bot.serving.desk import ending
from bot.serving.tickets import Request

Stage = Literal["queue", "search", "first_sentence", "total"]
Sink = Callable[["Served"], None]

T = TypeVar("T")

CURRENT: ContextVar[str] = ContextVar("CURRENT", default="")
"""The id of the request that a task is working on. It is no secret, unlike a ticket's key, which buttons carry."""


@dataclass(frozen=True, slots=True)
class Served:
    """A request that is over.

    `outcome` is that of an answer, or `replied` for a command without a model, or why there was none: `stopped`,
    `interrupted`, `dropped`, `failed`, `repeated` (an earlier process took it). `seconds` holds the stages that it came
    to: waiting for its turn, searching, from the beginning to the first verified sentence, and until it was shown.
    `error` is an error's class. Who asked, and where, is not in it.
    """

    id: str
    platform: str
    command: str
    question: str
    asks_model: bool
    outcome: str
    seconds: dict[Stage, float]
    passages: tuple[str, ...] = ()
    model: str = ""
    error: str = ""


@dataclass(slots=True)
class _Course:
    """A request that is being served: when what happened, in seconds of the clock."""

    began: float
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    turn: float | None = None
    found: float | None = None
    first: float | None = None
    error: str = ""

    def event(self, event: Event | Cut, now: float) -> None:
        if isinstance(event, Cut):
            return
        if not isinstance(event, Status):
            self._answers(event, now)
        elif event.stage in ("loading", "searching"):
            self.turn = _earlier(self.turn, now)
        elif event.stage in ("reading", "writing"):
            self.found = _earlier(self.found, now)

    def _answers(self, event: Event, now: float) -> None:
        if isinstance(event, Draft | Answer):
            self.found = _earlier(self.found, now)
            if event.sentences:
                self.first = _earlier(self.first, now)

    def seconds(self, now: float) -> dict[Stage, float]:
        found: dict[Stage, float] = {}
        if self.turn is not None:
            found["queue"] = self.turn - self.began
            if self.found is not None:
                found["search"] = self.found - self.turn
        if self.first is not None:
            found["first_sentence"] = self.first - self.began
        found["total"] = now - self.began
        return {stage: round(value, 4) for stage, value in found.items()}


def _earlier(known: float | None, now: float) -> float:
    return now if known is None else known


class Recorder:
    """Watches the desk, and gives a Served to each sink when a request is over."""

    def __init__(self, *sinks: Sink, clock: Callable[[], float] = time.monotonic) -> None:
        self._sinks = sinks
        self._clock = clock
        self._courses: dict[int, _Course] = {}

    def began(self, request: Request) -> None:
        """A request was taken: what is logged in its task from now on carries its id."""
        course = self._courses[id(request)] = _Course(self._clock())
        CURRENT.set(course.id)

    def event(self, request: Request, event: Event | Cut) -> None:
        """Something happened that whoever asked may see."""
        self._courses[id(request)].event(event, self._clock())

    def failed(self, request: Request, error: BaseException) -> None:
        """Something went wrong."""
        self._courses[id(request)].error = type(error).__name__

    def ended(self, request: Request, last: Event | Cut | None, seconds: float) -> None:
        """A request is over and shown."""
        course = self._courses.pop(id(request))
        answer = last.answer if isinstance(last, ExplainReply) else last if isinstance(last, Answer) else None
        served = Served(
            id=course.id,
            platform=request.platform,
            command=request.call.command.name,
            question=request.call.argument,
            asks_model=request.call.command.needs_model,
            outcome=ending(last),
            seconds=course.seconds(self._clock()),
            passages=tuple(dict.fromkeys(citation.passage for citation in answer.citations)) if answer else (),
            model=last.model if isinstance(last, Answer) else "",
            error=course.error,
        )
        for sink in self._sinks:
            sink(served)
        CURRENT.set("")
