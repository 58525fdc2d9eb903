"""Once with the real embedded model, and with nothing between it and Slack's real libraries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.adapters.opening import Opening, Report
from bot.adapters.slack import SlackAdapter
from bot.app import App
from bot.serving.desk import Desk
from bot.settings import ServingSettings, Settings, SlackSettings
from bot.tokens import Tokens
from tests.platforms.slack_server import SlackServer

QUESTION = "How many monthly users before I need Meta's permission?"


@asynccontextmanager
async def served(app: App, slack: SlackServer, folder: Path) -> AsyncIterator[None]:
    """The real App on a Slack."""

    @asynccontextmanager
    async def opened(report: Report) -> AsyncIterator[App]:
        yield app

    async with Opening(opened) as opening:
        desk = Desk(app.library, opening, ServingSettings(), parallel=1)
        settings = Settings(data_dir=folder, slack=SlackSettings(api_url=slack.api_url))
        tokens = Tokens(slack_bot=slack.bot_token, slack_app=slack.app_token)
        adapter = SlackAdapter(desk, settings, tokens, lambda line: None)
        run = asyncio.create_task(adapter.run())
        try:
            await slack.connected()
            yield
        finally:
            await desk.drain()
            await desk.idle()
            await adapter.aclose()
            await run


@pytest.mark.asyncio(loop_scope="session")
async def test_a_question_and_its_follow_up(app: App, tmp_path: Path) -> None:
    async with SlackServer() as slack:
        async with served(app, slack, tmp_path):
            asked = slack.mention("ann", "general", QUESTION)
            answer = await slack.reply(asked, within=120)
            slack.click("ann", answer, next(it for it in answer.action_ids if it.startswith("source")))
            modal = await slack.until(lambda: slack.modal("ann"))
            follow_up = slack.say("ann", "general", "And who has to ask for it?", asked)
            await slack.reply(follow_up, within=120)
            refused = await slack.reply(slack.dm("ann", "What is the weather in Paris?"), within=120)
        assert "700 million" in answer.shown and "[1] § 2 · " in answer.shown
        assert not answer.mentions and not answer.links
        assert modal is not None and "greater than 700 million monthly active users" in modal.shown
        assert "[1]" not in refused.shown
        assert slack.violations == []
