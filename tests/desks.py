"""A desk in front of a scripted answerer, as tests of the chat platforms need it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot.adapters.opening import OpenApp, Opening, Report
from bot.journal import Journal
from bot.serving.desk import Desk, Observer
from bot.settings import ServingSettings
from knowledge.loading import Library
from tests.fakes import ScriptedAnswerer

if TYPE_CHECKING:
    from bot.app import App


@dataclass
class FakeModel:
    """What the terminal shows of a model."""

    note: str = ""


@dataclass
class FakeApp:
    """An App whose answerer follows a script."""

    answerer: ScriptedAnswerer
    model: FakeModel = field(default_factory=FakeModel)


def opens(answerer: ScriptedAnswerer, gate: asyncio.Event | None = None, error: Exception | None = None) -> OpenApp:
    """An `open_app` that waits for the gate, then opens or fails."""

    @asynccontextmanager
    async def open_app(report: Report) -> AsyncIterator["App"]:
        report("Indexing", 1, 2)
        if gate is not None:
            await gate.wait()
        if error is not None:
            raise error
        yield cast("App", FakeApp(answerer))

    return open_app


@asynccontextmanager
async def open_desk(
    answerer: ScriptedAnswerer,
    settings: ServingSettings | None = None,
    *,
    parallel: int = 1,
    journal: Journal | None = None,
    data_dir: Path | None = None,
    gate: asyncio.Event | None = None,
    error: Exception | None = None,
    observers: tuple[Observer, ...] = (),
) -> AsyncIterator[Desk]:
    """A desk whose App is open at once, or after the gate, or not at all."""
    async with Opening(opens(answerer, gate, error)) as opening:
        given = settings or ServingSettings()
        yield Desk(
            Library.open(), opening, given, parallel=parallel, journal=journal, data_dir=data_dir, observers=observers
        )
