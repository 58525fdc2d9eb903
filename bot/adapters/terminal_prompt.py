"""The chat's prompt: prompt_toolkit's line editor with completion, a history file, and Ctrl-C that stops one answer."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output

from bot.adapters.opening import Opening
from bot.adapters.rendering import Line, Span
from bot.adapters.terminal import Session
from bot.adapters.terminal_output import show
from bot.commands import Command
from bot.replies import STOPPED
from knowledge.errors import KnowledgeError
from knowledge.loading import Library

if TYPE_CHECKING:
    from rich.console import Console

HISTORY_FILE = "chat_history"
_PROMPT = "› "
_HOW_TO_LEAVE = "To leave, press Ctrl-D or type /quit."


async def chat_with_person(
    session: Session,
    opening: Opening,
    library: Library,
    console: "Console",
    history: History,
    *,
    input: Input | None = None,
    output: Output | None = None,
) -> None:
    """Read lines from a terminal and answer each, until the user leaves."""
    prompt = _prompt_session(session, library, history, input, output)
    if not opening.done:
        prompt.bottom_toolbar = lambda: f" {opening.progress} You can type already."
    while True:
        opening.on_change = lambda: _show_progress(prompt, opening)
        try:
            _show_progress(prompt, opening)
            line = await prompt.prompt_async(_PROMPT)
        except KeyboardInterrupt:
            if not prompt.default_buffer.text:
                _say(console, _HOW_TO_LEAVE)
            continue
        except EOFError:
            return
        finally:
            opening.on_change = lambda: None
        if line.strip():
            try:
                await _answer(session, console, line)
            except EOFError:
                return


def open_history(data_dir: Path) -> History:
    """The file of lines typed before, which only its owner can read; kept in memory where it cannot be written."""
    path = data_dir / HISTORY_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError:
        return InMemoryHistory()
    return _History(str(path))


class _History(FileHistory):
    """A history file that may stop being writable: the chat goes on without it."""

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError, UnicodeError):
            super().store_string(string)


class CommandCompleter(Completer):
    """Completes slash commands by name, and their arguments by what the command offers."""

    def __init__(self, commands: Sequence[Command], library: Library) -> None:
        self._commands = {command.name: command for command in commands}
        self._library = library

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may follow the text before the cursor."""
        text = document.text_before_cursor.lstrip()
        if not text.startswith("/"):
            return
        name, space, argument = text[1:].partition(" ")
        if not space:
            for command in self._commands.values():
                if command.name.startswith(name.casefold()):
                    usage = f"/{command.usage}"
                    yield Completion(command.name, -len(name), display=usage, display_meta=command.summary)
        elif (found := self._commands.get(name.casefold())) is not None:
            with contextlib.suppress(KnowledgeError):  # a source that cannot be read is reported when it is asked for
                for choice in found.complete(self._library, argument.lstrip()):
                    said = choice.value in choice.label  # once is enough where the screen is narrow
                    shown, beside = (choice.label, "") if said else (choice.value, choice.label)
                    yield Completion(choice.value, -len(argument.lstrip()), display=shown, display_meta=beside)


def _prompt_session(
    session: Session, library: Library, history: History, input: Input | None, output: Output | None
) -> PromptSession[str]:
    prompt: PromptSession[str] = PromptSession(
        completer=CommandCompleter(session.commands, library),
        complete_in_thread=True,
        complete_while_typing=Condition(lambda: prompt.default_buffer.text.startswith("/")),
        auto_suggest=AutoSuggestFromHistory(),
        history=history,
        reserve_space_for_menu=5,
        input=input,
        output=output,
    )
    return prompt


def _show_progress(prompt: PromptSession[str], opening: Opening) -> None:
    if opening.done:
        prompt.bottom_toolbar = None
    prompt.app.invalidate()


async def _answer(session: Session, console: "Console", line: str) -> None:
    try:
        with _without_echo():
            stopped = await answer_interruptibly(session, line)
        if stopped:
            _say(console, STOPPED)
    except EOFError:
        raise
    except Exception as error:
        show(console, [Line((Span(session.tell(error), "warning"),))])
    show(console, [Line()])


async def answer_interruptibly(session: Session, line: str) -> bool:
    """Answer a line so that Ctrl-C stops the answer and not the program; returns whether it was stopped."""
    task = asyncio.create_task(session.handle(line))
    try:
        with _on_interrupt(task.cancel):
            await asyncio.wait([task])
    finally:
        task.cancel()
    if task.cancelled():
        return True
    task.result()
    return False


@contextlib.contextmanager
def _on_interrupt(act: Callable[[], object]) -> Iterator[None]:
    """Have Ctrl-C do something else meanwhile, where the platform and the thread allow it."""
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, lambda: act())
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _without_echo() -> Iterator[None]:
    """Keep what is typed meanwhile from mixing with the answer; the next prompt shows it."""
    try:
        import termios

        before = termios.tcgetattr(sys.stdin)
    except (ImportError, OSError, ValueError, termios.error):
        yield
        return
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _say(console: "Console", text: str) -> None:
    show(console, [Line((Span(text, "dim"),))])
