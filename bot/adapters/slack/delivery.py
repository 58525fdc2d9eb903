"""An answer in a thread: the status, the sentences as they are verified, and the end, by whichever way Slack allows."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from slack_sdk.errors import SlackApiError

from bot.adapters.slack.blocks import STOP, Block, Content, button, buttons
from bot.adapters.slack.contents import Final, closing, contents, draft_content, notice
from bot.adapters.slack.faults import GONE, NOT_ALLOWED, STOPPED_BY_USER, TOO_MUCH, TROUBLE, code, platform_error
from bot.adapters.slack.office import Office, Writing
from bot.adapters.slack.places import Thread, Workspace
from bot.adapters.slack.private import Whisper
from bot.adapters.slack.status import ThreadStatus
from bot.adapters.slack.stream import Stream
from bot.messages import Answer, Draft, Sentence, Status
from bot.replies import Cut, status_text
from bot.serving.desk import DROPPED
from bot.serving.pacing import Latest
from bot.serving.tickets import Request

_log = logging.getLogger(__name__)

NOT_SHOWN = "The answer could not be shown on Slack. Please ask again."
_NEAR = 3
"""Places in the queue that are shown one by one."""


async def answer_in_thread(
    office: Office, workspace: Workspace, thread: Thread, request: Request, question: str
) -> None:
    """Serve a request in a thread; `question` is the time stamp of the message that asks."""
    async with office.desk.take(request) as ticket:
        if ticket is not None:
            with office.writing(thread, ticket, question) as writing:
                await Delivery(office, workspace, writing).run()


class Delivery:
    """Shows what a ticket yields in a thread."""

    def __init__(self, office: Office, workspace: Workspace, writing: Writing) -> None:
        self._office = office
        self._workspace = workspace
        self._desk = office.desk
        self._pace = office.pace
        self._client = office.client(workspace)
        self._writing = writing
        self._thread = writing.thread
        self._ticket = writing.ticket
        self._status = ThreadStatus(self._client, self._thread, writing.ticket.request.call.argument)
        self._stream: Stream | None = Stream(self._client, self._thread, office.posting(self._thread.channel))
        self._stop: list[Block] = buttons([button("Stop", STOP, self._ticket.key)])
        self._message = ""
        self._address = ""
        self._now: Status | Draft | None = None
        self._halted = False

    async def run(self) -> None:
        """Show everything until the end; quietly end where the thread was deleted."""
        await self._desk.placed(self._ticket, self._thread.address())
        try:
            last = await self._progress()
            if last is not None:
                await self._end(last)
        except asyncio.CancelledError:
            if self._writing.taken_back:
                await self._withdraw()
            raise
        except Exception as error:
            if code(error) in GONE:
                return
            _log.warning("An answer could not be shown: %s", code(error) or type(error).__name__)
            whisper = Whisper(self._office, self._workspace, self._thread)
            await whisper.say(notice(NOT_SHOWN))
            if not isinstance(error, TROUBLE):
                raise

    async def _progress(self) -> Final | None:
        latest: Latest[Status | Draft] = Latest(self._show, self._pace.edit)
        again = asyncio.create_task(self._again(latest))
        last: Final | None = None
        try:
            async for event in self._ticket.events():
                if not isinstance(event, Status | Draft):
                    last = event
                elif _is_news(event, self._now):
                    self._now = event
                    latest.put(event)
        finally:
            again.cancel()
            await latest.aclose()
        return last

    async def _again(self, latest: Latest[Status | Draft]) -> None:
        """Set the status again before Slack clears it."""
        while True:
            await asyncio.sleep(self._pace.status)
            if isinstance(self._now, Status):
                latest.put(self._now)

    async def _show(self, event: Status | Draft) -> None:
        """Show what is going on. What fails is made up for by the next, and by the end."""
        try:
            if isinstance(event, Draft):
                await self._grow(event)
            elif self._message or not await self._status.show(status_text(event)):
                await self._edit(notice(status_text(event), self._stop))
            await self._status.begin()
        except TROUBLE as error:
            if code(error) in GONE:
                self._ticket.stop(DROPPED)
            else:
                _log.warning("A status could not be shown: %s", code(error) or type(error).__name__)

    async def _grow(self, draft: Draft) -> None:
        if self._halted:
            return
        if self._stream is not None and not self._message and self._stream.takes(draft.sentences):
            try:
                await self._stream.show(draft.sentences)
                await self._placed(self._stream.ts, streaming=True)
                return
            except SlackApiError as error:
                if code(error) in GONE:
                    raise
                await self._give_up_stream(error)
        if not self._halted and (self._stream is None or not self._stream.ts):
            await self._edit(draft_content(draft, self._stop))

    async def _give_up_stream(self, error: SlackApiError) -> None:
        """Go on with edits: of the message that the stream was, if there is one."""
        assert self._stream is not None
        self._halted = code(error) == STOPPED_BY_USER
        if self._halted:
            return
        if self._stream.ts:
            with contextlib.suppress(*TROUBLE):  # it may have ended by itself
                await self._stream.close()
        self._message, self._stream = self._stream.ts, None

    async def _edit(self, content: Content) -> None:
        """Put content into the answer's message, which is posted the first time."""
        if self._message:
            await self._client.chat_update(
                channel=self._thread.channel, ts=self._message, text=content.text, blocks=list(content.blocks)
            )
        else:
            self._message = await self._post(content)
        await self._placed(self._message)

    async def _post(self, content: Content) -> str:
        async with self._office.posting(self._thread.channel):
            posted = await self._client.chat_postMessage(
                channel=self._thread.channel,
                thread_ts=self._thread.ts,
                text=content.text,
                blocks=list(content.blocks),
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(posted["ts"])

    async def _placed(self, message: str, *, streaming: bool = False) -> None:
        """Have it known which message shows the answer."""
        self._writing.hangs_on.add(message)
        address = self._thread.address(message, streaming=streaming)
        if address != self._address:
            self._address = address
            await self._desk.placed(self._ticket, address)

    async def _end(self, last: Final) -> None:
        closed = await self._end_stream(last)
        if not closed:
            key = self._ticket.key if isinstance(last, Answer) and self._desk.journal is not None else ""
            await self._finish(contents(last, key))
        await self._status.end(closed=closed)
        if isinstance(last, Answer):
            self._desk.also_known_as(self._thread.conversation, self._ticket)

    async def _end_stream(self, last: Final) -> bool:
        """End the stream with what stands under its sentences; False if the whole answer is to be shown instead."""
        stream = self._stream
        if stream is None or not stream.ts:
            return False
        try:
            sentences = _sentences(last)
            if not stream.takes(sentences) or (self._halted and len(sentences) > len(stream.shown)):
                await stream.close()
            else:
                assert isinstance(last, Answer | Cut)
                key = self._ticket.key if self._desk.journal is not None else ""
                first, *others = closing(last, sentences, key) or [Content("", ())]
                await stream.close(sentences, first.blocks)
                for page in others:
                    await self._post(page)
                return True
        except TROUBLE as error:
            _log.info("A stream could not be ended: %s", code(error) or type(error).__name__)
        self._message, self._stream = stream.ts, None
        return False

    async def _finish(self, pages: Sequence[Content]) -> None:
        """Show the whole end, in place of what was shown before."""
        first, *others = pages
        try:
            await self._insist(self._replace, first)
            for page in others:
                await self._insist(self._post, page)
        except SlackApiError as error:
            if code(error) in TOO_MUCH:
                _log.error("Slack refused an answer's blocks: %s", code(error))
                await self._replace(notice(NOT_SHOWN))
            elif code(error) in NOT_ALLOWED:
                await self._tell_directly(error, pages)
            else:
                raise

    async def _insist(self, show: Callable[[Content], Awaitable[object]], content: Content) -> None:
        """Show something, and again, ever later, while it fails for no reason that lasts: the end must not be lost."""
        for pause in self._pace.again:
            try:
                await show(content)
                return
            except TROUBLE as error:
                if code(error) in GONE | TOO_MUCH | NOT_ALLOWED:
                    raise
            await asyncio.sleep(pause)
        await show(content)

    async def _replace(self, content: Content) -> None:
        """Put content into the answer's message, or into a new one where that is no longer possible."""
        try:
            await self._edit(content)
        except SlackApiError as error:
            if not self._message or code(error) in GONE | TOO_MUCH | NOT_ALLOWED:
                raise
            self._message = ""
            await self._post(content)

    async def _tell_directly(self, error: SlackApiError, pages: Sequence[Content]) -> None:
        """Answer in a direct message where the bot may not write in the channel."""
        reason = str(platform_error(error, "messages in that channel"))
        _log.warning("An answer goes to a direct message: %s", code(error))
        for page in [notice(f"This could not be answered where you asked. {reason}"), *pages]:
            await self._client.chat_postMessage(
                channel=self._thread.user, text=page.text, blocks=list(page.blocks), unfurl_links=False
            )

    async def _withdraw(self) -> None:
        """Take away what was shown of an answer whose question was deleted."""
        with contextlib.suppress(*TROUBLE):
            if self._stream is not None and self._stream.ts:
                self._message = self._stream.ts
                await self._stream.close()
        with contextlib.suppress(*TROUBLE):
            if self._message:
                await self._client.chat_delete(channel=self._thread.channel, ts=self._message)
        await self._status.clear()


def _is_news(event: Status | Draft, shown: Status | Draft | None) -> bool:
    """Whether an event is to be shown: of a long queue, whose every move all who wait are told, only some places."""
    if not isinstance(event, Status) or not isinstance(shown, Status) or event.stage != "queued":
        return True
    moved = shown.queue_position - event.queue_position
    return event.queue_position <= _NEAR or moved < 0 or moved >= shown.queue_position / 4


def _sentences(last: Final) -> tuple[Sentence, ...]:
    """The sentences of an answer, or of what there is of one."""
    if isinstance(last, Answer):
        return last.sentences
    return last.draft.sentences if isinstance(last, Cut) and last.draft is not None else ()
