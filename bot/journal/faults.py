"""What SQLite and the file system report, as JournalErrors that say what to do."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.errors import JournalError

_ELSEWHERE = "Make it and its folder writable, or set HERALD_DATA_DIR to another folder"
_FAULTS = {
    sqlite3.SQLITE_FULL: "cannot be written, since the disk is full. Free some space",
    sqlite3.SQLITE_READONLY: f"cannot be written. {_ELSEWHERE}",
    sqlite3.SQLITE_CANTOPEN: f"cannot be opened. {_ELSEWHERE}",
    sqlite3.SQLITE_PERM: f"cannot be opened. {_ELSEWHERE}",
    sqlite3.SQLITE_IOERR: "cannot be read or written. Check the disk and its free space",
    sqlite3.SQLITE_CONSTRAINT: "has a question with that key already",
}
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class BusyJournalError(JournalError):
    """Another process holds the file."""


class DamagedJournalError(JournalError):
    """The file is no journal, or not a whole one."""


def damaged(path: Path) -> DamagedJournalError:
    """The error for a damaged file."""
    return DamagedJournalError(
        f"The journal {path} is damaged. Start herald serve again: it moves the file aside and begins a new one."
    )


def fault(error: Exception, path: Path) -> JournalError:
    """The JournalError for whatever went wrong with the file at `path`."""
    cause = (error.orig or error) if isinstance(error, DBAPIError) else error
    if isinstance(cause, OSError):
        return JournalError(f"The journal {path} cannot be used ({cause.strerror}). {_ELSEWHERE}.")
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the higher bits tell kinds of one error apart
    if code in _DAMAGED:
        return damaged(path)
    if code in _BUSY:
        return BusyJournalError(f"The journal {path} is held by another process. Try again later, or end that process.")
    reason = _FAULTS.get(code, f"cannot be used ({type(cause).__name__}). Restart Herald, or move the file away")
    return JournalError(f"The journal {path} {reason}.")
