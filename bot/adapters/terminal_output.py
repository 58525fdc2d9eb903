"""Printing to a terminal or a pipe: lines with their styles, a status line, and an answer as it comes."""

import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.adapters.rendering import (
    Line,
    Style,
    clean,
    plain,
    render,
    render_answer,
    render_closing,
    render_sentences,
)
from bot.messages import Answer, Draft, Sentence, Status
from bot.replies import Event, ExplainReply, status_text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.status import Status as Spinner

_WIDEST = 100  # columns: longer lines are hard to read
_STYLES: dict[Style, str] = {
    "": "",
    "heading": "bold",
    "marker": "cyan",
    "quote": "italic",
    "dim": "dim",
    "mark": "bold yellow",
    "warning": "yellow",
}


def open_console(*, stderr: bool = False, plain_text: bool = False) -> "Console":
    """A console for standard output or error; NO_COLOR, TERM=dumb and pipes are respected.

    With `plain_text` it takes even a terminal for a pipe.
    """
    from rich.console import Console  # imported here: piped output does without it

    terminal = False if plain_text else None
    return Console(stderr=stderr, force_terminal=terminal, markup=False, highlight=False, emoji=False)


def print_lines(lines: Iterable[Line]) -> None:
    """Print to standard output, with styles if it is a terminal."""
    if sys.stdout.isatty():
        show(open_console(), lines)
    else:
        print(plain(lines), flush=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows to standard output: as a table on a terminal, elsewhere separated by tabs and without the header."""
    cells = [[" ".join(clean(cell).split()) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        print("\n".join("\t".join(row) for row in cells), flush=True)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=SIMPLE_HEAD, pad_edge=False)
    for row in cells:
        table.add_row(*map(Text, row))
    open_console().print(table)


def show(console: "Console", lines: Iterable[Line]) -> None:
    """Print to a console: wrapped and styled on a terminal, plain elsewhere."""
    if not console.is_terminal:
        console.file.write(plain(lines) + "\n")
        console.file.flush()
        return
    from rich.padding import Padding
    from rich.text import Text

    width = min(console.width, _WIDEST)
    for line in lines:
        if line.exact:
            console.print(_Exact(line.text), soft_wrap=True)
        else:
            text = Text.assemble(*((span.text, _STYLES[span.style]) for span in line.spans))
            console.print(Padding(text, (0, 0, 0, line.indent)), width=width)


class _Exact:
    """Text that reaches the terminal as it is: rich would wrap it and turn its tabs into spaces."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment

        yield Segment(self._text)
        yield Segment.line()


class StatusLine:
    """One line that says what is going on, gone when it is done; nothing where output is no terminal."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._spinner: Spinner | None = None
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    def update(self, text: str) -> None:
        """Show another text."""
        if not self._console.is_terminal or text == self._shown:
            return
        self._shown = text
        if self._console.is_dumb_terminal:
            self._console.print(text)
        else:
            self._spin(text)

    def _spin(self, text: str) -> None:
        from rich.text import Text  # a plain string would be read as markup

        if self._spinner is None:
            self._spinner = self._console.status(Text(text, "dim"), spinner_style="dim")
            self._spinner.start()
        else:
            self._spinner.update(Text(text, "dim"))


async def present(events: AsyncIterator[Event], console: "Console", status: StatusLine) -> Answer | None:
    """Show events as they come; returns the answer that citations may be asked of, if there was one.

    A terminal shows each verified sentence at once, anything else the whole answer at the end.
    """
    shown: tuple[Sentence, ...] = ()
    answer: Answer | None = None
    async for event in events:
        match event:
            case Status():
                status.update(status_text(event))
            case Draft():
                if console.is_terminal:
                    shown = _show_new(console, event.sentences, shown)
            case Answer():
                answer = event
                _show_rest(console, event, shown)
            case _:
                show(console, render(event))
                answer = event.answer if isinstance(event, ExplainReply) else answer
    return answer


def _show_new(console: "Console", sentences: Sequence[Sentence], shown: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    new = sentences[len(shown) :]
    show(console, render_sentences(new, shown))
    return (*shown, *new)


def _show_rest(console: "Console", answer: Answer, shown: tuple[Sentence, ...]) -> None:
    if answer.sentences[: len(shown)] == shown:
        show(console, render_sentences(answer.sentences[len(shown) :], shown))
        show(console, render_closing(answer))
    else:  # it was put differently in the end: the whole of it has the last word
        show(console, [Line(), *render_answer(answer)])
