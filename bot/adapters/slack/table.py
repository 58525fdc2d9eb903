"""The table of commands as Slack knows it: some have a slash command of their own, /herald calls the others."""

from dataclasses import replace

from bot.commands import COMMANDS, Call, called
from bot.replies import HelpReply

HERALD = "/herald"
OWN = tuple(command for command in COMMANDS if not command.private or command.argument)
"""The commands with a slash command of their own; those that are private and take nothing are called by /herald."""
SLASH = (*(f"/{command.name}" for command in OWN), HERALD)
SHORTCUTS = {f"{command.name}_message": command for command in COMMANDS if command.shortcut}
"""The commands that message shortcuts run, by callback id."""


def call_of(name: str, text: str) -> Call:
    """What a slash command calls: /herald alone is help, else what follows it is a command."""
    return called(f"/{text or 'help'}" if name == HERALD else f"{name} {text}", COMMANDS)


def as_typed(reply: HelpReply) -> HelpReply:
    """Help with each command as it is typed in Slack."""
    own = {command.usage for command in OWN}
    lines = (
        line if line.usage in own else replace(line, usage=f"{HERALD[1:]} {line.usage}") for line in reply.commands
    )
    return replace(reply, commands=tuple(lines))
