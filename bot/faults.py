"""What the user sees of an unexpected fault, and what is kept of it in the log."""

import logging
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import SHOWABLE

LOG_FILE = "herald.log"
DEBUG = "HERALD_DEBUG"
_LARGEST_LOG = 1_000_000


def message_for(error: BaseException, data_dir: Path | None) -> str:
    """One line, safe to show: a showable error's own text, or else that a fault happened and where it is logged.

    With HERALD_DEBUG set, a fault's traceback goes to standard error too.
    """
    if isinstance(error, SHOWABLE):
        return " ".join(str(error).split())
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    fault = f"An unexpected fault ({type(error).__name__})"
    log = record(error, data_dir) if data_dir is not None else None
    return f"{fault}; the details are in {log}." if log else f"{fault}; set {DEBUG}=1 for a traceback."


def open_log(data_dir: Path) -> None:
    """Have warnings of Herald and its libraries kept in the log, where it can be written, and off the terminal."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(data_dir / LOG_FILE, encoding="utf-8", delay=False)
    except OSError:
        handler = logging.NullHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)


def record(error: BaseException, data_dir: Path) -> Path | None:
    """Append where a fault arose to the log; returns the log's path, or None if it cannot be written.

    Only types and places in the code are kept: the message of an error may quote a question.
    """
    path = data_dir / LOG_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LARGEST_LOG:
            path.replace(path.with_suffix(".log.old"))
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {_places(error)}\n")
    except OSError:
        return None
    return path


def _places(error: BaseException) -> str:
    """The chain of an error's causes, each with its frames but without its message."""
    parts = []
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = "".join(traceback.format_tb(cause.__traceback__))
        parts.append(f"{type(cause).__module__}.{type(cause).__qualname__}\n{frames}".rstrip())
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\ncaused by ".join(parts)
