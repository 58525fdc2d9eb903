"""The App Home and the agent view: what Herald can do, the license's contents, and examples that can be clicked."""

from dataclasses import replace

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.adapters.rendering import Line, Span, render_cut
from bot.adapters.slack.blocks import ASK, SHOW, Block, button, buttons, paint, plain
from bot.adapters.slack.contents import Final, reply_blocks
from bot.adapters.slack.office import Office
from bot.adapters.slack.places import Json, Workspace, asker, workspace_of
from bot.commands import COMMANDS, EXAMPLES, called
from bot.replies import ClauseLine, ContentsReply, Cut, HelpReply

_MOST_CLAUSES = 80
"""Clauses with a button: a view takes 100 blocks."""
PROMPTS_TITLE = "Ask about the Llama 2 announcement"
_MOST_PROMPTS = 4
_CLAUSE_TEXT = 200
_INDENT = "\u2003"


class Home:
    """Shows the App Home and the suggested prompts when somebody opens them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def listen(self, app: AsyncApp) -> None:
        """Have an app tell when it is opened."""
        app.event("app_home_opened")(self._on_opened)

    async def _on_opened(self, event: Json, context: AsyncBoltContext) -> None:
        workspace = workspace_of(context)
        work = self._suggest if event.get("tab") == "messages" else self._publish
        self._office.begin(work(event, workspace))

    async def _suggest(self, event: Json, workspace: Workspace) -> None:
        prompts = [{"title": example, "message": example} for example in EXAMPLES[:_MOST_PROMPTS]]
        client = self._office.client(workspace)
        await client.assistant_threads_setSuggestedPrompts(
            channel_id=str(event["channel"]), title=PROMPTS_TITLE, prompts=prompts
        )

    async def _publish(self, event: Json, workspace: Workspace) -> None:
        user = str(event["user"])
        seen = f"home:{user}:{event.get('event_ts')}"
        helping = await self._office.reply_to(called("/help", COMMANDS), f"{seen}:help", asker(workspace.team, user))
        license = await self._office.reply_to(
            called("/license", COMMANDS), f"{seen}:license", asker(workspace.team, user)
        )
        if helping is not None and license is not None:
            await self._office.client(workspace).views_publish(user_id=user, view=home_view(helping, license))


def home_view(helping: Final, license: Final) -> Block:
    """The App Home: what can be asked, the commands, and the license's contents."""
    blocks: list[Block] = [{"type": "header", "text": plain("Herald", 150)}]
    if isinstance(helping, HelpReply):
        blocks += paint([Line((Span(helping.lead),))])
        blocks += buttons([button(it, f"{ASK}:{place}", it) for place, it in enumerate(helping.examples)])
        blocks += reply_blocks(replace(helping, lead="Commands", examples=()))
    blocks.append({"type": "divider"})
    if isinstance(license, ContentsReply):
        blocks += _contents(license)
    elif isinstance(license, Cut):
        blocks += paint(render_cut(license))
    return {"type": "home", "blocks": blocks}


def _contents(reply: ContentsReply) -> list[Block]:
    """Each clause with a button that opens it."""
    blocks: list[Block] = []
    room = _MOST_CLAUSES
    for license in reply.licenses:
        lines = [line for line in license.lines if line.depth == 0 or len(license.lines) <= room][:room]
        room -= len(lines)
        blocks += paint([Line((Span(license.title, "heading"),))])
        blocks += [_clause(line, place) for place, line in enumerate(lines, len(blocks))]
    return blocks + paint([Line((Span(note, "dim"),)) for note in reply.notes])


def _clause(line: ClauseLine, place: int) -> Block:
    text = f"{_INDENT * line.depth}{line.locator} · {line.title}" if line.locator != line.title else line.title
    opening = button("Open", f"{SHOW}:{place}", f"license {line.key}")
    return {"type": "section", "text": plain(text, _CLAUSE_TEXT), "accessory": opening}
