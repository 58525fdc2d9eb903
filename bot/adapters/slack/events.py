"""What people say to the bot in Slack: mentions, direct messages, follow-ups, and what they take back."""

import contextlib
from functools import partial

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.adapters.slack.delivery import answer_in_thread
from bot.adapters.slack.faults import TROUBLE
from bot.adapters.slack.office import Office
from bot.adapters.slack.places import Json, Said, Thread, Workspace, asker, heard, workspace_of
from bot.adapters.slack.private import Whisper, answer_privately
from bot.adapters.slack.text import mentions, plain_text
from bot.adapters.slack.threads import Threads
from bot.commands import COMMANDS, Call, called, refusal
from bot.errors import UsageError
from bot.serving.lines import NOT_HERE
from bot.serving.tickets import Request


class Events:
    """Answers what is said to the bot."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._threads = Threads(office)

    def listen(self, app: AsyncApp) -> None:
        """Have an app tell of what is said."""
        app.event("app_mention")(self._on_mention)
        app.event("message")(self._on_message)
        app.event("agent_session_stopped")(self._on_stop)

    async def _on_mention(self, event: Json, context: AsyncBoltContext) -> None:
        workspace = workspace_of(context)
        if (said := heard(event, workspace)) is not None:
            self._office.begin(self._answer_addressed(said, workspace))

    async def _on_message(self, event: Json, context: AsyncBoltContext) -> None:
        workspace = workspace_of(context)
        if event.get("subtype") == "message_deleted":
            self._taken_back(event, workspace)
        elif (said := heard(event, workspace)) is not None:
            self._office.begin(self._answer_if_meant(said, workspace))

    async def _on_stop(self, event: Json, context: AsyncBoltContext) -> None:
        """Stop what is being written in a thread; in a direct message there is nobody else who could ask for that."""
        channel, user = str(event.get("channel")), asker(workspace_of(context).team, str(event.get("user")))
        for writing in self._office.written_in(channel, str(event.get("thread_ts"))):
            self._office.desk.stop(writing.ticket.key, user, moderator=channel.startswith("D"))

    def _taken_back(self, event: Json, workspace: Workspace) -> None:
        channel, ts = str(event.get("channel")), str(event.get("deleted_ts"))
        self._office.take_back(channel, ts)
        self._office.desk.forget(Thread(workspace.team, channel, ts, "").conversation)

    async def _answer_if_meant(self, said: Said, workspace: Workspace) -> None:
        """Answer a message that is for the bot: one that names it, a direct one, a follow-up, or any where it may."""
        if workspace.bot_user in mentions(said.text):
            await self._answer_addressed(said, workspace)
        elif said.direct or (
            self._office.policy.speaks_in(said.channel)
            and not said.is_for_others(workspace.bot_user)
            and (self._office.policy.answers_all(said.channel) or await self._is_follow_up(said, workspace))
        ):
            await self._answer(said, workspace)

    async def _is_follow_up(self, said: Said, workspace: Workspace) -> bool:
        with contextlib.suppress(*TROUBLE):
            return bool(said.thread) and await self._threads.has_bot(said, workspace)
        return False

    async def _answer_addressed(self, said: Said, workspace: Workspace) -> None:
        if said.direct or self._office.policy.speaks_in(said.channel):
            await self._answer(said, workspace)
            return
        place = Thread(said.team, said.channel, said.thread, said.user)
        request = self._request(said, workspace, refusal(UsageError(NOT_HERE)))
        await answer_privately(self._office, Whisper(self._office, workspace, place), place, request)

    async def _answer(self, said: Said, workspace: Workspace) -> None:
        self._threads.joined(said)
        call = called(plain_text(said.text, workspace.bot_user), COMMANDS)
        request = self._request(said, workspace, call)
        await answer_in_thread(self._office, workspace, said.place, request, said.ts)

    def _request(self, said: Said, workspace: Workspace, call: Call) -> Request:
        history = partial(self._threads.turns, said, workspace) if said.thread else None
        return Request("slack", said.event, call, said.place.asker, said.conversation, history)
