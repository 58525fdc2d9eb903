"""A local server that speaks Discord's REST API v10 and gateway v10, and holds a real client to Discord's rules.

    async with DiscordServer() as server:
        with server.redirect():                    # or set Route.BASE = server.api_url and
            client = ...                           #    DiscordWebSocket.DEFAULT_GATEWAY = URL(server.gateway_url)
            await client.start(server.token)
        await server.until(lambda: server.online)  # READY has been sent; on_ready comes guild_ready_timeout later
        question = server.say(server.alice, server.general, "What is Llama 2?", mention=True)
        answer = await server.until(lambda: server.replies(server.general))
        assert "a model" in answer[0].text and server.violations == []

**Settings** (arguments): token; content_intent=False (the switch in the developer portal); heartbeat_interval in
seconds; limits ({"PATCH messages": Limit(5, 0.3)} changes one of REAL_LIMITS; a client really waits, so tests use short
ones); global_limit; deadline=3.0 and lifetime=900.0 of interactions; shards=1,
how many connections are recommended (each is told everything). `server.clock.advance(900)` lets server time pass
at once; `server.lag = 3.5` makes interactions arrive that old.

**World**: server.bot, .alice, .bob, .mira (a moderator), .guild and .general are there; add_user, add_guild
(with_bot=False for user apps), add_channel, install(user) as a user app, dm_channel(user), private_channel(a, b),
deny/allow(channel or guild, Permission...), lock/archive(thread), user.takes_dms = False.

**Users act** (at once, nothing to await): say, dm, edit, slash, autocomplete, message_command, click (by label, emoji
or custom_id), select, submit_modal, start_thread, delete_message, delete_thread, delete_channel, expel (the bot). What
the Discord app would not let a user do (a disabled button, a missing option, a command that is not synced or not
offered in that place) is an AssertionError. `say` returns a Message, the interactions return an Interaction.

**Observe**: `await server.until(condition)` returns what the condition returns once that is true; `await
server.delivered()` waits until the client has read all that was sent, to show that nothing comes of it. Message: text,
content, components, buttons, flags, v2, loading, ephemeral, visible_to, versions and edits (at, text), pings, thread,
reply_to, deleted, reactions. Interaction: acknowledged_after, callback_type, response (@original), followups, replies,
choices, modal, fields. Server: messages(channel), replies(channel), interactions, commands, command_puts, typing,
requests, refusals, heartbeats, heartbeat_gaps, connections, and violations: every rule that the bot broke, in words.

**Faults**: fail(match, status), throttle(match, retry_after), ban() (429 without Via), hold(match) (then .release());
`match` is a regular expression on "PATCH /channels/1/messages/2". drop(), reconnect() (op 7), invalidate_session(),
repeat("MESSAGE_CREATE").

What discord.py itself waits for: `guild_ready_timeout` (2 s by default) before on_ready, 5 s in before_identify_hook
before a second IDENTIFY (after invalidate_session), 1, 3, 5... s after a 5xx, and the rest of a window of which nothing
remains (limits=ROOMY where that is not the subject).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from typing import Self, TypeVar

import discord
import yarl
from aiohttp import web

from tests.platforms.discord_actions import Actions
from tests.platforms.discord_callbacks import InteractionRoutes
from tests.platforms.discord_errors import Json
from tests.platforms.discord_gateway import CONTENT, Connection, Gateway, GatewayRules, Heartbeat
from tests.platforms.discord_http import PREFIX, Desk, Request
from tests.platforms.discord_interactions import Interaction, Interactions
from tests.platforms.discord_limits import EVERYTHING, REAL_LIMITS, ROOMY, Fault, Limit, Limiter
from tests.platforms.discord_messages import MessageRoutes
from tests.platforms.discord_payloads import Payloads
from tests.platforms.discord_platform import Platform
from tests.platforms.discord_rest import ApplicationRoutes
from tests.platforms.discord_text import written
from tests.platforms.discord_world import Channel, Clock, Message, Permission, User, World

__all__ = ["ROOMY", "DiscordServer", "Interaction", "Limit", "Message", "Permission", "text_of"]

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.local.for-tests-only"
T = TypeVar("T")


def text_of(message: Message) -> str:
    """All that can be read in a message, in order: content, embeds, text displays."""
    return written(message.content, message.embeds, message.components)


class DiscordServer(Actions):
    """The server, open inside `async with`; see the module for what it offers."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        content_intent: bool = False,
        heartbeat_interval: float = 41.25,
        limits: dict[str, Limit] | None = None,
        global_limit: Limit = EVERYTHING,
        deadline: float = 3.0,
        lifetime: float = 900.0,
        shards: int = 1,
    ) -> None:
        self._news = asyncio.Event()
        world = World()
        payloads = Payloads(world, content_granted=content_intent)
        platform = Platform(world, payloads, self._changed)
        interactions = Interactions(world, payloads, self._changed)
        self.token = token
        limiter = Limiter(world.clock, REAL_LIMITS | (limits or {}), global_limit)
        self._desk = Desk(world, token, limiter, self._changed)
        rules = GatewayRules(token, "", heartbeat_interval, CONTENT if content_intent else 0, shards)
        self._gateway = Gateway(rules, platform.welcome, self._changed, self._desk.violations)
        platform.gateway = interactions.gateway = self._gateway
        super().__init__(platform, interactions)
        self._messages = MessageRoutes(platform)
        self._callbacks = InteractionRoutes(platform, self._interactions, self._desk, deadline, lifetime)
        self._application = ApplicationRoutes(platform, self._interactions)
        self._application.shards = shards
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Listen on a free port of the loopback."""

        @web.middleware
        async def serve(request: web.Request, handler: Callable[..., object]) -> web.StreamResponse:
            return await self._desk.serve(request, handler)  # type: ignore[arg-type]

        app = web.Application(middlewares=[serve], client_max_size=32 * 1024 * 1024)
        app.add_routes(self._messages.table() + self._callbacks.table() + self._application.table())
        app.add_routes([web.get("/gateway", self._gateway.handle), web.get("/resume", self._gateway.handle)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host = f"127.0.0.1:{self._runner.addresses[0][1]}"
        self.api_url = f"http://{host}{PREFIX}"
        self.gateway_url = self._application.gateway_url = f"ws://{host}/gateway"
        self._gateway.rules = replace(self._gateway.rules, resume_url=f"ws://{host}/resume")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._gateway.shut()
        await self._runner.cleanup()

    @contextmanager
    def redirect(self) -> Iterator[None]:
        """Point discord.py here, for as long as the context is open."""
        base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        discord.http.Route.BASE = self.api_url
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self.gateway_url)
        try:
            yield
        finally:
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway

    def _changed(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def until(self, condition: Callable[[], T], within: float = 5.0) -> T:
        """What the condition returns, once it is true; it is tried at each change here, and now and then besides."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not (found := condition()):
            left = end - loop.time()
            assert left > 0, f"not within {within} s; {self.story()}"
            with suppress(TimeoutError):
                # Conditions on the bot's own state change without news from here.
                await asyncio.wait_for(self._news.wait(), min(left, 0.05))
        return found

    async def delivered(self, within: float = 5.0) -> None:
        """Wait until the client has read every event so far: it answers a request for a heartbeat in their order."""
        connections = self._gateway.open
        for connection in connections:
            connection.ask_for_heartbeat()
        await self.until(lambda: not any(connection.asked for connection in connections), within)

    def story(self) -> str:
        """The latest requests and messages and all violations, for the message of a failed test."""
        asked = [f"{r.method} {r.path} {r.status}" + (f" ({r.code})" if r.code else "") for r in self.requests[-8:]]
        said = [f"{m.author.name}: {m.text[:80]!r}" for m in list(self.world.messages.values())[-8:]]
        return "\n".join(["the latest requests:", *asked, "messages:", *said, "violations:", *self.violations])

    @property
    def clock(self) -> Clock:
        """Server time, which `advance` moves on."""
        return self.world.clock

    @property
    def lag(self) -> float:
        """How old interactions are when they reach the bot."""
        return self._interactions.lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        self._interactions.lag = seconds

    @property
    def online(self) -> bool:
        """Whether the bot has identified or resumed, and is connected."""
        return bool(self._gateway.open)

    @property
    def violations(self) -> list[str]:
        """The rules that the bot broke, and failures of this server."""
        return self._desk.violations

    @property
    def requests(self) -> list[Request]:
        """All REST requests, oldest first."""
        return self._desk.requests

    @property
    def refusals(self) -> list[Request]:
        """The requests that were refused, whoever is to blame."""
        return [request for request in self.requests if request.status >= 400]

    @property
    def interactions(self) -> list[Interaction]:
        """All interactions, oldest first."""
        return self._interactions.all

    @property
    def unanswered(self) -> list[Interaction]:
        """The interactions without an accepted callback."""
        return [one for one in self.interactions if one.callback_type is None]

    @property
    def commands(self) -> list[Json]:
        """The global commands that are synced now."""
        return self._interactions.commands

    @property
    def command_puts(self) -> list[list[Json]]:
        """The payload of each time that they were synced."""
        return self._application.puts

    @property
    def typing(self) -> list[tuple[Channel, float]]:
        """Where and when the bot was typing."""
        return self._messages.typing

    @property
    def connections(self) -> list[Connection]:
        """All connections to the gateway, with `compression` and `resumed`."""
        return self._gateway.connections

    @property
    def heartbeats(self) -> list[Heartbeat]:
        """All heartbeats, with time.monotonic()."""
        return self._gateway.heartbeats

    @property
    def heartbeat_gaps(self) -> list[float]:
        """The seconds between the heartbeats of the latest connection that nobody asked for."""
        latest = self.connections[-1].number
        beats = [beat.at for beat in self.heartbeats if beat.connection == latest and not beat.asked]
        return [after - before for before, after in pairwise(beats)]

    def messages(self, channel: Channel, by: User | None = None) -> list[Message]:
        """The messages in a channel that have not been deleted, oldest first, all or one author's."""
        return [message for message in channel.living() if by in (None, message.author)]

    def replies(self, channel: Channel) -> list[Message]:
        """What the bot has said in a channel, without notices of the system."""
        return [message for message in self.messages(channel, self.bot) if message.type not in (18, 21)]

    def fail(self, match: str = "", status: int = 503, *, code: int = 0, times: int = 1) -> Fault:
        """Let the next requests that match fail."""
        return self._order(Fault(match, status, code=code, times=times))

    def throttle(
        self, match: str = "", retry_after: float = 0.05, *, times: int = 1, everywhere: bool = False
    ) -> Fault:
        """Answer the next requests that match with a 429 that asks to wait."""
        return self._order(Fault(match, 429, retry_after, everywhere, times=times))

    def ban(self, match: str = "", *, times: int = 1) -> Fault:
        """Answer with the 429 of Cloudflare, which has no Via and no JSON."""
        return self._order(Fault(match, 429, via=False, times=times))

    def hold(self, match: str = "") -> Fault:
        """Keep all requests that match waiting, until `.release()`; `.waiting` counts them."""
        return self._order(Fault(match, times=1_000_000))

    def _order(self, fault: Fault) -> Fault:
        self._desk.faults.append(fault)
        return fault

    def drop(self, code: int | None = None) -> None:
        """Cut the bot's connections, without a close frame or with this close code."""
        for connection in self._gateway.open:
            connection.abort() if code is None else connection.close(code)

    def reconnect(self) -> None:
        """Op 7: ask the bot to reconnect and resume."""
        self._gateway.ask_to_reconnect()

    def invalidate_session(self, *, resumable: bool = False) -> None:
        """Op 9: end the bot's session."""
        self._gateway.invalidate(resumable=resumable)

    def repeat(self, event: str) -> None:
        """Send the last event of this name once more."""
        self._gateway.repeat(event)
