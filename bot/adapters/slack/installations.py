"""The workspaces that have the app: that of a single token, or all that installed it through OAuth."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy.ext.asyncio import create_async_engine

from bot.adapters.slack.faults import TROUBLE, platform_error
from bot.adapters.slack.places import Workspace
from bot.adapters.slack.scopes import SCOPES
from bot.adapters.slack.web import Web
from bot.errors import PlatformError

T = TypeVar("T")

FILE = "slack_installations.sqlite3"
INSTALL_PATH, REDIRECT_PATH = "/slack/install", "/slack/oauth_redirect"
_STATE_LIFE = 600  # seconds
_OTHER_TOKENS = ("xapp-", "xoxp-")


class Installations:
    """The workspaces of an OAuth app, in an SQLite file that only its owner can read: it holds their tokens."""

    def __init__(self, store: AsyncSQLAlchemyInstallationStore, flow: AsyncOAuthFlow) -> None:
        self.flow = flow
        self._store = store
        self._using: set[asyncio.Task[Any]] = set()

    async def find(self, enterprise: str | None, team: str | None) -> AuthorizeResult | None:
        """The bot of a workspace; None where the app is not installed."""
        bot = await self._undisturbed(self._store.async_find_bot(enterprise_id=enterprise, team_id=team))
        if bot is None:
            return None
        return AuthorizeResult(
            enterprise_id=bot.enterprise_id,
            team_id=bot.team_id,
            bot_user_id=bot.bot_user_id,
            bot_id=bot.bot_id,
            bot_token=bot.bot_token,
        )

    async def remove(self, enterprise: str | None, team: str | None) -> None:
        """Forget a workspace that removed the app."""
        await self._undisturbed(self._store.async_delete_all(enterprise_id=enterprise, team_id=team))

    async def idle(self) -> None:
        """Wait until the file is not in use."""
        if self._using:
            await asyncio.wait(self._using)

    async def _undisturbed(self, work: Coroutine[Any, Any, T]) -> T:
        """Use the file to the end, even if who asked is gone: else a connection to it would stay open."""
        task = asyncio.create_task(work)
        self._using.add(task)
        task.add_done_callback(self._using.discard)
        return await asyncio.shield(task)


@asynccontextmanager
async def open_installations(
    folder: Path, client_id: str, client_secret: str, web: Web
) -> AsyncIterator[Installations]:
    """Open the file of installations, and make it where it is missing."""
    path = await asyncio.to_thread(_made, folder)
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    try:
        store = AsyncSQLAlchemyInstallationStore(client_id=client_id, engine=engine, logger=web.log)
        states = AsyncSQLAlchemyOAuthStateStore(expiration_seconds=_STATE_LIFE, engine=engine, logger=web.log)
        await store.create_tables()  # type: ignore[no-untyped-call]
        await states.create_tables()  # type: ignore[no-untyped-call]
        settings = AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=sorted(SCOPES),
            user_scopes=[],
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            installation_store=store,
            state_store=states,
            logger=web.log,
        )
        installations = Installations(store, AsyncOAuthFlow(client=web.client(), logger=web.log, settings=settings))
        try:
            yield installations
        finally:
            await installations.idle()
    finally:
        await engine.dispose()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.touch(mode=0o600)
    return path


class Directory:
    """Finds the workspace of what comes from Slack."""

    def __init__(self, own: AuthorizeResult | None, installations: Installations | None) -> None:
        """`own` is the workspace of a single token; without installations, everything is from there."""
        self.installations = installations
        self._own = own

    async def authorize(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        """What slack-bolt asks for everything that comes in; None for a workspace that does not have the app."""
        if self._own is not None and (self.installations is None or self._own.team_id == team_id):
            return self._own
        return await self.installations.find(enterprise_id, team_id) if self.installations is not None else None

    async def workspace(self, team: str) -> Workspace | None:
        """A workspace by its id."""
        found = await self.authorize(None, team)
        if found is None:
            return None
        return Workspace(team, found.bot_user_id or "", found.bot_id or "", found.bot_token or "")

    async def remove(self, enterprise: str | None, team: str | None) -> None:
        """Forget a workspace that removed the app."""
        if self.installations is not None:
            await self.installations.remove(enterprise, team)


async def own_workspace(web: Web, token: str) -> tuple[AuthorizeResult, str, frozenset[str]]:
    """The workspace of a bot token, its name with the bot's, and the scopes granted; raises PlatformError."""
    not_a_bot = PlatformError("SLACK_BOT_TOKEN is not a bot token: copy the one that begins with xoxb-.")
    if token.startswith(_OTHER_TOKENS):
        raise not_a_bot
    try:
        tested = await web.client(token).auth_test()
    except TROUBLE as error:
        raise platform_error(error, "SLACK_BOT_TOKEN") from error
    if not tested.get("bot_id"):
        raise not_a_bot
    own = AuthorizeResult(
        enterprise_id=tested.get("enterprise_id"),
        team_id=tested.get("team_id"),
        bot_user_id=tested.get("user_id"),
        bot_id=tested.get("bot_id"),
        bot_token=token,
    )
    granted = str(tested.headers.get("x-oauth-scopes") or "")
    return own, f"@{tested.get('user')} in {tested.get('team')}", frozenset(filter(None, granted.split(",")))
