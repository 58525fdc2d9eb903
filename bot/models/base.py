"""ChatModel, the seam between Herald and whatever writes the words."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.messages import Turn


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """How to write: at most `max_tokens` tokens, greedy at temperature 0, stopping before any of `stop`."""

    max_tokens: int = 160
    temperature: float = 0.0
    stop: tuple[str, ...] = ()


class ChatModel(Protocol):
    """A model that continues a chat."""

    @property
    def name(self) -> str:
        """The name shown with an answer."""
        ...

    @property
    def waiting(self) -> int:
        """How many requests a new one would have to wait for."""
        ...

    def stream(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        """Stream the completion of a chat in pieces of text; closing the iterator cancels it.

        Raises a ModelError where the model is missing, broken, busy or too slow.
        """
        ...

    async def aclose(self) -> None:
        """Stop what runs and free the model."""
        ...
