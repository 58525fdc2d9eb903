"""`herald serve`: the chat platforms' adapters in one process, with one model and one desk."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from bot.adapters.opening import OpenApp, Opening
from bot.errors import JournalError, SettingsError
from bot.journal import Journal, open_journal
from bot.models.catalog import resolve
from bot.operations.health import open_health
from bot.operations.logs import logged
from bot.operations.measures import Measures
from bot.operations.readiness import Readiness
from bot.operations.records import Recorder
from bot.serving.comeback import waiting
from bot.serving.desk import Desk, Observer
from bot.settings import Settings
from bot.tokens import Tokens
from knowledge.loading import Library

_log = logging.getLogger(__name__)

PLATFORMS = ("discord", "slack")
_SHOWING = 4.0
"""Seconds that adapters have to show that an answer was cut off, after the desk is drained."""
_DAY = 24 * 3600.0
_PARALLEL_ON_A_SERVER = 4

Say = Callable[[str], None]


class Adapter(Protocol):
    """A chat platform's adapter."""

    @property
    def name(self) -> str:
        """The platform, as people write it."""
        ...

    async def run(self) -> None:
        """Connect and serve until `aclose`; raises PlatformError if the platform refuses the bot."""
        ...

    async def aclose(self) -> None:
        """Leave the platform."""
        ...


def chosen_platforms(named: Sequence[str], tokens: Tokens, settings: Settings) -> tuple[str, ...]:
    """The platforms to serve: those named, else all that have tokens; raises SettingsError for what is missing."""
    missing = {platform: tokens.missing(platform, settings) for platform in PLATFORMS}
    if named:
        wanted = tuple(dict.fromkeys(named))
        lacking = [name for platform in wanted for name in missing[platform]]
        if lacking:
            raise SettingsError(f"Set {' and '.join(lacking)} in the environment; `herald doctor` says where from.")
        return wanted
    ready = tuple(platform for platform in PLATFORMS if not missing[platform])
    if not ready:
        raise SettingsError(
            "No platform has its tokens: set DISCORD_TOKEN, or SLACK_BOT_TOKEN and SLACK_APP_TOKEN, in the environment."
        )
    return ready


async def serve(
    platforms: Sequence[str],
    settings: Settings,
    tokens: Tokens,
    open_app: OpenApp,
    say: Say,
    measures: Measures | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; then take no more, let answers end or mark them, and leave.

    `measures` may hold what was counted elsewhere, as what the model writes.
    """
    async with operated_desk(platforms, settings, open_app, say, measures or Measures()) as desk:
        adapters = [_adapter(platform, desk, settings, tokens, say) for platform in platforms]
        stopping = _stop_signal()
        runs = [asyncio.create_task(adapter.run(), name=adapter.name) for adapter in adapters]
        try:
            await asyncio.wait([*runs, stopping], return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                say("Stopping: running answers are being finished.")
        finally:
            stopping.cancel()
            await _leave(desk, adapters, runs)
        for run in runs:
            if not run.cancelled() and (error := run.exception()) is not None:
                raise error


@asynccontextmanager
async def operated_desk(
    platforms: Sequence[str], settings: Settings, open_app: OpenApp, say: Say, measures: Measures
) -> AsyncIterator[Desk]:
    """A desk that is measured, logged, and answers on the operator's port; raises SettingsError where that is taken."""
    recorder = Recorder(measures.served, logged(questions=settings.operations.log_questions))
    async with open_desk(settings, open_app, say, observers=(recorder,)) as desk:
        desk.connections.expect(*platforms)
        measures.watch(desk)
        readiness = Readiness(desk, journal_wanted=settings.journal.enabled)
        async with open_health(settings.operations, measures, readiness) as address:
            if address:
                say(f"Health and measures are on {address} (/healthz, /readyz, /metrics).")
            yield desk


@asynccontextmanager
async def open_desk(
    settings: Settings, open_app: OpenApp, say: Say = lambda line: None, observers: tuple[Observer, ...] = ()
) -> AsyncIterator[Desk]:
    """A desk with its journal, and the App that opens in the background."""
    library = Library.open(settings.knowledge.sources)
    in_process = resolve(settings.model, settings.models_dir).url is None
    parallel = settings.serving.parallel or (1 if in_process else _PARALLEL_ON_A_SERVER)
    async with AsyncExitStack() as stack:
        journal = await _journal(stack, settings)
        opening = await stack.enter_async_context(Opening(waiting(open_app)))
        loaded = asyncio.create_task(_say_loaded(opening, say))
        stack.callback(loaded.cancel)
        yield Desk(
            library,
            opening,
            settings.serving,
            parallel=parallel,
            journal=journal,
            data_dir=settings.data_dir,
            observers=observers,
        )


async def _say_loaded(opening: Opening, say: Say) -> None:
    try:
        say(f"The model is {(await opening.app()).answerer.model_name}.")
    except Exception as error:
        say(f"Questions cannot be answered: {error}")


async def _journal(stack: AsyncExitStack, settings: Settings) -> Journal | None:
    if not settings.journal.enabled:
        return None
    path = settings.journal_file
    try:
        journal = await stack.enter_async_context(open_journal(path, retention_days=settings.journal.retention_days))
    except JournalError as error:
        # Answers matter more than their log.
        _log.warning("There is no journal: %s", error)
        return None
    purging = asyncio.create_task(_purge_daily(journal))
    stack.callback(purging.cancel)
    return journal


async def _purge_daily(journal: Journal) -> None:
    """Forget what is older than the retention, also where Herald runs for months."""
    while True:
        await asyncio.sleep(_DAY)
        try:
            await journal.purge()
        except JournalError as error:
            _log.warning("The journal could not be purged: %s", error)


def _adapter(platform: str, desk: Desk, settings: Settings, tokens: Tokens, say: Say) -> Adapter:
    if platform == "discord":
        from bot.adapters.discord import DiscordAdapter

        return DiscordAdapter(desk, settings, tokens, say)
    from bot.adapters.slack import SlackAdapter

    return SlackAdapter(desk, settings, tokens, say)


def _stop_signal() -> "asyncio.Task[bool]":
    """A task that ends at SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows knows no such handlers
            loop.add_signal_handler(number, stop.set)
    return asyncio.create_task(stop.wait())


async def _leave(desk: Desk, adapters: Sequence[Adapter], runs: Sequence["asyncio.Task[None]"]) -> None:
    await desk.drain()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(desk.idle(), _SHOWING)
    await asyncio.gather(*(adapter.aclose() for adapter in adapters), return_exceptions=True)
    for run in runs:
        run.cancel()
    await asyncio.wait(runs)
