"""A model whose pieces are counted: otherwise it is the model behind it."""

from contextlib import aclosing

from bot.messages import Turn
from bot.models.base import SamplingOptions
from bot.models.counted import CountedModel
from tests.fakes import ScriptedModel


async def test_each_piece_is_counted_as_it_is_written() -> None:
    counted: list[None] = []
    behind = ScriptedModel.saying("one", "two", "three", waiting=4)
    model = CountedModel(behind, lambda: counted.append(None))
    assert (model.name, model.waiting) == ("scripted", 4)
    async with aclosing(model.stream([Turn("user", "Count!")], SamplingOptions())) as pieces:
        assert [await anext(pieces), await anext(pieces)] == ["one", "two"]
    assert len(counted) == 2
    assert behind.stopped == 1
    await model.aclose()
    assert behind.closed
