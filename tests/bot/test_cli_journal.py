"""`herald journal`: what it prints of a journal, and of none."""

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.journal import COLUMNS, Asked, open_journal
from tests.command_line import Herald, Result
from tests.fakes import ANSWERED, UNKNOWN

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def path(no_settings: Path) -> Path:
    """The journal of an empty data folder."""
    return no_settings / "journal.sqlite3"


@pytest.fixture
def asked(path: Path) -> None:
    """A journal of three questions: one refused twice, and one answered a week ago and voted down."""

    async def fill() -> None:
        clock = iter([NOW - timedelta(days=9)] * 4 + [NOW - timedelta(hours=1), NOW])
        async with open_journal(path, retention_days=90, now=lambda: next(clock)) as journal:
            await journal.begin(Asked("a", "1", "slack", "Who may\x1b[2J not use it?", "anna"))
            await journal.finish("a", ANSWERED)
            await journal.vote("a", "anna", False, "=Apple\x07 is missing")
            for key, text in (("b", "What does GPT-4 cost?"), ("c", "what does gpt-4\ncost")):
                await journal.begin(Asked(key, key, "discord", text, "bert"))
                await journal.finish(key, UNKNOWN)

    asyncio.run(fill())


class TestNothing:
    def test_no_journal(self, herald: Herald, path: Path) -> None:
        result = herald("journal")
        assert (result.status, result.err) == (0, "")
        assert result.out == "There is no journal yet: herald serve begins one with the first start.\n"
        assert not path.parent.exists()

    def test_switched_off(self, herald: Herald, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_JOURNAL__ENABLED", "false")
        assert herald("journal") == Result(0, "There is no journal: HERALD_JOURNAL__ENABLED is off.\n", "")

    def test_an_empty_one(self, herald: Herald, path: Path) -> None:
        async def make() -> None:
            async with open_journal(path, retention_days=90):
                pass

        asyncio.run(make())
        assert herald("journal") == Result(0, "The journal is empty: nothing was asked yet.\n", "")
        assert herald("journal", "--days", "7").out == "The journal is empty: nothing was asked in the last 7 days.\n"

    def test_as_json_it_is_all_zeros(self, herald: Herald) -> None:
        assert json.loads(herald("journal", "--json").out) == {
            "questions": 0,
            "platforms": {},
            "outcomes": {},
            "votes": {"up": 0, "down": 0},
            "median_seconds": None,
            "unanswered": [],
            "down_voted": [],
        }

    def test_an_export_makes_no_file(self, herald: Herald, tmp_path: Path) -> None:
        result = herald("journal", "--csv", "out.csv")
        assert (result.status, result.out) == (0, "")
        assert result.err.startswith("herald: There is no journal yet")
        assert not (tmp_path / "out.csv").exists()


@pytest.mark.usefixtures("asked")
class TestTables:
    def test_the_overview(self, herald: Herald) -> None:
        today, then = (f"{moment.astimezone():%Y-%m-%d}" for moment in (NOW, NOW - timedelta(days=9)))
        result = herald("journal")
        assert (result.status, result.err) == (0, "")
        assert result.out.splitlines() == [
            "questions  3",
            "platforms  discord 2, slack 1",
            "outcomes   unknown 2, answered 1",
            "votes      0 up, 1 down",
            "median     1.2 s for an answer",
            "",
            "Refused, since the documents do not say",
            f"2\t{today}\twhat does gpt-4 cost",
            "Voted down",
            f"1\t{then}\tWho may[2J not use it?\t=Apple is missing",
        ]

    def test_the_last_days(self, herald: Herald) -> None:
        out = herald("journal", "--days", "7").out
        assert "questions  2\n" in out
        assert out.endswith("No answer was voted down.\n")

    def test_one_list(self, herald: Herald) -> None:
        assert len(herald("journal", "--unanswered").out.splitlines()) == 2
        assert herald("journal", "--down-voted").out.startswith("Voted down\n1\t")
        both = herald("journal", "--unanswered", "--down-voted").out
        assert both == herald("journal", "--unanswered").out + herald("journal", "--down-voted").out

    def test_json(self, herald: Herald) -> None:
        printed = json.loads(herald("journal", "--json").out)
        assert (printed["questions"], printed["platforms"]) == (3, {"discord": 2, "slack": 1})
        assert printed["votes"] == {"up": 0, "down": 1}
        assert printed["unanswered"] == [
            {
                "question": "what does gpt-4\ncost",
                "times": 2,
                "last": NOW.isoformat(timespec="seconds"),
                "reasons": [],
            }
        ]
        assert printed["down_voted"][0]["reasons"] == ["=Apple\x07 is missing"]
        assert "down_voted" not in json.loads(herald("journal", "--json", "--unanswered").out)

    def test_a_terminal_shows_a_table(self, herald: Herald, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", "100")
        out = herald("journal", "--unanswered").out
        assert "times" in out and "question" in out


@pytest.mark.usefixtures("asked")
class TestCsv:
    def test_a_file(self, herald: Herald, tmp_path: Path) -> None:
        assert herald("journal", "--csv", "out.csv") == Result(0, "Questions written to out.csv: 3.\n", "")
        with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert tuple(rows[0]) == COLUMNS
        assert [row[3] for row in rows[1:]] == [
            "Who may[2J not use it?",
            "What does GPT-4 cost?",
            "what does gpt-4\ncost",
        ]
        assert rows[1][11] == "'=Apple is missing"

    def test_standard_output_has_nothing_besides(self) -> None:
        code = "from bot.cli import main; main(['journal', '--csv', '-', '--days', '7'])"
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert len(list(csv.DictReader(io.StringIO(done.stdout.decode())))) == 2

    def test_a_file_that_cannot_be_written(self, herald: Herald) -> None:
        result = herald("journal", "--csv", "nowhere/out.csv")
        assert (result.status, result.out) == (1, "")
        assert result.err == "herald: nowhere/out.csv cannot be written: No such file or directory.\n"


class TestWrongUse:
    @pytest.mark.parametrize("option", ["--json", "--unanswered", "--down-voted"])
    def test_csv_stands_alone(self, herald: Herald, option: str) -> None:
        result = herald("journal", "--csv", "-", option)
        assert (result.status, result.out) == (2, "")
        assert "--csv writes all questions" in result.err

    @pytest.mark.parametrize("days", ["0", "-1", "many", "36501"])
    def test_days(self, herald: Herald, days: str) -> None:
        assert herald("journal", "--days", days).status == 2

    def test_a_damaged_journal(self, herald: Herald, path: Path) -> None:
        path.parent.mkdir()
        path.write_text("no database" * 100)
        result = herald("journal")
        assert (result.status, result.out) == (1, "")
        assert result.err == (
            f"herald: The journal {path} is damaged. Start herald serve again: "
            "it moves the file aside and begins a new one.\n"
        )


def test_help_needs_no_database(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom bot.cli import main\n"
        "try:\n    main(['journal', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('sqlalchemy', 'aiosqlite', 'pydantic_settings') if name in sys.modules])"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
