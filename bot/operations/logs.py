"""Logs: JSON lines on a server, readable ones in a terminal; a line for each request, and no secret in any."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, TextIO

from bot.faults import places
from bot.operations.records import CURRENT, Served, Sink
from bot.redaction import Redaction

Form = Literal["json", "text"]

_log = logging.getLogger(__name__)
_HERALD = "bot"
_FIELDS = "fields"
_MOST_CITED = 4  # in a line for people; JSON has all


def form_of(wanted: Literal["auto", "json", "text"], stream: TextIO) -> Form:
    """The form that is set; `auto` is text where somebody looks on."""
    if wanted == "auto":
        return "text" if stream.isatty() else "json"
    return wanted


@contextmanager
def open_logs(form: Form, redact: Redaction, stream: TextIO | None = None) -> Iterator[None]:
    """Write Herald's own lines, and warnings of libraries, to standard error (or a stream) while it is open."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(redact) if form == "json" else TextLines(redact))
    handler.addFilter(_is_heard)
    root, herald = logging.getLogger(), logging.getLogger(_HERALD)
    before = herald.level
    root.addHandler(handler)
    herald.setLevel(logging.INFO)
    try:
        yield
    finally:
        herald.setLevel(before)
        root.removeHandler(handler)


def _is_heard(record: logging.LogRecord) -> bool:
    """Whether a record is Herald's own, or a warning: some libraries set a level of their own and chatter."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == _HERALD


class JsonLines(logging.Formatter):
    """A JSON object a line: time, level, logger, message, the request that it belongs to, and what it tells besides.

    Of an exception only types and places in the code are kept: its message may quote a question.
    """

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := CURRENT.get():
            line["request"] = request
        line |= getattr(record, _FIELDS, {})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["trace"] = places(record.exc_info[1])
        return self._redact(json.dumps(line, ensure_ascii=False, default=str))


class TextLines(logging.Formatter):
    """A line as a person reads it: time, message, and who says so unless that is Herald at ease."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = f"{datetime.fromtimestamp(record.created):%H:%M:%S}"
        who = "" if record.levelno <= logging.INFO else f"{record.levelname} {record.name}: "
        request = f" #{CURRENT.get()}" if CURRENT.get() else ""
        trace = ""
        if record.exc_info and record.exc_info[1] is not None:
            trace = "\n" + places(record.exc_info[1])
        return self._redact(f"{at} {who}{record.getMessage()}{request}{trace}")


def logged(*, questions: bool) -> Sink:
    """A sink that writes a line for each request; the text of a question only where `questions` says so."""

    def log(served: Served) -> None:
        fields: dict[str, object] = {
            "platform": served.platform,
            "command": served.command,
            "outcome": served.outcome,
            "seconds": served.seconds,
        }
        optional = {"passages": list(served.passages), "model": served.model, "error": served.error}
        fields |= {name: value for name, value in optional.items() if value}
        if questions:
            fields["question"] = served.question
        _log.info(_readable(served, questions=questions), extra={_FIELDS: fields})

    return log


def _readable(served: Served, *, questions: bool) -> str:
    times = ", ".join(f"{stage.replace('_', ' ')} {seconds:.2f}" for stage, seconds in served.seconds.items())
    more = f" and {len(served.passages) - _MOST_CITED} more" if len(served.passages) > _MOST_CITED else ""
    cited = f"; cites {', '.join(served.passages[:_MOST_CITED])}{more}" if served.passages else ""
    error = f" ({served.error})" if served.error else ""
    asked = f" {served.question!r}" if questions and served.question else ""
    return f"{served.platform} {served.command}{asked}: {served.outcome}{error}; seconds: {times}{cited}"
