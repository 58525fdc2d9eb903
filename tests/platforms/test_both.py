"""Discord and Slack in one process, at one desk with one model: each question is answered once, where it was asked."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.messages import Answer, Sentence, Status, Timings
from bot.serve import serve
from bot.settings import DiscordSettings, ServingSettings, Settings, SlackSettings
from bot.tokens import Tokens
from tests.desks import opens
from tests.fakes import ScriptedAnswerer
from tests.platforms.discord_server import ROOMY, DiscordServer
from tests.platforms.discord_server import Interaction as Asked
from tests.platforms.slack_server import Message, SlackOptions, SlackServer

PEOPLE = 50  # on each platform


def answer(question: str) -> Answer:
    """An answer that can be told from the others."""
    return Answer("answered", (Sentence(f"This answers {question}.", ()),), (), "scripted", Timings(0, 0, 0))


@dataclass
class Both:
    """The two platforms, and what people ask on them."""

    discord: DiscordServer
    slack: SlackServer

    def settings(self, folder: Path) -> Settings:
        """Settings that point to both."""
        return Settings(
            data_dir=folder,
            serving=ServingSettings(parallel=4),
            discord=DiscordSettings(api_url=self.discord.api_url, gateway_url=self.discord.gateway_url),
            slack=SlackSettings(api_url=self.slack.api_url),
        )

    @property
    def tokens(self) -> Tokens:
        """The tokens of both."""
        return Tokens(discord=self.discord.token, slack_bot=self.slack.bot_token, slack_app=self.slack.app_token)

    def ask_on_discord(self, question: str) -> Asked:
        """A new person asks by a command."""
        person = self.discord.add_user(question, self.discord.guild)
        return self.discord.slash(person, self.discord.general, "ask", question=question)

    def ask_on_slack(self, question: str) -> Message:
        """A new person asks by a mention."""
        return self.slack.mention(self.slack.add_user(question), "general", question)


@pytest.mark.skipif(os.name == "nt", reason="SIGTERM ends a process there")
async def test_100_questions_from_both_are_each_answered_once(tmp_path: Path) -> None:
    questions = {name: [f"{name}{number}" for number in range(PEOPLE)] for name in ("discord", "slack")}
    script = {each: (Status("searching"), answer(each)) for asked in questions.values() for each in asked}
    answerer = ScriptedAnswerer(script)
    limits = SlackOptions(post_burst=PEOPLE)
    async with DiscordServer(limits=ROOMY) as discord, SlackServer(limits) as slack:
        both = Both(discord, slack)
        said: list[str] = []
        running = asyncio.create_task(
            serve(("discord", "slack"), both.settings(tmp_path), both.tokens, opens(answerer), said.append)
        )
        await discord.until(lambda: discord.online and discord.commands, within=20)
        await slack.connected()
        on_discord = [both.ask_on_discord(question) for question in questions["discord"]]
        on_slack = [both.ask_on_slack(question) for question in questions["slack"]]
        for question, asked in zip(questions["discord"], on_discord, strict=True):
            await discord.until(lambda asked=asked: [it for it in asked.replies if it.v2], within=60)  # type: ignore[misc]
            assert [f"This answers {question}." in it.text for it in asked.replies] == [True]
        for question, message in zip(questions["slack"], on_slack, strict=True):
            assert f"This answers {question}." in (await slack.reply(message, within=60)).shown
            assert len(slack.replies(message)) == 1
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(running, 20)
        assert discord.violations == slack.violations == []
        assert not discord.online and slack.connections == []
    assert sorted(question.text for question in answerer.asked) == sorted(script)
    assert "The model is scripted." in said
