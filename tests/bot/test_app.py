"""The composition root on its real parts: what opens, and what is said in one line where something is wrong."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import bot.app
from bot.app import App, open_app
from bot.batch import answer_one
from bot.errors import ModelError, ModelFileError, ModelServerError, UnknownModelError
from bot.messages import Answer, Question
from bot.models.catalog import SMOLLM2, open_model, resolve
from bot.settings import Settings, load_settings
from knowledge.embedding import MiniLMEmbedder
from knowledge.errors import KnowledgeError, SourceError, StoreError

COMPANIES = "Which companies cannot use Llama 2 freely?"


@pytest.fixture(autouse=True)
def one_embedder(monkeypatch: pytest.MonkeyPatch, minilm: MiniLMEmbedder) -> None:
    """The embedding model that is loaded already, and no setting from outside."""
    monkeypatch.setattr(bot.app, "MiniLMEmbedder", lambda: minilm)
    for name in [name for name in os.environ if name.startswith("HERALD_")]:
        monkeypatch.delenv(name)


@asynccontextmanager
async def with_model(app: App, model: str) -> AsyncIterator[App]:
    """The open App with another model."""
    choice = resolve(model, app.settings.models_dir)
    chat = open_model(choice)
    try:
        yield replace(app, answerer=replace(app.answerer, model=chat), model=choice)
    finally:
        await chat.aclose()


async def ask(app: App, text: str = COMPANIES) -> Answer:
    return await answer_one(app.answerer, Question(text))


def one_line(error: BaseException) -> str:
    assert "\n" not in str(error)
    return str(error)


async def test_it_opens_whole(app: App) -> None:
    assert app.model.name == app.answerer.model_name == SMOLLM2.name
    assert [document.id for document in app.answerer.documents] == ["transcript", "llama-2-license"]
    assert app.library.documents == app.answerer.documents


class TestModels:
    @pytest.mark.parametrize(("model", "said"), [("none.gguf", "There is no model file"), ("a/none", "no model file")])
    async def test_a_file_that_is_missing(self, tmp_path: Path, model: str, said: str) -> None:
        with pytest.raises(ModelFileError, match=said) as raised:
            await _opened(Settings(model=model, data_dir=tmp_path))
        one_line(raised.value)
        assert not os.listdir(tmp_path), "nothing is built for a model that is not there"

    async def test_a_name_that_nobody_knows(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownModelError, match="Did you mean llama-2-7b-chat") as raised:
            await _opened(Settings(model="llama-2", data_dir=tmp_path))
        one_line(raised.value)

    @pytest.mark.parametrize("content", [b"", b"GIF89a", b"GGUF", b"GGUF\x03\x00\x00\x00" + bytes(64)])
    async def test_a_file_that_is_no_model(self, app: App, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "broken.gguf"
        path.write_bytes(content)
        async with with_model(app, str(path)) as broken:
            with pytest.raises(ModelFileError, match=r"broken\.gguf") as raised:
                await ask(broken)
        one_line(raised.value)

    async def test_a_truncated_file(self, app: App, tmp_path: Path) -> None:
        assert app.model.path is not None
        path = tmp_path / "truncated.gguf"
        with app.model.path.open("rb") as whole:
            path.write_bytes(whole.read(4_000_000))
        async with with_model(app, str(path)) as broken:
            with pytest.raises(ModelFileError, match=r"truncated\.gguf") as raised:
                await ask(broken)
        one_line(raised.value)

    async def test_a_server_that_is_not_there(self, app: App) -> None:
        async with with_model(app, "http://127.0.0.1:9") as lonely:
            with pytest.raises(ModelServerError, match=r"There is no model server at http://127\.0\.0\.1:9") as raised:
                await ask(lonely)
        one_line(raised.value)

    async def test_refusing_needs_no_model(self, app: App) -> None:
        async with with_model(app, "http://127.0.0.1:9") as lonely:
            assert (await ask(lonely, "Who is the CEO of OpenAI?")).outcome == "unknown"

    async def test_a_model_that_is_closed_says_so(self, app: App) -> None:
        async with with_model(app, SMOLLM2.name) as closed:
            pass
        with pytest.raises(ModelError) as raised:
            await ask(closed)
        one_line(raised.value)


class TestFolders:
    async def test_a_data_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError) as raised:
            await _opened(Settings(model=SMOLLM2.name, data_dir=tmp_path / "file" / "data"))
        assert "data" in one_line(raised.value)

    async def test_a_home_that_is_no_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
        monkeypatch.delenv("XDG_DATA_HOME", raising=False)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(StoreError) as raised:
            await _opened(load_settings(model=SMOLLM2.name))
        assert "home" in one_line(raised.value)


class TestSources:
    async def test_a_users_documents_are_answered_from(self, tmp_path: Path) -> None:
        (tmp_path / "mill.md").write_text("# The mill\n\nAnna Berg owns the mill in Fernbeck.\n", encoding="utf-8")
        sources = 'shipped = false\n[[source]]\nid = "mill"\ntitle = "Mill"\nkind = "markdown"\nfile = "mill.md"\n'
        (tmp_path / "sources.toml").write_text(sources, encoding="utf-8")
        settings = Settings.model_validate(
            {"model": SMOLLM2.name, "data_dir": tmp_path / "data", "knowledge": {"sources": tmp_path / "sources.toml"}}
        )
        heard: list[str] = []
        async with open_app(settings, lambda what, done, total: heard.append(what)) as app:
            answer = await ask(app, "Who owns the mill in Fernbeck?")
        text = app.library.document("mill").text
        assert answer.citations
        assert all((c.source, c.quote) == ("mill", text[c.start : c.end]) for c in answer.citations)
        assert "Anna Berg" in "".join(sentence.text for sentence in answer.sentences)
        assert heard[0] == "Loading the search"
        assert "Indexing" in heard

    @pytest.mark.parametrize("content", [None, "", "[[source]]\nid = 7\n", "no TOML"])
    async def test_a_wrong_sources_file(self, tmp_path: Path, content: str | None) -> None:
        path = tmp_path / "sources.toml"
        if content is not None:
            path.write_text(content, encoding="utf-8")
        settings = Settings.model_validate({"data_dir": tmp_path / "data", "knowledge": {"sources": path}})
        with pytest.raises(SourceError, match=r"sources\.toml") as raised:
            await _opened(settings)
        one_line(raised.value)

    async def test_a_chroma_server_that_is_not_there(self, tmp_path: Path) -> None:
        knowledge = {"chroma_url": "http://127.0.0.1:9"}
        settings = Settings.model_validate({"model": SMOLLM2.name, "data_dir": tmp_path, "knowledge": knowledge})
        with pytest.raises(KnowledgeError, match=r"127\.0\.0\.1:9") as raised:
            await _opened(settings)
        one_line(raised.value)


async def _opened(settings: Settings) -> None:
    async with open_app(settings):
        pass
