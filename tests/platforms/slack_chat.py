"""chat.postMessage, chat.postEphemeral, chat.update, chat.delete: who may write what, where, and how much of it."""

import copy
from typing import Any

from tests.platforms.slack_agents import clear_status
from tests.platforms.slack_faults import SlackError
from tests.platforms.slack_platform import Platform
from tests.platforms.slack_rules import (
    MARKDOWN_TEXT,
    MESSAGE_TEXT,
    POST_TEXT,
    UPDATE_TEXT,
    block_faults,
    markdown_length,
    text_length,
)
from tests.platforms.slack_text import Json
from tests.platforms.slack_web_api import Call, Method
from tests.platforms.slack_world import Channel, Message, Team


def checked_blocks(platform: Platform, blocks: Any) -> list[Json]:
    """The blocks of a message with the ids that Slack gives to those without; refuses them if a rule is broken."""
    if not blocks:
        return []
    if faults := block_faults(blocks):
        raise SlackError("invalid_blocks", messages=faults)
    if markdown_length(blocks) > MARKDOWN_TEXT:
        raise SlackError("msg_blocks_too_long", f"{markdown_length(blocks)} characters in markdown blocks")
    if text_length(blocks) > MESSAGE_TEXT:
        raise SlackError("msg_blocks_too_long", f"{text_length(blocks)} characters in blocks")
    return with_ids(platform, blocks)


def with_ids(platform: Platform, blocks: list[Json]) -> list[Json]:
    """A copy of the blocks, with block_ids and action_ids made up where there are none."""
    found = copy.deepcopy(blocks)
    for block in found:
        block.setdefault("block_id", f"b{platform.world.number()}")
        for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and element.get("type") in _INTERACTIVE:
                element.setdefault("action_id", f"a{platform.world.number()}")
    return found


_INTERACTIVE = {
    "button",
    "feedback_buttons",
    "icon_button",
    "static_select",
    "radio_buttons",
    "checkboxes",
    "overflow",
    "plain_text_input",
}


def content(call: Call, limit: int) -> tuple[str, list[Json]]:
    """A message's text and blocks; markdown_text stands in for both."""
    text, markdown = call.args.get("text") or "", call.args.get("markdown_text") or ""
    if markdown and (text or call.args.get("blocks")):
        raise SlackError("markdown_text_conflict", "markdown_text goes with neither text nor blocks")
    if not isinstance(text, str) or not isinstance(markdown, str):
        raise SlackError("invalid_arguments", "text must be a string")
    if len(text) > limit or len(markdown) > MARKDOWN_TEXT:
        raise SlackError("msg_too_long", f"{len(text) or len(markdown)} characters of text")
    blocks = checked_blocks(call.platform, call.args.get("blocks"))
    if markdown:
        text, blocks = markdown, with_ids(call.platform, [{"type": "markdown", "text": markdown}])
    if not text.strip() and not blocks:
        raise SlackError("no_text", "neither text nor blocks")
    return text, blocks


def thread_of(call: Call, channel: Channel) -> str | None:
    """The thread that a message goes to; a root that is gone still serves while there are replies."""
    thread_ts = call.args.get("thread_ts")
    if thread_ts in (None, ""):
        return None
    known = [message for message in call.platform.world.messages if message.channel is channel]
    if not any(message.ts == thread_ts for message in known):
        raise SlackError("thread_not_found", f"there was never a message {thread_ts} in {channel.name}")
    root = call.platform.world.message(channel, thread_ts)
    if root and root.thread_ts not in (None, root.ts):
        raise SlackError("thread_not_found", f"{thread_ts} is a reply: use its thread_ts")
    if not root and not call.platform.world.thread(channel, str(thread_ts)):
        raise SlackError("thread_not_found")
    return str(thread_ts)


def own_message(call: Call, channel: Channel, error: str) -> Message:
    """The app's message that an argument names."""
    call.need("ts")
    message = call.platform.world.message(channel, call.args["ts"])
    if message is None:
        raise SlackError("message_not_found")
    if not message.by_app:
        raise SlackError(error, "the message is not the app's own")
    return message


def new_message(call: Call, channel: Channel, text: str, blocks: list[Json], thread_ts: str | None) -> Message:
    """A message of the app, not yet where others see it."""
    platform = call.platform
    return Message(
        platform.ts(),
        channel,
        channel.team.bot_user_id,
        text,
        blocks,
        thread_ts,
        platform.clock.now(),
        by_app=True,
        metadata=call.args.get("metadata"),
    )


def post_message(call: Call) -> Json:
    """chat.postMessage; a user's id opens their DM."""
    channel = _channel_or_dm(call)
    text, blocks = content(call, POST_TEXT)
    thread_ts = thread_of(call, channel)
    call.platform.limits.post(channel.id)
    message = call.platform.add_message(new_message(call, channel, text, blocks, thread_ts))
    clear_status(call.platform, channel, thread_ts)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json()}


def _channel_or_dm(call: Call) -> Channel:
    call.need("channel")
    user = call.platform.world.users.get(str(call.args["channel"]))
    return call.platform.world.dm(user) if user and user.team is call.team else call.channel()


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral."""
    channel = call.channel()
    call.need("user")
    reader = call.platform.world.users.get(str(call.args["user"]))
    if reader is None or reader.team is not channel.team:
        raise SlackError("user_not_in_channel", f"{call.args['user']} is not in {channel.name}")
    text, blocks = content(call, POST_TEXT)
    message = new_message(call, channel, text, blocks, thread_of(call, channel))
    message.ephemeral_to = reader.id
    call.platform.add_message(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """chat.update; blocks that are not mentioned stay, as the documentation warns."""
    channel = call.channel()
    message = own_message(call, channel, "cant_update_message")
    if message.is_streaming:
        raise SlackError("streaming_state_conflict", "the message is still streaming: stop the stream first")
    text, blocks = content(call, UPDATE_TEXT)
    if "blocks" not in call.args and "markdown_text" not in call.args:
        blocks = message.blocks
    if message.stream:
        message.stream.text = ""
    call.platform.change_message(message, text or message.text, blocks)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.as_json()}


def delete(call: Call) -> Json:
    """chat.delete."""
    channel = call.channel()
    message = own_message(call, channel, "cant_delete_message")
    if message.is_streaming:
        raise SlackError("cant_delete_message", "the message is still streaming: stop the stream first")
    call.platform.delete_message(message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel = call.channel()
    call.need("message_ts")
    message = call.platform.world.message(channel, call.args["message_ts"])
    if message is None:
        raise SlackError("message_not_found")
    return {"channel": channel.id, "permalink": permalink(channel.team, message)}


def permalink(team: Team, message: Message) -> str:
    """A message's address."""
    return f"https://{team.name}.slack.com/archives/{message.channel.id}/p{message.ts.replace('.', '')}"


METHODS = {
    "chat.postMessage": Method(post_message, ("chat:write",), None),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",), 4),
    "chat.update": Method(update, ("chat:write",), 3),
    "chat.delete": Method(delete, ("chat:write",), 3),
    "chat.getPermalink": Method(get_permalink, (), None),
}
