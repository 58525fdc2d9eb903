"""`herald doctor` on Discord: what is wrong, and which switch to set."""

import asyncio
from collections.abc import Callable

import pytest

from bot.adapters.discord.doctor import examine
from bot.adapters.discord.refusals import BAD_TOKEN, NO_CONTENT
from bot.doctor import Finding
from bot.settings import DiscordSettings
from tests.platforms.discord_server import DiscordServer, Permission


async def findings(server: DiscordServer, token: str = "", settings: dict[str, object] | None = None) -> list[Finding]:
    """What is found with these settings; the checks block, so that they run beside the server's loop."""
    there = DiscordSettings.model_validate({"api_url": server.api_url} | (settings or {}))
    return await asyncio.to_thread(lambda: list(examine(there, token or server.token)))


def problems(found: list[Finding]) -> list[str]:
    return [finding.found for finding in found if finding.level != "ok"]


async def test_all_is_well(server: DiscordServer) -> None:
    found = await findings(server)
    assert problems(found) == []
    said = [finding.found for finding in found]
    assert said[0] == "the token is that of herald"
    assert "the Message Content Intent is off, and not needed" in said
    assert any("scope=bot+applications.commands" in line for line in said)
    assert "in Home it has all permissions that it needs" in said


async def test_a_wrong_token(server: DiscordServer) -> None:
    (finding,) = await findings(server, token="wrong")
    assert (finding.level, finding.advice) == ("problem", BAD_TOKEN)
    assert "wrong" not in str(finding)


@pytest.mark.parametrize("setting", ["message_content", "answer_all_channels"])
async def test_an_intent_that_the_settings_need(server: DiscordServer, reading: DiscordServer, setting: str) -> None:
    needing: dict[str, object] = {setting: True if setting == "message_content" else "123"}
    found = await findings(server, settings=needing)
    assert [finding.advice for finding in found if finding.level == "problem"] == [NO_CONTENT]
    assert problems(await findings(reading, settings=needing)) == []


async def test_permissions_that_are_missing(server: DiscordServer) -> None:
    server.deny(server.guild, Permission.CREATE_PUBLIC_THREADS, Permission.SEND_MESSAGES)
    assert problems(await findings(server)) == ["in Home it lacks Send Messages, Create Public Threads"]


async def test_a_bot_that_is_in_no_server_yet(server: DiscordServer) -> None:
    server.expel(server.guild)
    found = await findings(server)
    assert problems(found) == ["the bot is in no server yet"]
    assert "https://discord.com/oauth2/authorize" in found[-1].advice


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda server: server.fail("GET /users/@me", 503), "it answers with status 503"),
        (lambda server: server.fail("GET /oauth2", 500), "it cannot be reached (HTTPStatusError)"),
        (lambda server: server.ban("GET /users/@me"), "it answers with status 429"),
    ],
)
async def test_discord_has_trouble(server: DiscordServer, fault: Callable[[DiscordServer], object], found: str) -> None:
    fault(server)
    assert (await findings(server))[-1].found == found


def test_discord_cannot_be_reached() -> None:
    settings = DiscordSettings(api_url="http://127.0.0.1:9/api/v10")
    (finding,) = examine(settings, "token")
    assert finding.found == "it cannot be reached (ConnectError)"
    assert finding.level == "problem"
