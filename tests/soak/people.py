"""People who ask, on whichever platform: what they ask, and in turns with what pauses."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol

from tests.soak.tally import Asked

QUESTIONS = (
    "Which companies cannot use Llama 2 freely?",
    "How many monthly users before I need Meta's permission?",
    "Why does Meta give the model away?",
    "What is Llama 2?",
    "May I use the outputs to train another model?",
    "Who owns derivative works that I make?",
    "What must I include when I distribute it?",
    "What happens if I sue Meta over the license?",
    "Which law governs the license?",
    "Can it run on a phone?",
    "What is the weather in Paris?",
    "Who won the world cup in 1998?",
)
FOLLOW_UPS = ("And for Snap?", "Why is that?", "And who decides about it?", "What about phones?")
CLAUSES = ("2", "1.b.iii", "attribution", "Llama Materials", "")
WITHIN = 150.0  # seconds until something counts as lost


New = Callable[[str, str, str], Asked]
"""Notes that something is asked: on a platform, in a way, with a text."""


class Way(Protocol):
    """Something that a person does; it fills in what came of it."""

    def __call__(self, user: str, chance: random.Random, asked: New) -> Awaitable[None]:
        """Do it once."""
        ...


class Crowd:
    """People who go on doing things until they are told to leave; nobody begins anything while the bot is away."""

    def __init__(self, chance: random.Random, asked: New) -> None:
        self._chance = chance
        self._asked = asked
        self.there = asyncio.Event()
        self._leave = asyncio.Event()

    async def live(self, user: str, ways: Mapping[Way, int], pause: float) -> None:
        """One of them: does something, then waits for up to `pause` seconds; ends after `leave`."""
        while True:
            await self.there.wait()
            if self._leave.is_set():
                return
            (way,) = self._chance.choices(list(ways), list(ways.values()))
            await way(user, self._chance, self._asked)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leave.wait(), self._chance.uniform(0.2, pause))

    def leave(self) -> None:
        """Have nobody begin anything more."""
        self._leave.set()
        self.there.set()
