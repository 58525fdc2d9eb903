"""Starting while a server that Herald needs is still starting itself, as after a restart of the whole machine."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bot.adapters.opening import OpenApp, Report
from bot.answering.patience import Patience
from knowledge.errors import StoreAwayError

if TYPE_CHECKING:
    from bot.app import App

_PAUSES = (1.0, 2.0, *[5.0] * 60)
"""Seconds before each new try: some five minutes in all."""


def waiting(open_app: OpenApp, pauses: Sequence[float] = _PAUSES) -> OpenApp:
    """An `open_app` that tries again while the index's server does not answer; then its error stands."""

    @asynccontextmanager
    async def open_when_there(report: Report) -> AsyncIterator["App"]:
        patience = Patience(pauses)
        async with AsyncExitStack() as stack:
            while True:
                try:
                    app = await stack.enter_async_context(open_app(report))
                    break
                except StoreAwayError as error:
                    report("Waiting for the Chroma server", 0, 0)
                    await patience.wait(error)
            yield app

    return open_when_there
