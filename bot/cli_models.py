"""`herald models`: the models known by name, what each is, and fetching one."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.adapters.rendering import Line, Span
from bot.adapters.terminal_output import open_console, print_lines, print_table, show

if TYPE_CHECKING:
    from bot.models.catalog import CatalogEntry

models = typer.Typer(
    name="models", help="List, show and fetch language models.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `herald models list`.")]


@models.command("list")
def list_models() -> None:
    """List the models known by name."""
    from bot.errors import HeraldError
    from bot.models.catalog import CATALOG, resolve
    from bot.settings import load_settings

    settings = load_settings()
    try:
        used = resolve(settings.model, settings.models_dir).name
    except HeraldError:
        used = ""
    rows = []
    for entry in CATALOG.values():
        there = "in use" if entry.name == used else "ready"
        state = there if entry.path(settings.models_dir) else f"herald models pull {entry.name}"
        rows.append((entry.name, entry.title, _megabytes(entry.size), state, entry.license))
    print_table(("name", "model", "size", "state", "license"), rows)


@models.command("show")
def show_model(name: Name) -> None:
    """Show what a model is, where it comes from and what its license asks for."""
    from bot.models.catalog import HubFile, find_entry
    from bot.settings import load_settings

    entry = find_entry(name)
    path = entry.path(load_settings().models_dir)
    source = entry.source
    if isinstance(source, HubFile):
        origin = f"{source.repository} at {source.revision}"
    else:
        origin = f"Python package {source.package}"
    facts = {
        "name": entry.name,
        "file": entry.file,
        "size": _megabytes(entry.size),
        "sha256": entry.sha256,
        "context": f"{entry.context_tokens:,} tokens",
        "from": origin,
        "license": entry.license,
        "here": str(path) if path else f"not yet: herald models pull {entry.name}",
    }
    lines = [Line((Span(entry.title, "heading"),))]
    lines += [Line((Span(f"{what:<9}", "dim"), Span(fact))) for what, fact in facts.items()]
    print_lines([*lines, *([Line(), Line((Span(entry.notice),))] if entry.notice else [])])


@models.command("pull")
def pull_model(
    name: Name,
    accept_license: Annotated[bool, typer.Option("--accept-license", help="Accept its license unasked.")] = False,
) -> None:
    """Fetch a model; a transfer that broke off is resumed, and the file is checked."""
    from bot.models.catalog import find_entry
    from bot.models.pull import pull
    from bot.settings import load_settings

    settings = load_settings()
    entry = find_entry(name)
    if (path := entry.path(settings.models_dir)) is None:
        if not accept_license:
            _ask_to_accept(entry)
        with _transfer_bar(entry) as report:
            pulled = pull(entry, settings.models_dir, base_url=settings.models.hub_url, on_progress=report)
            path = asyncio.run(pulled)
    print(f"{entry.title} is ready: {path}")


def _ask_to_accept(entry: "CatalogEntry") -> None:
    from bot.errors import HeraldError, UsageError

    if not entry.notice:
        return
    show(open_console(stderr=True), [Line((Span(entry.notice),)), Line()])
    if not sys.stdin.isatty():
        raise UsageError("To accept the license, add --accept-license.")
    print("Do you accept? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise HeraldError("Nothing was fetched.")


@contextmanager
def _transfer_bar(entry: "CatalogEntry") -> Iterator[Callable[[int, int], None]]:
    """A report for `pull` that draws a bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=open_console(stderr=True)) as progress:
        task = progress.add_task(entry.name, total=entry.size)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
