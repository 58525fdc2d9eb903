"""Herald's buttons. Each carries all it needs in its custom_id, so that it works after a restart as before."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.messages import Citation
from bot.replies import ClauseReply, OfferReply, Reply
from bot.source_reading import span_key

LONGEST_ID = 100
LONGEST_REASON = 1_000
LONGEST_LABEL = 80
REASON = "reason"
WHY = re.compile(r"herald:why:(?P<key>[\w-]+)")
"""The custom_id of the form that asks for the reason of a vote."""

Click = discord.Interaction[Any]
Button = ui.Button[Any]


class Clicks(Protocol):
    """Whatever acts when a button is pressed."""

    async def show_passage(self, click: Click, key: str) -> None:
        """Show the passage behind a citation to who clicked."""
        ...

    async def vote(self, click: Click, key: str, *, up: bool) -> None:
        """Take a vote on an answer."""
        ...

    async def stop(self, click: Click, key: str) -> None:
        """Stop an answer that is being written."""
        ...

    async def call(self, click: Click, calling: "Calling", page: int) -> None:
        """Run a command, and show a page of its reply in place of the message."""
        ...


class _HasClicks(Protocol):
    clicks: Clicks


def _clicks(click: Click) -> Clicks:
    return cast(_HasClicks, click.client).clicks


class SourceButton(ui.DynamicItem[Button], template=r"herald:source:(?P<key>.+)"):
    """Shows the whole passage behind a citation."""

    def __init__(self, key: str) -> None:
        number = key.partition(".")[0]
        super().__init__(ui.Button(label=number, custom_id=f"herald:source:{key}"))
        self.key = key

    @classmethod
    async def from_custom_id(cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["key"])

    async def callback(self, interaction: Click) -> None:
        """Show the passage."""
        await _clicks(interaction).show_passage(interaction, self.key)


class VoteButton(ui.DynamicItem[Button], template=r"herald:vote:(?P<way>up|down):(?P<key>[\w-]+)"):
    """Votes an answer up or down."""

    def __init__(self, key: str, *, up: bool) -> None:
        custom_id = f"herald:vote:{'up' if up else 'down'}:{key}"
        super().__init__(ui.Button(emoji="👍" if up else "👎", custom_id=custom_id))
        self.key, self.up = key, up

    @classmethod
    async def from_custom_id(cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["key"], up=match["way"] == "up")

    async def callback(self, interaction: Click) -> None:
        """Take the vote."""
        await _clicks(interaction).vote(interaction, self.key, up=self.up)


class StopButton(ui.DynamicItem[Button], template=r"herald:stop:(?P<key>[\w-]+)"):
    """Stops an answer that is being written."""

    def __init__(self, key: str) -> None:
        super().__init__(ui.Button(label="Stop", custom_id=f"herald:stop:{key}"))
        self.key = key

    @classmethod
    async def from_custom_id(cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["key"])

    async def callback(self, interaction: Click) -> None:
        """Stop the answer."""
        await _clicks(interaction).stop(interaction, self.key)


@dataclass(frozen=True, slots=True)
class Calling:
    """A command and its argument, as a button can run it again."""

    command: str
    argument: str

    @classmethod
    def of(cls, command: str, argument: str, reply: Reply) -> "Calling":
        """The shortest call that gives a reply again."""
        if isinstance(reply, ClauseReply):
            return cls(command, f"{reply.source}:{reply.number}")
        return cls(command, argument)

    @property
    def fits(self) -> bool:
        """Whether a button can carry it."""
        return len(self.custom_id(99)) <= LONGEST_ID

    def custom_id(self, page: int) -> str:
        """The custom_id of the button that shows a page of its reply."""
        return f"herald:call:{page}:{self.command}:{self.argument}"

    def turns(self, page: int, pages: int) -> list[ui.Item[Any]]:
        """The buttons to the pages before and after."""
        back = [CallButton(self, page - 1, "◀")] if page > 0 else []
        return [*back, *([CallButton(self, page + 1, "▶")] if page < pages - 1 else [])]


class CallButton(
    ui.DynamicItem[Button],
    template=re.compile(r"herald:call:(?P<page>\d+):(?P<command>\w+):(?P<argument>.*)", re.DOTALL),
):
    """Runs a command: to turn a page of its reply, or to choose what another reply offered."""

    def __init__(self, calling: Calling, page: int, label: str) -> None:
        super().__init__(ui.Button(label=label[:LONGEST_LABEL], custom_id=calling.custom_id(page)))
        self.calling, self.page = calling, page

    @classmethod
    async def from_custom_id(cls, interaction: Click, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(Calling(match["command"], match["argument"]), int(match["page"]), "…")

    async def callback(self, interaction: Click) -> None:
        """Run the command."""
        await _clicks(interaction).call(interaction, self.calling, self.page)


class WhyForm(ui.Modal, title="What is wrong with the answer?"):
    """Asks why an answer was voted down; what is written is taken from the event, which works after a restart too."""

    def __init__(self, key: str) -> None:
        super().__init__(custom_id=f"herald:why:{key}")
        field: ui.TextInput[Any] = ui.TextInput(
            style=discord.TextStyle.paragraph, custom_id=REASON, max_length=LONGEST_REASON, required=False
        )
        self.add_item(ui.Label(text="In your own words", component=field))


ALL: tuple[type[ui.DynamicItem[Any]], ...] = (SourceButton, VoteButton, StopButton, CallButton)


def known(custom_id: str) -> bool:
    """Whether a custom_id is one of a button above."""
    return any(button.__discord_ui_compiled_template__.fullmatch(custom_id) for button in ALL)


def source(citation: Citation) -> ui.Item[Any] | None:
    """The button of a citation; None where its source has so long an id that no button can carry it."""
    key = span_key(citation)
    return SourceButton(key) if len(f"herald:source:{key}") <= LONGEST_ID else None


def votes(key: str) -> list[ui.Item[Any]]:
    """The two votes on an answer."""
    return [VoteButton(key, up=True), VoteButton(key, up=False)]


def offers(reply: OfferReply) -> list[ui.Item[Any]]:
    """A button for each thing on offer."""
    calls = {Calling(reply.command, choice.value): choice.label for choice in reply.choices}
    return [CallButton(calling, 0, label) for calling, label in calls.items() if calling.fits]


def written_reason(data: Mapping[str, Any] | None) -> str:
    """What was written into a WhyForm, from its event's data."""
    fields: Sequence[Mapping[str, Any]] = (data or {}).get("components", ())
    inner = [part.get("component") or (part.get("components") or [{}])[0] for part in fields]
    return next((str(field.get("value") or "") for field in inner if field.get("custom_id") == REASON), "")
