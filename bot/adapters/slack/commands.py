"""Slash commands and the message shortcut: the one table of `bot.commands`, answered to the asker only."""

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.adapters.slack.office import Office
from bot.adapters.slack.places import Json, Thread, Workspace, workspace_of
from bot.adapters.slack.private import Whisper, answer_privately
from bot.adapters.slack.table import SHORTCUTS, SLASH, call_of
from bot.adapters.slack.text import plain_text
from bot.commands import COMMANDS, Call, Command, called, refusal
from bot.errors import UsageError
from bot.serving.lines import NO_TEXT, NOT_HERE
from bot.serving.tickets import Request


class Commands:
    """Answers commands and shortcuts; each is acknowledged before anything else."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def listen(self, app: AsyncApp) -> None:
        """Have an app tell of commands and shortcuts."""
        for name in SLASH:
            app.command(name)(self._on_command)
        for callback_id in SHORTCUTS:
            app.shortcut({"type": "message_action", "callback_id": callback_id})(self._on_shortcut)

    async def _on_command(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await ack()
        call = call_of(str(body["command"]), plain_text(str(body.get("text") or "")))
        channel = str(body["channel_id"])
        if not self._speaks_in(channel):
            call = refusal(UsageError(NOT_HERE))
        workspace = workspace_of(context)
        thread = Thread(workspace.team, channel, "", str(body["user_id"]))
        self._begin(call, thread, body, workspace)

    async def _on_shortcut(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await ack()
        command, message, channel = SHORTCUTS[body["callback_id"]], body["message"], str(body["channel"]["id"])
        workspace = workspace_of(context)
        # Only in a thread that has replies would a private message be shown: elsewhere it goes to the channel.
        thread = Thread(workspace.team, channel, str(message.get("thread_ts") or ""), str(body["user"]["id"]))
        call = _call_on(command, plain_text(str(message.get("text") or ""), workspace.bot_user))
        if not self._speaks_in(channel):
            call = refusal(UsageError(NOT_HERE))
        self._begin(call, thread, body, workspace)

    def _begin(self, call: Call, thread: Thread, body: Json, workspace: Workspace) -> None:
        conversation = f"slack:{thread.team}:{thread.channel}:{thread.user}"
        request = Request("slack", str(body["trigger_id"]), call, thread.asker, conversation)
        whisper = Whisper(self._office, workspace, thread, str(body.get("response_url") or ""))
        self._office.begin(answer_privately(self._office, whisper, thread, request))

    def _speaks_in(self, channel: str) -> bool:
        return channel.startswith("D") or self._office.policy.speaks_in(channel)


def _call_on(command: Command, text: str) -> Call:
    return called(f"/{command.name} {text}", COMMANDS) if text else refusal(UsageError(NO_TEXT))
