"""A local Slack over loopback that holds the real slack-bolt and slack_sdk to the platform's rules.

    async with SlackServer() as slack:                      # SlackServer(SlackOptions(post_burst=1)) to be stricter
        app = AsyncApp(client=AsyncWebClient(slack.bot_token, base_url=slack.api_url), ...)
        handler = AsyncSocketModeHandler(app, slack.app_token); await handler.connect_async()
        await slack.connected()
        asked = slack.mention("ann", "general", "May I use it?")
        answer = await slack.reply(asked)                   # the app's first finished message in that thread
        assert "Yes" in answer.shown and slack.violations == []

**Who is there.** One team (`slack.team`, bot token `slack.bot_token`) with the users "ann" and "bob", the channels
"general" (the bot is a member) and "random" (it is not), and a DM for each user. `add_team(name)`, `add_user(name,
team)`, `add_channel(name, team, bot_is_member=True, private=False)`, `oauth_code(team)`, `uninstall(team)`. Users and
channels are given by name, by id, or as objects.

**What a user does.** All return at once, without `await`; delivery runs by itself. Text is given as it is typed: the
server escapes `&<>` and links URLs as Slack does, and puts the mention in front. `mention(user, channel, text,
thread_ts=None)`, `say(user, channel, text, thread_ts=None)`, `dm(user, text, thread_ts=None)`, `edit(message, text)`
and `delete(message)` return or take a `Message` (a `thread_ts` may be a Message too). `open_home(user, tab="home")`,
`slash(user, channel, "/ask", text)`, `shortcut(user, message, callback_id)`, `click(user, message_or_view, action_id,
value=None)` (`value` picks among several elements, "positive"/"negative" or the value of a feedback button, or an
option of a select), `submit_view(user, view, {"block_or_action_id": "value"})`, `close_view(user, view)`,
`press_stop(user, message)` return a `Delivery`.

**Delivery.** Over Socket Mode when the app is connected, over signed HTTP after `slack.send_to(url)`. `Delivery` has
`acked`, `acked_after` (seconds), `ack` (the payload, {} when empty), `attempts`, `event_id`, `failed`; `await
slack.acked(delivery)` waits for it. `slack.deliveries` lists all, `deliveries_of("app_mention")` by event type,
command, callback or action. `redeliver(delivery)` sends a duplicate; an event not acked in 3 s is sent again by
itself (at once, after 1 and 5 minutes). Socket Mode: `disconnect(reason="refresh_requested")`, `await
drop_connections()`, `connections`. HTTP: `await post_signed(payload, signature="good"|"bad"|"stale"|"none")` and
`await verify_url()` return the status or the outcome.

**Time.** `await slack.advance(seconds)` moves the server's clock: rate limits refill, streams die, statuses clear,
triggers and response URLs expire, retries are sent. `slack.now()` tells it. No test sleeps.

**Faults.** `fail(method, error, times=None)`, `fail_http(method, status, times=1)`, `rate_limit(method, times=1,
retry_after=0)`, `drop_calls(method, times=1)` (the connection breaks), `hold(method)` (answers wait until
`.release()`), `heal(method=None)`. `disallow_streaming()` makes chat.startStream fail as on a plan or workspace
without it. `revoke(team)` revokes its token.

**What a test sees.** `await slack.until(lambda: ..., within=5)` returns the first true value, checked at every
change. `messages` (visible, in order), `thread(message)`, `replies(message)` (the app's, in its thread), `await
reply(message)`, `ephemerals`, `streams`, `statuses` and `status(message)`, `sessions` and `session(message)`,
`prompts`, `titles`, `home(user)`, `modal(user)`, `modals`, `response_posts`, `calls` and `calls_to(method)`,
`rate_limited`, `violations` (rules the app broke). `Message`: `text`, `blocks`, `shown` (what a reader sees),
`mentions`, `links`, `revisions` (content with times), `stream` (`chunks`, `text`, `state`), `thread_ts`,
`ephemeral_to`, `deleted`, `action_ids`. `View`: `view`, `shown`, `action_ids`, `open`.
"""

import json
import secrets
import traceback
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.platforms.slack_actions import People
from tests.platforms.slack_directory import methods
from tests.platforms.slack_events import Delivery
from tests.platforms.slack_http import HttpTransport
from tests.platforms.slack_observer import Observer
from tests.platforms.slack_platform import ApiCall, Platform, SlackOptions
from tests.platforms.slack_response_urls import ResponseUrls
from tests.platforms.slack_socket import Connection, SocketTransport
from tests.platforms.slack_text import Json
from tests.platforms.slack_trouble import Trouble
from tests.platforms.slack_web_api import WebApi
from tests.platforms.slack_world import APP_ID, Channel, Message, Team, User, View

__all__ = ["ApiCall", "Delivery", "Message", "SlackOptions", "SlackServer", "Team", "View"]


class SlackServer(People, Observer, Trouble):
    """A Slack of its own on a loopback port; see the module's first lines."""

    def __init__(self, options: SlackOptions | None = None) -> None:
        self.options = options or SlackOptions()
        self.platform = platform = Platform(self.options)
        self._socket = SocketTransport(platform.clock, platform.changes, platform.outbox, platform.broken)
        self._http: HttpTransport | None = None
        self._all_http: list[HttpTransport] = []
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        platform.outbox.transport = self._socket
        self.api_url = ""
        self.team = self.add_team("acme")
        self.bot_token = self.team.bot_token
        self.app_token = self.options.app_token
        self.signing_secret = self.options.signing_secret
        self.add_channel("random", bot_is_member=False)
        self.add_user("bob")

    def _app(self) -> web.Application:
        api = WebApi(self.platform, methods(self._socket_url))
        app = web.Application(client_max_size=4 * 1024**2, middlewares=[self._watch])
        app.router.add_route("*", "/api/{method}", api.handle)
        app.router.add_get("/link", self._socket.handle)
        app.router.add_post("/response/{secret}", ResponseUrls(self.platform).handle)
        return app

    @web.middleware
    async def _watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Makes a failure of the server a violation: as a mere 500 it would look like the app's."""
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception:
            self.platform.broken(f"the server failed in {request.path}: {traceback.format_exc()}")
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)

    def _socket_url(self) -> str:
        address = self.platform.base_url.replace("http:", "ws:")
        return f"{address}/link?ticket={self._socket.ticket()}&app_id={APP_ID}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.platform.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.api_url = f"{self.platform.base_url}/api/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.heal()
        await self.platform.outbox.close()
        await self._socket.drop()
        for transport in self._all_http:
            await transport.close()
        await self._runner.cleanup()
        self.platform.clock.close()

    # Who is there

    def add_team(self, name: str, *, installed: bool = True) -> Team:
        """A workspace with a user "ann" and a channel "general" of its own."""
        team = self.platform.world.add_team(name, self.options.scopes)
        team.installed = installed
        self.platform.world.add_channel("general", team)
        self.platform.world.add_user("ann", team)
        return team

    def add_user(self, name: str, team: Team | None = None) -> User:
        """A user, by default of the first team."""
        return self.platform.world.add_user(name, team or self.team)

    def add_channel(
        self, name: str, team: Team | None = None, *, bot_is_member: bool = True, private: bool = False
    ) -> Channel:
        """A channel, by default of the first team and with the bot in it."""
        return self.platform.world.add_channel(name, team or self.team, bot_is_member=bot_is_member, private=private)

    def user(self, name: str, team: Team | None = None) -> User:
        """A user by name, by default of the first team."""
        users = self.platform.world.users.values()
        return next(user for user in users if user.name == name and user.team is (team or self.team))

    def channel(self, name: str, team: Team | None = None) -> Channel:
        """A channel by name, by default of the first team."""
        return self.platform.world.channel(name, team or self.team)

    def oauth_code(self, team: Team) -> str:
        """A code that oauth.v2.access changes into the team's token."""
        code = secrets.token_hex(8)
        self.platform.oauth_codes[code] = team
        return code

    def uninstall(self, team: Team) -> None:
        """A team removes the app: its token dies, and the app is told twice."""
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [team.bot_user_id]}}
        for event in ({"type": "app_uninstalled"}, revoked):
            self.platform.tell(team, event | {"event_ts": self.platform.ts()})
        team.installed = False

    # Delivery

    @property
    def connections(self) -> list[Connection]:
        """The Socket Mode connections that are open."""
        return self._socket.connections

    async def connected(self, count: int = 1, within: float = 5.0) -> None:
        """Waits until the app has this many connections that take events."""
        await self.until(lambda: len([each for each in self.connections if not each.draining]) >= count, within)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tells the app's connections to go: "warning", "refresh_requested" or "link_disabled"."""
        self._socket.disconnect(reason)

    async def drop_connections(self, *, abruptly: bool = False) -> None:
        """Closes the app's connections without a word, `abruptly` even without a closing frame."""
        await self._socket.drop(abruptly=abruptly)

    def send_to(self, url: str) -> None:
        """Delivers to the app over signed HTTP from now on."""
        self._http = HttpTransport(self.platform.clock, self.platform.outbox, url, self.signing_secret)
        self._all_http.append(self._http)
        self.platform.outbox.transport = self._http

    async def post_signed(self, payload: Json, signature: str = "good") -> int:
        """Posts an event payload as it is, signed "good", "bad", "stale" or "none": the app's HTTP status."""
        assert self._http is not None, "send_to(url) comes first"
        return (await self._http.post(json.dumps(payload), {"Content-Type": "application/json"}, signature))[0]

    async def verify_url(self) -> bool:
        """Whether the app's URL answers Slack's challenge."""
        assert self._http is not None, "send_to(url) comes first"
        body = json.dumps({"type": "url_verification", "token": "verification-token", "challenge": "a-challenge"})
        status, text, _ = await self._http.post(body, {"Content-Type": "application/json"})
        return status == 200 and "a-challenge" in text

    def redeliver(self, delivery: Delivery) -> None:
        """Sends a delivery once more, with the same ids."""
        self.platform.outbox.repeat(delivery)

    async def acked(self, delivery: Delivery, within: float = 5.0) -> Delivery:
        """Waits until the app has acknowledged a delivery."""
        await self.until(lambda: delivery.acked, within)
        return delivery
