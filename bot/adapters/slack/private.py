"""An answer for its asker only: through the command's response_url, else as an ephemeral message, else directly."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from bot.adapters.slack.blocks import Content
from bot.adapters.slack.contents import Final, contents, notice
from bot.adapters.slack.faults import TROUBLE, code
from bot.adapters.slack.office import Office
from bot.adapters.slack.places import Json, Thread, Workspace
from bot.adapters.slack.sharing import share_button
from bot.messages import Answer, Draft, Status
from bot.replies import status_text
from bot.serving.tickets import Request, Ticket

_log = logging.getLogger(__name__)

_MOST_USES = 5
_LIFE = 29 * 60.0
"""Seconds in which a response_url is used; it lives 30 minutes."""
LATE = (
    "Your question still waits, and Slack closes a command after 30 minutes. The answer will be shown to you here if "
    "Herald is in this channel, else in a direct message."
)


class Whisper:
    """Says things to one user, where they asked."""

    def __init__(self, office: Office, workspace: Workspace, thread: Thread, response_url: str = "") -> None:
        """A thread without a time stamp is the channel itself. In a thread, the response_url is the second choice."""
        self._web = office.web
        self._client = office.client(workspace)
        self._thread = thread
        self._url = response_url
        self._uses = 0
        self._since = time.monotonic()
        first = [self._by_ephemeral, self._by_url] if thread.ts else [self._by_url, self._by_ephemeral]
        self._ways: list[Callable[[Content], Awaitable[bool]]] = [*first, self._directly]

    async def say(self, content: Content) -> None:
        """Say it in the first way that Slack takes."""
        for way in self._ways:
            try:
                if await way(content):
                    return
            except TROUBLE as error:
                _log.info("A private message goes another way: %s", code(error) or type(error).__name__)
        _log.warning("A private message could not be shown.")

    async def _by_url(self, content: Content) -> bool:
        if not self._url or self._uses >= _MOST_USES or time.monotonic() - self._since > _LIFE:
            return False
        self._uses += 1
        body: Json = {"text": content.text, "blocks": list(content.blocks), "response_type": "ephemeral"}
        sent = await self._web.webhook(self._url).send_dict(body | {"replace_original": False})
        return sent.status_code == 200

    async def _by_ephemeral(self, content: Content) -> bool:
        if not self._thread.channel:
            return False
        await self._client.chat_postEphemeral(
            channel=self._thread.channel,
            user=self._thread.user,
            thread_ts=self._thread.ts or None,
            text=content.text,
            blocks=list(content.blocks),
        )
        return True

    async def _directly(self, content: Content) -> bool:
        await self._client.chat_postMessage(
            channel=self._thread.user, text=content.text, blocks=list(content.blocks), unfurl_links=False
        )
        return True


async def answer_privately(office: Office, whisper: Whisper, thread: Thread, request: Request) -> None:
    """Serve a request for its asker only."""
    async with office.desk.take(request) as ticket:
        if ticket is not None:
            await PrivateDelivery(office, whisper, thread, ticket).run()


class PrivateDelivery:
    """Shows what a ticket yields to its asker only."""

    def __init__(self, office: Office, whisper: Whisper, thread: Thread, ticket: Ticket) -> None:
        self._desk = office.desk
        self._late_after = office.pace.response
        self._whisper = whisper
        self._thread = thread
        self._ticket = ticket

    async def run(self) -> None:
        """Show the first status and the end: each line stays, and a response_url can be used five times."""
        await self._desk.placed(self._ticket, self._thread.address())
        late = asyncio.create_task(self._say_when_late())
        told = False
        try:
            async for event in self._ticket.events():
                if isinstance(event, Status):
                    if not told:
                        told = True
                        await self._whisper.say(notice(status_text(event)))
                elif not isinstance(event, Draft):
                    await self._end(event)
        finally:
            late.cancel()

    async def _end(self, last: Final) -> None:
        key = self._ticket.key if isinstance(last, Answer) and self._desk.journal is not None else ""
        for page in contents(last, key, share_button(last, self._ticket.request.call)):
            await self._whisper.say(page)

    async def _say_when_late(self) -> None:
        await asyncio.sleep(self._late_after)
        await self._whisper.say(notice(LATE))
