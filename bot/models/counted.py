"""A model whose pieces of text are counted as it writes them."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from bot.messages import Turn
from bot.models.base import ChatModel, SamplingOptions


class CountedModel:
    """A ChatModel that calls `wrote` for each piece that the model behind it writes."""

    def __init__(self, model: ChatModel, wrote: Callable[[], None]) -> None:
        self._model = model
        self._wrote = wrote

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def waiting(self) -> int:
        """How many requests a new one would have to wait for."""
        return self._model.waiting

    async def stream(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        """What the model writes."""
        async with aclosing(self._model.stream(turns, options)) as pieces:
            async for piece in pieces:
                self._wrote()
                yield piece

    async def aclose(self) -> None:
        """Free the model."""
        await self._model.aclose()
