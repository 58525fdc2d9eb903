"""Showing the latest: a slow platform is never behind by more than one edit."""

import asyncio

import pytest

from bot.serving.pacing import Latest


class Slow:
    """A platform that takes one edit at a time, each for as long as the test says."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def show(self, value: str) -> None:
        self.shown.append(value)
        self.asked.set()
        await self.go_on.wait()


async def test_while_one_is_shown_the_next_replace_each_other() -> None:
    slow = Slow()
    latest: Latest[str] = Latest(slow.show, interval=0.0)
    latest.put("one")
    await slow.asked.wait()
    for value in ("two", "three", "four"):
        latest.put(value)
    slow.asked.clear()
    slow.go_on.set()
    await slow.asked.wait()
    await latest.aclose()
    assert slow.shown == ["one", "four"]


async def test_closing_waits_for_what_is_being_shown_and_drops_the_rest() -> None:
    slow = Slow()
    latest: Latest[str] = Latest(slow.show, interval=60.0)
    latest.put("one")
    await slow.asked.wait()
    latest.put("two")
    closing = asyncio.create_task(latest.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    slow.go_on.set()
    await asyncio.wait_for(closing, 1)
    assert slow.shown == ["one"]


async def test_there_is_a_pause_between_two() -> None:
    times: asyncio.Queue[float] = asyncio.Queue()

    async def show(value: int) -> None:
        times.put_nowait(asyncio.get_running_loop().time())

    latest: Latest[int] = Latest(show, interval=0.1)
    latest.put(1)
    first = await times.get()
    latest.put(2)
    assert await times.get() - first >= 0.09
    await latest.aclose()


async def test_a_failure_ends_it_and_is_raised_at_the_end() -> None:
    tried = asyncio.Event()

    async def show(value: int) -> None:
        tried.set()
        raise ConnectionError("gone")

    latest: Latest[int] = Latest(show, interval=0.0)
    latest.put(1)
    await tried.wait()
    await asyncio.sleep(0)
    assert latest.failed
    latest.put(2)
    with pytest.raises(ConnectionError):
        await latest.aclose()


async def test_closing_what_never_showed_anything() -> None:
    latest: Latest[int] = Latest(lambda value: asyncio.sleep(0))
    assert not latest.failed
    await latest.aclose()
