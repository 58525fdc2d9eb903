"""`herald journal`: what was asked on the chat platforms, what the documents lack, and all of it as CSV."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.adapters.rendering import Line, Span, clean, cut
from bot.adapters.terminal_output import print_lines, print_table
from bot.cli_setup import complain, write_bytes, write_json

if TYPE_CHECKING:
    from bot.journal import Count, Gap, Summary
    from bot.settings import Settings

_FEW, _MANY = 10, 1_000  # questions listed: in the overview, and where a list is asked for
_LONGEST_QUESTION, _LONGEST_REASON, _MOST_REASONS = 300, 120, 3
_LONGEST_TIME = 36_500  # days


@dataclass(frozen=True, slots=True)
class _Report:
    """What was read; a list that was not asked for is None."""

    summary: "Summary"
    unanswered: "list[Gap] | None"
    down_voted: "list[Gap] | None"


def journal(
    days: Annotated[
        int | None,
        typer.Option(min=1, max=_LONGEST_TIME, metavar="N", help="Only the last N days; by default all that is kept."),
    ] = None,
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="List only the questions that were refused.")
    ] = False,
    down_voted: Annotated[
        bool, typer.Option("--down-voted", help="List only the questions whose answers were voted down.")
    ] = False,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE", help='Write all questions to a file, as CSV; "-": standard output.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what was asked on Discord and Slack, how it was answered and voted, and what the documents lack.

    Who asked is kept as a keyed hash only. A journal can be read while `herald serve` writes it.
    """
    from bot.errors import UsageError
    from bot.settings import load_settings

    if csv is not None and (unanswered or down_voted or as_json):
        raise UsageError("--csv writes all questions: leave out --unanswered, --down-voted and --json.")
    settings = load_settings()
    since = None if days is None else datetime.now(UTC) - timedelta(days=days)
    if csv is not None:
        _export(settings, csv, since)
        return
    both = unanswered == down_voted
    limit = _FEW if both and not (unanswered or as_json) else _MANY
    report = asyncio.run(_read(settings.journal_file, since, limit, unanswered or both, down_voted or both))
    if as_json:
        write_json(_as_json(report))
    elif not report.summary.questions:
        print(_nothing(settings, days))
    else:
        _print(report, overview=not (unanswered or down_voted))


async def _read(path: Path, since: datetime | None, limit: int, unanswered: bool, down_voted: bool) -> _Report:
    from bot.journal import Summary, read_journal

    if not _is_there(path):
        return _Report(Summary(), [] if unanswered else None, [] if down_voted else None)
    async with read_journal(path) as opened:
        return _Report(
            await opened.summary(since),
            await opened.unanswered(limit, since) if unanswered else None,
            await opened.down_voted(limit, since) if down_voted else None,
        )


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _nothing(settings: "Settings", days: int | None) -> str:
    """Why there is nothing to show, in one line."""
    if _is_there(settings.journal_file):
        return "The journal is empty: nothing was asked " + (f"in the last {days} days." if days else "yet.")
    if not settings.journal.enabled:
        return "There is no journal: HERALD_JOURNAL__ENABLED is off."
    return "There is no journal yet: herald serve begins one with the first start."


def _print(report: _Report, *, overview: bool) -> None:
    if overview:
        print_lines(_overview(report.summary))
    if report.unanswered is not None:
        _print_gaps("Refused, since the documents do not say", report.unanswered, "No question was refused.")
    if report.down_voted is not None:
        _print_gaps("Voted down", report.down_voted, "No answer was voted down.")


def _overview(summary: "Summary") -> list[Line]:
    median = summary.median_seconds
    facts = {
        "questions": f"{summary.questions:,}",
        "platforms": _listed(summary.platforms),
        "outcomes": _listed(summary.outcomes),
        "votes": f"{summary.votes_up:,} up, {summary.votes_down:,} down",
        "median": "no complete answer yet" if median is None else f"{median:.1f} s for an answer",
    }
    return [Line((Span(f"{what:<11}", "dim"), Span(clean(fact)))) for what, fact in facts.items()] + [Line()]


def _listed(counts: Sequence["Count"]) -> str:
    return ", ".join(f"{count.what} {count.times:,}" for count in counts)


def _print_gaps(heading: str, gaps: Sequence["Gap"], none: str) -> None:
    if not gaps:
        print_lines([Line((Span(none),))])
        return
    print_lines([Line((Span(heading, "heading"),))])
    told = any(gap.reasons for gap in gaps)
    header = ("times", "last", "question", "reasons")
    print_table(header if told else header[:3], [_row(gap)[: 4 if told else 3] for gap in gaps])


def _row(gap: "Gap") -> tuple[str, str, str, str]:
    reasons = "; ".join(cut(reason, _LONGEST_REASON) for reason in gap.reasons[:_MOST_REASONS])
    return str(gap.times), f"{gap.last.astimezone():%Y-%m-%d}", cut(gap.question, _LONGEST_QUESTION), reasons


def _as_json(report: _Report) -> dict[str, object]:
    summary = report.summary
    return {
        "questions": summary.questions,
        "platforms": {count.what: count.times for count in summary.platforms},
        "outcomes": {count.what: count.times for count in summary.outcomes},
        "votes": {"up": summary.votes_up, "down": summary.votes_down},
        "median_seconds": None if summary.median_seconds is None else round(summary.median_seconds, 3),
        **({} if report.unanswered is None else {"unanswered": [_gap_json(gap) for gap in report.unanswered]}),
        **({} if report.down_voted is None else {"down_voted": [_gap_json(gap) for gap in report.down_voted]}),
    }


def _gap_json(gap: "Gap") -> dict[str, object]:
    last = gap.last.isoformat(timespec="seconds")
    return {"question": gap.question, "times": gap.times, "last": last, "reasons": list(gap.reasons)}


def _export(settings: "Settings", file: str, since: datetime | None) -> None:
    """Write CSV to a file, or to standard output with nothing besides; without a journal no file is made."""
    from bot.errors import HeraldError

    path = settings.journal_file
    if not _is_there(path):
        complain(_nothing(settings, None))
    elif file == "-":
        asyncio.run(_write_csv(path, lambda text: write_bytes(text.encode()), since))
    else:
        try:
            with Path(file).open("w", encoding="utf-8", newline="") as out:
                number = asyncio.run(_write_csv(path, out.write, since))
        except OSError as error:
            raise HeraldError(f"{file} cannot be written: {error.strerror}.") from error
        print(f"Questions written to {clean(file)}: {number:,}.")


async def _write_csv(path: Path, write: Callable[[str], object], since: datetime | None) -> int:
    from bot.journal import read_journal

    async with read_journal(path) as opened:
        return await opened.export(write, since)
