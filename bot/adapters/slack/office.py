"""What all of Slack's listeners share: the desk, the clients, the pace, and the work that is going on."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.contents import Final
from bot.adapters.slack.places import Thread, Workspace
from bot.adapters.slack.web import Web
from bot.commands import Call
from bot.faults import message_for, record
from bot.messages import Draft, Status
from bot.serving.channels import ChannelPolicy
from bot.serving.desk import DROPPED, Desk
from bot.serving.tickets import Request, Ticket

_log = logging.getLogger(__name__)

_LEAVING = 2.0
"""Seconds for what is going on to end by itself when the bot leaves."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between what is shown."""

    edit: float = 1.2
    """Between two edits of a message: chat.update allows 50 a minute."""
    status: float = 90.0
    """After which a status is set again: Slack clears it after two minutes."""
    response: float = 25 * 60.0
    """After which a command's answer goes another way than its response_url, which ends after 30 minutes."""
    ping: float = 5.0
    """Between two pings of Socket Mode, after which a lost connection is noticed."""
    lost: float = 60.0
    """Without a connection, after which the operator is told."""
    again: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    """Before each further attempt to show the end of an answer."""


@dataclass(eq=False)
class Writing:
    """An answer that is being written in a thread; it hangs on the messages of these time stamps."""

    thread: Thread
    ticket: Ticket
    task: "asyncio.Task[Any]"
    hangs_on: set[str] = field(default_factory=set)
    taken_back: bool = False


class Office:
    """Runs the work of listeners in tasks of its own, since Slack's own are not waited for when the bot leaves."""

    def __init__(self, desk: Desk, web: Web, policy: ChannelPolicy, pace: Pace, data_dir: Path) -> None:
        self.desk = desk
        self.web = web
        self.policy = policy
        self.pace = pace
        self._data_dir = data_dir
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing: list[Writing] = []
        self._posting: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def client(self, workspace: Workspace) -> AsyncWebClient:
        """The client for a workspace."""
        return self.web.client(workspace.token)

    async def tell(self, error: Exception) -> str:
        """An error as a line that is safe to show; what is unexpected goes to the log."""
        return await asyncio.to_thread(message_for, error, self._data_dir)

    def posting(self, channel: str) -> asyncio.Lock:
        """To be held while a message is posted: Slack takes about one a second in a channel, so they queue here."""
        return self._posting.setdefault(channel, asyncio.Lock())

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work in the background; a fault in it is logged, without the words of those who wrote."""
        task = asyncio.create_task(self._carry_out(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @contextmanager
    def writing(self, thread: Thread, ticket: Ticket, question: str) -> Iterator[Writing]:
        """Have it known that the running task writes an answer."""
        task = asyncio.current_task()
        assert task is not None
        writing = Writing(thread, ticket, task, {question, thread.ts})
        self._writing.append(writing)
        try:
            yield writing
        finally:
            self._writing.remove(writing)

    def written_in(self, channel: str, thread_ts: str) -> list[Writing]:
        """The answers that are being written in a thread."""
        return [it for it in self._writing if (it.thread.channel, it.thread.ts) == (channel, thread_ts)]

    def take_back(self, channel: str, ts: str) -> None:
        """End what hangs on a message that was deleted."""
        for writing in self._writing:
            if writing.thread.channel == channel and ts in writing.hangs_on and not writing.taken_back:
                writing.taken_back = True
                writing.ticket.stop(DROPPED)
                writing.task.cancel()

    async def reply_to(self, call: Call, event: str, asker: str) -> Final | None:
        """What a command without a model says; None for an event that was served before."""
        last: Final | None = None
        async with self.desk.take(Request("slack", event, call, asker, f"slack:{event}")) as ticket:
            if ticket is not None:
                async for said in ticket.events():
                    last = last if isinstance(said, Status | Draft) else said
        return last

    async def aclose(self) -> None:
        """Let what is going on end, or end it."""
        tasks = list(self._tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=_LEAVING)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry_out(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            _log.error("Something in Slack could not be done: %s", type(error).__name__)
            await asyncio.to_thread(record, error, self._data_dir)
