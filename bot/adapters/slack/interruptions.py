"""What an earlier process left unfinished when it crashed, marked where it was being shown."""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.blocks import Content
from bot.adapters.slack.contents import notice
from bot.adapters.slack.office import Office
from bot.adapters.slack.places import Left, Workspace
from bot.adapters.slack.private import Whisper
from bot.serving.desk import INTERRUPTED


async def mark_interrupted(office: Office, workspace: Workspace, left: Left) -> None:
    """Say where an answer was being written that a restart interrupted it; a stream keeps what it shows."""
    client, said, thread = office.client(workspace), notice(INTERRUPTED), left.thread
    if not thread.ts:
        await Whisper(office, workspace, thread).say(said)
    elif not left.message:
        blocks = list(said.blocks)
        await client.chat_postMessage(channel=thread.channel, thread_ts=thread.ts, text=said.text, blocks=blocks)
    elif not (left.streaming and await _stream_closed(client, left, said)):
        await client.chat_update(channel=thread.channel, ts=left.message, text=said.text, blocks=list(said.blocks))


async def _stream_closed(client: AsyncWebClient, left: Left, said: Content) -> bool:
    try:
        await client.chat_stopStream(channel=left.thread.channel, ts=left.message, blocks=list(said.blocks))
    except SlackApiError:  # it has ended by itself
        return False
    return True
