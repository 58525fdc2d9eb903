"""Signed HTTP: requests to the app's URL with v0 signatures, good or not, and what came back."""

import asyncio
import hashlib
import hmac
import json
from urllib.parse import urlencode

import aiohttp

from tests.platforms.slack_clock import Clock
from tests.platforms.slack_events import Attempt, Delivery, Outbox
from tests.platforms.slack_text import Json

STALE = 60 * 5 + 1


def signature(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 signature of a request body."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encoded(delivery: Delivery) -> tuple[str, str]:
    """A delivery's body and content type: JSON for events, forms for the rest."""
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload), "application/json"
    form = delivery.payload if delivery.kind == "slash_commands" else {"payload": json.dumps(delivery.payload)}
    return urlencode(form), "application/x-www-form-urlencoded"


class HttpTransport:
    """Delivers to one URL, each thing by a request of its own."""

    def __init__(self, clock: Clock, outbox: Outbox, url: str, secret: str) -> None:
        self._clock = clock
        self._outbox = outbox
        self._secret = secret
        self.url = url
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        """Ends the requests that are still open."""
        await self._session.close()

    async def send(self, delivery: Delivery, attempt: Attempt) -> None:
        """Posts once, and hangs up when the app does not answer in time."""
        body, content_type = encoded(delivery)
        headers = {"Content-Type": content_type}
        if attempt.number:
            headers |= {"x-slack-retry-num": str(attempt.number), "x-slack-retry-reason": attempt.reason}
        attempt.sent_at = self._clock.now()
        request = asyncio.get_running_loop().create_task(self._post(delivery, attempt, body, headers))
        try:
            if not await self._clock.done_within(request, self._outbox.ack_timeout):
                attempt.failed = "http_timeout"
        finally:
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)

    async def _post(self, delivery: Delivery, attempt: Attempt, body: str, headers: dict[str, str]) -> None:
        try:
            status, text, no_retry = await self.post(body, headers)
        except aiohttp.ClientError:
            attempt.failed = "connection_failed"
            return
        attempt.status, attempt.no_retry = status, no_retry
        if 200 <= status < 300:
            self._outbox.acknowledge(delivery, attempt, _payload(text))
        else:
            attempt.failed = "http_error"

    async def post(self, body: str, headers: dict[str, str], how: str = "good") -> tuple[int, str, bool]:
        """Posts a body signed "good", "bad", "stale" or "none": the status, the text, and whether not to retry."""
        timestamp = str(int(self._clock.now()) - (STALE if how == "stale" else 0))
        signed = signature(self._secret if how != "bad" else "another-secret", timestamp, body)
        if how != "none":
            headers = headers | {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signed}
        async with self._session.post(self.url, data=body.encode(), headers=headers) as answer:
            text = await answer.text()
            return answer.status, text, answer.headers.get("x-slack-no-retry") == "1"


def _payload(text: str) -> Json:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}
