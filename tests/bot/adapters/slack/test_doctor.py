"""What `herald doctor` finds out about Slack."""

import asyncio

import pytest

from bot.adapters.slack.doctor import MANIFEST, examine
from bot.doctor import Finding
from bot.settings import SlackSettings
from bot.tokens import Tokens
from tests.platforms.slack_server import SlackOptions, SlackServer


async def found(slack: SlackServer, tokens: Tokens, **settings: str) -> list[Finding]:
    """The findings; the doctor has an event loop of its own, and so a thread."""
    given = SlackSettings.model_validate({"api_url": slack.api_url, **settings})
    return await asyncio.to_thread(lambda: list(examine(given, tokens)))


def levels(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.what) for finding in findings]


async def test_all_is_well(slack: SlackServer) -> None:
    findings = await found(slack, Tokens(slack_bot=slack.bot_token, slack_app=slack.app_token))
    assert levels(findings) == [("ok", "Slack bot token"), ("ok", "Slack scopes"), ("ok", "Slack app token")]
    assert findings[0].found == "works, as @herald in acme"


async def test_missing_scopes_are_named_with_what_they_are_for() -> None:
    async with SlackServer(SlackOptions(scopes=frozenset({"chat:write", "commands"}))) as slack:
        findings = await found(slack, Tokens(slack_bot=slack.bot_token, slack_app=slack.app_token))
    assert findings[1].level == "problem"
    assert "app_mentions:read (hear mentions)" in findings[1].found
    assert "install the app again" in findings[1].advice


@pytest.mark.parametrize(
    ("bot_token", "app_token", "what", "expected"),
    [
        ("xoxb-wrong", "", "Slack bot token", "invalid_auth"),
        ("xoxp-wrong", "", "Slack bot token", "is not a bot token"),
        ("", "xapp-wrong", "Slack app token", "invalid_auth"),
        ("", "xoxb-wrong", "Slack app token", "is not an app token"),
    ],
)
async def test_wrong_tokens_are_found_and_never_shown(
    slack: SlackServer, bot_token: str, app_token: str, what: str, expected: str
) -> None:
    tokens = Tokens(slack_bot=bot_token or slack.bot_token, slack_app=app_token or slack.app_token)
    problem = next(finding for finding in await found(slack, tokens) if finding.level == "problem")
    assert problem.what == what and expected in problem.found and problem.advice
    assert "wrong" not in problem.found + problem.advice


async def test_what_is_not_set_is_said(slack: SlackServer) -> None:
    findings = await found(slack, Tokens(slack_bot=slack.bot_token))
    assert findings[-1].found == "SLACK_APP_TOKEN is not set" and "connections:write" in findings[-1].advice
    findings = await found(slack, Tokens(slack_bot=slack.bot_token), transport="http")
    assert findings[-1].found == "SLACK_SIGNING_SECRET is not set"


async def test_without_tokens_it_says_where_the_manifest_is(slack: SlackServer) -> None:
    findings = await found(slack, Tokens())
    assert levels(findings) == [("ok", "Slack")] and str(MANIFEST) in findings[0].advice
    assert slack.calls == []


async def test_a_slack_that_is_not_there() -> None:
    settings = SlackSettings(api_url="http://127.0.0.1:1/api/")
    findings = await asyncio.to_thread(lambda: list(examine(settings, Tokens(slack_bot="xoxb-1", slack_app="xapp-1"))))
    assert {finding.level for finding in findings} == {"problem"}
    assert "cannot be reached" in findings[0].found
