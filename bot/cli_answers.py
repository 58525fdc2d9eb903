"""The commands that need the model: `herald ask`, one question or a batch, and `herald chat`."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING

from bot.adapters.opening import Opening
from bot.adapters.rendering import Line, Span
from bot.adapters.terminal import Session, chat_with_pipe
from bot.adapters.terminal_output import StatusLine, open_console, present, show
from bot.batch import answer_batch, answer_one
from bot.cli_setup import INTERRUPTED, complain, leave_now, opened_app, progress_bar, write_json
from bot.errors import HeraldError, UsageError
from bot.lines import read_lines
from bot.messages import Question
from bot.models.catalog import resolve
from bot.public_json import answer_json
from bot.settings import Settings, load_settings
from knowledge.loading import Library

if TYPE_CHECKING:
    from bot.app import App

_STANDARD_INPUT = 0


def answer(text: str, model: str | None, as_json: bool) -> None:
    """Answer a question on standard output."""
    asyncio.run(_answer(load_settings(model=model), Question(text), as_json))


def answer_file(path: str, model: str | None) -> int:
    """Answer a batch on standard output; returns the exit status."""
    settings = load_settings(model=model)
    if path == "-":
        return asyncio.run(_answer_lines(settings, _STANDARD_INPUT))
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.") from error
    try:
        return asyncio.run(_answer_lines(settings, descriptor))
    finally:
        os.close(descriptor)


def chat(model: str | None) -> int:
    """Chat on the terminal, or with what standard input holds; returns the exit status."""
    return asyncio.run(_chat(load_settings(model=model)))


async def _answer(settings: Settings, question: Question, as_json: bool) -> None:
    async with AsyncExitStack() as stack:
        app = await _open(settings, stack)
        if as_json:
            write_json(answer_json(question.text, await answer_one(app.answerer, question)))
            return
        console = open_console()
        with StatusLine(console) as status:
            async with aclosing(app.answerer.stream(question)) as events:
                await present(events, console, status)


async def _answer_lines(settings: Settings, descriptor: int) -> int:
    async with AsyncExitStack() as stack:
        app = await _open(settings, stack)
        lines = await stack.enter_async_context(aclosing(read_lines(descriptor)))
        failed = await answer_batch(app.answerer, lines, write_json, complain, settings.data_dir)
    return int(failed > 0)


async def _open(settings: Settings, stack: AsyncExitStack) -> "App":
    """Open the App, with a progress bar meanwhile, and say which model answers where that was not chosen."""
    try:
        with progress_bar() as report:
            app = await stack.enter_async_context(opened_app(settings, report))
    except asyncio.CancelledError:  # by Ctrl-C: nothing is lost, and what loads in threads would take seconds more
        leave_now(INTERRUPTED)
    if app.model.note and sys.stderr.isatty():
        show(open_console(stderr=True), [Line((Span(app.model.note, "dim"),))])
    return app


async def _chat(settings: Settings) -> int:
    library = Library.open(settings.knowledge.sources)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    console = open_console(plain_text=not interactive)
    async with Opening(lambda report: opened_app(settings, report)) as opening:
        session = Session(library, opening, console, settings.data_dir)
        if not interactive:
            async with aclosing(read_lines(_STANDARD_INPUT)) as lines:
                return await chat_with_pipe(session, lines, complain)
        from bot.adapters.terminal_prompt import chat_with_person, open_history

        show(console, _greeting(settings))
        await chat_with_person(session, opening, library, console, open_history(settings.data_dir))
        if not opening.done:
            leave_now(0)
    return 0


def _greeting(settings: Settings) -> list[Line]:
    lead = Span("Herald", "heading")
    lines = [Line((lead, Span(" · Ask about Meta's release of Llama 2. /help shows more, Ctrl-D leaves.")))]
    try:
        note = resolve(settings.model, settings.models_dir).note
    except HeraldError as error:
        return [*lines, Line((Span(str(error), "warning"),)), Line()]
    return [*lines, *([Line((Span(note, "dim"),))] if note else []), Line()]
