"""The table of slash commands, one for every platform: what each takes, what it completes and how it runs.

Running a command yields events: `ask` streams Status, Draft and Answer; every other one yields a single reply
(`bot.replies`), which the adapter only renders. Commands without `needs_model` need nothing but the documents.
"""

import asyncio
import difflib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from bot.brief import complete_topic, explain
from bot.errors import ModelError, UsageError
from bot.license_lookup import complete_clause, look_up
from bot.messages import Answer, Draft, Question, Status
from bot.replies import AboutReply, Choice, CommandLine, Event, HelpReply, Reply
from bot.source_reading import complete_source, list_sources, read_source
from bot.version import version
from knowledge.loading import Library

EXAMPLES = (
    "Which companies cannot use Llama 2 freely?",
    "How many monthly users before I need Meta's permission?",
    "Why does Meta give the model away?",
)
_STATEMENTS = (
    "Herald answers questions about Meta's release of Llama 2 from its sources only.",
    "Before a sentence is shown, it is checked against the passage that it cites; what the passage does not support is "
    "dropped. Each quote is an exact span of its source.",
    "Herald is not affiliated with Meta, and its answers are no legal advice.",
)
_COMMAND = re.compile(r"/(?P<name>[^\s/]+)(?:\s+(?P<argument>.*))?", re.DOTALL)


class Answerer(Protocol):
    """Whatever answers questions."""

    @property
    def model_name(self) -> str:
        """The model that writes, as shown to users."""
        ...

    def stream(self, question: Question) -> AsyncIterator[Status | Draft | Answer]:
        """What happens while a question is answered, the Answer last; closing the iterator stops it."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What commands work with. `commands` is the adapter's whole table, for help, where it adds some of its own."""

    library: Library
    answerer: Answerer | None = None
    model: str = ""
    commands: tuple["Command", ...] = ()


Run = Callable[[Context, Question], AsyncIterator[Event]]
Complete = Callable[[Library, str], Sequence[Choice]]


def _no_choices(library: Library, prefix: str) -> Sequence[Choice]:
    return ()


@dataclass(frozen=True, slots=True)
class Argument:
    """The one thing that a command takes."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command. `run` gets what follows its name as the text of a Question, with who asks and what was said.

    `private` says whether its reply is for the asker only where a platform can do that. `complete` is blocking and
    quick; it gives at most 25 choices for what was typed so far. `shortcut` names what runs it on a message's text,
    where a platform has such an action.
    """

    name: str
    summary: str
    run: Run
    argument: Argument | None = None
    private: bool = False
    needs_model: bool = False
    complete: Complete = _no_choices
    shortcut: str = ""

    @property
    def completes(self) -> bool:
        """Whether there is something to complete."""
        return self.complete is not _no_choices

    @property
    def usage(self) -> str:
        """How it is written, without the slash: `license [clause]`."""
        if self.argument is None:
            return self.name
        return f"{self.name} {self.argument.name}" if self.argument.required else f"{self.name} [{self.argument.name}]"


@dataclass(frozen=True, slots=True)
class Call:
    """A line that was typed: the command that it calls, and what it passes."""

    command: Command
    argument: str


def parse(line: str, commands: Sequence[Command]) -> Call:
    """Read a line: `/name argument`, or else a question. Raises UsageError, which offers the nearest command."""
    line = line.strip()
    if line == "/":
        return Call(_named("help", commands), "")
    # A path or a subreddit at the start ("/r/LocalLLaMA asks …") is no command.
    match = _COMMAND.fullmatch(line)
    if match is None:
        return Call(_named("ask", commands), line)
    command, argument = _named(match["name"], commands), (match["argument"] or "").strip()
    if command.argument is not None and command.argument.required and not argument:
        raise UsageError(f"/{command.name} needs more: /{command.usage}.")
    return Call(command, argument)


def called(message: str, commands: Sequence[Command]) -> Call:
    """What a message to the bot calls: a line as `parse` reads it, or help where it says nothing.

    A line that is wrong calls a command that fails with what `parse` raises, so that it is answered like any other.
    """
    try:
        return parse(" ".join(message.split()) or "/help", commands)
    except UsageError as error:
        return refusal(error)


def refusal(error: UsageError) -> Call:
    """A call of a command that only fails."""

    async def run(context: Context, question: Question) -> AsyncIterator[Event]:
        raise error
        yield  # this makes it an async iterator, as every command's `run` is

    return Call(Command("refusal", "", run, private=True), "")


def _named(name: str, commands: Sequence[Command]) -> Command:
    known = {command.name: command for command in commands}
    if (command := known.get(name.casefold())) is not None:
        return command
    near = difflib.get_close_matches(name.casefold(), known, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join('/' + other for other in near)}?" if near else "/help lists them."
    raise UsageError(f"There is no command /{name[:30]}. {hint}")


async def _ask(context: Context, question: Question) -> AsyncIterator[Event]:
    if context.answerer is None:
        raise ModelError("The model is not loaded yet; try again in a moment.")
    async with aclosing(context.answerer.stream(question)) as events:  # type: ignore[type-var]
        async for event in events:
            yield event


def _replying(reply: Callable[[Context, str], Reply]) -> Run:
    """A command of one reply. It is made in a thread: documents are read from disk."""

    async def run(context: Context, question: Question) -> AsyncIterator[Event]:
        yield await asyncio.to_thread(reply, context, question.text)

    return run


def _help(context: Context, _: str) -> HelpReply:
    lines = tuple(CommandLine(command.usage, command.summary) for command in context.commands or COMMANDS)
    return HelpReply("Ask about Meta's release of Llama 2. For example:", EXAMPLES, lines)


def _about(context: Context, _: str) -> AboutReply:
    titles = tuple(source.title for source in context.library.sources)
    return AboutReply(version(), context.model, titles, _STATEMENTS)


COMMANDS: tuple[Command, ...] = (
    Command(
        "ask",
        "Ask a question",
        _ask,
        Argument("question", "What you want to know", required=True),
        needs_model=True,
        shortcut="Explain with Herald",
    ),
    Command(
        "license",
        "Show a clause of the license, word for word",
        _replying(lambda context, text: look_up(context.library, text)),
        Argument("clause", "A number (1.b.iii), a title, a defined term or a topic; nothing: the contents"),
        complete=complete_clause,
    ),
    Command(
        "explain",
        "The announcement in brief",
        _replying(lambda context, text: explain(context.library, text)),
        Argument("topic", "One point of it; nothing: all of them"),
        complete=complete_topic,
    ),
    Command(
        "sources",
        "The documents that the answers come from",
        _replying(lambda context, text: read_source(context.library, text) if text else list_sources(context.library)),
        Argument("id", "A document to read; nothing: the list of them"),
        private=True,
        complete=complete_source,
    ),
    Command("help", "What you can ask, and the commands", _replying(_help), private=True),
    Command("about", "What Herald is and how it checks its answers", _replying(_about), private=True),
)
