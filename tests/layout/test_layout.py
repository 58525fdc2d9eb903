"""The layout rules of the design: which module may import what, and what the top level holds."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("bot", "knowledge") for path in (ROOT / folder).rglob("*.py"))

ONLY_IN = {
    "chromadb": {"knowledge/chroma.py"},
    "sentence_transformers": {"knowledge/embedding.py"},
    "transformers": {"knowledge/embedding.py"},
    "torch": {"knowledge/embedding.py"},
    "llama_cpp": {"bot/models/llama_cpp.py"},
    "discord": {"bot/adapters/discord.py"},
    "slack_bolt": {"bot/adapters/slack.py"},
    "slack_sdk": {"bot/adapters/slack.py"},
}


def imported(source: str) -> Iterator[str]:
    """The modules that a source imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"


def named(path: Path) -> str:
    """A module's path as the rules write it."""
    return path.relative_to(ROOT).as_posix()


def homes(package: str) -> set[str]:
    """The modules that import a package."""
    return {
        named(path)
        for path in SOURCES
        if any(module.split(".")[0] == package for module in imported(path.read_text(encoding="utf-8")))
    }


def allowed(path: str, home: str) -> bool:
    """Whether a module is the home of a package, or part of it where the home has grown into a folder."""
    return path == home or path.startswith(home.removesuffix(".py") + "/")


@pytest.mark.parametrize(("package", "its_homes"), ONLY_IN.items())
def test_only_one_module_imports(package: str, its_homes: set[str]) -> None:
    strays = {path for path in homes(package) if not any(allowed(path, home) for home in its_homes)}
    assert not strays, f"{package} is imported by {strays}"


@pytest.mark.parametrize("package", ["chromadb", "sentence_transformers", "llama_cpp"])
def test_the_rule_is_about_a_package_that_is_used(package: str) -> None:
    assert homes(package) == ONLY_IN[package]


def test_knowledge_never_imports_bot() -> None:
    assert not [path for path in homes("bot") if path.startswith("knowledge/")]


def test_no_module_imports_the_tests() -> None:
    assert not homes("tests")


def test_no_module_hides_what_it_imports_behind_a_relative_name() -> None:
    relative = [
        named(path)
        for path in SOURCES
        if any(module.startswith(".") for module in imported(path.read_text(encoding="utf-8")))
    ]
    assert not relative


def test_imports_inside_functions_count() -> None:
    source = "def load():\n    from chromadb.config import Settings\n    import llama_cpp.llama as l\n"
    assert list(imported(source)) == ["chromadb.config", "llama_cpp.llama"]


def test_the_top_level_holds_the_two_packages_and_their_tests() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == {"bot", "knowledge", "tests"}


def test_the_two_packages_are_what_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["setuptools"]["packages"]["find"]["include"]) == {"bot*", "knowledge*"}


@pytest.mark.parametrize("folder", ["bot", "knowledge"])
def test_every_folder_with_modules_is_a_package(folder: str) -> None:
    folders = {path.parent for path in (ROOT / folder).rglob("*.py")}
    assert all((each / "__init__.py").exists() for each in folders)
