"""Readiness: can the bot answer now, and if not, what is missing?"""

import asyncio
from dataclasses import dataclass

from bot.errors import JournalError
from bot.faults import message_for
from bot.serving.desk import Desk

_PATIENCE = 2.0  # seconds: a probe gives up soon


@dataclass(frozen=True, slots=True)
class Check:
    """Whether one thing is as it should be, and what it is like."""

    ok: bool
    detail: str


class Readiness:
    """Looks at a desk: its App, its platforms and its journal."""

    def __init__(self, desk: Desk, *, journal_wanted: bool) -> None:
        self._desk = desk
        self._journal_wanted = journal_wanted
        self._writing: asyncio.Task[None] | None = None

    async def checks(self) -> dict[str, Check]:
        """All checks by name; the bot is ready if all are ok."""
        return {"app": await self._app(), "platforms": self._platforms(), "journal": await self._journal()}

    async def _app(self) -> Check:
        opening = self._desk.opening
        if self._desk.closing:
            return Check(False, "stopping")
        if not opening.done:
            return Check(False, opening.progress)
        try:
            return Check(True, f"open, the model is {(await opening.app()).answerer.model_name}")
        except Exception as error:
            return Check(False, message_for(error, None))

    def _platforms(self) -> Check:
        states = self._desk.connections.states
        told = [f"{platform} {'connected' if up else 'not connected'}" for platform, up in states.items()]
        return Check(any(states.values()), ", ".join(told) or "none")

    async def _journal(self) -> Check:
        if not self._journal_wanted:
            return Check(True, "switched off")
        if self._desk.journal is None:
            return Check(False, "could not be opened")
        if self._writing is None or self._writing.done():  # one at a time, however often somebody looks
            self._writing = asyncio.create_task(self._desk.journal.check())
        try:
            await asyncio.wait_for(asyncio.shield(self._writing), _PATIENCE)
        except JournalError as error:
            return Check(False, str(error))
        except TimeoutError:
            return Check(False, f"not writable within {_PATIENCE:g} seconds")
        return Check(True, "writable")
