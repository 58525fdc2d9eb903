"""A small slack-bolt app with one of everything, which the local Slack is tried with, and the blocks that it sends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.slack_server import SlackServer
from tests.platforms.slack_text import Json


@dataclass
class Heard:
    """What the small app was told, and what it should do slowly."""

    events: list[Json] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    slow: asyncio.Event | None = None


def small_app(slack: SlackServer, heard: Heard) -> AsyncApp:
    """An app that has one of everything and no thought of its own."""
    app = AsyncApp(
        client=AsyncWebClient(slack.bot_token, base_url=slack.api_url),
        signing_secret=slack.signing_secret,
        process_before_response=False,
    )

    @app.event("app_mention")
    async def on_mention(event: Json, say_stream: Callable[..., Awaitable[Any]], set_status: Any) -> None:
        await set_status("is reading")
        stream = await say_stream(buffer_size=1)
        await stream.append(markdown_text="You said: ")
        await stream.append(markdown_text=event["text"].split("> ", 1)[1])
        await stream.stop(blocks=[feedback()])

    @app.event("message")
    async def on_message(body: Json, request: Any) -> None:
        heard.events.append(body)
        heard.retries += request.headers.get("x-slack-retry-num", [])

    @app.event("app_home_opened")
    async def on_home(event: Json, client: AsyncWebClient, set_suggested_prompts: Any = None) -> None:
        if event["tab"] == "messages":
            prompts = [{"title": "Commercial use", "message": "May I sell it?"}]
            await client.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)
        else:
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Hello")]})

    @app.event("agent_session_stopped")
    async def on_stop(body: Json) -> None:
        heard.events.append(body)

    @app.command("/ask")
    async def on_ask(ack: Any, respond: Any, command: Json) -> None:
        if heard.slow:
            await heard.slow.wait()
        await ack()
        await respond(f"You asked: {command['text']}", response_type="ephemeral")

    @app.command("/quick")
    async def on_quick(ack: Any) -> None:
        await ack("Done.")

    @app.shortcut("explain")
    async def on_shortcut(ack: Any, shortcut: Json, respond: Any) -> None:
        await ack()
        await respond(f"Explaining: {shortcut['message']['text']}")

    @app.action("feedback")
    async def on_feedback(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        heard.events.append(body)
        await client.views_open(trigger_id=body["trigger_id"], view=reason_modal())

    @app.view("reason")
    async def on_reason(ack: Any, view: Json) -> None:
        reason = view["state"]["values"]["why"]["text"]["value"]
        if reason == "bad":
            await ack(response_action="errors", errors={"why": "Say more."})
        else:
            await ack()

    return app


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def feedback() -> Json:
    positive = {"text": {"type": "plain_text", "text": "Good"}, "value": "up"}
    negative = {"text": {"type": "plain_text", "text": "Bad"}, "value": "down"}
    buttons = {
        "type": "feedback_buttons",
        "action_id": "feedback",
        "positive_button": positive,
        "negative_button": negative,
    }
    return {"type": "context_actions", "elements": [buttons]}


def button(text: str = "Go", **more: object) -> Json:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, "action_id": "go", **more}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def reason_modal(**more: object) -> Json:
    field_of_text = {"type": "plain_text_input", "action_id": "text", "multiline": True}
    why = {"type": "input", "block_id": "why", "label": plain("Why?"), "element": field_of_text}
    return {
        "type": "modal",
        "callback_id": "reason",
        "title": plain("Feedback"),
        "submit": plain("Send"),
        "blocks": [why],
        **more,
    }


@asynccontextmanager
async def over_socket_mode(slack: SlackServer, heard: Heard, ping_interval: float = 10) -> AsyncIterator[Any]:
    handler = AsyncSocketModeHandler(small_app(slack, heard), slack.app_token, ping_interval=ping_interval)
    before = len(slack.connections)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.connected(before + 1)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_http(slack: SlackServer, heard: Heard) -> AsyncIterator[None]:
    runner = web.AppRunner(small_app(slack, heard).web_app(path="/slack/events"), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.send_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    try:
        yield
    finally:
        await runner.cleanup()
