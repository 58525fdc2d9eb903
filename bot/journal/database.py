"""Database: the journal's file through SQLAlchemy's async engine, one short transaction at a time."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite  # noqa: F401  # else SQLAlchemy imports it when it is on the event loop
from sqlalchemy import URL, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from bot.errors import JournalError
from bot.journal.faults import BusyJournalError, damaged, fault
from bot.journal.schema import bring_up_to_date, newest_version, read_version

_Result = TypeVar("_Result")
_Work = Callable[[AsyncConnection], Awaitable[_Result]]

_BUSY_SECONDS = 10.0  # how long to wait for another process that writes
_RETRY_SECONDS = 0.02  # how long to wait before a change of mode that SQLite refused at once
_QUEUE_SECONDS = 30.0  # how long to wait for others of this process


class Database:
    """The file at `path`. Its work is done one after the other, on one connection with a thread of its own."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open nothing yet."""
        self._path = path
        self._read_only = read_only
        self._closed = False
        self._at_work: set[asyncio.Task[Any]] = set()
        self._uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
        self._engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=self._uri, query={"uri": "true"}),
            connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
            poolclass=AsyncAdaptedQueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=_QUEUE_SECONDS,
            hide_parameters=True,  # a question must not get into a log with an error
        )
        event.listen(self._engine.sync_engine, "connect", _set_up)

    async def prepare(self) -> None:
        """Check the file and bring its schema up to date; raises JournalError, DamagedJournalError for a bad file."""
        await self._finished(self._prepare())

    async def read(self, work: _Work[_Result]) -> _Result:
        """Do something in a transaction that only reads."""
        return await self._finished(self._transaction("BEGIN", work))

    async def write(self, work: _Work[_Result]) -> _Result:
        """Do something in a transaction that writes: all of it, or nothing where it fails."""
        if self._read_only:
            raise JournalError(f"The journal {self._path} is open for reading only.")
        return await self._finished(self._transaction("BEGIN IMMEDIATE", work))

    async def close(self) -> None:
        """Finish what is at work, then close the file."""
        self._closed = True
        await asyncio.gather(*self._at_work, return_exceptions=True)
        await self._engine.dispose()

    async def _finished(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run to the end even if the caller is cancelled: SQLAlchemy's connection would not survive it."""
        if self._closed:
            work.close()
            raise JournalError(f"The journal {self._path} is closed.")
        task = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return await asyncio.shield(task)

    async def _transaction(self, begin: str, work: _Work[_Result]) -> _Result:
        try:
            async with self._engine.connect() as connection:
                await connection.exec_driver_sql(begin)
                result = await work(connection)
                await connection.commit()
                return result
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise fault(error, self._path) from error

    async def _prepare(self) -> None:
        await self._can_be_opened()
        await self._transaction("BEGIN", self._check)
        if not self._read_only:
            await self._use_wal()
            await self._transaction("BEGIN IMMEDIATE", bring_up_to_date)

    async def _can_be_opened(self) -> None:
        """Find out before aiosqlite does: of a file that it cannot open, a thread stays that may outlive the loop."""
        try:
            await asyncio.to_thread(lambda: sqlite3.connect(self._uri, uri=True).close())
        except sqlite3.Error as error:
            raise fault(error, self._path) from error

    async def _use_wal(self) -> None:
        """Let others read while one writes. SQLite does not wait, as it does elsewhere, where two change the mode."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + _BUSY_SECONDS
        while True:
            try:  # the pragma instead of a BEGIN: SQLite refuses it in a transaction
                return await self._transaction("PRAGMA journal_mode = WAL", _nothing)
            except BusyJournalError:
                if clock() > deadline:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)

    async def _check(self, connection: AsyncConnection) -> None:
        version = await read_version(connection)
        if version > newest_version():
            raise JournalError(f"The journal {self._path} was written by a newer Herald. Update Herald.")
        if self._read_only and version < newest_version():
            raise JournalError(f"The journal {self._path} is of an older Herald. Start herald serve to update it.")
        if (await connection.exec_driver_sql("PRAGMA quick_check(1)")).scalar_one() != "ok":
            raise damaged(self._path)


async def _nothing(connection: AsyncConnection) -> None:
    pass


def _set_up(connection: Any, record: ConnectionPoolEntry) -> None:
    """Settings that belong to a connection; deleted text is overwritten in the file."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()
