"""The journal as rows of CSV that a spreadsheet program can open without running what people wrote."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.journal.queries import asked_since
from bot.journal.schema import questions, votes

Row = tuple[str, ...]

COLUMNS: Row = (
    "time",
    "platform",
    "outcome",
    "question",
    "model",
    "passages",
    "search_seconds",
    "first_seconds",
    "total_seconds",
    "votes_up",
    "votes_down",
    "reasons",
    "asker",
)
PAGE = 500  # rows read in one transaction
_FORMULA = re.compile(r"[\t\n]|\s*[=+\-@＝＋－＠]")
# A terminal acts on control characters, and one in front would hide a formula; direction marks reorder what is read.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


async def read_page(connection: AsyncConnection, after: int, since: datetime | None) -> tuple[list[Row], int]:
    """The next rows after the one with the id `after`, and the id of the last of them; none at the end."""
    query = select(questions).where(questions.c.id > after, asked_since(since)).order_by(questions.c.id).limit(PAGE)
    rows = (await connection.execute(query)).all()
    cast: defaultdict[int, list[Any]] = defaultdict(list)
    ids = [row.id for row in rows]
    for vote in await connection.execute(select(votes).where(votes.c.question_id.in_(ids)).order_by(votes.c.voted_at)):
        cast[vote.question_id].append(vote)
    return [_cells(row, cast[row.id]) for row in rows], ids[-1] if ids else after


def as_csv(rows: Iterable[Row]) -> str:
    """Rows as lines of CSV; a cell that could be taken for a formula begins with `'`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cells(row: Any, cast: Sequence[Any]) -> Row:
    up = sum(vote.up for vote in cast)
    seconds = (row.search_seconds, row.first_seconds, row.total_seconds)
    return (
        datetime.fromtimestamp(row.asked_at, UTC).isoformat(timespec="seconds"),
        row.platform,
        row.state,
        row.question,
        row.model,
        " ".join(row.passages),
        *("" if it is None else f"{it:.3f}" for it in seconds),
        str(up),
        str(len(cast) - up),
        "; ".join(vote.reason for vote in cast if vote.reason),
        row.asker,
    )


def _safe(cell: str) -> str:
    cell = _CONTROL.sub("", cell)
    return f"'{cell}" if _FORMULA.match(cell) else cell
