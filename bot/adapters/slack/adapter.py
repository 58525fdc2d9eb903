"""Herald on Slack: connects, listens until it is told to leave, and says what to do where Slack refuses it."""

import asyncio
import contextlib
import logging
import re
from contextlib import AsyncExitStack

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult

from bot.adapters.slack.clicks import Clicks
from bot.adapters.slack.commands import Commands
from bot.adapters.slack.contents import notice
from bot.adapters.slack.events import Events
from bot.adapters.slack.home import Home
from bot.adapters.slack.installations import Directory, Installations, open_installations, own_workspace
from bot.adapters.slack.interruptions import mark_interrupted
from bot.adapters.slack.office import Office, Pace
from bot.adapters.slack.places import Json, Thread, found, workspace_of
from bot.adapters.slack.private import Whisper
from bot.adapters.slack.scopes import missing_scopes
from bot.adapters.slack.transport import PLATFORM, Connection, over_http, over_socket
from bot.adapters.slack.web import Web, open_web
from bot.serve import Say
from bot.serving.desk import Desk
from bot.serving.lines import OUTDATED
from bot.settings import Settings
from bot.tokens import Tokens

_log = logging.getLogger(__name__)

_LEAVING = 6.0
"""Seconds to leave in, before it is given up."""
_ANY = re.compile(".*")
_NOT_INSTALLED = "Herald is not installed in this workspace any more. Please ask an administrator to add it again."


class SlackAdapter:
    """The adapter that `herald serve slack` runs."""

    name = PLATFORM

    def __init__(self, desk: Desk, settings: Settings, tokens: Tokens, say: Say, pace: Pace | None = None) -> None:
        """`say` tells the operator, a line at a time."""
        self._desk = desk
        self._settings = settings
        self._tokens = tokens
        self._say = say
        self._pace = pace or Pace()
        self._running: asyncio.Task[object] | None = None
        self._connected = False
        self._leave = asyncio.Event()
        self._left = asyncio.Event()
        self._left.set()

    async def run(self) -> None:
        """Connect and serve until `aclose`; raises PlatformError if Slack refuses the bot."""
        self._running = asyncio.current_task()
        self._left.clear()
        try:
            async with AsyncExitStack() as stack:
                await self._connect(stack)
                self._connected = True
                await self._leave.wait()
        finally:
            self._left.set()

    async def aclose(self) -> None:
        """Leave Slack."""
        self._leave.set()
        if self._running is not None and not self._connected:
            self._running.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._left.wait(), _LEAVING)

    async def _connect(self, stack: AsyncExitStack) -> None:
        settings, tokens = self._settings.slack, self._tokens
        web = await stack.enter_async_context(open_web(settings.api_url))
        directory, name = await self._directory(stack, web)
        office = Office(self._desk, web, settings.policy, self._pace, self._settings.data_dir)
        stack.push_async_callback(office.aclose)
        app = self._app(office, directory)
        flow = directory.installations.flow if directory.installations is not None else None
        connection = Connection(self._desk.connections, self._say)
        by_requests = settings.transport == "http"
        if by_requests or flow is not None:
            served = app if by_requests else None
            await stack.enter_async_context(over_http(served, flow, settings.host, settings.port, self._say))
        if not by_requests:
            socket = over_socket(app, tokens.slack_app, web, self._pace, connection)
            await stack.enter_async_context(socket)
        connection.is_there()
        stack.callback(connection.is_left)
        self._say(f"Connected to Slack{name}.")
        office.begin(self._desk.settle(PLATFORM, lambda address: _mark(office, directory, address)))

    async def _directory(self, stack: AsyncExitStack, web: Web) -> tuple[Directory, str]:
        """The workspaces to serve, and how to name them."""
        own: AuthorizeResult | None = None
        name = ""
        if self._tokens.slack_bot:
            own, who, granted = await own_workspace(web, self._tokens.slack_bot)
            name = f" as {who}"
            if missing := missing_scopes(granted):
                self._say(f"The Slack app lacks {', '.join(missing)}; `herald doctor` says what for.")
        installations: Installations | None = None
        client_id, secret = self._settings.slack.client_id, self._tokens.slack_client_secret
        if client_id and secret:
            opening = open_installations(self._settings.data_dir, client_id, secret, web)
            installations = await stack.enter_async_context(opening)
        return Directory(own, installations), name

    def _app(self, office: Office, directory: Directory) -> AsyncApp:
        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
            return await directory.authorize(enterprise_id, team_id)

        log = office.web.log
        level = log.level
        log.setLevel(logging.ERROR)  # it warns of SLACK_BOT_TOKEN, which it finds by itself and rightly leaves unused
        app = AsyncApp(
            name="herald",
            logger=log,
            client=office.web.client(),
            authorize=authorize,  # type: ignore[arg-type]  # None is for workspaces without the app
            signing_secret=self._tokens.slack_signing_secret,
            attaching_conversation_kwargs_enabled=False,
            ignoring_self_events_enabled=False,  # it would ignore that the bot's own messages were deleted
            user_facing_authorize_error_message=_NOT_INSTALLED,
        )
        log.setLevel(level)
        for listeners in (Events(office), Commands(office), Clicks(office), Home(office)):
            listeners.listen(app)
        self._listen_for_the_rest(app, office, directory)
        return app

    def _listen_for_the_rest(self, app: AsyncApp, office: Office, directory: Directory) -> None:
        """Have the app's removal known, and everything acknowledged that nothing listens to."""

        async def on_removed(context: AsyncBoltContext) -> None:
            office.begin(directory.remove(context.enterprise_id, context.team_id))
            self._say(f"A Slack workspace ({context.team_id}) removed the app.")

        async def on_outdated(ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
            await ack()
            workspace, user = workspace_of(context), body.get("user_id") or body.get("user", {}).get("id")
            whisper = Whisper(
                office, workspace, Thread(workspace.team, "", "", str(user)), body.get("response_url", "")
            )
            office.begin(whisper.say(notice(OUTDATED)))

        async def ignore(ack: AsyncAck) -> None:
            await ack()

        async def log(error: Exception) -> None:
            _log.error("A request of Slack's could not be handled: %s", type(error).__name__)

        for event in ("app_uninstalled", "tokens_revoked"):
            app.event(event)(on_removed)
        app.event(_ANY)(ignore)
        app.command(_ANY)(on_outdated)
        app.shortcut(_ANY)(on_outdated)
        app.view(_ANY)(ignore)
        app.error(log)


async def _mark(office: Office, directory: Directory, address: str) -> None:
    """Mark an answer that an earlier process left unfinished."""
    if address:
        left = found(address)
        workspace = await directory.workspace(left.thread.team)
        if workspace is not None:
            await mark_interrupted(office, workspace, left)
