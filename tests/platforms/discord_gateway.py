"""Discord's gateway v10: sessions, heartbeats, compression, resuming with replay, and every way of being cut off."""

import asyncio
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.platforms.discord_errors import Json

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS = 0, 1, 2, 3, 4, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11
GUILDS, GUILD_MEMBERS, GUILD_PRESENCES, GUILD_MESSAGES = 1 << 0, 1 << 1, 1 << 8, 1 << 9
DIRECT_MESSAGES, CONTENT = 1 << 12, 1 << 15
LARGEST_FRAME, FRAMES_A_MINUTE = 4096, 120
Told = Callable[[int], Json | None]
"""What an event says to a session with these intents, or None if it is not told."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A heartbeat that came: `at` is seconds of time.monotonic()."""

    at: float
    connection: int
    sequence: int | None
    asked: bool
    """Whether the server asked for it (op 1), so that it tells nothing of the interval."""


@dataclass(eq=False)
class Session:
    """What a client has identified for; it outlives its connection, so that it can be resumed."""

    id: str
    intents: int
    shard: list[int]
    connection: "Connection | None" = None
    events: list[Json] = field(default_factory=list)

    def dispatch(self, event: str, data: Json) -> None:
        """Send an event with the next number; it is kept for a replay."""
        frame = {"op": DISPATCH, "t": event, "s": len(self.events) + 1, "d": data}
        self.events.append(frame)
        if self.connection is not None:
            self.connection.send(frame)


@dataclass(eq=False)
class Connection:
    """One websocket: a writer keeps the order, since compression has one context a connection."""

    number: int
    request: web.Request
    socket: web.WebSocketResponse
    session: Session | None = None
    resumed: bool = False
    asked: int = 0
    frames: list[float] = field(default_factory=list)
    _queue: asyncio.Queue[Json | int] = field(default_factory=asyncio.Queue)

    @property
    def compression(self) -> str:
        """What the client asked for, such as "zlib-stream"."""
        return self.request.query.get("compress", "")

    def send(self, frame: Json) -> None:
        """Queue a frame."""
        self._queue.put_nowait(frame)

    def ask_for_heartbeat(self) -> None:
        """Op 1: the client answers after it has read all that was sent before."""
        self.asked += 1
        self.send({"op": HEARTBEAT, "d": None})

    def close(self, code: int) -> None:
        """Close after what is queued, with a close frame."""
        self._leave()
        self._queue.put_nowait(code)

    def abort(self) -> None:
        """Cut the line, without a close frame; what is queued is lost."""
        self._leave()
        if self.request.transport is not None:
            self.request.transport.abort()

    def _leave(self) -> None:
        self.asked = 0
        if self.session is not None and self.session.connection is self:
            self.session.connection = None

    async def write(self) -> None:
        """Send what is queued until the connection ends."""
        compressor = zlib.compressobj()
        while True:
            frame = await self._queue.get()
            try:
                if isinstance(frame, int):
                    await self.socket.close(code=frame)
                    return
                text = json.dumps(frame)
                if self.compression == "zlib-stream":
                    data = compressor.compress(text.encode()) + compressor.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(data)
                else:
                    await self.socket.send_str(text)
            except ConnectionError:
                self._leave()
                return


@dataclass(frozen=True, slots=True)
class GatewayRules:
    """What the gateway holds its clients to."""

    token: str
    resume_url: str
    heartbeat_interval: float
    granted: int
    """The privileged intents that the developer portal has switched on."""
    shards: int = 1
    """How many connections there must be at least."""


class Gateway:
    """Accepts clients, and sends them the events that their intents let them see."""

    def __init__(
        self,
        rules: GatewayRules,
        welcome: Callable[[Session], None],
        changed: Callable[[], None],
        violations: list[str],
    ) -> None:
        self.rules = rules
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.heartbeats: list[Heartbeat] = []
        self.violations = violations
        self._welcome = welcome
        self._changed = changed

    @property
    def open(self) -> list[Connection]:
        """The connections that carry a session."""
        return [session.connection for session in self.sessions.values() if session.connection is not None]

    def dispatch(self, event: str, told: Told) -> None:
        """Tell an event to every session that may know it."""
        for session in self.sessions.values():
            data = told(session.intents)
            if data is not None:
                session.dispatch(event, data)

    def repeat(self, event: str) -> None:
        """Send the last event of that name once more, as Discord does now and then."""
        for session in self.sessions.values():
            last = [frame for frame in session.events if frame["t"] == event][-1]
            session.dispatch(event, last["d"])

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        connection = Connection(len(self.connections), request, socket)
        self.connections.append(connection)
        self._check_query(request)
        writer = asyncio.create_task(connection.write())
        connection.send({"op": HELLO, "d": {"heartbeat_interval": round(self.rules.heartbeat_interval * 1000)}})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(connection, message.data)
                    self._changed()
        finally:
            self._end(connection)
            writer.cancel()
        return socket

    def _check_query(self, request: web.Request) -> None:
        asked = (request.query.get("v"), request.query.get("encoding"), request.query.get("compress", ""))
        if asked not in (("10", "json", "zlib-stream"), ("10", "json", "")):
            self.violations.append(f"the gateway was asked for {asked}; this server knows v10, JSON and zlib-stream")

    def _end(self, connection: Connection) -> None:
        """A client that closes with 1000 or 1001 gives its session up; otherwise it may resume."""
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if connection.socket.close_code in (1000, 1001):
                self.sessions.pop(session.id, None)
        self._changed()

    def _refuse(self, connection: Connection, code: int, why: str) -> None:
        self.violations.append(f"gateway close {code}: {why}")
        connection.close(code)

    def _receive(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
            op, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            return self._refuse(connection, 4002, "a frame could not be decoded")
        if len(text) > LARGEST_FRAME:
            return self._refuse(connection, 4002, f"a frame has more than {LARGEST_FRAME} bytes")
        if op == HEARTBEAT:
            self.heartbeats.append(Heartbeat(time.monotonic(), connection.number, data, connection.asked > 0))
            connection.asked = max(0, connection.asked - 1)
            return connection.send({"op": HEARTBEAT_ACK})
        now = time.monotonic()
        connection.frames = [sent for sent in connection.frames if sent > now - 60] + [now]
        if len(connection.frames) > FRAMES_A_MINUTE:
            return self._refuse(connection, 4008, f"more than {FRAMES_A_MINUTE} frames in a minute")
        return self._obey(connection, op, data)

    def _obey(self, connection: Connection, op: int, data: Any) -> None:
        if op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            self._refuse(connection, 4003, "a frame came before IDENTIFY")
        elif op == MEMBERS:
            self.violations.append("members were requested; this server does not tell them")
        elif op not in (PRESENCE, VOICE):
            self._refuse(connection, 4001, f"unknown opcode {op}")

    def _identify(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            return self._refuse(connection, 4005, "IDENTIFY came twice")
        if data.get("token") != self.rules.token:
            return self._refuse(connection, 4004, "authentication failed")
        privileged = data["intents"] & (GUILD_MEMBERS | GUILD_PRESENCES | CONTENT)
        if privileged & ~self.rules.granted:
            return self._refuse(connection, 4014, f"disallowed intents {privileged & ~self.rules.granted:#x}")
        shard = data.get("shard") or [0, 1]
        if shard[1] < self.rules.shards:
            # This is how a bot learns that it has grown: no rule is broken.
            return connection.close(4011)
        session = Session(f"session-{len(self.connections)}", data["intents"], shard, connection)
        self.sessions[session.id] = session
        connection.session = session
        return self._welcome(session)

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self.sessions.get(data.get("session_id") or "")
        if data.get("token") != self.rules.token:
            return self._refuse(connection, 4004, "authentication failed")
        if session is None:
            return connection.send({"op": INVALID_SESSION, "d": False})
        if not 0 <= (data.get("seq") or 0) <= len(session.events):
            return self._refuse(connection, 4007, f"invalid sequence {data.get('seq')}")
        connection.session, session.connection, connection.resumed = session, connection, True
        for frame in session.events[data.get("seq") or 0 :]:
            connection.send(frame)
        return session.dispatch("RESUMED", {})

    def ask_to_reconnect(self) -> None:
        """Op 7: the client has to come back and resume."""
        for connection in self.open:
            connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9: the session is over, unless the client may resume it."""
        for session in list(self.sessions.values()):
            if session.connection is not None:
                session.connection.send({"op": INVALID_SESSION, "d": resumable})
            if not resumable:
                del self.sessions[session.id]

    async def shut(self) -> None:
        """Close all that is open."""
        for connection in self.connections:
            if not connection.socket.closed:
                await connection.socket.close(code=1001)
