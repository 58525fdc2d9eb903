"""Names, paths and URLs of models."""

import hashlib
from pathlib import Path

import pytest

from bot.errors import ModelFileError, UnknownModelError
from bot.models.catalog import CATALOG, LLAMA_2, SMOLLM2, CatalogEntry, PackageFile, find_entry, open_model, resolve
from bot.models.llama_cpp import LlamaCppModel
from bot.models.openai_api import OpenAIModel


def test_auto_is_llama_2_where_it_was_pulled(tmp_path: Path) -> None:
    (tmp_path / LLAMA_2.file).touch()
    choice = resolve("auto", tmp_path)
    assert (choice.name, choice.path) == ("llama-2-7b-chat", tmp_path / LLAMA_2.file)
    assert "Llama 2" in choice.note


def test_auto_is_the_embedded_model_otherwise_and_says_so(tmp_path: Path, smollm2_path: Path) -> None:
    choice = resolve("auto", tmp_path)
    assert (choice.name, choice.path) == ("smollm2-135m", smollm2_path)
    assert "SmolLM2" in choice.note
    assert "herald models pull llama-2-7b-chat" in choice.note


def test_a_known_name(tmp_path: Path, smollm2_path: Path) -> None:
    assert resolve("smollm2-135m", tmp_path).path == smollm2_path
    with pytest.raises(ModelFileError, match="run `herald models pull llama-2-7b-chat`"):
        resolve("llama-2-7b-chat", tmp_path)


def test_the_embedded_file_is_what_the_catalog_says(smollm2_path: Path) -> None:
    assert smollm2_path.stat().st_size == SMOLLM2.size
    with smollm2_path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == SMOLLM2.sha256


def test_a_package_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = CatalogEntry("lost", "Lost", "x.gguf", PackageFile("no_such_package"), "", 1, 1, "")
    monkeypatch.setattr("bot.models.catalog.CATALOG", {**CATALOG, "lost": missing})
    with pytest.raises(ModelFileError, match="install the package no-such-package"):
        resolve("lost", tmp_path)


def test_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    with pytest.raises(ModelFileError, match=r"There is no model file .*mine\.gguf"):
        resolve(str(path), tmp_path)
    path.touch()
    assert (resolve(str(path), tmp_path).name, resolve(str(path), tmp_path).path) == ("mine", path)


@pytest.mark.parametrize(
    ("name", "near"), [("llama-2", "llama-2-7b-chat"), ("smollm", "smollm2-135m"), ("gpt", "path to a .gguf")]
)
def test_an_unknown_name_offers_the_nearest(tmp_path: Path, name: str, near: str) -> None:
    with pytest.raises(UnknownModelError, match=f"There is no model '{name}'.*{near}"):
        resolve(name, tmp_path)
    with pytest.raises(UnknownModelError, match=near):
        find_entry(name)


async def test_opening_loads_nothing_yet(tmp_path: Path) -> None:
    file = open_model(resolve("smollm2-135m", tmp_path))
    assert isinstance(file, LlamaCppModel)
    assert (file.name, file.waiting) == ("smollm2-135m", 0)
    server = open_model(resolve("http://localhost:1/v1", tmp_path), api_key="sesame", server_model="llama")
    assert isinstance(server, OpenAIModel)
    assert server.name == "llama"
    await file.aclose()
    await server.aclose()


def test_what_must_be_accepted_is_there() -> None:
    assert "Copyright (c) Meta Platforms, Inc. All Rights Reserved." in find_entry("llama-2-7b-chat").notice
    assert not SMOLLM2.notice
