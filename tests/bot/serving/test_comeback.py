"""Starting before the index's server does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest

from bot.adapters.opening import OpenApp, Report
from bot.serving.comeback import waiting
from knowledge.errors import StoreAwayError, StoreError
from tests.desks import FakeApp
from tests.fakes import ScriptedAnswerer

if TYPE_CHECKING:
    from bot.app import App


def starting(times: int, error: StoreError, tried: list[int]) -> OpenApp:
    """An `open_app` that fails so many times."""

    @asynccontextmanager
    async def open_app(report: Report) -> AsyncIterator["App"]:
        tried.append(len(tried))
        if len(tried) <= times:
            raise error
        yield cast("App", FakeApp(ScriptedAnswerer()))

    return open_app


async def test_it_is_opened_once_the_server_is_there() -> None:
    tried: list[int] = []
    said: list[str] = []
    open_app = waiting(starting(2, StoreAwayError("It does not answer."), tried), pauses=(0, 0, 0))
    async with open_app(lambda what, done, total: said.append(what)) as app:
        assert app.answerer.model_name == "scripted"
    assert len(tried) == 3
    assert said == ["Waiting for the Chroma server"] * 2


@pytest.mark.parametrize(
    ("error", "tries"), [(StoreAwayError("It does not answer."), 3), (StoreError("It is damaged."), 1)]
)
async def test_patience_ends_and_other_errors_are_not_waited_for(error: StoreError, tries: int) -> None:
    tried: list[int] = []
    with pytest.raises(StoreError, match=str(error)):
        async with waiting(starting(9, error, tried), pauses=(0, 0))(lambda what, done, total: None):
            pass
    assert len(tried) == tries
