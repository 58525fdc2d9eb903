"""What `herald doctor` checks on Discord: the token, the intents, the permissions, and which switch to set."""

from collections.abc import Iterator
from typing import Any

import discord
import httpx

from bot.adapters.discord.invite import invite_link, missing_permissions
from bot.adapters.discord.refusals import BAD_TOKEN, NO_CONTENT, PORTAL
from bot.doctor import Finding
from bot.settings import DiscordSettings

_PATIENCE = 5.0  # seconds
_API = "https://discord.com/api/v10"
_WHAT = "Discord"
_MOST_SERVERS = 10
_CONTENT_FLAGS = (1 << 18) | (1 << 19)  # GATEWAY_MESSAGE_CONTENT, and the same for bots in fewer than 100 servers
_ENDPOINT = "interactions_endpoint_url"


def examine(settings: DiscordSettings, token: str) -> Iterator[Finding]:
    """Ask Discord what it thinks of the bot. Blocking."""
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (Herald, 1)"}
    try:
        with httpx.Client(base_url=settings.api_url or _API, headers=headers, timeout=_PATIENCE) as client:
            yield from _examine(client, settings)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        found = f"it cannot be reached ({type(error).__name__})"
        yield Finding("problem", _WHAT, found, "Check the network, or HERALD_DISCORD__API_URL.")


def _examine(client: httpx.Client, settings: DiscordSettings) -> Iterator[Finding]:
    me = client.get("users/@me")
    if me.status_code == 401:
        yield Finding("problem", _WHAT, "it does not accept the token", BAD_TOKEN)
        return
    if me.status_code != 200:
        yield Finding("problem", _WHAT, f"it answers with status {me.status_code}", "Try again in some minutes.")
        return
    application: dict[str, Any] = client.get("oauth2/applications/@me").raise_for_status().json()
    yield Finding("ok", _WHAT, f"the token is that of {me.json().get('username')}")
    yield _intent(settings, int(application.get("flags") or 0))
    if application.get(_ENDPOINT):
        found = "commands are sent to an interactions endpoint, and do not reach Herald"
        yield Finding("problem", _WHAT, found, f"Empty Interactions Endpoint URL at {PORTAL}, General Information.")
    link = invite_link(int(application["id"]))
    guilds: list[dict[str, Any]] = client.get("users/@me/guilds").raise_for_status().json()
    yield from _servers(guilds, link)


def _intent(settings: DiscordSettings, flags: int) -> Finding:
    if flags & _CONTENT_FLAGS:
        return Finding("ok", _WHAT, "the Message Content Intent is on")
    if settings.message_content or settings.policy.answer_all:
        return Finding("problem", _WHAT, "the Message Content Intent is off", NO_CONTENT)
    return Finding("ok", _WHAT, "the Message Content Intent is off, and not needed")


def _servers(guilds: list[dict[str, Any]], link: str) -> Iterator[Finding]:
    if not guilds:
        yield Finding("note", _WHAT, "the bot is in no server yet", f"Add it with {link}")
        return
    yield Finding("ok", _WHAT, f"invite it with {link}")
    for guild in guilds[:_MOST_SERVERS]:
        granted = discord.Permissions(int(guild.get("permissions") or 0))
        missing = missing_permissions(granted)
        where = f"in {' '.join(str(guild.get('name')).split())[:60]}"
        if missing:
            advice = "Give them to its role in the server's settings, or invite it again."
            yield Finding("note", _WHAT, f"{where} it lacks {', '.join(missing)}", advice)
        else:
            yield Finding("ok", _WHAT, f"{where} it has all permissions that it needs")
