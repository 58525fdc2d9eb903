"""response_urls: up to five answers within 30 minutes, beside, instead of, or in place of what was clicked."""

import json
from typing import Any

from aiohttp import web

from tests.platforms.slack_chat import checked_blocks
from tests.platforms.slack_faults import SlackError
from tests.platforms.slack_platform import Platform, ResponsePost, ResponseUrl
from tests.platforms.slack_rules import POST_TEXT
from tests.platforms.slack_text import Json
from tests.platforms.slack_world import Message

MOST_USES = 5


class ResponseUrls:
    """Serves `/response/<secret>`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def handle(self, request: web.Request) -> web.Response:
        """Takes one post; Slack answers errors with a status and the error's name as text."""
        url = self._platform.response_urls.get(request.path)
        body = _body(await request.text())
        status, text = 200, "ok"
        try:
            self._use(url, request.path)
            assert url is not None
            respond(self._platform, url, body)
        except SlackError as error:
            status, text = 404 if error.code in ("used_url", "expired_url", "no_url") else 400, error.code
            self._platform.broken(f"response_url: {error.code}: {error.broken}")
        post = ResponsePost(str(request.url), body, self._platform.clock.now(), status)
        self._platform.response_posts.append(post)
        self._platform.changes.notify()
        return web.Response(status=status, text=text)

    def _use(self, url: ResponseUrl | None, path: str) -> None:
        if url is None:
            raise SlackError("no_url", f"there is no {path}")
        if self._platform.clock.now() > url.expires_at:
            raise SlackError("expired_url", "it is older than 30 minutes")
        if url.uses >= MOST_USES:
            raise SlackError("used_url", f"it was used {MOST_USES} times")
        url.uses += 1


def respond(platform: Platform, url: ResponseUrl, body: Json) -> None:
    """Does what a post to a response_url, or a command's acknowledgement with content, asks for."""
    source = url.source
    if body.get("delete_original"):
        if source is None:
            raise SlackError("no_original", "there is no message to delete")
        platform.delete_message(source)
        return
    text, blocks = str(body.get("text") or ""), checked_blocks(platform, body.get("blocks"))
    if len(text) > POST_TEXT:
        raise SlackError("msg_too_long", f"{len(text)} characters of text")
    if not text.strip() and not blocks:
        raise SlackError("no_text", "neither text nor blocks")
    if body.get("replace_original") and source is not None:
        platform.change_message(source, text, blocks)
    else:
        _add(platform, url, body, text, blocks)


def _add(platform: Platform, url: ResponseUrl, body: Json, text: str, blocks: list[Json]) -> None:
    kind = body.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise SlackError("invalid_payload", f"response_type {kind!r}")
    reader = url.user.id if kind == "ephemeral" else None
    bot, thread_ts = url.channel.team.bot_user_id, body.get("thread_ts")
    if url.source and not url.source.ephemeral_to and thread_ts is None and reader:
        thread_ts = url.source.thread_ts
    now = platform.clock.now()
    platform.add_message(
        Message(platform.ts(), url.channel, bot, text, blocks, thread_ts, now, by_app=True, ephemeral_to=reader)
    )


def _body(text: str) -> Json:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
