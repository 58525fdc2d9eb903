"""The OpenAI-compatible client against scripted servers on loopback."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from bot.errors import ModelAwayError, ModelBusyError, ModelError, ModelServerError, ModelTimeoutError
from bot.messages import Turn
from bot.models.base import SamplingOptions
from bot.models.openai_api import OpenAIModel, Timeouts

Serve = Callable[[Callable[[Any, Any], Awaitable[None]]], Awaitable[str]]
SSE = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
TURNS = [Turn("system", "Be brief."), Turn("user", "A private question?")]
PATIENT = Timeouts(connect=10, first_token=30, between_tokens=30)
IMPATIENT = Timeouts(connect=10, first_token=0.05, between_tokens=0.05)


def event(text: str | None, finish: str | None = None) -> str:
    data = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}
    return f"data: {json.dumps(data)}\n\n"


class Server:
    """Answers chat completions with what it was given, then ends, or holds the connection open."""

    def __init__(self, *parts: str, hold: bool = False) -> None:
        self.parts = parts
        self.hold = hold
        self.requests: list[Any] = []
        self.gone = asyncio.Event()

    async def __call__(self, request: Any, connection: Any) -> None:
        self.requests.append(request)
        if request.path == "/v1/models":
            await connection.answer(200, json.dumps({"data": [{"id": "served-model"}]}))
            return
        try:
            await connection.send(SSE)
            for part in self.parts:
                await connection.send(part)
            if self.hold:
                await connection.closed()
        finally:
            self.gone.set()


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., OpenAIModel]]:
    models: list[OpenAIModel] = []

    def start(url: str, model: str | None = "m", key: str | None = None, **options: Any) -> OpenAIModel:
        models.append(OpenAIModel(url, model, key, **{"timeouts": PATIENT, **options}))
        return models[-1]

    yield start
    for model in models:
        await model.aclose()


async def ask(model: OpenAIModel, options: SamplingOptions | None = None) -> list[str]:
    return [piece async for piece in model.stream(TURNS, options or SamplingOptions())]


async def refused(model: OpenAIModel, kind: type[ModelError] = ModelServerError) -> str:
    with pytest.raises(kind) as caught:
        await ask(model)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    assert "private" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_a_chat_is_streamed(serve: Serve, connect: Callable[..., OpenAIModel], suffix: str) -> None:
    server = Server(": hello\n\n", event(None), event(" Meta"), event(" opened"), event(" it."), "data: [DONE]\n\n")
    model = connect(await serve(server) + suffix, key="sesame")
    options = SamplingOptions(max_tokens=9, temperature=0.5, stop=("END",))
    assert await ask(model, options) == ["Meta", " opened", " it."]
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sesame"
    assert request.json() == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "A private question?"},
        ],
        "max_tokens": 9,
        "temperature": 0.5,
        "stop": ["END"],
        "stream": True,
    }


async def test_the_models_name_is_asked_of_the_server(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    server = Server(event("Hi", "stop"))
    url = await serve(server)
    model = connect(url, None)
    assert model.name == f"{url}/v1"
    assert await ask(model) == ["Hi"]
    assert model.name == "served-model"
    assert [request.path for request in server.requests] == ["/v1/models", "/v1/chat/completions"]
    assert server.requests[1].json()["model"] == "served-model"


async def test_a_stop_string_is_kept_even_where_the_server_ignores_it(
    serve: Serve, connect: Callable[..., OpenAIModel]
) -> None:
    server = Server(event("one EN"), event("D two"), hold=True)
    assert await ask(connect(await serve(server)), SamplingOptions(stop=("END",))) == ["one "]
    await server.gone.wait()


async def test_a_server_that_is_not_there(connect: Callable[..., OpenAIModel], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = await refused(connect(f"http://someone:secret@127.0.0.1:{port}"))
    assert text == f"There is no model server at http://127.0.0.1:{port}/v1."
    assert "no model server" in await refused(connect("http://"))


async def test_a_name_and_password_in_the_url_are_sent(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    server = Server(event("Hi", "stop"))
    url = (await serve(server)).replace("//", "//someone:secret@")
    model = connect(url, None)
    assert "secret" not in model.name
    await ask(model)
    assert server.requests[1].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (500, '{"error": {"message": "out of\\nmemory"}}', "answers with 500: out of memory"),
        (503, '{"error": "loading"}', "answers with 503: loading"),
        (404, '{"detail": "no such model"}', "answers with 404: no such model"),
        (401, "the key sesame is wrong", "answers with 401: the key … is wrong"),
        (502, "<html>Bad gateway</html>", "answers with 502."),
        (400, "", "answers with 400."),
        (302, "", "answers with 302."),
    ],
)
async def test_an_error_of_the_server(
    serve: Serve, connect: Callable[..., OpenAIModel], status: int, body: str, text: str
) -> None:
    async def fail(request: Any, connection: Any) -> None:
        await connection.answer(status, body)

    url = await serve(fail)
    kind = ModelAwayError if status in (502, 503) else ModelServerError
    assert await refused(connect(url, key="sesame"), kind) == f"The model server at {url}/v1 {text}"
    assert f"answers with {status}" in await refused(connect(url, None), kind)


async def test_a_server_that_never_begins(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    server = Server(": still here\n\n", event(None), hold=True)
    text = await refused(connect(await serve(server), timeouts=IMPATIENT), ModelTimeoutError)
    assert "sent nothing for 0.05 seconds" in text
    await server.gone.wait()


async def test_a_server_that_stalls_in_mid_stream(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    server = Server(event("one"), hold=True)
    stalling = Timeouts(connect=10, first_token=30, between_tokens=0.05)
    model = connect(await serve(server), timeouts=stalling)
    pieces = model.stream(TURNS, SamplingOptions())
    assert await anext(pieces) == "one"
    with pytest.raises(ModelTimeoutError):
        await anext(pieces)
    await server.gone.wait()
    assert model.waiting == 0


@pytest.mark.parametrize(
    "sent",
    [
        "data: {not json}\n\n",
        'data: {"choices": 3}\n\n',
        'data: "text"\n\n',
        'data: {"unknown": []}\n\n',
        'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
        'data: {"error": {"message": "it broke"}}\n\n',
    ],
)
async def test_a_malformed_stream(serve: Serve, connect: Callable[..., OpenAIModel], sent: str) -> None:
    text = await refused(connect(await serve(Server(event("one"), sent))))
    assert "sends what is no answer" in text
    assert ("it broke" in text) == ("it broke" in sent)


async def test_an_answer_that_is_no_stream(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    async def whole(request: Any, connection: Any) -> None:
        await connection.answer(200, '{"choices": []}', Content_Type="application/json")

    url = await serve(whole)
    assert "application/json instead of a stream" in await refused(connect(url))
    assert "does not say which models" in await refused(connect(url, None))


async def test_a_stream_that_breaks_off(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    assert "broke off in the middle" in await refused(connect(await serve(Server(event("one")))), ModelAwayError)


async def test_a_server_that_answered_before_is_away_and_then_back(connect: Callable[..., OpenAIModel]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{SSE}{event('Hi', 'stop')}".encode())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    model = connect(f"http://127.0.0.1:{port}")
    assert await ask(model) == ["Hi"]
    server.close()
    await server.wait_closed()
    assert "There is no model server" in await refused(model, ModelAwayError)
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        assert await ask(model) == ["Hi"]


async def test_cancelling_closes_the_connection(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    server = Server(event("one"), hold=True)
    model = connect(await serve(server))
    pieces = model.stream(TURNS, SamplingOptions())
    assert await anext(pieces) == "one"
    await pieces.aclose()
    await server.gone.wait()
    assert model.waiting == 0


async def test_cancelling_a_task_closes_the_connection(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    server = Server(event("one"), hold=True)
    pieces = connect(await serve(server)).stream(TURNS, SamplingOptions())
    assert await anext(pieces) == "one"
    task = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.gone.wait()


async def test_few_run_at_once_few_wait_and_the_rest_is_refused(
    serve: Serve, connect: Callable[..., OpenAIModel]
) -> None:
    server = Server(event("one"), hold=True)
    model = connect(await serve(server), concurrency=1, queue_limit=1)
    assert model.waiting == 0
    running = model.stream(TURNS, SamplingOptions())
    await anext(running)
    assert model.waiting == 1
    second = model.stream(TURNS, SamplingOptions())
    waiting = asyncio.ensure_future(anext(second))
    await asyncio.sleep(0)
    assert model.waiting == 2
    await refused(model, ModelBusyError)
    await running.aclose()
    assert await waiting == "one"
    assert len(server.requests) == 2
    await second.aclose()


async def test_closing_the_model_ends_what_is_read(serve: Serve, connect: Callable[..., OpenAIModel]) -> None:
    server = Server(event("one"), hold=True)
    model = connect(await serve(server))
    pieces = model.stream(TURNS, SamplingOptions())
    await anext(pieces)
    reading = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    await model.aclose()
    with pytest.raises(ModelError, match="has been closed"):
        await reading
    assert "has been closed" in await refused(model, ModelError)


async def test_neither_key_nor_question_is_logged(
    serve: Serve, connect: Callable[..., OpenAIModel], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        url = (await serve(Server(event("Hi", "stop")))).replace("//", "//someone:hush@")
        await ask(connect(url, key="sesame"))
    assert "completions" in caplog.text, "something was logged"
    assert not any(secret in caplog.text for secret in ("sesame", "hush", "private"))
