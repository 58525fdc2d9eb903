"""Patience with a server that is away: it may be back soon, so it is asked again a few times."""

import asyncio
from collections.abc import Iterable

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each new try: half a minute, in which a small server restarts and a person still waits."""


class Patience:
    """The pauses of one piece of work; when they are used up, the error stands."""

    def __init__(self, pauses: Iterable[float] = PAUSES) -> None:
        self._left = list(pauses)

    async def wait(self, error: Exception) -> None:
        """Let some time pass before the next try; raises the error if there is to be none."""
        if not self._left:
            raise error
        await asyncio.sleep(self._left.pop(0))
