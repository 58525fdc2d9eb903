"""What goes into the journal and what comes out of it. All times are aware, in UTC."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it arrived.

    `key` is a short unguessable string of the caller's, which buttons carry. `event` is the platform's own id of what
    was sent, known once a platform. `asker` is the person's id; only a keyed hash of it is stored.
    """

    key: str
    event: str
    platform: str
    question: str
    asker: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A question that an earlier process left open. `place` is what `Journal.place` was given, "" if it was not."""

    key: str
    place: str
    question_time: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """How often something occurred."""

    what: str
    times: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The journal in numbers.

    `outcomes` are an Answer's outcomes, the reasons given to `Journal.cut`, and "open" for what is not closed yet; both
    they and `platforms` have the most frequent first. `median_seconds` is of complete answers, None if there are none.
    """

    questions: int = 0
    platforms: tuple[Count, ...] = ()
    outcomes: tuple[Count, ...] = ()
    votes_up: int = 0
    votes_down: int = 0
    median_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that was not served well: as it was put the last time, when that was, and how often in all.

    The same question in other capitals, spacing or end marks counts as the same. `reasons` are the voters' own words,
    the newest first and each once; without a vote there are none.
    """

    question: str
    times: int
    last: datetime
    reasons: tuple[str, ...] = ()
