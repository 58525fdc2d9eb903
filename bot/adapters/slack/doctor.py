"""What `herald doctor` finds out about Slack: whether the tokens work, and whether the app may do what it needs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bot.adapters.slack.installations import own_workspace
from bot.adapters.slack.scopes import SCOPES, missing_scopes
from bot.adapters.slack.transport import socket_url
from bot.adapters.slack.web import Web, open_web
from bot.doctor import Finding
from bot.errors import PlatformError
from bot.settings import SlackSettings
from bot.tokens import Tokens

MANIFEST = Path(__file__).with_name("manifest.yaml")
_PATIENCE = 20.0
"""Seconds for all checks together."""


def examine(settings: SlackSettings, tokens: Tokens) -> Iterator[Finding]:
    """Ask Slack about the tokens that are set. Blocking; not for a thread with an event loop."""
    if not (tokens.slack_bot or tokens.slack_app):
        advice = f"To set it up, create an app from the manifest {MANIFEST} at https://api.slack.com/apps"
        yield Finding("ok", "Slack", "not set up", advice)
        return
    yield from asyncio.run(_found(settings, tokens))


async def _found(settings: SlackSettings, tokens: Tokens) -> list[Finding]:
    findings: list[Finding] = []
    try:
        async with asyncio.timeout(_PATIENCE), open_web(settings.api_url) as web:
            async for finding in _checks(web, settings, tokens):
                findings.append(finding)
    except TimeoutError:
        findings.append(Finding("problem", "Slack", "does not answer", "Check the network, then try again."))
    return findings


async def _checks(web: Web, settings: SlackSettings, tokens: Tokens) -> AsyncIterator[Finding]:
    if tokens.slack_bot:
        try:
            _, name, granted = await own_workspace(web, tokens.slack_bot)
        except PlatformError as error:
            yield _refused("Slack bot token", error)
        else:
            yield Finding("ok", "Slack bot token", f"works, as {name}")
            yield _scopes(granted)
    if settings.transport == "socket":
        yield await _app_token(web, tokens.slack_app)
    elif not tokens.slack_signing_secret:
        advice = "Copy it from Basic Information in the app's settings at api.slack.com/apps."
        yield Finding("problem", "Slack", "SLACK_SIGNING_SECRET is not set", advice)


def _scopes(granted: frozenset[str]) -> Finding:
    missing = missing_scopes(granted)
    if not missing:
        return Finding("ok", "Slack scopes", "all that Herald needs")
    what = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
    advice = "Add them under OAuth & Permissions in the app's settings, and install the app again."
    return Finding("problem", "Slack scopes", f"missing: {what}", advice)


async def _app_token(web: Web, token: str) -> Finding:
    if not token:
        advice = "Make one with connections:write under Basic Information, App-Level Tokens, in the app's settings."
        return Finding("problem", "Slack app token", "SLACK_APP_TOKEN is not set", advice)
    try:
        await socket_url(web, token)
    except PlatformError as error:
        return _refused("Slack app token", error)
    return Finding("ok", "Slack app token", "works for Socket Mode")


def _refused(what: str, error: PlatformError) -> Finding:
    """A refusal: what Slack says, then what to do about it."""
    says, _, advice = str(error).partition(": ")
    return Finding("problem", what, says, advice[:1].upper() + advice[1:])
