"""A message that grows by verified sentences, natively: chat.startStream, appendStream, stopStream."""

import asyncio
from collections.abc import Sequence

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.rendering import render_sentences
from bot.adapters.slack.blocks import Block
from bot.adapters.slack.places import Thread
from bot.adapters.slack.text import markdown
from bot.messages import Sentence

_MOST_TEXT = 10_000
"""Characters in a stream: a message of more than some 13,000 is refused."""
_UNSURE = (aiohttp.ClientError, TimeoutError, OSError)
_ACTIVE = "active"


class Stream:
    """A streaming message in a thread. Its methods raise what Slack's client raises.

    A stream takes only text or only chunks; this one takes chunks. It dies about five minutes after its start.
    """

    def __init__(self, client: AsyncWebClient, thread: Thread, posting: asyncio.Lock) -> None:
        """`posting` is held while the message appears."""
        self.ts = ""
        self.shown: tuple[Sentence, ...] = ()
        self.ended = False
        self.unsure = False
        """Whether more may be shown than is known: a call broke off."""
        self._client = client
        self._thread = thread
        self._posting = posting
        self._length = 0

    def takes(self, sentences: Sequence[Sentence]) -> bool:
        """Whether these sentences can be shown by adding to those that are."""
        goes_on = tuple(sentences[: len(self.shown)]) == self.shown
        return not (self.ended or self.unsure) and goes_on and self._length + len(self._rest(sentences)) <= _MOST_TEXT

    async def show(self, sentences: Sequence[Sentence]) -> None:
        """Add the sentences that are not shown yet; the first ones start the stream."""
        if not (chunks := _chunks(text := self._rest(sentences))):
            return
        try:
            if self.ts:
                await self._client.chat_appendStream(channel=self._thread.channel, ts=self.ts, chunks=chunks)
            else:
                self.ts = await self._start(chunks)
        except _UNSURE:
            self.unsure = True
            raise
        self.shown = tuple(sentences)
        self._length += len(text)

    async def close(self, sentences: Sequence[Sentence] = (), blocks: Sequence[Block] = ()) -> None:
        """End the message with the rest of the sentences and blocks under them."""
        chunks = _chunks(self._rest(sentences)) if sentences else None
        self.ended = True
        await self._client.chat_stopStream(
            channel=self._thread.channel,
            ts=self.ts,
            chunks=chunks or None,
            blocks=list(blocks) or None,
            session_status=_ACTIVE,
        )

    async def _start(self, chunks: list[Block]) -> str:
        async with self._posting:
            started = await self._client.chat_startStream(
                channel=self._thread.channel,
                thread_ts=self._thread.ts,
                recipient_team_id=self._thread.user_team or self._thread.team,
                recipient_user_id=self._thread.user,
                chunks=chunks,
            )
        return str(started["ts"])

    def _rest(self, sentences: Sequence[Sentence]) -> str:
        lines = render_sentences(sentences[len(self.shown) :], self.shown)
        text = "\n".join(markdown(line.text) for line in lines)
        return f"\n{text}" if text and self.shown else text


def _chunks(text: str) -> list[Block]:
    return [{"type": "markdown_text", "text": text}] if text else []
