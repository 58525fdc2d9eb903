"""The terminal as a channel: `herald chat`. Plain lines are questions, and every slash command works."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters.opening import Opening
from bot.adapters.terminal_output import StatusLine, present
from bot.commands import COMMANDS, Argument, Call, Command, Context, parse
from bot.errors import UsageError, exit_status
from bot.faults import message_for
from bot.lines import InputLine
from bot.messages import Answer, Question, Turn
from bot.replies import Choice, Event
from bot.source_reading import passage_around
from knowledge.loading import Library

if TYPE_CHECKING:
    from rich.console import Console

_REMEMBERED_TURNS = 6


class Session:
    """A conversation: what was said, the last answer, and the App that answers once it is open."""

    def __init__(self, library: Library, opening: Opening, console: "Console", data_dir: Path | None = None) -> None:
        self._library = library
        self._opening = opening
        self._console = console
        self._data_dir = data_dir
        self._history: tuple[Turn, ...] = ()
        self._last: Answer | None = None
        self.commands: tuple[Command, ...] = (*COMMANDS, *self._own_commands())

    async def handle(self, line: str) -> None:
        """Answer a line on the console; raises EOFError to leave, or what went wrong."""
        # A pasted text may have several lines; to a model they are one question.
        call = parse(" ".join(line.split()), self.commands)
        with StatusLine(self._console) as status:
            context = await self._context(call, status)
            question = Question(call.argument, self._history, asker="terminal", channel="terminal")
            async with aclosing(call.command.run(context, question)) as events:  # type: ignore[type-var]
                answer = await present(events, self._console, status)
        if answer is not None:
            self._last = answer
        if answer is not None and call.command.needs_model:
            said = " ".join(sentence.text for sentence in answer.sentences)
            turns = (*self._history, Turn("user", call.argument), Turn("assistant", said))
            self._history = turns[-_REMEMBERED_TURNS:]

    def tell(self, error: Exception) -> str:
        """An error as one line for the user; what is unexpected goes to the log."""
        return message_for(error, self._data_dir)

    async def _context(self, call: Call, status: StatusLine) -> Context:
        """What a command works with: one that needs the model waits for it."""
        if not (call.command.needs_model or self._opening.done):
            return Context(self._library, model=self._opening.progress, commands=self.commands)
        if not self._opening.done:
            status.update(self._opening.progress)
            self._opening.on_change = lambda: status.update(self._opening.progress)
        try:
            app = await self._opening.app()
        except Exception:
            if call.command.needs_model:
                raise
            return Context(self._library, commands=self.commands)
        finally:
            self._opening.on_change = lambda: None
        return Context(self._library, app.answerer, app.answerer.model_name, self.commands)

    def _own_commands(self) -> tuple[Command, ...]:
        number = Argument("number", "The number of a citation in the last answer", required=True)
        return (
            Command("source", "The whole passage behind [number]", self._source, number, complete=self._numbers),
            Command("clear", "Forget the conversation so far", self._clear),
            Command("quit", "Leave (or press Ctrl-D)", self._quit),
        )

    async def _source(self, context: Context, question: Question) -> AsyncIterator[Event]:
        citations = {str(citation.number): citation for citation in self._last.citations} if self._last else {}
        wanted = question.text.strip("[] ")
        if not citations:
            raise UsageError("The last answer has no sources." if self._last else "There is no answer yet.")
        if wanted not in citations:
            raise UsageError(f"The last answer has no source [{wanted[:20]}]; it has {', '.join(citations)}.")
        yield await asyncio.to_thread(passage_around, context.library, citations[wanted])

    def _numbers(self, library: Library, prefix: str) -> list[Choice]:
        citations = self._last.citations if self._last else ()
        choices = (Choice(str(citation.number), f"{citation.locator} · {citation.title}") for citation in citations)
        return [choice for choice in choices if choice.value.startswith(prefix)]

    async def _clear(self, context: Context, question: Question) -> AsyncIterator[Event]:
        self._history, self._last = (), None
        self._console.clear()
        return
        yield  # this makes it an async iterator, as every command's `run` is

    async def _quit(self, context: Context, question: Question) -> AsyncIterator[Event]:
        raise EOFError  # as Ctrl-D does
        yield


async def chat_with_pipe(session: Session, lines: AsyncIterator[InputLine], complain: Callable[[str], None]) -> int:
    """Answer each line of standard input that is no terminal, in order; returns the exit status.

    A bad line is reported by its number and the others go on; only what is no fault of the line makes the status 1.
    """
    status = 0
    async for line in lines:
        if line.problem:
            complain(f"line {line.number} {line.problem}; it is skipped.")
        elif line.text.strip():
            try:
                await session.handle(line.text)
                print(flush=True)
            except EOFError:
                break
            except Exception as error:
                complain(f"line {line.number}: {session.tell(error)}")
                status = max(status, int(exit_status(error) == 1))
    return status
