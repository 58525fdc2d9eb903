"""Documents cannot rot: what README.md, CHANGELOG.md and --help name exists, and what exists is named."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from bot.cli import herald
from bot.commands import COMMANDS
from bot.faults import DEBUG
from bot.settings import describe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DESIGNED = {"ask", "chat", "license", "explain", "sources", "index", "models", "serve", "doctor", "eval"}
"""The commands of the design."""
OWN = {"journal"}
"""Commands that the issues ask for besides."""


@cache
def command_line() -> TyperGroup:
    return typer.main.get_group(herald)


def named_commands() -> list[str]:
    """What README.md names as `herald …`, in code blocks and in backticks, a command each."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", README, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("herald ")]
    inline = re.findall(r"`(herald [^`\n]+)`", README)
    return sorted({re.split(r"\s{2,}", line)[0].strip() for line in (*lines, *inline)})


def found(words: list[str]) -> tuple[TyperCommand | TyperGroup, list[str]]:
    """The command that words lead to, and the words that are left for it."""
    command: TyperCommand | TyperGroup = command_line()
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        inner = command.commands.get(words[0])
        assert isinstance(inner, TyperCommand | TyperGroup), f"herald has no command {words[0]!r}"
        command, words = inner, words[1:]
    return command, words


def alternatives(line: str) -> Iterator[list[str]]:
    """`herald models list|show` as the words of each command that it stands for."""
    words = re.sub(r"[\[\]]", " ", line).split()[1:]
    choices = next((word for word in words if re.fullmatch(r"[a-z]+(?:\|[a-z]+)+", word)), None)
    for choice in choices.split("|") if choices else [None]:
        yield [choice if word == choices and choice else word for word in words]


def table_of_commands() -> set[str]:
    """The commands in the table of README.md: those of the chat and of the command line alike."""
    rows = re.findall(r"^\| `([a-z]+)`(?:, `([a-z]+)`)? \|", README, re.M)
    return {name for row in rows for name in row if name}


def test_there_are_commands_to_check() -> None:
    assert len(named_commands()) >= 8


@pytest.mark.parametrize("line", named_commands())
def test_a_command_of_the_readme_exists_with_its_options(line: str) -> None:
    for words in alternatives(line):
        command, rest = found(words)
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= options


def test_every_command_is_in_the_readme() -> None:
    names = set(command_line().commands)
    named = {words[0] for line in named_commands() for words in alternatives(line)}
    assert names - named - table_of_commands() == {"chat"}, "make chat is how the README opens the chat"


def test_help_lists_the_commands_of_the_design() -> None:
    printed = CliRunner().invoke(herald, ["--help"]).output
    listed = set(re.findall(r"^  ([a-z]+) {2,}\S", printed.partition("Commands:")[2], re.M))
    assert listed == set(command_line().commands)
    assert listed == DESIGNED | OWN


@pytest.mark.parametrize("name", sorted(command_line().commands))
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(herald, [name, "--help"])
    assert result.exit_code == 0
    assert command_line().commands[name].help


def test_the_slash_commands_of_the_readme_exist() -> None:
    slash = {command.name for command in COMMANDS}
    assert table_of_commands() == slash


def test_settings_and_the_readme_name_the_same_variables() -> None:
    named = set(re.findall(r"\bHERALD_[A-Z_]+[A-Z]\b", README)) - {DEBUG}
    assert named == set(describe())


@pytest.mark.parametrize(("name", "meaning"), describe().items())
def test_the_readme_says_what_a_variable_is_for(name: str, meaning: str) -> None:
    assert f"| `{name}` | {meaning} |" in README


@pytest.mark.parametrize("target", ["chat", "test", "check", "bench"])
def test_the_targets_of_the_readme_exist(target: str) -> None:
    assert f"make {target}" in README
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_the_files_of_the_readme_exist() -> None:
    paths = set(re.findall(r"\b(?:tests|knowledge|bot)/[\w/.-]+\w", README))
    assert paths
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_nothing_in_the_readme_waits_to_be_filled_in() -> None:
    assert not re.findall(r"@[A-Z]+@|\bTODO\b|\bTBD\b", README)


def test_the_changelog_has_an_unreleased_section() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (?:\[Unreleased\]|Unreleased)$", changelog, re.M)
