"""`herald eval` with a scripted model: what it prints, what it writes, and what it compares."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.app import App
from bot.errors import UsageError
from bot.evaluation import evaluate_file
from bot.models.catalog import ModelChoice
from bot.settings import load_settings
from knowledge.documents import Document
from knowledge.loading import Library
from tests.bot.answering.conftest import Stage
from tests.fakes import Piece, ScriptedModel

MILL = Document("mill", "The mill", "text", "The mill opens at nine.\n\nAnna Berg owns the mill.\n")
LABELS = [
    {
        "id": "q-1", "question": "When does it open?", "style": "chatty", "answerable": True,
        "gold": [{"source": "mill", "text": "opens at nine"}], "facts": [["nine"]],
    },
    {
        "id": "q-2", "question": "Who owns the mill?", "style": "formal", "answerable": True,
        "gold": [{"source": "mill", "text": "Anna Berg"}], "facts": [["Anna"]],
    },
    {"id": "q-3", "question": "Who [built] it?", "style": "near-miss", "answerable": False},
]  # fmt: skip


@dataclass
class Run:
    """`herald eval` on a small file, again and again with another model."""

    folder: Path
    library: Library
    labels: Path = field(init=False)

    def __post_init__(self) -> None:
        self.labels = self.folder / "labels.jsonl"
        self.labels.write_text("".join(json.dumps(label) + "\n" for label in LABELS), encoding="utf-8")

    async def __call__(self, said: str, out: str | None = None, against: str | None = None) -> str:
        stage = Stage((MILL,))
        model = ScriptedModel(lambda asked: [Piece(said)])
        answerer = stage(model, *stage.passages, step=0.01).answerer
        console = Console(file=io.StringIO(), width=200)
        settings = load_settings(data_dir=self.folder)
        await evaluate_file(
            App(settings, self.library, answerer, ModelChoice("scripted")),
            self.labels,
            out=self.folder / out if out else None,
            against=self.folder / against if against else None,
            console=console,
        )
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def run(tmp_path: Path, shipped: Library) -> Run:
    return Run(tmp_path, shipped)


async def test_gold_that_stands_nowhere_is_told(run: Run) -> None:
    run.labels.write_text(json.dumps(LABELS[0] | {"gold": [{"source": "mill", "text": "at ten"}]}), encoding="utf-8")
    assert "No gold snippet of q-1 stands in the documents" in await run("The mill opens at nine. [1]")


async def test_it_prints_the_table_and_what_failed(run: Run) -> None:
    printed = await run("The mill opens at nine. [1]")
    assert "labels.jsonl, 3 questions, scripted" in printed
    assert "correct and cited" in printed
    assert "50.0%" in printed
    assert "Outcomes: answered 100%, quoted 0%, unknown 0%" in printed
    assert "q-1" not in printed
    assert "q-2 [formal] cites the wrong passage" in printed
    assert "q-3 [near-miss] answered an unanswerable question: Who [built] it?" in printed


async def test_it_writes_the_run_and_a_markdown_table(run: Run) -> None:
    printed = await run("The mill opens at nine. [1]", out="new/run.json")
    written = run.read("new/run.json")
    assert (written["file"], written["model"]) == ("labels.jsonl", "scripted")
    assert written["table"]["correct and cited"][0] == 0.5
    assert [row["id"] for row in written["questions"] if row["failure"]] == ["q-2", "q-3"]
    assert written["questions"][0]["text"] == "The mill opens at nine. [1]"
    table = (run.folder / "new" / "run.md").read_text(encoding="utf-8").splitlines()
    assert table[:2] == ["| measure | value | 95% interval |", "|---|---:|---:|"]
    assert any(line.startswith("| correct and cited | 50.0% | 0.0%–100.0% |") for line in table)
    assert "run.json" in printed
    assert "run.md" in printed


async def test_it_compares_with_an_earlier_run(run: Run) -> None:
    await run("The mill opens at nine. [1]", out="first.json")
    printed = await run("Anna Berg owns the mill. [2]", against="first.json")
    assert "q-1 worse: cites the wrong passage" in printed
    assert "q-2 better: no longer cites the wrong passage" in printed
    assert "correct and cited: 50.0% → 50.0%" in printed


async def test_a_run_may_be_compared_with_and_replaced(run: Run) -> None:
    await run("The mill opens at nine. [1]", out="run.json")
    await run("Anna Berg owns the mill. [2]", out="run.json", against="run.json")
    assert run.read("run.json")["questions"][1]["failure"] == ""


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"questions": [], "table": []}',
        '{"questions": [{"id": "q-1"}], "table": {}}',
        '{"questions": [7], "table": {}}',
        '{"questions": [], "table": {"correct": [1]}}',
    ],
)
async def test_what_is_no_run_is_said_in_one_line(run: Run, content: str) -> None:
    (run.folder / "old.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"old\.json is not a run that `herald eval --out` wrote"):
        await run("", against="old.json")


async def test_files_that_are_not_there_or_cannot_be_written(run: Run) -> None:
    with pytest.raises(UsageError, match=r"Cannot read .*: No such file"):
        await run("", against="none.json")
    with pytest.raises(UsageError, match=r"Cannot write .*: (File exists|Not a directory)"):
        await run("", out="labels.jsonl/run.json")
    with pytest.raises(UsageError, match="Name a JSON file"):
        await run("", out="run.md")
