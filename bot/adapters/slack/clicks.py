"""What happens when something of the bot's is clicked. Every click is acknowledged at once, and answered."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.adapters.rendering import render
from bot.adapters.slack.blocks import ASK, FEEDBACK, SHARE, SHOW, SOURCE, STOP, Block, modal, paint, plain
from bot.adapters.slack.contents import contents, notice, reply_blocks
from bot.adapters.slack.delivery import answer_in_thread
from bot.adapters.slack.faults import TROUBLE, code
from bot.adapters.slack.office import Office
from bot.adapters.slack.places import Json, Thread, Workspace, asker, workspace_of
from bot.adapters.slack.private import Whisper
from bot.adapters.slack.sharing import shared_answer, shared_call
from bot.commands import COMMANDS, called
from bot.errors import SHOWABLE
from bot.messages import Answer
from bot.replies import Cut
from bot.serving.lines import NOTED, OUTDATED, STOPPING, THANKS, TOO_OLD
from bot.serving.tickets import Request
from bot.source_reading import passage_by_key

_log = logging.getLogger(__name__)

WHY = "why"
"""The callback id of the form that asks why an answer is bad, and the name of its block and its input."""
TOO_SLOW = "That took Slack too long; please click again."
_LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Click:
    """A click: by whom, where, on what, and how to answer it. A click in a modal opens the next on top of it."""

    workspace: Workspace
    place: Thread
    value: str
    trigger: str
    response_url: str
    in_modal: bool

    @property
    def asker(self) -> str:
        """The desk's key of who clicked."""
        return self.place.asker


class Clicks:
    """Acts on clicks."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def listen(self, app: AsyncApp) -> None:
        """Have an app tell of clicks; those on what only an older version had are answered too."""
        acts: dict[str, Callable[[Click], Awaitable[None]]] = {
            SOURCE: self._show_source,
            SHOW: self._show_reply,
            ASK: self._ask,
            SHARE: self._share,
            STOP: self._stop,
            FEEDBACK: self._vote,
        }
        for name, act in acts.items():
            app.action(re.compile(rf"{name}(?::\d+)?"))(self._listener(act))
        app.action(re.compile(".*"))(self._listener(self._tell_outdated))
        app.view(WHY)(self._on_reason)

    def _listener(self, act: Callable[[Click], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def on_click(ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
            await ack()
            self._office.begin(self._act(act, _click(body, workspace_of(context))))

        return on_click

    async def _act(self, act: Callable[[Click], Awaitable[None]], click: Click) -> None:
        try:
            await act(click)
        except TROUBLE as error:
            _log.warning("A click could not be answered: %s", code(error) or type(error).__name__)
            await self._tell(click, TOO_SLOW)
        except Exception as error:
            await self._tell(click, await self._office.tell(error))

    async def _show_source(self, click: Click) -> None:
        """Show the whole passage behind a citation, the quote marked."""
        try:
            reply = await asyncio.to_thread(passage_by_key, self._office.desk.library, click.value)
        except Exception as error:
            await self._tell(click, await self._office.tell(error))
            return
        await self._open(click, modal(f"Source [{reply.number}]", paint(render(reply))))

    async def _show_reply(self, click: Click) -> None:
        """Show what a command says."""
        call = called(f"/{click.value}", COMMANDS)
        reply = await self._office.reply_to(call, click.trigger, click.asker)
        if reply is None:
            return
        if isinstance(reply, Cut):
            await self._tell(click, reply.message)
        elif not isinstance(reply, Answer):
            await self._open(click, modal(f"/{click.value}", reply_blocks(reply)))

    async def _ask(self, click: Click) -> None:
        """Ask an example, in a direct message."""
        client = self._office.client(click.workspace)
        asked = notice(click.value)
        posted = await client.chat_postMessage(channel=click.place.user, text=asked.text, blocks=list(asked.blocks))
        thread = Thread(click.place.team, str(posted["channel"]), str(posted["ts"]), click.place.user)
        request = Request("slack", click.trigger, called(click.value, COMMANDS), click.asker, thread.conversation)
        await answer_in_thread(self._office, click.workspace, thread, request, thread.ts)

    async def _share(self, click: Click) -> None:
        """Show everybody in the channel what only its asker sees: the response_url reaches it without the bot there."""
        call = shared_call(click.value)
        try:
            if call is not None:
                question, final = "", await self._office.reply_to(call, click.trigger, click.asker)
            else:
                question, final = await asyncio.to_thread(shared_answer, self._office.desk.library, click.value)
        except SHOWABLE as error:
            question, final = "", Cut(str(error))
        if final is None:
            return
        if isinstance(final, Cut):
            await self._tell(click, final.message)
            return
        webhook = self._office.web.webhook(click.response_url)
        for page in [*([notice(question)] if question else []), *contents(final)]:
            body: Json = {"text": page.text, "blocks": list(page.blocks), "response_type": "in_channel"}
            await webhook.send_dict(body | {"replace_original": False})

    async def _stop(self, click: Click) -> None:
        """Stop an answer, for its asker."""
        direct = click.place.channel.startswith("D")
        outcome = self._office.desk.stop(click.value, click.asker, moderator=direct)
        if outcome != "stopped":  # else the answer itself says so
            await self._tell(click, STOPPING[outcome])

    async def _vote(self, click: Click) -> None:
        """Take a vote on an answer; after a bad one, ask why."""
        vote, _, key = click.value.partition(" ")
        if vote == "down":
            await self._open(click, _why(key))
        kept = await self._office.desk.vote(key, click.asker, vote == "up")
        if not kept or vote == "up":
            await self._tell(click, THANKS if kept else TOO_OLD)

    async def _on_reason(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await ack(response_action="update", view=modal("Thank you", list(notice(NOTED).blocks)))
        self._office.begin(self._explained(body, workspace_of(context)))

    async def _explained(self, body: Json, workspace: Workspace) -> None:
        """Keep why an answer is bad."""
        view, user = body["view"], str(body["user"]["id"])
        reason = str(view["state"]["values"][WHY][WHY].get("value") or "")
        if not await self._office.desk.vote(view["private_metadata"], asker(workspace.team, user), False, reason):
            await Whisper(self._office, workspace, Thread(workspace.team, "", "", user)).say(notice(TOO_OLD))

    async def _tell_outdated(self, click: Click) -> None:
        await self._tell(click, OUTDATED)

    async def _tell(self, click: Click, line: str) -> None:
        await Whisper(self._office, click.workspace, click.place, click.response_url).say(notice(line))

    async def _open(self, click: Click, view: Block) -> None:
        client = self._office.client(click.workspace)
        opening = client.views_push if click.in_modal else client.views_open
        await opening(trigger_id=click.trigger, view=view)


def _click(body: Json, workspace: Workspace) -> Click:
    action, container = body["actions"][0], body.get("container") or {}
    channel = body.get("channel") or {}
    return Click(
        workspace=workspace,
        place=Thread(
            workspace.team, str(channel.get("id") or ""), str(container.get("thread_ts") or ""), str(body["user"]["id"])
        ),
        value=str(action.get("value") or ""),
        trigger=str(body["trigger_id"]),
        response_url=str(body.get("response_url") or ""),
        in_modal=(body.get("view") or {}).get("type") == "modal",
    )


def _why(key: str) -> Block:
    """The form that asks why an answer is bad."""
    element = {"type": "plain_text_input", "action_id": WHY, "multiline": True, "max_length": _LONGEST_REASON}
    block = {
        "type": "input",
        "block_id": WHY,
        "optional": True,
        "label": plain("What is wrong or missing?"),
        "element": element,
    }
    return modal("Bad answer", [block], callback_id=WHY, private_metadata=key, submit=plain("Send"))
