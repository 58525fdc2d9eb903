"""What tests of the command line share: a folder without settings, and `herald` run in this process."""

import os
from pathlib import Path

import pytest

from bot import cli
from tests.command_line import Herald, Result


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working folder without settings; returns the data folder, which is not made yet."""
    for name in [name for name in os.environ if name.startswith("HERALD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HERALD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def herald(capsys: pytest.CaptureFixture[str]) -> Herald:
    """Run the command line to its exit."""

    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as exit_:
            cli.main(arguments)
        printed = capsys.readouterr()
        return Result(int(exit_.value.code or 0), printed.out, printed.err)

    return run
