"""The commands that look after Herald: `herald index`, `herald doctor` and `herald eval`."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.adapters.rendering import Line, Span, Style
from bot.adapters.terminal_output import open_console, show
from bot.cli_setup import opened_app, progress_bar

if TYPE_CHECKING:
    from bot.doctor import Finding

_MARKS: dict[str, tuple[str, Style]] = {
    "ok": ("ok      ", "dim"),
    "note": ("note    ", "marker"),
    "problem": ("problem ", "warning"),
}


def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the whole index anew.")] = False,
) -> None:
    """Build or refresh the index that questions are answered from; what has not changed is kept."""
    from bot.settings import load_settings
    from knowledge.contents import contents
    from knowledge.embedding import MiniLMEmbedder
    from knowledge.loading import Library
    from knowledge.retrieval import open_retriever

    settings = load_settings()
    documents = Library.open(settings.knowledge.sources).documents
    with progress_bar() as report:
        report("Loading the embedding model", 0, 0)
        open_retriever(
            documents,
            MiniLMEmbedder(),
            folder=settings.index_dir,
            url=settings.knowledge.chroma_url,
            report=lambda done, total: report("Indexing", done, total),
            rebuild=rebuild,
        ).close()
    passages, _ = contents(documents)
    print(f"The index is up to date: {len(passages):,} passages of {len(documents)} documents.")


def doctor() -> None:
    """Check what is configured and what is missing, and say what to do about it.

    The exit status is 0 if Herald can answer, else 1.
    """
    from bot.doctor import examine

    console, problems = open_console(), 0
    for finding in examine():
        problems += finding.level == "problem"
        show(console, _finding(finding))
    verdict = "Herald cannot answer yet." if problems else "Herald can answer."
    show(console, [Line(), Line((Span(verdict, "heading"),))])
    raise typer.Exit(int(problems > 0))


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Labelled questions, a JSON object a line.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the run to this file, as JSON.")] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with an earlier run, written with --out.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="The model to measure.")] = None,
) -> None:
    """Measure answers on a labelled question set, and print the table."""
    from bot.settings import load_settings

    settings = load_settings(model=model)

    async def run() -> None:
        from bot.evaluation import evaluate_file

        async with AsyncExitStack() as stack:
            with progress_bar() as report:
                app = await stack.enter_async_context(opened_app(settings, report))
            await evaluate_file(app, file, out=out, against=against, console=open_console())

    asyncio.run(run())


def _finding(finding: "Finding") -> list[Line]:
    mark, style = _MARKS[finding.level]
    lines = [Line((Span(mark, style), Span(f"{finding.what}: {finding.found}")))]
    return [*lines, Line((Span(finding.advice, "dim"),), indent=len(mark))] if finding.advice else lines
