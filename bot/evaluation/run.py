"""Ask every question of a labelled file, show progress, print the table and write what was measured."""

import json
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.answering.answerer import Answerer
from bot.answering.followups import in_context
from bot.app import App
from bot.errors import UsageError
from bot.evaluation.labels import Labelled, read_labels
from bot.evaluation.scores import Interval, Score, is_lost, outcomes, score, table
from bot.messages import Answer, Question

_FOUND = 8


@dataclass(frozen=True, slots=True)
class _Run:
    """An earlier run: what failed, by the question's id, and its table."""

    failures: dict[str, str]
    table: dict[str, Interval]


async def evaluate_file(app: App, path: Path, *, out: Path | None, against: Path | None, console: Console) -> None:
    """Measure the answers to a labelled file; `out` gets the run as JSON and, beside it, as a Markdown table.

    `against` is an earlier run, compared question by question. Raises UsageError for a file that cannot be read.
    """
    labels = read_labels(path)
    earlier = _read_run(against) if against else None
    if out is not None:
        _check_writable(out)
    documents = {document.id: document for document in app.answerer.documents}
    if lost := [label.id for label in labels if is_lost(label, documents)]:
        console.print(f"No gold snippet of {', '.join(lost)} stands in the documents.", markup=False)
    scores = await _ask_all(app.answerer, labels, console)
    console.print(_rendered(scores, f"{path.name}, {len(scores)} questions, {app.answerer.model_name}"))
    shares = ", ".join(f"{name} {share:.0%}" for name, share in outcomes(scores).items())
    console.print(f"Outcomes: {shares}", markup=False)
    for failed in (s for s in scores if s.failure):
        console.print(f"{failed.id} [{failed.style}] {failed.failure}: {failed.question}", markup=False)
    if earlier is not None:
        _compare(scores, earlier, console)
    if out is not None:
        _write(out, path, app.answerer.model_name, scores)
        console.print(f"Written to {out} and {out.with_suffix('.md')}", markup=False)


async def _ask_all(answerer: Answerer, labels: Sequence[Labelled], console: Console) -> list[Score]:
    documents = {document.id: document for document in answerer.documents}
    columns = (TextColumn("Asking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    scores = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(labels))
        for label in labels:
            started = time.perf_counter()
            answer = await _answer(answerer, Question(label.question, label.history))
            seconds = time.perf_counter() - started
            asked = in_context(label.question, label.history, answerer.retriever.vocabulary)
            found = await answerer.retriever.search(asked.text, _FOUND, asked.before, asked.answer)
            scores.append(score(label, answer, [ranked.passage for ranked in found], documents, seconds))
            progress.advance(task)
    return scores


async def _answer(answerer: Answerer, question: Question) -> Answer:
    async with aclosing(answerer.stream(question)) as events:
        async for event in events:
            if isinstance(event, Answer):
                return event
    raise AssertionError("a stream ends with an Answer")


def _rendered(scores: Sequence[Score], title: str) -> Table:
    rendered = Table(title=title, title_justify="left")
    for heading in ("measure", "value", "95% interval"):
        rendered.add_column(heading, justify="left" if heading == "measure" else "right")
    for name, interval in table(scores).items():
        rendered.add_row(name, *_cells(name, interval))
    return rendered


def _cells(name: str, interval: Interval) -> tuple[str, str]:
    value, low, high = interval
    if name.startswith("seconds"):
        return f"{value:.2f}", f"{low:.2f}–{high:.2f}"
    return f"{value:.1%}", f"{low:.1%}–{high:.1%}"


def _compare(scores: Sequence[Score], earlier: _Run, console: Console) -> None:
    """Say which questions have changed since the earlier run."""
    for now in scores:
        then = earlier.failures.get(now.id)
        if then is not None and bool(then) != bool(now.failure):
            change = f"worse: {now.failure}" if now.failure else f"better: no longer {then}"
            console.print(f"{now.id} {change}: {now.question}", markup=False)
    for name, interval in table(scores).items():
        if name in earlier.table:
            console.print(f"{name}: {_cells(name, earlier.table[name])[0]} → {_cells(name, interval)[0]}", markup=False)


def _check_writable(out: Path) -> None:
    """Find out before all questions are asked whether the run can be written."""
    if out.suffix == ".md":
        raise UsageError(f"Name a JSON file: {out.name} is where the Markdown table would go.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.open("a", encoding="utf-8").close()
    except OSError as error:
        raise UsageError(f"Cannot write {out}: {error.strerror}.") from error


def _write(out: Path, path: Path, model: str, scores: Sequence[Score]) -> None:
    rows = [asdict(s) | {"correct": s.correct, "failure": s.failure} for s in scores]
    run = {"file": path.name, "model": model, "table": table(scores), "outcomes": outcomes(scores), "questions": rows}
    lines = ["| measure | value | 95% interval |", "|---|---:|---:|"]
    lines += [f"| {name} | {' | '.join(_cells(name, interval))} |" for name, interval in table(scores).items()]
    try:
        out.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        out.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write {out}: {error.strerror}.") from error


def _read_run(path: Path) -> _Run:
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        failures = {str(row["id"]): str(row["failure"]) for row in run["questions"]}
        return _Run(failures, {name: (value, low, high) for name, (value, low, high) in run["table"].items()})
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is not a run that `herald eval --out` wrote.") from error
