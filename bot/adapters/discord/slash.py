"""Slash commands and message commands: the one table of `bot.commands` as Discord's application commands."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord.delivery import Delivery, conversation
from bot.adapters.discord.history import Readable, read_channel, sentences_of, words_of
from bot.adapters.discord.mentions import asker, channel_ids
from bot.adapters.discord.places import TROUBLE, InteractionPlace, Place, bot_is_at
from bot.commands import COMMANDS, Call, Command, called
from bot.serving.channels import ChannelPolicy
from bot.serving.lines import NO_TEXT, NOT_HERE
from bot.serving.once import Once
from bot.serving.tickets import Request
from knowledge.loading import Library

_log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]
Tree = app_commands.CommandTree[Any]
_Run = Callable[[Interaction, Command, str, bool], Awaitable[None]]

OUTDATED = "Herald no longer has that command. Its commands are being renewed; please try again in a minute."
_LONGEST_DESCRIPTION, _LONGEST_CHOICE, _MOST_CHOICES = 100, 100, 25
_ONLY_YOU = "Show the answer to you only"
_UNKNOWN = 10062


class SlashCommands:
    """Runs application commands through the desk."""

    def __init__(self, delivery: Delivery, policy: ChannelPolicy) -> None:
        self._delivery = delivery
        self._policy = policy
        self._heard = Once()

    async def run(self, interaction: Interaction, command: Command, argument: str, private: bool) -> None:
        """Run a command: acknowledged before anything else, then answered in the response."""
        if not self._heard.first(interaction.id):
            return
        allowed = self._speaks_in(interaction)
        private = private or command.private or not allowed
        place = await _deferred(interaction, private=private)
        if place is None:
            return
        if not allowed:
            await self._delivery.say(NOT_HERE, place)
            return
        call = called(f"/{command.name} {argument}", COMMANDS)
        await self._delivery.serve(request_of(interaction, call, private=private), place)

    async def run_on(self, interaction: Interaction, command: Command, message: discord.Message) -> None:
        """Run a command on a message's text."""
        words = sentences_of(message) or words_of(message, interaction.client.user.id)
        if words:
            await self.run(interaction, command, words, False)
        elif self._heard.first(interaction.id) and (place := await _deferred(interaction, private=True)) is not None:
            await self._delivery.say(NO_TEXT, place)

    def _speaks_in(self, interaction: Interaction) -> bool:
        if interaction.guild_id is None or interaction.channel is None:
            return True
        return self._policy.speaks_in(*channel_ids(interaction.channel))


def request_of(interaction: Interaction, call: Call, *, private: bool) -> Request:
    """A request to the desk. Only in a thread or a direct message does what was said before belong to it."""
    channel, key, history = interaction.channel, interaction.id, None
    if isinstance(channel, Readable) and not private:
        key = channel.id
        if bot_is_at(interaction):
            history = partial(read_channel, channel, interaction.id, interaction.client.user.id)
    return Request("discord", f"i{interaction.id}", call, asker(interaction.user), conversation(key), history)


async def _deferred(interaction: Interaction, *, private: bool) -> Place | None:
    """Acknowledge at once; a message instead where Discord's three seconds were over, if one can be sent."""
    place = InteractionPlace(interaction, private=private)
    try:
        await interaction.response.defer(ephemeral=private, thinking=True)
    except TROUBLE as error:
        _log.warning("A command could not be acknowledged: %s", error)
        late = isinstance(error, discord.NotFound) and error.code == _UNKNOWN
        return place.as_message() if late else None
    return place


def build_tree(client: discord.Client, slash: SlashCommands, library: Library) -> Tree:
    """All commands of the table, for servers, direct messages and users who installed the bot for themselves."""
    tree: Tree = app_commands.CommandTree(
        client,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )
    for command in COMMANDS:
        tree.add_command(_slash_command(command, slash.run, library))
        if command.shortcut:
            tree.add_command(_message_command(command, slash))
    tree.error(_outdated)
    return tree


async def _outdated(interaction: Interaction, error: app_commands.AppCommandError) -> None:
    """Tell of a command that is no longer there, or takes something else."""
    if not isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        cause = getattr(error, "original", error)
        _log.error("A command failed unexpectedly: %s", type(cause).__name__, exc_info=cause)
    if interaction.type is discord.InteractionType.application_command and not interaction.response.is_done():
        with suppress(*TROUBLE):
            await interaction.response.send_message(OUTDATED, ephemeral=True)


def _slash_command(command: Command, run: _Run, library: Library) -> app_commands.Command[Any, ..., None]:
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=command.name,
        description=command.summary[:_LONGEST_DESCRIPTION],
        callback=_described(command, _callback(command, run)),
    )
    if command.argument is not None:

        async def complete(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return await _completed(command, library, typed)

        if command.completes:
            made.autocomplete("argument")(complete)
    return made


def _callback(command: Command, run: _Run) -> Callable[..., Coroutine[Any, Any, None]]:
    """A function of the parameters that a command has: discord.py reads them from its signature."""

    async def alone(interaction: Interaction) -> None:
        await run(interaction, command, "", False)

    async def optional(interaction: Interaction, argument: str = "") -> None:
        await run(interaction, command, argument, False)

    async def required(interaction: Interaction, argument: str) -> None:
        await run(interaction, command, argument, False)

    async def asked(interaction: Interaction, argument: str, private: bool = False) -> None:
        await run(interaction, command, argument, private)

    if command.argument is None:
        return alone
    if command.needs_model:
        return asked
    return required if command.argument.required else optional


def _described(
    command: Command, callback: Callable[..., Coroutine[Any, Any, None]]
) -> Callable[..., Coroutine[Any, Any, None]]:
    if command.argument is None:
        return callback
    described = {"argument": command.argument.description[:_LONGEST_DESCRIPTION]}
    described |= {"private": _ONLY_YOU} if command.needs_model else {}
    callback = app_commands.rename(argument=command.argument.name)(callback)
    return app_commands.describe(**described)(callback)


def _message_command(command: Command, slash: SlashCommands) -> app_commands.ContextMenu:
    async def run(interaction: Interaction, message: discord.Message) -> None:
        await slash.run_on(interaction, command, message)

    return app_commands.ContextMenu(name=command.shortcut, callback=run)


async def _completed(command: Command, library: Library, typed: str) -> list[app_commands.Choice[str]]:
    choices = await asyncio.to_thread(command.complete, library, typed)
    fitting = [choice for choice in choices if len(choice.value) <= _LONGEST_CHOICE]
    return [app_commands.Choice(name=it.label[:_LONGEST_CHOICE], value=it.value) for it in fitting[:_MOST_CHOICES]]
