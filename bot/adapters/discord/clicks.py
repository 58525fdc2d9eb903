"""What happens when one of Herald's buttons is pressed, or its form is sent."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import discord

from bot.adapters.discord import buttons
from bot.adapters.discord.buttons import Calling, Click, WhyForm
from bot.adapters.discord.delivery import Delivery
from bot.adapters.discord.layout import line_view, passage_views
from bot.adapters.discord.mentions import asker
from bot.adapters.discord.places import TROUBLE, GoneError, InteractionPlace, LateError
from bot.adapters.discord.slash import request_of
from bot.commands import COMMANDS, called
from bot.faults import message_for
from bot.serving.desk import Desk
from bot.serving.lines import NOTED, OUTDATED, STOPPING, THANKS, TOO_OLD
from bot.source_reading import passage_by_key

_log = logging.getLogger(__name__)


class Presses:
    """Acts for `buttons.Clicks`; every press is answered, if only with a line that says why nothing came of it."""

    def __init__(self, desk: Desk, delivery: Delivery, data_dir: Path) -> None:
        """`data_dir` is where a fault is logged."""
        self._desk = desk
        self._delivery = delivery
        self._data_dir = data_dir

    async def show_passage(self, click: Click, key: str) -> None:
        """Show the passage behind a citation to who clicked."""
        with _trouble_logged():
            await click.response.defer(ephemeral=True, thinking=True)
            place = InteractionPlace(click, private=True)
            try:
                views = passage_views(await asyncio.to_thread(passage_by_key, self._desk.library, key))
            except Exception as error:
                views = [line_view(await asyncio.to_thread(message_for, error, self._data_dir))]
            await place.finish(views)

    async def vote(self, click: Click, key: str, *, up: bool) -> None:
        """Take a vote on an answer, and ask why if it is a bad one."""
        if not await self._desk.vote(key, asker(click.user), up):
            await _tell(click, TOO_OLD)
        elif up:
            await _tell(click, THANKS)
        else:
            with _trouble_logged():
                await click.response.send_modal(WhyForm(key))

    async def explained(self, click: Click, key: str) -> None:
        """Keep why an answer was voted down."""
        reason = buttons.written_reason(click.data)
        kept = not reason or await self._desk.vote(key, asker(click.user), False, reason)
        await _tell(click, NOTED if kept else TOO_OLD)

    async def stop(self, click: Click, key: str) -> None:
        """Stop an answer that is being written, for its asker or a moderator."""
        moderator = click.permissions.manage_messages
        await _tell(click, STOPPING[self._desk.stop(key, asker(click.user), moderator=moderator)])

    async def call(self, click: Click, calling: Calling, page: int) -> None:
        """Run a command, and show a page of its reply in place of the message."""
        private = click.message is not None and click.message.flags.ephemeral
        with _trouble_logged():
            await click.response.defer()
            call = called(f"/{calling.command} {calling.argument}", COMMANDS)
            place = InteractionPlace(click, private=private)
            await self._delivery.serve(request_of(click, call, private=private), place, page)

    async def other(self, interaction: discord.Interaction[Any]) -> None:
        """Act on what no button of these acts on: a form that was sent, or a button of an older version."""
        custom_id = interaction.custom_id or ""
        if interaction.type is discord.InteractionType.modal_submit:
            form = buttons.WHY.fullmatch(custom_id)
            await (self.explained(interaction, form["key"]) if form else _tell(interaction, OUTDATED))
        elif interaction.type is discord.InteractionType.component and not buttons.known(custom_id):
            await _tell(interaction, OUTDATED)


async def _tell(click: Click, line: str) -> None:
    with _trouble_logged():
        await click.response.send_message(view=line_view(line), ephemeral=True)


@contextmanager
def _trouble_logged() -> Iterator[None]:
    """A press that Discord did not let be answered: it came too late, came twice, or the network failed."""
    try:
        yield
    except (*TROUBLE, GoneError, LateError) as error:
        _log.warning("A button could not be answered: %s", error)
