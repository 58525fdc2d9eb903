"""Settings: where they come from, and how every problem with them is reported at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings import describe, load_settings, unknown_variables


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder to start Herald in, and no setting in the environment."""
    for name in [name for name in os.environ if name.startswith("HERALD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems() -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "\n" not in str(raised.value)
    return str(raised.value)


class TestSources:
    def test_everything_has_a_default(self) -> None:
        settings = load_settings()
        assert (settings.model, settings.knowledge.sources, settings.knowledge.chroma_url) == ("auto", None, None)
        assert (settings.models.threads, settings.models.api_key, settings.models.queue_limit) == (None, None, 32)
        assert settings.models.hub_url == "https://huggingface.co"
        assert settings.data_dir.name == "herald"
        assert settings.data_dir.is_absolute()
        assert settings.models_dir.parent == settings.index_dir.parent == settings.data_dir

    def test_the_environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("HERALD_MODEL", "smollm2-135m")
        monkeypatch.setenv("HERALD_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("HERALD_KNOWLEDGE__CHROMA_URL", "http://localhost:8000/")
        monkeypatch.setenv("HERALD_MODELS__THREADS", "3")
        settings = load_settings()
        assert (settings.model, settings.data_dir, settings.models.threads) == ("smollm2-135m", tmp_path, 3)
        assert settings.knowledge.chroma_url == "http://localhost:8000"

    def test_a_file_in_the_folder_and_the_environment_before_it(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        text = 'model = "a.gguf"\ndata_dir = "~/herald"\n[models]\nthreads = 2\nqueue_limit = 5\n'
        (folder / "herald.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("HERALD_MODELS__QUEUE_LIMIT", "7")
        settings = load_settings()
        assert (settings.model, settings.models.threads, settings.models.queue_limit) == ("a.gguf", 2, 7)
        assert settings.data_dir == Path.home() / "herald"

    def test_arguments_come_first_and_none_is_no_argument(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODEL", "smollm2-135m")
        assert load_settings(model="other.gguf").model == "other.gguf"
        assert load_settings(model=None).model == "smollm2-135m"

    def test_an_empty_variable_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODELS__THREADS", "")
        assert load_settings().models.threads is None

    def test_nothing_is_read_on_import(self, folder: Path) -> None:
        (folder / "herald.toml").write_text("no TOML", encoding="utf-8")
        env = {**os.environ, "HERALD_MODELS__THREADS": "many", "PYTHONPATH": str(Path(__file__).parents[2])}
        code = "import bot.settings, bot.errors, bot.commands, bot.cli, bot.doctor, bot.evaluation, knowledge.retrieval"
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, check=True, timeout=120)

    def test_they_do_not_change(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            load_settings().model = "other"


class TestProblems:
    def test_all_at_once_by_name(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / "herald.toml").write_text('modle = "auto"\n[knowledge]\nsorces = "x"\n', encoding="utf-8")
        monkeypatch.setenv("HERALD_MODELS__THREADS", "0")
        monkeypatch.setenv("HERALD_MODELS__CONTEXT_TOKENS", "many")
        monkeypatch.setenv("HERALD_KNOWLEDGE__CHROMA_URL", "ftp://host")
        found = problems()
        for name in (
            "HERALD_MODELS__THREADS",
            "HERALD_MODELS__CONTEXT_TOKENS",
            "HERALD_KNOWLEDGE__CHROMA_URL",
            "HERALD_MODLE: there is no such setting",
            "HERALD_KNOWLEDGE__SORCES: there is no such setting",
        ):
            assert name in found

    @pytest.mark.parametrize("text", ["model =", "[models", "\x00", "model = 'a'\nmodel = 'b'"])
    def test_a_file_that_is_no_toml(self, folder: Path, text: str) -> None:
        (folder / "herald.toml").write_text(text, encoding="utf-8")
        assert problems().startswith("herald.toml cannot be read: ")

    def test_a_file_that_is_no_text(self, folder: Path) -> None:
        (folder / "herald.toml").write_bytes(b"\xff\xfe")
        assert problems().startswith("herald.toml cannot be read: ")

    def test_variables_that_nothing_reads_are_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODLE", "x")
        monkeypatch.setenv("HERALD_MODEL", "x")
        assert unknown_variables() == ["HERALD_MODLE"]
        assert load_settings().model == "x"


class TestSecrets:
    def test_they_are_not_printed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_MODELS__API_KEY", "hunter2")
        settings = load_settings()
        assert settings.models.api_key is not None
        assert settings.models.api_key.get_secret_value() == "hunter2"
        assert "hunter2" not in f"{settings} {settings!r} {settings.model_dump_json()}"

    def test_they_come_from_the_environment_only(self, folder: Path) -> None:
        (folder / "herald.toml").write_text('[models]\napi_key = "hunter2"\nthreads = 0\n', encoding="utf-8")
        found = problems()
        assert "HERALD_MODELS__API_KEY: set it in the environment, not in herald.toml" in found
        assert "HERALD_MODELS__THREADS" in found
        assert "hunter2" not in found

    def test_a_wrong_value_is_not_repeated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HERALD_KNOWLEDGE__CHROMA_URL", "ftp://bob:hunter2@host")
        assert "hunter2" not in problems()


def test_every_setting_says_what_it_is_for() -> None:
    described = describe()
    assert "HERALD_MODELS__SERVER_MODEL" in described
    assert all(name.startswith("HERALD_") and text for name, text in described.items())
