"""What the bot is doing, while a thread waits: Slack's own status and stop button, or a message that says so."""

import contextlib

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.rendering import cut
from bot.adapters.slack.faults import TROUBLE
from bot.adapters.slack.places import Thread

_LONGEST_TITLE = 100


class ThreadStatus:
    """The status of a thread, as Slack shows it by itself."""

    def __init__(self, client: AsyncWebClient, thread: Thread, question: str) -> None:
        self._client = client
        self._thread = thread
        self._title = cut(question, _LONGEST_TITLE)
        self._processing = False
        self._refused = False

    async def show(self, text: str) -> bool:
        """Show a status; False where Slack does not, so that a message has to."""
        if self._refused:
            return False
        try:
            await self._client.assistant_threads_setStatus(
                channel_id=self._thread.channel, thread_ts=self._thread.ts, status=text
            )
        except SlackApiError:
            self._refused = True
            return False
        return True

    async def begin(self) -> None:
        """Show the stop button, where the app is an agent."""
        if not self._processing:
            self._processing = True
            with contextlib.suppress(*TROUBLE):
                await self._session("processing")

    async def clear(self, *, closed: bool = False) -> None:
        """Take the status away, and the stop button if it is not `closed` already."""
        with contextlib.suppress(*TROUBLE):
            if not self._refused:
                await self._client.assistant_threads_setStatus(
                    channel_id=self._thread.channel, thread_ts=self._thread.ts, status=""
                )
        await self.end(closed=closed)

    async def end(self, *, closed: bool = False) -> None:
        """Take the stop button away, if it is not `closed` already."""
        if self._processing and not closed:
            with contextlib.suppress(*TROUBLE):
                await self._session("active")
        self._processing = False

    async def _session(self, status: str) -> None:
        await self._client.agents_sessions_setStatus(
            channel_id=self._thread.channel,
            thread_ts=self._thread.ts,
            status=status,
            title=self._title,
            initiator_user_id=self._thread.user,
        )
