"""How Slack reaches the bot: over a socket that the bot opens, or by signed requests to an address of its own."""

import asyncio
import contextlib
import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.response import BoltResponse

from bot.adapters.slack.faults import TROUBLE, platform_error
from bot.adapters.slack.office import Pace
from bot.adapters.slack.web import Web, is_loopback
from bot.errors import PlatformError
from bot.serve import Say
from bot.serving.connections import Connections

PLATFORM = "slack"
EVENTS_PATH = "/slack/events"
_CLOSING = 2.0  # seconds
_LARGEST_REQUEST = 4 * 1024**2


async def socket_url(client: Web, app_token: str) -> str:
    """The address of a new Socket Mode connection; raises PlatformError."""
    if not app_token.startswith("xapp-"):
        raise PlatformError("SLACK_APP_TOKEN is not an app token: copy the one that begins with xapp-.")
    try:
        return str((await client.client().apps_connections_open(app_token=app_token))["url"])
    except TROUBLE as error:
        raise platform_error(error, "SLACK_APP_TOKEN") from error


class Connection:
    """Tells of the connection to Slack: the desk at once, the operator where it is lost for long."""

    def __init__(self, connections: Connections, say: Say) -> None:
        self._connections = connections
        self._say = say
        self._away_since: float | None = None
        self._told = False

    def is_there(self) -> None:
        """Slack can be heard."""
        self._connections.up(PLATFORM)
        if self._told:
            self._say("Connected to Slack again.")
        self._away_since, self._told = None, False

    def is_away(self, lost_after: float) -> None:
        """Slack cannot be heard now; after so many seconds of that, the operator is told."""
        self._connections.down(PLATFORM)
        now = time.monotonic()
        self._away_since = self._away_since or now
        if not self._told and now - self._away_since >= lost_after:
            self._say("The connection to Slack is lost; trying again.")
            self._told = True

    def is_left(self) -> None:
        """The bot leaves Slack."""
        self._connections.down(PLATFORM)


@asynccontextmanager
async def over_socket(
    app: AsyncApp, app_token: str, client: Web, pace: Pace, connection: Connection
) -> AsyncIterator[None]:
    """Be connected over Socket Mode; the SDK connects again where it is lost. Raises PlatformError at first."""
    url = await socket_url(client, app_token)
    handler = AsyncSocketModeHandler(
        app, app_token, logger=client.log, web_client=client.client(), ping_interval=pace.ping
    )
    handler.client.wss_uri = url
    if is_loopback(url):
        handler.client.proxy = None
    watch = asyncio.create_task(_watch(handler, pace, connection))
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        yield
    finally:
        watch.cancel()
        await _close(handler)


@asynccontextmanager
async def over_http(
    app: AsyncApp | None, flow: AsyncOAuthFlow | None, host: str, port: int, say: Say
) -> AsyncIterator[None]:
    """Listen for signed requests to the app, and for people who install it; raises PlatformError."""
    server = web.Application(client_max_size=_LARGEST_REQUEST)
    if app is not None:
        server.router.add_post(EVENTS_PATH, _handler(app.async_dispatch))
    if flow is not None:
        server.router.add_get(flow.install_path, _handler(flow.handle_installation))
        server.router.add_get(flow.redirect_uri_path, _handler(flow.handle_callback))
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=_CLOSING)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = errno.errorcode.get(error.errno or 0, type(error).__name__)
            advice = "set HERALD_SLACK__HOST or HERALD_SLACK__PORT to another one"
            raise PlatformError(f"{host}:{port} cannot be listened on ({reason}): {advice}.") from error
        address = f"http://{host}:{runner.addresses[0][1]}"
        if app is not None:
            say(f"Listening for Slack on {address}{EVENTS_PATH}")
        if flow is not None:
            say(f"To add Herald to a workspace, open {address}{flow.install_path}")
        yield
    finally:
        await runner.cleanup()


def _handler(answer: Callable[..., Awaitable[BoltResponse]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await answer(await to_bolt_request(request)))

    return handle


async def _watch(handler: AsyncSocketModeHandler, pace: Pace, connection: Connection) -> None:
    while True:
        await asyncio.sleep(min(pace.lost / 4, pace.ping))
        if await handler.client.is_connected():
            connection.is_there()
        else:
            connection.is_away(pace.lost)


async def _close(handler: AsyncSocketModeHandler) -> None:
    """Leave. What might connect again in the meantime is ended first, and then what is open is closed."""
    client = handler.client
    client.closed = True
    running = [client.message_processor, client.current_session_monitor, client.message_receiver]
    tasks = [task for task in running if task is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(handler.close_async(), _CLOSING)  # type: ignore[no-untyped-call]
    await client.aiohttp_client_session.close()
