"""The owner thread's queue, cancelling and faults, with a scripted engine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Generator, Sequence

import pytest

from bot.errors import ModelBusyError, ModelError, ModelFileError
from bot.messages import Turn
from bot.models.base import SamplingOptions
from bot.models.owner import CancelFlag, OwnerThread


class ScriptedEngine:
    """Answers in capitals; "hold" waits for the gate after its first piece, "die" fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.gate = threading.Event()
        self.closed = False

    def complete(
        self, turns: Sequence[Turn], options: SamplingOptions, cancelled: CancelFlag
    ) -> Generator[str, None, None]:
        text = turns[-1].text
        self.asked.append(text)
        if text == "die":
            raise RuntimeError("a secret path")
        try:
            yield text.upper()
            if text == "hold":
                self.gate.wait()
                yield "HELD"
        finally:
            self.ended.append(text)

    def close(self) -> None:
        self.closed = True


class Opener:
    """Opens scripted engines, or fails with `error`, and remembers both."""

    def __init__(self) -> None:
        self.engines: list[ScriptedEngine] = []
        self.error: Exception | None = None
        self.threads: set[str] = set()

    def __call__(self, stop: CancelFlag) -> ScriptedEngine:
        self.threads.add(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        self.engines.append(ScriptedEngine())
        return self.engines[-1]

    @property
    def engine(self) -> ScriptedEngine:
        return self.engines[-1]


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
async def owner(opener: Opener) -> AsyncIterator[OwnerThread]:
    owner = OwnerThread("test", opener, queue_limit=2)
    yield owner
    if opener.engines:
        opener.engine.gate.set()
    await owner.aclose()


async def ask(owner: OwnerThread, text: str) -> list[str]:
    return [piece async for piece in owner.stream([Turn("user", text)], SamplingOptions())]


async def queued(owner: OwnerThread, text: str) -> "asyncio.Task[list[str]]":
    task = asyncio.create_task(ask(owner, text))
    await asyncio.sleep(0)  # one turn of the loop: the task runs up to where it waits
    return task


async def test_answers_come_in_order_from_one_thread(owner: OwnerThread, opener: Opener) -> None:
    assert await asyncio.gather(*(ask(owner, text) for text in ("a", "b", "c"))) == [["A"], ["B"], ["C"]]
    assert opener.engine.asked == ["a", "b", "c"]
    assert opener.threads == {"model test"}


async def test_waiting_counts_the_requests_ahead_and_the_queue_is_bounded(owner: OwnerThread, opener: Opener) -> None:
    assert owner.waiting == 0
    running = owner.stream([Turn("user", "hold")], SamplingOptions())
    assert await anext(running) == "HOLD"
    assert owner.waiting == 1
    second, third = await queued(owner, "b"), await queued(owner, "c")
    assert owner.waiting == 3
    with pytest.raises(ModelBusyError, match="ask again"):
        await ask(owner, "d")
    opener.engine.gate.set()
    assert [piece async for piece in running] == ["HELD"]
    assert (await second, await third) == (["B"], ["C"])
    assert owner.waiting == 0


async def test_a_request_cancelled_in_the_queue_never_runs(owner: OwnerThread, opener: Opener) -> None:
    running = owner.stream([Turn("user", "hold")], SamplingOptions())
    await anext(running)
    cancelled = await queued(owner, "b")
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert owner.waiting == 1
    opener.engine.gate.set()
    assert [piece async for piece in running] == ["HELD"]
    assert await ask(owner, "c") == ["C"]
    assert opener.engine.asked == ["hold", "c"]


async def test_closing_the_iterator_ends_what_runs(owner: OwnerThread, opener: Opener) -> None:
    running = owner.stream([Turn("user", "hold")], SamplingOptions())
    await anext(running)
    await running.aclose()
    opener.engine.gate.set()
    assert await ask(owner, "b") == ["B"]
    assert opener.engine.ended == ["hold", "b"]


async def test_a_model_that_dies_is_reported_and_opened_anew(owner: OwnerThread, opener: Opener) -> None:
    with pytest.raises(ModelError, match="failed while answering") as caught:
        await ask(owner, "die")
    assert "secret" not in str(caught.value)
    assert opener.engines[0].closed
    assert await ask(owner, "b") == ["B"]
    assert len(opener.engines) == 2


async def test_an_error_of_ours_reaches_the_caller_and_a_later_request_tries_again(
    owner: OwnerThread, opener: Opener
) -> None:
    opener.error = ModelFileError("There is no model file x.gguf.")
    owner.start()
    with pytest.raises(ModelFileError, match=r"no model file x\.gguf"):
        await owner.load()
    opener.error = OSError("a secret path")
    with pytest.raises(ModelError, match="could not be loaded") as caught:
        await ask(owner, "a")
    assert "secret" not in str(caught.value)
    opener.error = None
    assert await ask(owner, "a") == ["A"]


async def test_loading_is_no_request_that_others_wait_for(owner: OwnerThread, opener: Opener) -> None:
    running = owner.stream([Turn("user", "hold")], SamplingOptions())
    await anext(running)
    loading = asyncio.create_task(owner.load())
    await asyncio.sleep(0)
    assert owner.waiting == 1
    opener.engine.gate.set()
    await loading
    await running.aclose()


async def test_closing_refuses_what_waits_and_frees_the_engine(owner: OwnerThread, opener: Opener) -> None:
    running = owner.stream([Turn("user", "hold")], SamplingOptions())
    await anext(running)
    waiting = await queued(owner, "b")
    closing = asyncio.create_task(owner.aclose())
    await asyncio.sleep(0)  # closing has begun
    opener.engine.gate.set()
    await closing
    with pytest.raises(ModelError, match="has been closed"):
        await waiting
    with pytest.raises(ModelError, match="has been closed"):
        assert [piece async for piece in running] == ["HELD"]
    with pytest.raises(ModelError, match="has been closed"):
        await ask(owner, "c")
    assert opener.engine.closed
    assert opener.engine.asked == ["hold"]
