"""A document's text and its reviewed companions, from files or from an installed package."""

import hashlib
import importlib.util
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast, get_args

from knowledge.companions import (
    corrections,
    known_followups,
    known_questions,
    read_toml,
    reason,
    unanswered_questions,
)
from knowledge.documents import Document, Kind
from knowledge.errors import SourceError, UnknownSourceError
from knowledge.reading import mechanical_edits, merged

SHIPPED_SOURCES = Path(__file__).with_name("sources.toml")
MAX_BYTES = 20_000_000
_COMPANIONS = ("corrections", "questions", "unanswered", "followups", "annotations")
_KEYS = {"id", "title", "kind", "file", "package", "resource", "sha256", "governs", *_COMPANIONS}
_MARKDOWN_SUFFIXES = (".md", ".markdown")


@dataclass(frozen=True, slots=True)
class Source:
    """An entry of a `sources.toml`: where a document comes from. Paths are resolved."""

    id: str
    title: str
    kind: Kind
    path: Path
    sha256: str | None = None
    corrections: Path | None = None
    questions: Path | None = None
    unanswered: Path | None = None
    followups: Path | None = None
    annotations: Path | None = None
    governs: bool = False


@dataclass(frozen=True)
class Library:
    """All documents, loaded when first asked for."""

    sources: tuple[Source, ...]

    @classmethod
    def open(cls, user_sources: Path | None = None) -> "Library":
        """Read the shipped `sources.toml` and the user's; raises SourceError where one is wrong."""
        shipped, _ = read_sources(SHIPPED_SOURCES)
        if user_sources is None:
            return cls(shipped)
        own, keep_shipped = read_sources(_expanded(str(user_sources)))
        every = (*shipped, *own) if keep_shipped else own
        repeated = [name for name, times in Counter(source.id for source in every).items() if times > 1]
        if repeated:
            raise SourceError(f"{user_sources}: the id {repeated[0]!r} is taken; give each source an id of its own.")
        return cls(every)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Every document; raises SourceError for the first that cannot be read."""
        return tuple(load_document(source) for source in self.sources)

    def document(self, source_id: str) -> Document:
        """One document by its id; raises UnknownSourceError with the ids there are."""
        for source in self.sources:
            if source.id == source_id:
                return load_document(source)
        known = ", ".join(source.id for source in self.sources)
        raise UnknownSourceError(f"No source is called {source_id!r}. There are: {known}.")


def read_sources(path: Path) -> tuple[tuple[Source, ...], bool]:
    """The entries of a `sources.toml`, and whether it keeps the shipped documents too (unless `shipped = false`)."""
    content = read_toml(path)
    unknown = set(content) - {"source", "shipped"}
    entries = content.get("source", [])
    if unknown or not isinstance(entries, list) or not entries:
        raise SourceError(
            f"{path}: expected [[source]] entries with id, title, kind and file" + _list("; not known: ", unknown)
        )
    return tuple(_source(path, entry) for entry in entries), _flag(path, content, "shipped", True)


def load_document(source: Source) -> Document:
    """Read a document, check it against its sha256, and apply its companions; raises SourceError."""
    text = _read_text(source)
    corrected = corrections(source.corrections, source.id, text) if source.corrections else []
    return Document(
        id=source.id,
        title=source.title,
        kind=source.kind,
        text=text,
        governs=source.governs,
        edits=merged(corrected, mechanical_edits(text, _is_markdown(source))),
        questions=known_questions(source.questions, source.id, text) if source.questions else (),
        unanswered=unanswered_questions(source.unanswered, source.id) if source.unanswered else (),
        followups=known_followups(source.followups, source.id, text) if source.followups else (),
        annotations=source.annotations,
    )


def _source(path: Path, entry: object) -> Source:
    if not isinstance(entry, dict):
        raise SourceError(f"{path}: each source is a [[source]] table.")
    _check(path, entry)
    beside = {key: path.parent / str(entry[key]) for key in _COMPANIONS if key in entry}
    return Source(
        id=str(entry["id"]),
        title=" ".join(str(entry["title"]).split()),
        kind=cast(Kind, entry["kind"]),
        path=path.parent / _expanded(str(entry["file"])) if "file" in entry else _in_package(entry),
        sha256=str(entry["sha256"]).lower() if "sha256" in entry else None,
        governs=_flag(path, entry, "governs", False),
        **beside,
    )


def _check(path: Path, entry: dict[str, object]) -> None:
    """Raise SourceError for the first thing wrong with an entry."""
    name = entry.get("id", "?")
    unknown = set(entry) - _KEYS
    missing = {"id", "title", "kind"} - set(entry)
    if unknown or missing or not ("file" in entry or {"package", "resource"} <= set(entry)):
        raise SourceError(
            f"{path}: source {name!r}: needs id, title, kind and file (or package and resource)"
            + _list("; missing: ", missing)
            + _list("; not known: ", unknown)
        )
    if entry["kind"] not in get_args(Kind):
        raise SourceError(f"{path}: source {name!r}: kind {entry['kind']!r} is none of {', '.join(get_args(Kind))}.")
    if not re.fullmatch(r"[\w.-]+", str(name)):
        raise SourceError(f"{path}: the id {name!r} may only have letters, digits, '.', '_' and '-'.")
    if not str(entry["title"]).strip():
        raise SourceError(f"{path}: source {name!r}: the title is empty; give it one, citations show it.")


def _flag(path: Path, table: dict[str, object], key: str, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise SourceError(f"{path}: {key} is true or false, without quotes, not {value!r}.")
    return value


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise SourceError(f"{path}: there is no home folder that ~ stands for; write the whole path.") from error


def _in_package(entry: dict[str, object]) -> Path:
    """A file of an installed package, found without importing the package."""
    try:
        spec = importlib.util.find_spec(str(entry["package"]))
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(f"Source {entry['id']!r} needs the Python package {entry['package']!r}: pip install it.")
    return Path(spec.submodule_search_locations[0]) / str(entry["resource"])


def _read_text(source: Source) -> str:
    content = _read_bytes(source)
    if source.sha256 and hashlib.sha256(content).hexdigest() != source.sha256:
        raise SourceError(
            f"Source {source.id!r}: {source.path} is not the text that its sha256 in sources.toml promises; "
            "restore the file, or reinstall the package that it comes from."
        )
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"Source {source.id!r}: {source.path} is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
    if source.path.suffix == ".LICENSE":
        # The ScanCode data set puts a YAML head before each license text.
        text = re.sub(r"\A---\n.*?\n---\n+", "", text, flags=re.S)
    if not any(character.isalnum() for character in text):
        raise SourceError(
            f"Source {source.id!r}: {source.path} is empty; write its text, or take it out of sources.toml."
        )
    return text


def _read_bytes(source: Source) -> bytes:
    try:
        if source.path.stat().st_size > MAX_BYTES:
            raise SourceError(f"Source {source.id!r}: {source.path} is over {MAX_BYTES // 1_000_000} MB; split it.")
        if not source.path.is_file():
            raise SourceError(
                f"Source {source.id!r}: {source.path} is no file; name one file a source in sources.toml."
            )
        return source.path.read_bytes()
    except (OSError, ValueError) as error:
        raise SourceError(
            f"Source {source.id!r}: cannot read {source.path}: {reason(error)}; correct its path in sources.toml."
        ) from error


def _is_markdown(source: Source) -> bool:
    return source.kind == "markdown" or source.path.suffix.lower() in _MARKDOWN_SUFFIXES


def _list(lead: str, items: Iterable[object]) -> str:
    listed = ", ".join(sorted(str(item) for item in items))
    return lead + listed if listed else ""
