"""chat.startStream, chat.appendStream, chat.stopStream: a streaming message's states and its five minutes.

The documentation does not say it all; developers who tried found that a stream takes only what opened it (text or
chunks), and that it lives about five minutes from its start, however often it is appended to.
"""

from typing import Any

from tests.platforms.slack_agents import check_session_status, clear_status
from tests.platforms.slack_chat import checked_blocks, new_message, own_message, thread_of
from tests.platforms.slack_faults import SlackError
from tests.platforms.slack_rules import MARKDOWN_TEXT, chunk_faults
from tests.platforms.slack_text import Json
from tests.platforms.slack_web_api import Call, Method
from tests.platforms.slack_world import Channel, Message, Stream


def start(call: Call) -> Json:
    """chat.startStream: a reply to a user, who in channels (and, it is said, in DMs) has to be named."""
    channel = call.channel()
    call.need("thread_ts")
    thread_ts = thread_of(call, channel)
    _check_recipient(call, channel)
    chunks = _chunks(call)
    message = new_message(call, channel, "", [], thread_ts)
    message.stream = Stream(call.platform.clock.now(), call.args.get("recipient_user_id"))
    _grow(call, message, message.stream, chunks)
    call.platform.add_message(message)
    call.platform.clock.after(call.platform.options.stream_lifetime, lambda: _expire(call, message))
    clear_status(call.platform, channel, thread_ts)
    return {"channel": channel.id, "ts": message.ts}


def append(call: Call) -> Json:
    """chat.appendStream."""
    channel, message, stream = _streaming(call)
    chunks = _chunks(call)
    if not chunks:
        raise SlackError("no_text", "nothing to append")
    if stream.state == "stopped_by_user":
        raise SlackError("stopped_by_user")
    _grow(call, message, stream, chunks)
    call.platform.change_message(message, message.text, message.blocks, quiet=True)
    return {"channel": channel.id, "ts": message.ts}


def stop(call: Call) -> Json:
    """chat.stopStream; after the user's stop it ends the message, but takes no more text."""
    channel, message, stream = _streaming(call)
    chunks = _chunks(call)
    if stream.state == "stopped_by_user" and chunks:
        raise SlackError("stopped_by_user")
    blocks = checked_blocks(call.platform, call.args.get("blocks"))
    if call.args.get("session_status") is not None:
        status = check_session_status(call.args["session_status"])
        call.platform.set_session(channel, message.root_ts, status)
    _grow(call, message, stream, chunks)
    stream.state = "stopped"
    message.metadata = call.args.get("metadata") or message.metadata
    call.platform.change_message(message, message.text, message.blocks + blocks)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json()}


def _check_recipient(call: Call, channel: Channel) -> None:
    if channel.kind == "im" and not call.platform.options.recipients_in_dms:
        return
    for name in ("recipient_user_id", "recipient_team_id"):
        if not call.args.get(name):
            raise SlackError(f"missing_{name}", f"a stream in {channel.name} needs {name}")
    user = call.platform.world.users.get(str(call.args["recipient_user_id"]))
    if user is None or user.team.id != call.args["recipient_team_id"]:
        raise SlackError("user_not_found", "the recipient is no user of that team")


def _chunks(call: Call) -> list[tuple[str, Json]]:
    text, chunks = call.args.get("markdown_text"), call.args.get("chunks") or []
    if text and chunks:
        raise SlackError("markdown_text_conflict", "markdown_text and chunks together")
    if text is not None and not isinstance(text, str):
        raise SlackError("invalid_arguments", "markdown_text must be a string")
    if faults := chunk_faults(chunks):
        raise SlackError("invalid_chunks", messages=faults)
    found = [("text", {"type": "markdown_text", "text": text})] if text else [("chunks", chunk) for chunk in chunks]
    longest = max((len(str(chunk.get("text", ""))) for _, chunk in found), default=0)
    if longest > MARKDOWN_TEXT:
        raise SlackError("msg_too_long", f"{longest} characters in one piece of a stream")
    return found


def _streaming(call: Call) -> tuple[Channel, Message, Stream]:
    channel = call.channel()
    message = own_message(call, channel, "message_not_owned_by_app")
    if message.stream is None or message.stream.state == "stopped":
        raise SlackError("message_not_in_streaming_state", "the app had not started this stream, or had stopped it")
    if message.stream.state == "expired":
        raise SlackError("message_not_in_streaming_state")
    return channel, message, message.stream


def _grow(call: Call, message: Message, stream: Stream, chunks: list[tuple[str, Json]]) -> None:
    for mode, chunk in chunks:
        if stream.mode and stream.mode != mode:
            raise SlackError("streaming_mode_mismatch", f"the stream was opened with {stream.mode}, not with {mode}")
        stream.mode = mode
        stream.chunks.append((call.platform.clock.now(), chunk))
        if chunk["type"] == "markdown_text":
            stream.text += chunk["text"]
        elif chunk["type"] == "blocks":
            message.blocks = message.blocks + checked_blocks(call.platform, _all_blocks(message, chunk["blocks"]))
    message.text = stream.text


def _all_blocks(message: Message, blocks: Any) -> Any:
    if len(message.blocks) + len(blocks) > 50:
        raise SlackError("invalid_blocks", "more than 50 blocks in a stream's chunks")
    return blocks


def _expire(call: Call, message: Message) -> None:
    if message.stream and message.stream.state == "streaming":
        message.stream.state = "expired"
        call.platform.changes.notify()


METHODS = {
    "chat.startStream": Method(start, ("chat:write",), 2),
    "chat.appendStream": Method(append, ("chat:write",), 4),
    "chat.stopStream": Method(stop, ("chat:write",), 2),
}
