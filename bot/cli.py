"""The command line: `herald`, which is `python -m bot`. What is heavy is imported by the commands that need it."""

import errno
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from bot.adapters.rendering import render
from bot.adapters.terminal_output import open_console, print_lines, print_table, show
from bot.brief import explain as explain_topic
from bot.cli_journal import journal
from bot.cli_models import models
from bot.cli_setup import INTERRUPTED, complain, data_dir, leave_now, open_library, write_bytes, write_json
from bot.cli_upkeep import doctor, evaluate, index
from bot.errors import SHOWABLE, UsageError, exit_status
from bot.faults import message_for
from bot.license_lookup import look_up
from bot.public_json import clause_json, contents_json, explain_json, source_json, sources_json
from bot.replies import ContentsReply, OfferReply
from bot.source_reading import list_sources, open_document, read_source
from bot.version import version as installed_version
from knowledge.loading import Library

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Model = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="A name from `herald models list`, a .gguf file, or a server's URL."),
]

herald = typer.Typer(
    name="herald",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: an error is one line on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal's encoding lacks is no error.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    try:
        if sys.stdout is None:  # as Python leaves it where a shell has closed it (>&-)
            raise UsageError("Standard output is closed: there is nowhere to answer.")
        herald(arguments, prog_name="herald")
    except KeyboardInterrupt:
        leave_now(INTERRUPTED)
    except SHOWABLE as error:
        complain(str(error))
        sys.exit(exit_status(error))
    except Exception as error:
        # The stream that is written to has no name, a file has.
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None
        complain("Cannot write the output: the disk is full." if full else message_for(error, data_dir()))
        sys.exit(1)
    sys.exit(0)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"herald {installed_version()}")
        raise typer.Exit


@herald.callback()
def _herald(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Answers questions about Meta's release of Llama 2 from its sources, each sentence with a verified citation."""


@herald.command(no_args_is_help=True)
def ask(
    question: Annotated[list[str] | None, typer.Argument(metavar="QUESTION", help="The question.")] = None,
    as_json: AsJson = False,
    batch: Annotated[
        str | None,
        typer.Option(metavar="FILE", help='Answer a file of questions, a JSON object a line; "-": standard input.'),
    ] = None,
    model: Model = None,
) -> None:
    """Answer a question, with the citations below.

    In a batch each line is {"question": "…"}, with an "id" and a "history" if you like, and each is answered by a line
    of JSON, in the same order. A line that cannot be answered gives {"line": …, "error": …} in its place, the others
    are answered all the same, and the exit status is 1.
    """
    from bot import cli_answers

    if bool(question) == (batch is not None):
        raise UsageError('Give either a question (herald ask "…") or --batch FILE.')
    if batch is not None:
        raise typer.Exit(cli_answers.answer_file(batch, model))
    cli_answers.answer(" ".join(question or ()), model, as_json)


@herald.command()
def chat(model: Model = None) -> None:
    """Chat in the terminal: questions, follow-ups and slash commands, as on Discord and Slack.

    Standard input that is no terminal is answered line by line, as plain text.
    """
    from bot import cli_answers

    raise typer.Exit(cli_answers.chat(model))


@herald.command()
def serve(
    platforms: Annotated[
        list[str] | None, typer.Argument(metavar="[discord] [slack]", help="Which; by default all that have tokens.")
    ] = None,
    model: Model = None,
) -> None:
    """Run the bot on Discord and Slack, in one process with one model, until it is told to stop (Ctrl-C, SIGTERM)."""
    from bot import cli_serve

    cli_serve.serve(platforms or (), model)


@herald.command("license")
def license_(
    clause: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLAUSE", help="A number (1.b.iii), a title, a term or a topic; nothing: the contents."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a clause of the license, word for word, with the defined terms it uses."""
    reply = look_up(open_library(), " ".join(clause or ()))
    if isinstance(reply, OfferReply):
        _offer(reply)
    elif not as_json:
        print_lines(render(reply, "herald "))
    else:
        write_json(contents_json(reply) if isinstance(reply, ContentsReply) else clause_json(reply))


@herald.command()
def explain(
    topic: Annotated[list[str] | None, typer.Argument(metavar="TOPIC", help="One point; nothing: all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the announcement in brief, each sentence with its citation."""
    reply = explain_topic(open_library(), " ".join(topic or ()))
    if isinstance(reply, OfferReply):
        _offer(reply)
    elif as_json:
        write_json(explain_json(reply))
    else:
        print_lines(render(reply))


@herald.command()
def sources(
    source: Annotated[str | None, typer.Argument(metavar="ID", help="A document to read; nothing: the list.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print its text exactly, as citations index it.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the documents that answers come from, or print one."""
    library = open_library()
    if source is None:
        if raw:
            raise UsageError("--raw needs the id of a source: herald sources ID --raw.")
        _list_sources(library, as_json)
    elif raw:
        write_bytes(open_document(library, source).text.encode())
    elif as_json:
        write_json(source_json(open_document(library, source)))
    else:
        print_lines(render(read_source(library, source)))


def _list_sources(library: Library, as_json: bool) -> None:
    reply = list_sources(library)
    if as_json:
        write_json(sources_json(reply))
    else:
        rows = [(it.id, it.kind, f"{it.characters:,}", it.file, it.title) for it in reply.entries]
        print_table(("id", "kind", "characters", "file", "title"), rows)
    problems = [entry.problem for entry in reply.entries if entry.problem]
    for problem in problems:
        complain(problem)
    raise typer.Exit(int(bool(problems)))


def _offer(reply: OfferReply) -> NoReturn:
    """Nothing, or not one thing, was found: wrong usage, with what may have been meant."""
    if sys.stderr.isatty():
        show(open_console(stderr=True), render(reply, "herald "))
    else:
        complain(f"{reply.message} " + "; ".join(f"{it.value} ({it.label})" for it in reply.choices) + ".")
    raise typer.Exit(2)


herald.command()(index)
herald.add_typer(models)
herald.command()(journal)
herald.command()(doctor)
herald.command("eval")(evaluate)
