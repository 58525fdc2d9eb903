"""The journal's files: the database, the key of its hashes beside it, and moving damaged ones aside. Blocking."""

import logging
import os
import secrets
import tempfile
from datetime import datetime
from pathlib import Path

_KEY_BYTES = 32
_PRIVATE = 0o600
_log = logging.getLogger(__name__)


def make_files(path: Path, moment: datetime) -> bytes:
    """Make folder, database and key where they are missing, readable by their owner only; returns the key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE))  # SQLite gives its other files the same mode
    return _read_key(path.with_suffix(".key"), moment)


def move_aside(path: Path, moment: datetime) -> Path:
    """Rename a damaged file, with what SQLite keeps beside it, and say so in the log; returns its new path."""
    aside = path.with_name(f"{path.name}.damaged-{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}")
    for suffix in ("-wal", "-shm", ""):  # what is beside it first: it must never meet the new database
        old = Path(f"{path}{suffix}")
        if old.exists():
            old.rename(f"{aside}{suffix}")
    _log.warning("%s is damaged; it was moved to %s, and a new one is begun", path, aside)
    return aside


def _read_key(path: Path, moment: datetime) -> bytes:
    if not path.exists():
        _make_key(path)
    key = path.read_bytes()
    if len(key) == _KEY_BYTES:
        return key
    move_aside(path, moment)
    _make_key(path)
    return path.read_bytes()


def _make_key(path: Path) -> None:
    """Put a whole key in place at once; one that another process has put there meanwhile is kept."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # with mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        _put(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _put(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        draft.replace(path)
