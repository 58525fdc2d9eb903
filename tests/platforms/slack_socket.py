"""Socket Mode: connections opened with a ticket, envelopes out, acknowledgements in, disconnects and drops."""

import asyncio
import itertools
import json
import secrets
from collections.abc import Callable

from aiohttp import WSMsgType, web

from tests.platforms.slack_clock import Changes, Clock
from tests.platforms.slack_events import Attempt, Delivery, Outbox
from tests.platforms.slack_text import Json
from tests.platforms.slack_world import APP_ID

MOST_CONNECTIONS = 10


class Connection:
    """One web socket of the app; a draining one gets nothing new."""

    def __init__(self, number: int, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.number = number
        self.request = request
        self.socket = socket
        self.draining = False
        self.envelopes: list[str] = []
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class SocketTransport:
    """Delivers over the app's connections, each thing to one of them in turn."""

    def __init__(self, clock: Clock, changes: Changes, outbox: Outbox, broken: Callable[[str], None]) -> None:
        self._clock = clock
        self._changes = changes
        self._outbox = outbox
        self._broken = broken
        self._tickets: set[str] = set()
        self._turns = itertools.count()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, tuple[Delivery, Attempt, asyncio.Future[None]]] = {}
        self.connections: list[Connection] = []

    def ticket(self) -> str:
        """A new ticket, good for one connection."""
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serves a connection until either side ends it; PINGs are echoed with what they carry."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="this link was used before, or is not one")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        connection = Connection(next(self._numbers), socket, request)
        if len(self.connections) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        await self._serve(connection)
        return socket

    async def _serve(self, connection: Connection) -> None:
        self.connections.append(connection)
        try:
            await connection.socket.send_json(self._hello())
            await connection.socket.ping(b"Ping from applink")
            self._changes.notify()
            async for message in connection.socket:
                if message.type is WSMsgType.TEXT:
                    self._take(str(message.data))
        except ConnectionError:
            pass
        finally:
            self.connections.remove(connection)
            if not connection.closed.done():
                connection.closed.set_result(None)
            self._changes.notify()

    def _hello(self) -> Json:
        debug = {"host": "applink-local", "build_number": 1, "approximate_connection_time": 18060}
        count = len(self.connections)
        return {"type": "hello", "num_connections": count, "debug_info": debug, "connection_info": {"app_id": APP_ID}}

    def _take(self, text: str) -> None:
        try:
            answer = json.loads(text)
            delivery, attempt, done = self._waiting[answer["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            self._broken(f"the app sent what is not an acknowledgement: {text[:200]}")
            return
        payload = answer.get("payload") or {}
        if payload and delivery.kind == "events_api":
            self._broken(f"an event ({delivery.name}) was acknowledged with a payload")
        self._outbox.acknowledge(delivery, attempt, payload)
        if not done.done():
            done.set_result(None)

    async def send(self, delivery: Delivery, attempt: Attempt) -> None:
        """Sends an envelope; events wait for a connection, the rest fails without one as the user would see."""
        connection = self._next()
        if connection is None and delivery.kind != "events_api":
            attempt.failed = "dispatch_failed"
            return
        connection = connection or await self._changes.until(self._next)
        assert connection is not None
        attempt.envelope_id = secrets.token_hex(16)
        attempt.sent_at = self._clock.now()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[attempt.envelope_id] = delivery, attempt, done
        connection.envelopes.append(attempt.envelope_id)
        try:
            await connection.socket.send_json(self._envelope(delivery, attempt))
        except ConnectionError:
            attempt.failed = "connection_lost"
            return
        if not await self._clock.done_within(done, self._outbox.ack_timeout):
            attempt.failed = "connection_lost" if connection.closed.done() else "timeout"

    def _next(self) -> Connection | None:
        ready = [each for each in self.connections if not each.draining and not each.socket.closed]
        return ready[next(self._turns) % len(ready)] if ready else None

    def _envelope(self, delivery: Delivery, attempt: Attempt) -> Json:
        envelope: Json = {
            "envelope_id": attempt.envelope_id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": attempt.number, "retry_reason": "timeout" if attempt.number else ""}
        return envelope

    def disconnect(self, reason: str) -> None:
        """Tells every connection to go: "warning" leaves it in use, "refresh_requested" sends nothing new over it."""
        for connection in self.connections:
            connection.draining = reason != "warning"
            message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}}
            task = asyncio.get_running_loop().create_task(connection.socket.send_json(message))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def drop(self, *, abruptly: bool = False) -> None:
        """Closes every connection without a word of warning, `abruptly` without a closing frame too."""
        for connection in list(self.connections):
            connection.draining = True
            if abruptly and connection.request.transport:
                connection.request.transport.abort()
            else:
                await connection.socket.close()
