"""Slack's Web API: one session for all calls, a client for each token, and a log that tells no secrets."""

import ipaddress
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.redaction import HIDDEN, Redaction

SLACK_API = AsyncWebClient.BASE_URL

_TIMEOUT = 30.0  # seconds
_RATE_LIMIT_RETRIES = 3
_ADDRESS = re.compile(r"(?:wss?|https?)://\S+")
"""Addresses of sockets and responses hold tickets."""


class Web:
    """Clients that share a session; `open_web` makes one."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str, log: logging.Logger) -> None:
        self.log = log
        self._session = session
        self._api_url = api_url
        self._clients: dict[str, AsyncWebClient] = {}

    def client(self, token: str = "") -> AsyncWebClient:
        """The client of a token."""
        if token not in self._clients:
            client = AsyncWebClient(
                token=token or None,
                base_url=self._api_url,
                session=self._session,
                logger=self.log,
                retry_handlers=_retries(),
            )
            if is_loopback(self._api_url):
                client.proxy = None
            self._clients[token] = client
        return self._clients[token]

    def webhook(self, url: str) -> AsyncWebhookClient:
        """A client for a response_url."""
        client = AsyncWebhookClient(url, session=self._session, logger=self.log, retry_handlers=_retries())
        if is_loopback(url):
            client.proxy = None
        return client


@asynccontextmanager
async def open_web(api_url: str | None) -> AsyncIterator[Web]:
    """Open the session, by default to slack.com."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT)) as session:
        yield Web(session, api_url or SLACK_API, quiet_logger())


def quiet_logger() -> logging.Logger:
    """The logger of Slack's libraries: warnings only, since they log what users write at other levels, and redacted."""
    log = logging.getLogger("bot.adapters.slack.sdk")
    log.setLevel(logging.WARNING)
    if not any(isinstance(each, _Redacting) for each in log.filters):
        log.addFilter(_Redacting())
    return log


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, for which no proxy is to be asked."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Redacting(logging.Filter):
    """Takes tokens and addresses with tickets out of what is logged, and tracebacks, whose errors may quote them."""

    def __init__(self) -> None:
        super().__init__()
        self._redact = Redaction()

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        message = _ADDRESS.sub(HIDDEN, self._redact(" ".join(record.getMessage().split())))
        record.msg = f"{message} ({kind.__name__})" if kind else message
        record.args, record.exc_info, record.exc_text = (), None, None
        return True


def _retries() -> list[AsyncRetryHandler]:
    return [
        AsyncConnectionErrorRetryHandler(),
        AsyncRateLimitErrorRetryHandler(max_retry_count=_RATE_LIMIT_RETRIES),
        AsyncServerErrorRetryHandler(),
    ]
