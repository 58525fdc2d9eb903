"""What the commands of the command line share: documents, the App, a progress bar, JSON and one-line errors."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bot.adapters.rendering import clean
from bot.errors import HeraldError
from bot.faults import open_log
from knowledge.loading import Library

if TYPE_CHECKING:
    from bot.adapters.opening import Report
    from bot.app import App
    from bot.settings import Settings

INTERRUPTED = 130  # 128 + SIGINT, as a shell shows it
_CONFIG_FILE = Path("herald.toml")
_KNOWLEDGE_PREFIX = "HERALD_KNOWLEDGE"


def open_library() -> Library:
    """The documents; raises SourceError.

    Where nothing can be set about them the settings are not read, which takes longer than all the rest of a look-up.
    """
    given = any(name.upper().startswith(_KNOWLEDGE_PREFIX) for name in os.environ)
    if not given and not _CONFIG_FILE.exists():
        return Library.open()
    from bot.settings import load_settings

    return Library.open(load_settings().knowledge.sources)


@asynccontextmanager
async def opened_app(
    settings: "Settings", report: "Report", wrote: Callable[[], None] | None = None
) -> AsyncIterator["App"]:
    """The App, imported in a thread: that takes seconds, and someone may be typing."""
    abandoned = threading.Event()

    def heard(what: str, done: int, total: int) -> None:
        # A thread cannot be cancelled. Building an index would keep the process for minutes after its user left.
        if abandoned.is_set():
            raise InterruptedError
        report(what, done, total)

    def load() -> None:
        import bot.app  # noqa: F401

    open_log(settings.data_dir)
    try:
        await asyncio.to_thread(load)
        from bot.app import open_app

        async with open_app(settings, heard, wrote) as app:
            yield app
    finally:
        abandoned.set()


@contextmanager
def progress_bar() -> Iterator["Report"]:
    """A report for `open_app` that draws a bar on standard error while something is built, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    from bot.adapters.terminal_output import open_console

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=open_console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            for other, task in tasks.items():
                progress.update(task, visible=other == what)
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total or None)
            progress.update(tasks[what], completed=done, total=total or None)

        yield report


def leave_now(status: int) -> NoReturn:
    """Exit without waiting for threads that still load something; an index being built is made to survive that."""
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def write_json(content: object, *, indent: int | None = None) -> None:
    """Write JSON to standard output at once: UTF-8 whatever the terminal's encoding is."""
    text = json.dumps(content, ensure_ascii=False, indent=indent)
    write_bytes(text.encode("utf-8", errors="backslashreplace") + b"\n")


def write_bytes(content: bytes) -> None:
    """Write bytes to standard output as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def complain(message: str) -> None:
    """Write one line to standard error."""
    print(f"herald: {clean(' '.join(message.split()))}", file=sys.stderr, flush=True)


def data_dir() -> Path | None:
    """The data folder, if the settings can be read: a fault is logged there."""
    from bot.settings import load_settings

    try:
        return load_settings().data_dir
    except HeraldError:
        return None
