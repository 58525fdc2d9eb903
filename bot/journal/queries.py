"""What is asked of the journal's tables: counts, and the questions that were not served well."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.journal.records import Count, Gap, Summary
from bot.journal.schema import questions, votes

_REFUSED = "unknown"


def asked_since(moment: datetime | None) -> ColumnElement[bool]:
    """Whether a question was asked at a moment or later."""
    return questions.c.asked_at >= (0.0 if moment is None else moment.timestamp())


async def read_summary(connection: AsyncConnection, since: datetime | None) -> Summary:
    """The journal in numbers."""
    wanted = asked_since(since)
    voted = select(votes.c.up, func.count()).join(questions).where(wanted).group_by(votes.c.up)
    by_vote = {bool(up): int(times) for up, times in await connection.execute(voted)}
    platforms = await _counts(connection, questions.c.platform, wanted)
    return Summary(
        questions=sum(count.times for count in platforms),
        platforms=platforms,
        outcomes=await _counts(connection, questions.c.state, wanted),
        votes_up=by_vote.get(True, 0),
        votes_down=by_vote.get(False, 0),
        median_seconds=await _median(connection, wanted),
    )


async def read_unanswered(connection: AsyncConnection, limit: int, since: datetime | None) -> list[Gap]:
    """The questions that were refused, the most frequent first."""
    query = _gaps().where(asked_since(since), questions.c.state == _REFUSED).limit(limit)
    return _as_gaps((await connection.execute(query)).all(), {})


async def read_down_voted(connection: AsyncConnection, limit: int, since: datetime | None) -> list[Gap]:
    """The questions whose answers were voted down, with the reasons given."""
    down = (asked_since(since), ~votes.c.up)
    rows = (await connection.execute(_gaps().join(votes).where(*down).limit(limit))).all()
    given = (
        select(questions.c.folded, votes.c.reason)
        .join(votes)
        .where(*down, votes.c.reason != "", questions.c.folded.in_([row.folded for row in rows]))
        .order_by(votes.c.voted_at.desc())
    )
    reasons: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for folded, reason in await connection.execute(given):
        reasons[folded][reason] = None
    return _as_gaps(rows, {folded: tuple(given) for folded, given in reasons.items()})


async def _counts(
    connection: AsyncConnection, of: ColumnElement[str], wanted: ColumnElement[bool]
) -> tuple[Count, ...]:
    query = select(of, func.count().label("times")).where(wanted).group_by(of)
    rows = await connection.execute(query.order_by(func.count().desc(), of))
    return tuple(Count(what, times) for what, times in rows)


async def _median(connection: AsyncConnection, wanted: ColumnElement[bool]) -> float | None:
    seconds = questions.c.total_seconds
    timed = select(seconds).where(wanted, seconds.is_not(None))
    number = (await connection.execute(select(func.count()).select_from(timed.subquery()))).scalar_one()
    middle = timed.order_by(seconds).offset((number - 1) // 2).limit(2 - number % 2).subquery()
    return (await connection.execute(select(func.avg(middle.c.total_seconds)))).scalar_one() if number else None


def _gaps() -> Select[Any]:
    """Questions counted by what they fold to. SQLite takes `question` from the row that has the max()."""
    times, last = func.count(), func.max(questions.c.asked_at)
    columns = (questions.c.folded, questions.c.question, times.label("times"), last.label("last"))
    return select(*columns).select_from(questions).group_by(questions.c.folded).order_by(times.desc(), last.desc())


def _as_gaps(rows: Sequence[Any], reasons: Mapping[str, tuple[str, ...]]) -> list[Gap]:
    return [
        Gap(row.question, row.times, datetime.fromtimestamp(row.last, UTC), reasons.get(row.folded, ())) for row in rows
    ]
