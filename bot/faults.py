"""What the user sees of an unexpected fault, and what is kept of it in the log."""

import logging
import os
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from types import TracebackType

from bot.errors import SHOWABLE
from bot.redaction import Redaction

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

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


def open_log(data_dir: Path, redact: Callable[[str], str] | None = None) -> None:
    """Have warnings of Herald and its libraries kept in the log, where it can be written, and off the terminal.

    `redact` takes secrets out of every line. A log that is open already stays as it is.
    """
    path = data_dir / LOG_FILE
    root = logging.getLogger()
    if any(getattr(handler, "baseFilename", "") == str(path.absolute()) for handler in root.handlers):
        return
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # It is opened again after `record` has moved it away.
        handler: logging.Handler = WatchedFileHandler(path, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Lines(redact or Redaction()))
    root.addHandler(handler)


class _Lines(logging.Formatter):
    """A line with its time; of an exception only what `places` tells."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(name)s %(levelname)s %(message)s")
        self._redact = redact

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        """The places in the code, without messages."""
        return places(ei[1]) if ei[1] is not None else ""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return self._redact(super().format(record))


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
            log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {places(error)}\n")
    except OSError:
        return None
    return path


def places(error: BaseException) -> str:
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
