"""The local Slack holds real clients to the platform's rules: a small slack-bolt app runs against it in each way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession, WSMsgType, WSServerHandshakeError, web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.platforms.slack_interactions import CannotError
from tests.platforms.slack_server import SlackOptions, SlackServer
from tests.platforms.slack_small_app import (
    Heard,
    button,
    feedback,
    over_http,
    over_socket_mode,
    plain,
    reason_modal,
    section,
)
from tests.platforms.slack_text import Json, as_typed


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture(params=["socket mode", "http"])
async def heard(slack: SlackServer, request: pytest.FixtureRequest) -> AsyncIterator[Heard]:
    """The small app, connected in either way."""
    heard = Heard()
    async with AsyncExitStack() as stack:
        how = over_socket_mode if request.param == "socket mode" else over_http
        await stack.enter_async_context(how(slack, heard))
        yield heard


# What a user does, over both transports


async def test_a_mention_is_heard_twice_and_answered_by_a_stream(slack: SlackServer, heard: Heard) -> None:
    asked = slack.mention("ann", "general", "May I?")
    answer = await slack.reply(asked)
    assert answer.shown == "You said: May I?\nGood\nBad"
    assert answer.stream is not None and answer.stream.state == "stopped"
    assert [chunk["text"] for _, chunk in answer.stream.chunks] == ["You said: ", "May I?"]
    assert [status.text for status in slack.statuses] == ["is reading", ""]
    await slack.until(lambda: any(body["event"]["ts"] == asked.ts for body in heard.events))
    mention, message = slack.deliveries_of("app_mention")[0], slack.deliveries_of("message")[0]
    assert mention.payload["event"]["ts"] == message.payload["event"]["ts"] == asked.ts
    assert mention.event_id != message.event_id
    assert (await slack.acked(mention)).acked_after is not None and mention.ack == {}
    assert slack.violations == []


async def test_the_app_is_told_of_dms_edits_and_deletions(slack: SlackServer, heard: Heard) -> None:
    question = slack.dm("ann", "A < B & C, see https://example.com/x?")
    slack.edit(question, "Never mind")
    slack.delete(question)
    await slack.until(lambda: len(heard.events) == 3)
    events = sorted((body["event"] for body in heard.events), key=lambda event: str(event.get("subtype", "")))
    assert [event.get("subtype") for event in events] == [None, "message_changed", "message_deleted"]
    assert events[0]["text"] == "A &lt; B &amp; C, see <https://example.com/x>?"
    assert events[0]["channel_type"] == "im" and "thread_ts" not in events[0]
    assert slack.violations == []


async def test_commands_answer_privately(slack: SlackServer, heard: Heard) -> None:
    command = slack.slash("ann", "general", "/ask", "is it free? ")
    private = await slack.until(lambda: slack.ephemerals)
    assert private[0].shown == "You asked: is it free?" and private[0].ephemeral_to == slack.user("ann").id
    after = (await slack.acked(command)).acked_after
    assert after is not None and after < 3
    quick = await slack.acked(slack.slash("ann", "general", "/quick"))
    assert quick.ack == {"text": "Done."}
    assert slack.ephemerals[-1].shown == "Done."
    assert [post.status for post in slack.response_posts] == [200]
    assert slack.violations == []


async def test_shortcuts_homes_and_prompts(slack: SlackServer, heard: Heard) -> None:
    said = slack.say("bob", "general", "Section 2?")
    slack.shortcut("ann", said, "explain")
    private = await slack.until(lambda: slack.ephemerals)
    assert private[0].shown == "Explaining: Section 2?"
    slack.open_home("ann", "home")
    home = await slack.until(lambda: slack.home("ann"))
    assert home is not None and home.shown == "Hello"
    slack.open_home("ann", "messages")
    await slack.until(lambda: slack.prompts)
    assert slack.prompts[0].prompts == (("Commercial use", "May I sell it?"),)
    assert slack.violations == []


async def test_a_click_opens_a_modal_and_its_submission_closes_it(slack: SlackServer, heard: Heard) -> None:
    answer = await slack.reply(slack.mention("ann", "general", "Hello"))
    slack.click("ann", answer, "feedback", "negative")
    modal = await slack.until(lambda: slack.modal("ann"))
    assert modal is not None
    clicked = next(body for body in heard.events if body["type"] == "block_actions")
    assert clicked["actions"][0]["value"] == "down" and clicked["message"]["ts"] == answer.ts
    with pytest.raises(CannotError):
        slack.submit_view("ann", modal, {"why": ""})
    refused = await slack.acked(slack.submit_view("ann", modal, {"why": "bad"}))
    assert refused.ack == {"response_action": "errors", "errors": {"why": "Say more."}} and modal.open
    await slack.acked(slack.submit_view("ann", modal, {"text": "Too short"}))
    assert not modal.open
    assert slack.violations == []


# Retries, duplicates, connections, signatures


async def test_what_is_not_acknowledged_in_time_is_a_violation(slack: SlackServer, heard: Heard) -> None:
    heard.slow = asyncio.Event()
    command = slack.slash("ann", "general", "/ask", "slow")
    await slack.until(lambda: command.attempts and command.attempts[0].sent_at)
    await slack.advance(3.1)
    await slack.until(lambda: command.failed)
    heard.slow.set()
    assert slack.violations == ["command /ask was not acknowledged within 3 s (attempt 1)"]
    assert len(command.attempts) == 1


@asynccontextmanager
async def deaf_app(slack: SlackServer) -> AsyncIterator[list[tuple[str | None, str | None]]]:
    """An app that takes requests and never answers them: the retry headers of each."""
    seen: list[tuple[str | None, str | None]] = []

    async def deaf(request: web.Request) -> web.Response:
        seen.append((request.headers.get("x-slack-retry-num"), request.headers.get("x-slack-retry-reason")))
        slack.platform.changes.notify()
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", deaf)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.send_to(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    try:
        yield seen
    finally:
        await runner.cleanup()


async def test_an_event_is_delivered_again_until_it_is_acknowledged(slack: SlackServer) -> None:
    """Four times in all: at once, at once again after 3 s, then after one minute and after five."""
    async with deaf_app(slack) as seen:
        slack.dm("ann", "Hello?")
        for count, pause in enumerate((0, 60, 300, 0), start=1):
            await slack.until(lambda count=count: len(seen) == count)  # type: ignore[misc]
            await slack.advance(3)
            await slack.until(lambda count=count: slack.deliveries[0].attempts[count - 1].failed)  # type: ignore[misc]
            await slack.advance(pause)
        await slack.advance(3600)
    assert seen == [(None, None), ("1", "http_timeout"), ("2", "http_timeout"), ("3", "http_timeout")]
    assert len(slack.violations) == len(slack.deliveries[0].attempts) == 4


async def test_duplicates_carry_the_same_event_id_and_say_so(slack: SlackServer, heard: Heard) -> None:
    slack.dm("ann", "Once")
    first = (await slack.until(lambda: slack.deliveries_of("message")))[0]
    await slack.acked(first)
    slack.redeliver(first)
    await slack.until(lambda: len(heard.events) == 2)
    assert heard.events[0]["event_id"] == heard.events[1]["event_id"]
    assert heard.retries[-1] == "1"


async def test_several_connections_share_the_events(slack: SlackServer) -> None:
    one, two = Heard(), Heard()
    async with over_socket_mode(slack, one), over_socket_mode(slack, two):
        assert len(slack.connections) == 2
        for number in range(6):
            slack.dm("ann", f"Message {number}")
        await slack.until(lambda: len(one.events) + len(two.events) == 6)
    assert len(one.events) == len(two.events) == 3
    assert slack.violations == []


async def test_a_connection_that_is_asked_to_go_is_replaced(slack: SlackServer) -> None:
    heard = Heard()
    async with over_socket_mode(slack, heard):
        for reason in ("warning", "refresh_requested"):
            old = slack.connections[0]
            slack.disconnect(reason)
            await slack.until(lambda old=old: slack.connections and old not in slack.connections)  # type: ignore[misc]
            slack.dm("ann", reason)
            await slack.until(lambda reason=reason: heard.events and heard.events[-1]["event"]["text"] == reason)  # type: ignore[misc]
    assert slack.violations == []


async def test_events_wait_for_a_dropped_connection_to_come_back(slack: SlackServer) -> None:
    heard = Heard()
    async with over_socket_mode(slack, heard, ping_interval=0.05):
        for abruptly in (False, True):
            await slack.drop_connections(abruptly=abruptly)
            slack.dm("ann", f"Still there? {abruptly}")
            await slack.until(lambda: heard.events)
            heard.events.clear()
    assert slack.violations == []


async def test_a_connection_echoes_pings_and_its_link_serves_once(slack: SlackServer, client: AsyncWebClient) -> None:
    async with ClientSession() as session:
        url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
        async with session.ws_connect(url, autoping=False) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            assert (await socket.receive()).type is WSMsgType.PING
            await socket.ping(b"sdk-ping-pong:1")
            pong = await socket.receive()
            assert pong.type is WSMsgType.PONG and pong.data == b"sdk-ping-pong:1"
            await socket.send_json({"envelope_id": "never sent"})
            await slack.until(lambda: slack.violations)
        with pytest.raises(WSServerHandshakeError):
            await session.ws_connect(url)


async def test_at_most_ten_connections(slack: SlackServer, client: AsyncWebClient) -> None:
    async with ClientSession() as session, AsyncExitStack() as stack:
        for count in range(11):
            url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
            socket = await stack.enter_async_context(session.ws_connect(url))
            first = await socket.receive_json()
            assert first["type"] == ("hello" if count < 10 else "disconnect")
        assert first["reason"] == "too_many_websockets" and len(slack.connections) == 10


async def test_without_a_connection_a_command_fails_at_once(slack: SlackServer) -> None:
    command = slack.slash("ann", "general", "/ask", "anyone?")
    await slack.until(lambda: command.failed)
    assert command.failed == "dispatch_failed" and slack.violations == []


async def test_signatures(slack: SlackServer) -> None:
    async with over_http(slack, Heard()):
        slack.dm("ann", "Hello")
        payload = (await slack.until(lambda: slack.deliveries_of("message")))[0].payload
        assert [await slack.post_signed(payload, how) for how in ("good", "bad", "stale", "none")] == [
            200,
            401,
            401,
            401,
        ]
        assert await slack.verify_url()


async def test_the_stop_button(slack: SlackServer, heard: Heard, client: AsyncWebClient) -> None:
    asked = slack.say("ann", "general", "Long answer, please")
    with pytest.raises(CannotError):
        slack.press_stop("ann", asked)
    await client.agents_sessions_setStatus(channel_id=asked.channel.id, thread_ts=asked.ts, status="processing")
    ts = await started(slack, client, asked.ts)
    delivery = slack.press_stop("ann", asked)
    await slack.acked(delivery)
    assert delivery.payload["event"]["streaming_message_ts"] == [ts]
    channel = asked.channel.id
    await refused("stopped_by_user", client.chat_appendStream(channel=channel, ts=ts, markdown_text="more"))
    await client.chat_stopStream(channel=channel, ts=ts, session_status="active")
    session = slack.session(asked)
    assert session is not None and [status for _, status in session.history] == ["processing", "active"]
    assert slack.violations == []


# Streams


async def refused(error: str, call: Awaitable[Any]) -> Json:
    """What the server answered to a call that it has to refuse with this error."""
    with pytest.raises(SlackApiError) as caught:
        await call
    answer: Json = caught.value.response.data
    assert answer["error"] == error
    return answer


async def started(slack: SlackServer, client: AsyncWebClient, thread_ts: str, **more: Any) -> str:
    """A stream in the thread: its time stamp."""
    ann = slack.user("ann")
    answer = await client.chat_startStream(
        channel=slack.channel("general").id,
        thread_ts=thread_ts,
        recipient_user_id=ann.id,
        recipient_team_id=ann.team.id,
        **({"markdown_text": "First."} | more),
    )
    return str(answer["ts"])


async def test_a_stream_dies_five_minutes_after_its_start(slack: SlackServer, client: AsyncWebClient) -> None:
    asked = slack.say("ann", "general", "Go on")
    channel = asked.channel.id
    ts = await started(slack, client, asked.ts)
    await slack.advance(290)
    await client.chat_appendStream(channel=channel, ts=ts, markdown_text=" Second.")
    await slack.advance(15)
    late = client.chat_appendStream(channel=channel, ts=ts, markdown_text=" Third.")
    await refused("message_not_in_streaming_state", late)
    assert slack.streams[0].state == "expired" and slack.streams[0].text == "First. Second."
    assert slack.violations == []
    await client.chat_update(channel=channel, ts=ts, text="First. Second. Third.")
    assert slack.replies(asked)[0].shown == "First. Second. Third."
    assert [revision.text for revision in slack.replies(asked)[0].revisions][-1] == "First. Second. Third."


async def test_a_live_stream_cannot_be_updated_or_deleted(slack: SlackServer, client: AsyncWebClient) -> None:
    asked = slack.say("ann", "general", "Go on")
    channel = asked.channel.id
    ts = await started(slack, client, asked.ts)
    await refused("streaming_state_conflict", client.chat_update(channel=channel, ts=ts, text="Other"))
    await refused("cant_delete_message", client.chat_delete(channel=channel, ts=ts))
    await client.chat_stopStream(channel=channel, ts=ts, markdown_text=" End.", blocks=[section("Sources")])
    await refused("message_not_in_streaming_state", client.chat_stopStream(channel=channel, ts=ts))
    assert slack.replies(asked)[0].shown == "First. End.\nSources"
    assert len(slack.violations) == 3


async def test_what_a_stream_has_to_say_at_its_start(slack: SlackServer, client: AsyncWebClient) -> None:
    asked = slack.say("ann", "general", "Go on")
    ann, channel = slack.user("ann"), asked.channel.id

    def start(**arguments: Any) -> Awaitable[Any]:
        return client.chat_startStream(channel=channel, **({"thread_ts": asked.ts, "markdown_text": "A"} | arguments))

    both = {"recipient_user_id": ann.id, "recipient_team_id": ann.team.id}
    await refused("missing_recipient_user_id", start())
    await refused("missing_recipient_team_id", start(recipient_user_id=ann.id))
    await refused("invalid_arguments", start(thread_ts="", **both))
    await refused("thread_not_found", start(thread_ts="1.000001", **both))
    await refused("msg_too_long", start(markdown_text="x" * 12_001, **both))
    await refused("invalid_chunks", start(markdown_text=None, chunks=[{"type": "poem", "text": "x"}], **both))
    slack.violations.clear()
    slack.disallow_streaming()
    await refused("feature_not_enabled", start(**both))
    slack.heal()
    await start(**both)
    assert slack.violations == []


async def test_a_stream_takes_only_what_opened_it(slack: SlackServer, client: AsyncWebClient) -> None:
    asked = slack.say("ann", "general", "Go on")
    channel = asked.channel.id
    ts = await started(slack, client, asked.ts)
    chunks = [{"type": "markdown_text", "text": "x"}]
    await refused("streaming_mode_mismatch", client.chat_appendStream(channel=channel, ts=ts, chunks=chunks))
    ts = await started(slack, client, asked.ts, markdown_text=None)
    await client.chat_appendStream(channel=channel, ts=ts, chunks=chunks)
    await refused("streaming_mode_mismatch", client.chat_appendStream(channel=channel, ts=ts, markdown_text="y"))
    await refused("no_text", client.chat_appendStream(channel=channel, ts=ts))


# Blocks, text, views


def many(count: int, block: Json) -> list[Json]:
    return [dict(block) for _ in range(count)]


BROKEN_BLOCKS: dict[str, tuple[list[Json], str]] = {
    "51 blocks": (many(51, {"type": "divider"}), "no more than 50 items allowed"),
    "long section": ([section("x" * 3001)], "must be less than 3001 characters"),
    "empty section": ([section("")], "must be more than 0 characters"),
    "long header": ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151 characters"),
    "header in mrkdwn": ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "must be plain_text"),
    "long markdown": ([{"type": "markdown", "text": "x" * 12_001}], "must be less than 12001 characters"),
    "unknown block": ([{"type": "poem"}], "unsupported type: poem"),
    "unknown field": ([section("x") | {"colour": "red"}], "known fields allowed: colour"),
    "26 actions": ([{"type": "actions", "elements": [button(action_id=str(n)) for n in range(26)]}], "more than 25"),
    "no actions": ([{"type": "actions", "elements": []}], "no less than 1 items"),
    "6 context actions": (
        [
            {
                "type": "context_actions",
                "elements": [feedback()["elements"][0] | {"action_id": str(n)} for n in range(6)],
            }
        ],
        "no more than 5 items",
    ),
    "button in context actions": ([{"type": "context_actions", "elements": [button()]}], "unsupported type: button"),
    "feedback in actions": ([feedback() | {"type": "actions"}], "unsupported type: feedback_buttons"),
    "11 in context": ([{"type": "context", "elements": many(11, plain("x"))}], "no more than 10 items"),
    "long block id": ([section("x") | {"block_id": "x" * 256}], "must be less than 256 characters"),
    "twice the block id": (many(2, section("x") | {"block_id": "a"}), "`block_id` must be unique: a"),
    "twice the action id": ([{"type": "actions", "elements": [button(), button()]}], "`action_id` must be unique: go"),
    "long action id": ([{"type": "actions", "elements": [button(action_id="x" * 256)]}], "less than 256 characters"),
    "long button": ([{"type": "actions", "elements": [button("x" * 76)]}], "must be less than 76 characters"),
    "long value": ([{"type": "actions", "elements": [button(value="x" * 2001)]}], "must be less than 2001 characters"),
    "button style": ([{"type": "actions", "elements": [button(style="loud")]}], "must be one of"),
    "no alt text": ([{"type": "image", "image_url": "https://example.com/a.png"}], "missing required field: alt_text"),
    "no select options": (
        [{"type": "actions", "elements": [{"type": "static_select", "action_id": "a"}]}],
        "missing required field: options",
    ),
    "icon": (
        [{"type": "context_actions", "elements": [{"type": "icon_button", "icon": "star", "text": plain("x")}]}],
        "must be one of ['trash']",
    ),
    "rich text": (
        [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "shout"}]}]}],
        "unsupported type: shout",
    ),
    "rich list": (
        [{"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [], "style": "starred"}]}],
        "must be one of ['bullet', 'ordered']",
    ),
}


async def test_blocks_that_break_a_rule_are_refused(slack: SlackServer, client: AsyncWebClient) -> None:
    channel = slack.channel("general").id
    for name, (blocks, fault) in BROKEN_BLOCKS.items():
        answer = await refused("invalid_blocks", client.chat_postMessage(channel=channel, text="x", blocks=blocks))
        assert fault in " ".join(answer["response_metadata"]["messages"]), name
        assert "json-pointer:/blocks" in slack.violations[-1]
    assert len(slack.violations) == len(BROKEN_BLOCKS)
    assert slack.messages == []


async def test_blocks_that_keep_the_rules_are_shown(slack: SlackServer, client: AsyncWebClient) -> None:
    select = {
        "type": "static_select",
        "action_id": "pick",
        "options": [{"text": plain("One"), "value": "1"}],
        "placeholder": plain("Pick"),
    }
    part = {"type": "rich_text_section", "elements": [{"type": "text", "text": "a < b", "style": {"bold": True}}]}
    trash = {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "delete"}
    confirm = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No")}
    blocks = [
        {"type": "header", "text": plain("Title")},
        section("*Bold* &amp; <https://example.com|link>") | {"accessory": button(value="v", confirm=confirm)},
        {"type": "markdown", "text": "**Bold** [label](https://example.org)"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
        {"type": "actions", "elements": [button("Link", url="https://example.net"), select]},
        {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": part["elements"]}, part]},
        {"type": "context_actions", "elements": [feedback()["elements"][0], trash]},
        {"type": "divider"},
        {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A"},
    ]
    await client.chat_postMessage(channel=slack.channel("general").id, text="Title", blocks=blocks)
    message = slack.messages[0]
    assert message.shown.splitlines()[:2] == ["Title", "*Bold* & link"] and "a < b" in message.shown
    assert message.links == ["https://example.com", "https://example.org", "https://example.net"]
    assert message.action_ids == ["go", "go", "pick", "feedback", "delete"]
    assert all(block["block_id"] for block in message.blocks)
    assert slack.violations == [] and message.mentions == []


async def test_sizes_of_text(slack: SlackServer, client: AsyncWebClient) -> None:
    channel = slack.channel("general").id
    ts = (await client.chat_postMessage(channel=channel, text="short"))["ts"]
    await refused("msg_too_long", client.chat_postMessage(channel=channel, text="x" * 40_001))
    await refused("msg_too_long", client.chat_postMessage(channel=channel, markdown_text="x" * 12_001))
    await refused("msg_too_long", client.chat_update(channel=channel, ts=ts, text="x" * 4_001))
    halves = many(2, {"type": "markdown", "text": "x" * 6_001})
    await refused("msg_blocks_too_long", client.chat_postMessage(channel=channel, text="x", blocks=halves))
    sections = many(5, section("x" * 2_900))
    await refused("msg_blocks_too_long", client.chat_postMessage(channel=channel, text="x", blocks=sections))
    await refused("no_text", client.api_call("chat.postMessage", json={"channel": channel, "text": " "}))
    await refused("markdown_text_conflict", client.chat_postMessage(channel=channel, text="a", markdown_text="b"))
    assert len(slack.violations) == 7


async def test_mentions_and_links_that_text_would_make(slack: SlackServer, client: AsyncWebClient) -> None:
    ann = slack.user("ann").id
    hostile = f"<@{ann}> <!channel> <!here|here> <#C0001GENERAL> <https://evil.example|safe> http://bare.example"
    rich = [{"type": "user", "user_id": ann}, {"type": "broadcast", "range": "here"}, {"type": "text", "text": hostile}]
    blocks: list[Json] = [
        section(hostile),
        {"type": "header", "text": plain(hostile)},
        {"type": "markdown", "text": "[label](https://evil.example/b) <!everyone>"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": rich}]},
    ]
    channel = slack.channel("general").id
    await client.chat_postMessage(channel=channel, text="fallback", blocks=blocks)
    once = [f"<@{ann}>", "<!channel>", "<!here>", "<#C0001GENERAL>"]
    assert slack.messages[-1].mentions == [*once, "<!everyone>", f"<@{ann}>", "<!here>"]
    assert slack.messages[-1].links == ["https://evil.example", "http://bare.example", "https://evil.example/b"]
    await client.chat_postMessage(channel=channel, text=as_typed(hostile.split(" http:")[0]))
    assert slack.messages[-1].mentions == []


BROKEN_VIEWS: dict[str, tuple[Json, str]] = {
    "long title": (reason_modal(title=plain("x" * 25)), "must be less than 25 characters"),
    "long submit": (reason_modal(submit=plain("x" * 25)), "must be less than 25 characters"),
    "long close": (reason_modal(close=plain("x" * 25)), "must be less than 25 characters"),
    "long metadata": (reason_modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
    "101 blocks": (reason_modal(blocks=many(101, {"type": "divider"})), "no more than 100 items allowed"),
    "markdown": (reason_modal(blocks=[{"type": "markdown", "text": "x"}]), "unsupported type: markdown"),
    "home": ({"type": "home", "blocks": []}, "must be one of ['modal']"),
    "no title": ({"type": "modal", "blocks": [section("x")]}, "missing required field: title"),
    "no submit": ({k: v for k, v in reason_modal().items() if k != "submit"}, "missing required field: submit"),
}


async def test_views_that_break_a_rule_are_refused(slack: SlackServer, client: AsyncWebClient) -> None:
    for name, (view, fault) in BROKEN_VIEWS.items():
        trigger = slack.platform.trigger(slack.user("ann"))
        answer = await refused("invalid_arguments", client.views_open(trigger_id=trigger, view=view))
        assert fault in " ".join(answer["response_metadata"]["messages"]), name
    assert slack.modals == []


async def test_a_trigger_serves_once_and_for_three_seconds(slack: SlackServer, client: AsyncWebClient) -> None:
    ann = slack.user("ann")
    trigger, late = slack.platform.trigger(ann), slack.platform.trigger(ann)
    opened = await client.views_open(trigger_id=trigger, view=reason_modal())
    await refused("exchanged_trigger_id", client.views_open(trigger_id=trigger, view=reason_modal()))
    await slack.advance(3.1)
    await refused("expired_trigger_id", client.views_open(trigger_id=late, view=reason_modal()))
    view = opened["view"]
    changed = reason_modal(blocks=[section("Changed")])
    await client.views_update(view_id=view["id"], hash=view["hash"], view=changed)
    await refused("hash_conflict", client.views_update(view_id=view["id"], hash=view["hash"], view=changed))
    modal = slack.modal("ann")
    assert modal is not None and modal.shown == "Feedback\nChanged"
    for _ in range(2):
        await client.views_push(trigger_id=slack.platform.trigger(ann, view["id"]), view=changed)
    deeper = client.views_push(trigger_id=slack.platform.trigger(ann, view["id"]), view=changed)
    await refused("push_limit_reached", deeper)


async def test_a_response_url_serves_five_times_in_thirty_minutes(slack: SlackServer) -> None:
    heard = Heard()
    async with over_socket_mode(slack, heard):
        command = slack.slash("ann", "general", "/ask", "x")
        await slack.until(lambda: slack.response_posts)
        webhook = AsyncWebhookClient(command.payload["response_url"])
        statuses = [(await webhook.send(text="again", response_type="in_channel")).status_code for _ in range(5)]
        old = AsyncWebhookClient(slack.slash("ann", "general", "/quick").payload["response_url"])
        await slack.advance(1801)
        expired = await old.send(text="late")
    assert statuses == [200, 200, 200, 200, 404] and expired.body == "expired_url"
    assert [message.shown for message in slack.messages] == ["again"] * 4


async def test_an_answer_can_replace_what_was_clicked(slack: SlackServer, client: AsyncWebClient) -> None:
    channel, ann = slack.channel("general").id, slack.user("ann").id
    blocks = [{"type": "actions", "elements": [button()]}]
    await client.chat_postEphemeral(channel=channel, user=ann, text="Share?", blocks=blocks)
    click = slack.click("ann", slack.ephemerals[0], "go")
    assert "message" not in click.payload and click.payload["container"]["is_ephemeral"]
    with pytest.raises(CannotError):
        slack.click("bob", slack.ephemerals[0], "go")
    webhook = AsyncWebhookClient(click.payload["response_url"])
    await webhook.send(text="Shared.", replace_original=True)
    assert [message.shown for message in slack.ephemerals] == ["Shared."]
    await webhook.send(delete_original=True)
    assert slack.ephemerals == []


# Tokens, scopes, limits, faults


async def test_tokens_and_scopes(slack: SlackServer, client: AsyncWebClient) -> None:
    def with_token(token: str | None) -> AsyncWebClient:
        return AsyncWebClient(token, base_url=slack.api_url)

    identity = await client.auth_test()
    assert (identity["bot_id"], identity["user_id"], identity["team_id"]) == ("B0001BOT", "U0001BOT", slack.team.id)
    assert "chat:write" in identity.headers["x-oauth-scopes"]
    await refused("not_authed", with_token(None).auth_test())
    await refused("invalid_auth", with_token("xoxb-wrong").auth_test())
    await refused("invalid_auth", client.apps_connections_open(app_token="xapp-wrong"))
    await refused("not_allowed_token_type", client.apps_connections_open(app_token=slack.bot_token))
    slack.team.scopes.discard("chat:write")
    answer = await refused("missing_scope", client.chat_postMessage(channel=slack.channel("general").id, text="x"))
    assert answer["needed"] == "chat:write"
    slack.revoke(slack.team)
    await refused("account_inactive", client.auth_test())
    assert slack.violations == []


async def test_channels_and_messages_that_are_not_there(slack: SlackServer, client: AsyncWebClient) -> None:
    channel = slack.channel("general").id
    said = slack.say("ann", "general", "Mine")
    await refused("channel_not_found", client.chat_postMessage(channel="C404", text="x"))
    await refused("not_in_channel", client.chat_postMessage(channel=slack.channel("random").id, text="x"))
    await refused("message_not_found", client.chat_update(channel=channel, ts="1.000001", text="x"))
    await refused("cant_update_message", client.chat_update(channel=channel, ts=said.ts, text="x"))
    slack.delete(said)
    await refused("thread_not_found", client.chat_postMessage(channel=channel, thread_ts=said.ts, text="x"))
    await refused("unknown_method", client.api_call("chat.sing"))


async def test_blocks_stay_when_an_update_does_not_mention_them(slack: SlackServer, client: AsyncWebClient) -> None:
    channel = slack.channel("general").id
    ts = (await client.chat_postMessage(channel=channel, text="a", blocks=[section("Old")]))["ts"]
    await client.chat_update(channel=channel, ts=ts, text="New")
    assert slack.messages[0].shown == "Old"
    await client.chat_update(channel=channel, ts=ts, text="New", blocks=[])
    assert slack.messages[0].shown == "New"
    assert [revision.text for revision in slack.messages[0].revisions] == ["a", "New", "New"]


async def test_rate_limits() -> None:
    async with SlackServer(SlackOptions(post_burst=2, tiers={"chat.update": 2})) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        channel = slack.channel("general").id
        sent = [await client.chat_postMessage(channel=channel, text="x") for _ in range(2)]
        with pytest.raises(SlackApiError) as limited:
            await client.chat_postMessage(channel=channel, text="x")
        assert limited.value.response.status_code == 429 and limited.value.response.headers["Retry-After"] == "1"
        await client.chat_postMessage(channel=slack.platform.world.dm(slack.user("ann")).id, text="elsewhere")
        await slack.advance(1)
        await client.chat_postMessage(channel=channel, text="x")
        for _ in range(2):
            await client.chat_update(channel=channel, ts=sent[0]["ts"], text="y")
        await refused("ratelimited", client.chat_update(channel=channel, ts=sent[0]["ts"], text="y"))
        await slack.advance(30)
        await client.chat_update(channel=channel, ts=sent[0]["ts"], text="y")
        assert [call.method for call in slack.rate_limited] == ["chat.postMessage", "chat.update"]
        assert slack.violations == []


async def test_faults_on_demand(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.fail("users.info", "fatal_error", times=1)
    slack.rate_limit("users.info", retry_after=7)
    slack.fail_http("users.info", 503)
    slack.drop_calls("chat.delete")
    ann = slack.user("ann").id
    await refused("fatal_error", client.users_info(user=ann))
    with pytest.raises(SlackApiError) as limited:
        await client.users_info(user=ann)
    assert limited.value.response.headers["Retry-After"] == "7"
    with pytest.raises(SlackApiError):
        await client.users_info(user=ann)
    client.retry_handlers.clear()
    with pytest.raises(ClientConnectionError):
        await client.chat_delete(channel="C1", ts="1")
    gate = slack.hold("users.info")
    waiting = asyncio.ensure_future(client.users_info(user=ann))
    await slack.until(lambda: slack.calls_to("users.info")[-1:])
    gate.release()
    assert (await waiting)["user"]["name"] == "ann"
    assert slack.violations == []


async def test_history_comes_in_pages_and_arguments_in_every_form(slack: SlackServer, client: AsyncWebClient) -> None:
    root = slack.say("ann", "general", "Root")
    for number in range(3):
        slack.say("bob", "general", f"Reply {number}", root)
    channel = root.channel.id
    first = await client.conversations_replies(channel=channel, ts=root.ts, limit=3)
    rest = await client.conversations_replies(
        channel=channel, ts=root.ts, limit=3, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [message["text"] for message in [*first["messages"], *rest["messages"]]][-1] == "Reply 2"
    assert first["has_more"] and not rest["has_more"]
    assert [message["text"] for message in (await client.conversations_history(channel=channel))["messages"]] == [
        "Root"
    ]
    form = {"channel": channel, "text": "as a form", "blocks": '[{"type": "divider"}]'}
    assert (await client.api_call("chat.postMessage", data=form))["ok"]
    assert (await client.api_call("chat.postMessage", params={"channel": channel, "text": "as a query"}))["ok"]
    opened = await client.conversations_open(users=slack.user("ann").id)
    assert (await client.conversations_info(channel=opened["channel"]["id"]))["channel"]["is_im"]
    assert (await client.team_info())["team"]["name"] == "acme" and (await client.bots_info())["bot"]["id"]
    assert (await client.api_test())["ok"]


async def test_statuses_clear_and_prompts_have_their_limits(slack: SlackServer, client: AsyncWebClient) -> None:
    asked = slack.dm("ann", "Hello")
    channel = asked.channel.id
    await client.assistant_threads_setStatus(channel_id=channel, thread_ts=asked.ts, status="is thinking")
    assert slack.status(asked) == "is thinking"
    await slack.advance(121)
    assert slack.status(asked) == ""
    await client.assistant_threads_setTitle(channel_id=channel, thread_ts=asked.ts, title="Hello")
    prompts = [{"title": "a", "message": "b"}] * 5
    five = client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts)
    await refused("invalid_arguments", five)
    await client.assistant_threads_setSuggestedPrompts(channel_id=channel, thread_ts=asked.ts, prompts=prompts[:1])
    assert slack.prompts == [] and "not shown" in slack.violations[-1]
    assert slack.titles == {(channel, asked.ts): "Hello"}


# slack_sdk signs oauth.v2.access with a class that aiohttp has deprecated.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
async def test_several_workspaces_are_kept_apart(slack: SlackServer, client: AsyncWebClient) -> None:
    other = slack.add_team("globex", installed=False)
    answer = await client.oauth_v2_access(
        client_id=slack.options.client_id, client_secret=slack.options.client_secret, code=slack.oauth_code(other)
    )
    theirs = AsyncWebClient(answer["access_token"], base_url=slack.api_url)
    assert (await theirs.auth_test())["team_id"] == other.id
    await refused("channel_not_found", theirs.chat_postMessage(channel=slack.channel("general").id, text="x"))
    await theirs.chat_postMessage(channel=slack.channel("general", other).id, text="x")
    message = slack.dm(slack.user("ann", other), "Hello")
    assert slack.deliveries_of("message")[-1].payload["team_id"] == other.id == message.channel.team.id
    slack.uninstall(other)
    await refused("account_inactive", theirs.auth_test())
    assert [delivery.name for delivery in slack.deliveries][-2:] == ["app_uninstalled", "tokens_revoked"]


async def test_the_app_hears_only_what_it_may(slack: SlackServer) -> None:
    slack.mention("ann", "random", "The bot is not here")
    slack.team.scopes.discard("im:history")
    slack.dm("ann", "It may not read this")
    assert slack.deliveries == []


async def test_a_failure_of_the_server_is_seen(
    slack: SlackServer, client: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack.platform.world, "users", None)
    await refused("internal_error", client.users_info(user="U1"))
    assert len(slack.violations) == 1 and "the server failed in /api/users.info" in slack.violations[0]


async def test_waiting_in_vain_tells_what_there_is(slack: SlackServer) -> None:
    slack.say("ann", "general", "Hello")
    with pytest.raises(AssertionError, match=r"did not come true.*Hello"):
        await slack.until(lambda: False, 0.01)
