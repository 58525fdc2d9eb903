"""Journal: the record of questions, answers and votes; `open_journal` for the bot, `read_journal` for looking on."""

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Executable, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.journal.database import Database
from bot.journal.export import COLUMNS, Row, as_csv, read_page
from bot.journal.faults import DamagedJournalError, fault
from bot.journal.files import make_files, move_aside
from bot.journal.queries import read_down_voted, read_summary, read_unanswered
from bot.journal.records import Asked, Gap, Interrupted, Summary
from bot.journal.schema import OPEN, questions, rewrite_version, votes
from bot.messages import Answer

Clock = Callable[[], datetime]

LONGEST_REASON = 1_000
_DAY = 86_400  # seconds
_END_MARKS = " ?!.…"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_journal(path: Path, *, retention_days: int, now: Clock = _utc_now) -> AsyncIterator["Journal"]:
    """Open the journal for writing, make it where it is missing, and delete what is older than its retention.

    A damaged file is moved aside and a new one begun, with a warning in the log. Raises JournalError where the file
    or its folder cannot be written, or where a newer Herald wrote it. `now` returns an aware time.
    """
    try:
        journal = await _opened(path, retention_days, now)
    except OSError as error:
        raise fault(error, path) from error
    try:
        yield journal
    finally:
        await journal.close()


@asynccontextmanager
async def read_journal(path: Path) -> AsyncIterator["Journal"]:
    """Open a journal only to read it, which may be while a bot writes it; raises JournalError.

    Nothing is made, changed, moved or deleted; the methods that write raise JournalError.
    """
    database = Database(path, read_only=True)
    try:
        await database.prepare()
        yield Journal(database, b"", 0, _utc_now)
    finally:
        await database.close()


async def _opened(path: Path, retention_days: int, now: Clock) -> "Journal":
    """The journal, ready for use; a damaged file gives way to a new one."""
    key = await asyncio.to_thread(make_files, path, now())
    try:
        return await _prepared(path, key, retention_days, now)
    except DamagedJournalError:
        await asyncio.to_thread(move_aside, path, now())
        await asyncio.to_thread(make_files, path, now())
        return await _prepared(path, key, retention_days, now)


async def _prepared(path: Path, key: bytes, retention_days: int, now: Clock) -> "Journal":
    database = Database(path)
    journal = Journal(database, key, retention_days, now)
    try:
        await database.prepare()
        await journal.purge()
    except BaseException:
        await database.close()
        raise
    return journal


class Journal:
    """The record of questions, answers and votes; methods may be called concurrently and raise JournalError.

    A journal that fails must never stop an answer: log the error and go on. A caller that is cancelled while it waits
    leaves no half-written record; what it asked for is still carried out.
    """

    def __init__(self, database: Database, key: bytes, retention_days: int, now: Clock) -> None:
        """Write to a database; `key` is that of the hashes."""
        self._database = database
        self._key = key
        self._retention_days = retention_days
        self._now = now
        self._run = secrets.token_hex(8)

    async def begin(self, asked: Asked) -> bool:
        """Record a question as open; False if its event is known already, also from before a restart."""
        row = {
            "key": asked.key,
            "platform": asked.platform,
            "event": asked.event,
            "run": self._run,
            "asker": self._hash(asked.asker),
            "question": asked.question,
            "folded": _fold(asked.question),
            "asked_at": self._now().timestamp(),
            "place": "",
            "state": OPEN,
            "model": "",
            "passages": [],
        }
        same_event = (questions.c.platform, questions.c.event)
        return await self._execute(insert(questions).values(row).on_conflict_do_nothing(index_elements=same_event)) > 0

    async def place(self, key: str, place: str) -> None:
        """Record where the answer is being written, in an adapter's own terms, to find it again after a crash."""
        await self._execute(update(questions).where(questions.c.key == key).values(place=place))

    async def finish(self, key: str, answer: Answer) -> None:
        """Close a question with its answer: outcome, model, the ids of cited passages, and seconds.

        Nothing happens if it is not open: the first `finish` or `cut` holds.
        """
        await self._close(
            key,
            state=answer.outcome,
            model=answer.model,
            passages=list(dict.fromkeys(citation.passage for citation in answer.citations)),
            search_seconds=answer.timings.search,
            first_seconds=answer.timings.first_sentence,
            total_seconds=answer.timings.total,
        )

    async def cut(self, key: str, reason: str) -> None:
        """Close a question that got no complete answer; `reason` is one word: stopped, failed, interrupted.

        Nothing happens if it is not open: the first `finish` or `cut` holds.
        """
        await self._close(key, state=reason)

    async def interrupted(self, platform: str) -> list[Interrupted]:
        """The questions of a platform that an earlier process left open, the oldest first; `cut` closes them."""
        query = select(questions.c.key, questions.c.place, questions.c.asked_at).where(
            questions.c.platform == platform, questions.c.state == OPEN, questions.c.run != self._run
        )

        async def read(connection: AsyncConnection) -> list[Interrupted]:
            rows = await connection.execute(query.order_by(questions.c.asked_at))
            return [Interrupted(key, place, datetime.fromtimestamp(asked_at, UTC)) for key, place, asked_at in rows]

        return await self._database.read(read)

    async def vote(self, key: str, voter: str, up: bool, reason: str = "") -> bool:
        """Record a vote on an answer; False if the answer is not known, or no longer.

        Each voter has one vote on an answer: a later one replaces it, with its reason. `voter` is stored as a keyed
        hash, `reason` up to 1,000 characters.
        """
        given = {"up": up, "reason": reason.strip()[:LONGEST_REASON], "voted_at": self._now().timestamp()}

        async def write(connection: AsyncConnection) -> bool:
            question = await connection.scalar(select(questions.c.id).where(questions.c.key == key))
            if question is None:
                return False
            cast = insert(votes).values(question_id=question, voter=self._hash(voter), **given)
            await connection.execute(cast.on_conflict_do_update(index_elements=votes.primary_key, set_=given))
            return True

        return await self._database.write(write)

    async def check(self) -> None:
        """Write what is there already; raises JournalError where nothing can be written."""
        await self._database.write(rewrite_version)

    async def purge(self) -> int:
        """Delete questions older than the retention, with their votes; returns how many. Call it once a day."""
        oldest = self._now().timestamp() - self._retention_days * _DAY
        return await self._execute(delete(questions).where(questions.c.asked_at < oldest))

    async def summary(self, since: datetime | None = None) -> Summary:
        """The journal in numbers, of the questions asked since then."""
        return await self._database.read(lambda connection: read_summary(connection, since))

    async def unanswered(self, limit: int, since: datetime | None = None) -> list[Gap]:
        """The questions that were refused, since the documents do not answer them; the most frequent first."""
        return await self._database.read(lambda connection: read_unanswered(connection, limit, since))

    async def down_voted(self, limit: int, since: datetime | None = None) -> list[Gap]:
        """The questions whose answers were voted down, the most often down-voted first; `times` counts those votes."""
        return await self._database.read(lambda connection: read_down_voted(connection, limit, since))

    async def export(self, write: Callable[[str], object], since: datetime | None = None) -> int:
        """Give all questions to `write` as CSV, with a header, some rows at a time; returns how many there are.

        `write` is called in a thread. Cells that a spreadsheet program would take for a formula begin with `'`.
        """
        number = last = 0
        await asyncio.to_thread(write, as_csv([COLUMNS]))
        while True:
            rows, last = await self._page(last, since)
            if not rows:
                return number
            number += len(rows)
            await asyncio.to_thread(write, as_csv(rows))

    async def close(self) -> None:
        """Finish what is being written, then close the file; afterwards every method raises JournalError."""
        await self._database.close()

    async def _page(self, after: int, since: datetime | None) -> tuple[list[Row], int]:
        return await self._database.read(lambda connection: read_page(connection, after, since))

    async def _close(self, key: str, **values: object) -> None:
        is_open = (questions.c.key == key, questions.c.state == OPEN)
        await self._execute(update(questions).where(*is_open).values(**values))

    async def _execute(self, statement: Executable) -> int:
        """Carry out a statement in a transaction of its own; returns how many rows it concerned."""

        async def write(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self._database.write(write)

    def _hash(self, person: str) -> str:
        return hmac.new(self._key, person.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _fold(question: str) -> str:
    """What is the same for questions that differ in capitals, spacing or end marks only."""
    words = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    return words.strip(_END_MARKS) or words
