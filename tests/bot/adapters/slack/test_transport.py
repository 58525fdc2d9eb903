"""Signed HTTP, retries, and an app that several workspaces install."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from bot.adapters.slack.installations import FILE
from bot.errors import PlatformError
from bot.messages import Status
from bot.tokens import Tokens
from tests.fakes import ANSWERED, UNKNOWN, ScriptedAnswerer
from tests.platforms.slack_bot import WHOLE_DRAFT, Herald, herald
from tests.platforms.slack_server import SlackServer, Team

FIRST = "Companies like Apple, Snap and TikTok cannot use it freely. [1]"


class TestSignedHttp:
    async def test_everything_works_as_over_the_socket(self, slack: SlackServer, tmp_path: Path) -> None:
        answerer = ScriptedAnswerer({"Who?": [Status("searching"), WHOLE_DRAFT, ANSWERED]})
        async with herald(slack, tmp_path, answerer, transport="http"):
            assert await slack.verify_url()
            asked = slack.mention("ann", "general", "Who?")
            answer = await slack.reply(asked)
            asking = await slack.acked(slack.slash("ann", "general", "/license", "1.b.v"))
            await slack.until(lambda: slack.ephemerals)
            slack.click("ann", answer, "feedback", "negative")
            form = await slack.until(lambda: slack.modal("ann"))
            assert form is not None
            submitted = await slack.acked(slack.submit_view("ann", form, {"why": "x"}))
        assert answer.shown.startswith(FIRST) and len(slack.replies(asked)) == 1
        assert asking.ack == {} and submitted.ack is not None and submitted.ack["response_action"] == "update"

    @pytest.mark.parametrize(("signature", "status"), [("good", 200), ("bad", 401), ("stale", 401), ("none", 401)])
    async def test_only_what_slack_signed_is_heard(
        self, slack: SlackServer, tmp_path: Path, signature: str, status: int
    ) -> None:
        async with herald(slack, tmp_path, transport="http") as bot:
            said = slack.say("ann", "general", "hm?")
            event = {**said.as_json(), "type": "app_mention", "channel": said.channel.id}
            payload = {"type": "event_callback", "team_id": slack.team.id, "event": event, "event_id": "Ev1"}
            assert await slack.post_signed(payload, signature) == status
            await bot.desk.idle()
        assert len(bot.answerer.asked) == (status == 200)

    async def test_there_is_nothing_else(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path, transport="http") as bot, aiohttp.ClientSession() as session:
            root = (await bot.hears("Listening")).split()[-1].removesuffix("/slack/events")
            for path in ("/", "/slack/install", "/slack/events"):
                async with session.get(root + path) as answer:
                    assert answer.status in (404, 405)

    async def test_a_retry_is_answered_once(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path, transport="http") as bot:
            asked = slack.mention("ann", "general", "hm?")
            await slack.reply(asked)
            mention = slack.deliveries_of("app_mention")[0]
            slack.redeliver(mention)
            await slack.until(lambda: len(mention.attempts) == 2 and mention.attempts[1].acked_at)
            await bot.desk.idle()
        assert len(bot.answerer.asked) == 1 and len(slack.replies(asked)) == 1

    async def test_a_port_that_is_taken_is_said(self, slack: SlackServer, tmp_path: Path) -> None:
        taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = taken.sockets[0].getsockname()[1]
        with pytest.raises(PlatformError, match=f"127.0.0.1:{port} cannot be listened on"):
            async with herald(slack, tmp_path, transport="http", port=port):
                pass
        taken.close()
        await taken.wait_closed()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """A person's browser."""
    async with aiohttp.ClientSession() as session:
        yield session


def for_many(slack: SlackServer, folder: Path) -> AbstractAsyncContextManager[Herald]:
    """Herald as an app for many workspaces."""
    tokens = Tokens(slack_signing_secret=slack.signing_secret, slack_client_secret=slack.options.client_secret)
    return herald(slack, folder, transport="http", tokens=tokens, client_id=slack.options.client_id)


async def install(bot: Herald, team: Team, browser: aiohttp.ClientSession) -> int:
    """Go through Slack's pages as somebody who adds the app; returns the last page's status."""
    page = (await bot.hears("To add Herald")).split()[-1]
    async with browser.get(page) as shown:
        html = await shown.text()
    link = re.search(r'href="(https://slack\.com/[^"]+)"', html)
    assert link is not None
    query = parse_qs(urlsplit(unescape(link[1])).query)
    assert query["client_id"] == [bot.slack.options.client_id] and "chat:write" in query["scope"][0]
    # Slack's cookie is for https only; a browser behind a real address sends it back.
    state = query["state"][0]
    back = page.replace("/slack/install", "/slack/oauth_redirect")
    code = bot.slack.oauth_code(team)
    headers = {"Cookie": f"slack-app-oauth-state={state}"}
    async with browser.get(back, params={"code": code, "state": state}, headers=headers) as done:
        return done.status


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # by aiohttp, which slack_sdk uses for oauth.v2.access
class TestWorkspaces:
    async def test_each_is_answered_with_its_own_token(
        self, slack: SlackServer, tmp_path: Path, browser: aiohttp.ClientSession
    ) -> None:
        other = slack.add_team("other", installed=False)
        async with for_many(slack, tmp_path) as bot:
            assert await install(bot, slack.team, browser) == 200
            assert await install(bot, other, browser) == 200
            for team in (slack.team, other):
                asked = slack.mention(slack.user("ann", team), slack.channel("general", team), "Who?")
                assert (await slack.reply(asked)).shown.startswith(FIRST)
                asked = slack.mention(slack.user("ann", team), slack.channel("general", team), "hm?")
                assert (await slack.reply(asked)).shown.startswith(UNKNOWN.sentences[0].text)
        assert {call.team.id for call in slack.calls_to("chat.postMessage") if call.team} == {slack.team.id, other.id}
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600

    async def test_they_are_known_after_a_restart_until_they_remove_the_app(
        self, slack: SlackServer, tmp_path: Path, browser: aiohttp.ClientSession
    ) -> None:
        async with for_many(slack, tmp_path) as bot:
            await install(bot, slack.team, browser)
        async with for_many(slack, tmp_path) as bot:
            await slack.reply(slack.mention("ann", "general", "Who?"))
            slack.uninstall(slack.team)
            await bot.hears("removed the app")
            await bot.adapter.aclose()
        async with for_many(slack, tmp_path) as bot:
            slack.team.installed = True
            asking = await slack.acked(slack.slash("ann", "general", "/license", "2"))
            await bot.desk.idle()
        assert bot.answerer.asked == []
        assert asking.ack is not None and ("not installed" in str(asking.ack) or slack.ephemerals)

    async def test_a_forged_answer_of_slack_is_refused(
        self, slack: SlackServer, tmp_path: Path, browser: aiohttp.ClientSession
    ) -> None:
        async with for_many(slack, tmp_path) as bot:
            page = (await bot.hears("To add Herald")).split()[-1].replace("/slack/install", "/slack/oauth_redirect")
            params = {"code": slack.oauth_code(slack.team), "state": "forged"}
            async with browser.get(page, params=params) as answer:
                assert answer.status == 400

    async def test_over_the_socket_the_token_s_own_workspace_is_one_of_them(
        self, slack: SlackServer, tmp_path: Path, browser: aiohttp.ClientSession
    ) -> None:
        tokens = Tokens(
            slack_bot=slack.bot_token, slack_app=slack.app_token, slack_client_secret=slack.options.client_secret
        )
        other = slack.add_team("other", installed=False)
        async with herald(slack, tmp_path, tokens=tokens, client_id=slack.options.client_id) as bot:
            await install(bot, other, browser)
            for team in (slack.team, other):
                asked = slack.mention(slack.user("ann", team), slack.channel("general", team), "Who?")
                assert (await slack.reply(asked)).shown.startswith(FIRST)
