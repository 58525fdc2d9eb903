"""Any server that speaks OpenAI's chat completions: llama-server, llama_cpp.server, vLLM and others.

Nothing that is asked, and no key, is ever logged or shown in an error.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from bot.errors import ModelAwayError, ModelBusyError, ModelError, ModelServerError, ModelTimeoutError
from bot.messages import Turn
from bot.models.base import SamplingOptions
from bot.models.pieces import StopFilter

if TYPE_CHECKING:
    import httpx  # imported when the first request is sent: it costs a tenth of a second

_LONGEST_ERROR = 64 * 1024
_STARTING = (502, 503, 504)
"""What a proxy answers with while the server behind it is away, and llama-server while it loads its model."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, for the first piece of text, and for each one after it."""

    connect: float = 5.0
    first_token: float = 120.0
    between_tokens: float = 30.0


class OpenAIModel:
    """A model behind an OpenAI-compatible server, at a URL with or without `/v1`.

    `model` is asked of the server when it is not given. A name and password in the URL are sent and never shown.
    `concurrency` requests run at once, `queue_limit` more may wait.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        api_key: str | None = None,
        *,
        timeouts: Timeouts | None = None,
        concurrency: int = 4,
        queue_limit: int = 8,
    ) -> None:
        self._url, self._login = _split_login(base_url)
        self._model = model
        self._api_key = api_key
        self._timeouts = timeouts or Timeouts()
        self._concurrency = concurrency
        self._queue_limit = queue_limit
        self._slots = asyncio.Semaphore(concurrency)
        self._requests = 0
        self._was_there = False
        self._closing = asyncio.Event()
        self._opened: httpx.AsyncClient | None = None

    @property
    def name(self) -> str:
        """The model's name; the server's URL until the server has told it."""
        return self._model or self._url

    @property
    def waiting(self) -> int:
        """How many requests a new one would have to wait for."""
        return max(0, self._requests - self._concurrency + 1)

    async def stream(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        """Stream the completion of a chat; closing the iterator closes the connection.

        Raises ModelBusyError when too many wait, ModelServerError when the server is not there or answers with an
        error, ModelAwayError when it was there before or is starting, and ModelTimeoutError when it stops sending.
        """
        if self._requests >= self._concurrency + self._queue_limit:
            raise ModelBusyError("Many questions are waiting already. Please ask again in a moment.")
        self._requests += 1
        try:
            async with self._slots, aclosing(self._shown(turns, options)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._requests -= 1

    async def aclose(self) -> None:
        """Refuse what still wants to be read and close the connections."""
        self._closing.set()
        if self._opened is not None:
            await self._opened.aclose()

    async def _shown(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        shown = StopFilter(options.stop)
        async with self._mapped_errors(), aclosing(self._contents(turns, options)) as contents:
            limit = self._timeouts.first_token
            while (content := await self._next(contents, limit)) is not None:
                limit = self._timeouts.between_tokens
                if text := shown.feed(content):
                    yield text
                if shown.stopped:
                    return
        if text := shown.finish():
            yield text

    async def _next(self, contents: AsyncGenerator[str, None], seconds: float) -> str | None:
        try:
            async with asyncio.timeout(seconds):
                return await anext(contents, None)
        except TimeoutError:
            raise ModelTimeoutError(f"The model server at {self._url} sent nothing for {seconds:g} seconds.") from None

    async def _contents(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        client = self._client()
        if self._model is None:
            self._model = await self._first_model(client)
        body = _body(self._model, turns, options)
        async with client.stream("POST", f"{self._url}/chat/completions", json=body) as response:
            if response.status_code != 200:
                raise await self._refusal(response)
            self._was_there = True
            complete = False
            async for data in _events(response):
                if data == "[DONE]":
                    return
                content, ended = _content(data)
                complete = complete or ended  # some servers end without [DONE]
                if content:
                    yield content
            if not complete:
                raise ModelAwayError(f"The model server at {self._url} broke off in the middle of its answer.")

    async def _first_model(self, client: "httpx.AsyncClient") -> str:
        response = await client.get(f"{self._url}/models")
        if response.status_code != 200:
            raise await self._refusal(response)
        try:
            return str(response.json()["data"][0]["id"])
        except (ValueError, LookupError, TypeError):
            raise ModelServerError(f"The model server at {self._url} does not say which models it has.") from None

    async def _refusal(self, response: "httpx.Response") -> ModelServerError:
        text = await _beginning(response)
        if self._api_key:
            text = text.replace(self._api_key, "…")  # some servers repeat the key they refuse
        reason = _reason(text)
        kind = ModelAwayError if response.status_code in _STARTING else ModelServerError
        return kind(
            f"The model server at {self._url} answers with {response.status_code}" + (f": {reason}" if reason else ".")
        )

    @asynccontextmanager
    async def _mapped_errors(self) -> AsyncIterator[None]:
        """Give httpx's errors one line each; ours pass."""
        import httpx

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            # One that never answered is no server that is being restarted, but most likely a wrong address.
            kind = ModelAwayError if self._was_there else ModelServerError
            raise kind(f"There is no model server at {self._url}.") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise ModelServerError(f"There is no model server at {self._url}.") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            if self._closing.is_set():
                raise ModelError(f"The model {self.name} has been closed.") from error
            raise ModelAwayError(f"The model server at {self._url} broke off the connection.") from error
        except _MalformedError as error:
            raise ModelServerError(f"The model server at {self._url} sends what is no answer: {error}") from error

    def _client(self) -> "httpx.AsyncClient":
        import httpx

        if self._closing.is_set():
            raise ModelError(f"The model {self.name} has been closed.")
        if self._opened is None:
            self._opened = httpx.AsyncClient(
                headers={"Authorization": f"Bearer {self._api_key}"} if self._api_key else {},
                auth=self._login,
                # Reading is timed by `Timeouts`: a server that only sends comments is as silent as one that does not.
                timeout=httpx.Timeout(None, connect=self._timeouts.connect),
            )
        return self._opened


class _MalformedError(Exception):
    """What the server sent is no stream of completions; the text is a reason in one line."""


def _split_login(url: str) -> tuple[str, tuple[str, str] | None]:
    """The API's address, ending in /v1, and the name and password that stood in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    if not path.endswith("/v1"):
        path += "/v1"
    login = (unquote(parts.username or ""), unquote(parts.password or "")) if "@" in parts.netloc else None
    return urlunsplit((parts.scheme, host, path, "", "")), login


def _body(model: str, turns: Sequence[Turn], options: SamplingOptions) -> dict[str, object]:
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": turn.role, "content": turn.text} for turn in turns],
        "max_tokens": options.max_tokens,
        "temperature": options.temperature,
        "stream": True,
    }
    if options.stop:
        body["stop"] = list(options.stop[:4])  # OpenAI takes no more; the rest is cut here anyway
    return body


async def _events(response: "httpx.Response") -> AsyncIterator[str]:
    """The data of a stream of server-sent events."""
    kind = response.headers.get("content-type", "")
    if "json" in kind or "html" in kind:
        raise _MalformedError(f"{kind.partition(';')[0]} instead of a stream of events.")
    data: list[str] = []
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data.clear()
    if data:
        yield "\n".join(data)


def _content(data: str) -> tuple[str, bool]:
    """An event's text, and whether the completion ended with it."""
    try:
        event: Any = json.loads(data)
        if "error" in event:
            raise _MalformedError(_reason(data) or "an error.")
        choice = event["choices"][0] if event["choices"] else {}
        content = (choice.get("delta") or {}).get("content") or ""
        if not isinstance(content, str):
            raise _MalformedError("a piece without text.")
        return content, choice.get("finish_reason") is not None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _MalformedError("an event in an unknown form.") from None


async def _beginning(response: "httpx.Response") -> str:
    if response.is_stream_consumed:
        return response.text[:_LONGEST_ERROR]
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= _LONGEST_ERROR:
            break
    return body[:_LONGEST_ERROR].decode(errors="replace")


def _reason(text: str) -> str:
    """The message inside an error's body, in one short line; nothing where it is a web page."""
    try:
        message: Any = json.loads(text)
        while isinstance(message, dict):
            message = next((message[key] for key in ("error", "message", "detail") if key in message), "")
    except ValueError:
        message = "" if "<" in text else text
    return " ".join(str(message).split())[:200]
