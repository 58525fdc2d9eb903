"""A document's text and its reviewed companions, from files or from an installed package."""

import bisect
import hashlib
import importlib.util
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import cast, get_args

from knowledge.documents import Document, Edit, Kind, KnownQuestion
from knowledge.errors import SourceError, UnknownSourceError

OFF_TOPIC = Path(__file__).with_name("documents") / "off_topic.toml"
SHIPPED_SOURCES = Path(__file__).with_name("sources.toml")
MAX_BYTES = 20_000_000
_KEYS = {"id", "title", "kind", "file", "package", "resource", "sha256", "corrections", "questions", "unanswered", "annotations", "governs"}
# A hard wrap inside a hyphenated word, any other run of white space, and Markdown's marks, read as a person reads them.
_HYPHEN_WRAP = re.compile(r"(?<=\w-)[^\S\n]*\n[^\S\n]*(?=\w)")
_WHITE_SPACE = re.compile(r"\s*\n\s*|\s{2,}|[^\S ]")
_MARKDOWN = re.compile(r"\*\*|__|`|^#+ |^[ \t]*[-*+] (?=\S)|(?<=\])\([^)\s]*\)|[\[\]](?=\(|[^\]]*\]\()", re.M)


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
        own, keep_shipped = read_sources(user_sources.expanduser())
        every = (*shipped, *own) if keep_shipped else own
        repeated = {source.id for source in every if [other.id for other in every].count(source.id) > 1}
        if repeated:
            raise SourceError(f"{user_sources}: the id {min(repeated)!r} is taken; give each source an id of its own.")
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
    """The entries of a `sources.toml`, and whether it keeps the shipped documents beside its own (`shipped = false`)."""
    content = _read_toml(path)
    unknown = set(content) - {"source", "shipped"}
    entries = content.get("source", [])
    if unknown or not isinstance(entries, list) or not entries:
        raise SourceError(f"{path}: expected [[source]] entries with id, title, kind and file" + _list(": not known: ", unknown))
    return tuple(_source(path, entry) for entry in entries), bool(content.get("shipped", True))


def load_document(source: Source) -> Document:
    """Read a document, check it against its sha256, and apply its companions; raises SourceError."""
    text = _read_text(source)
    corrections = _corrections(source, text) if source.corrections else []
    return Document(
        id=source.id,
        title=source.title,
        kind=source.kind,
        text=text,
        governs=source.governs,
        edits=_merge(corrections, _mechanical_edits(source.kind, text)),
        questions=_known_questions(source, text) if source.questions else (),
        unanswered=_unanswered_questions(source) if source.unanswered else (),
        annotations=source.annotations,
    )


@lru_cache(maxsize=1)
def off_topic_questions() -> tuple[str, ...]:
    """Questions and requests that no document is meant to answer: general knowledge, jokes, instructions to the bot."""
    return _listed(_entries(OFF_TOPIC, "kind", {"name", "questions"}))


def _source(path: Path, entry: object) -> Source:
    if not isinstance(entry, dict):
        raise SourceError(f"{path}: each source is a [[source]] table.")
    unknown = set(entry) - _KEYS
    missing = {"id", "title", "kind"} - set(entry)
    if unknown or missing or not ("file" in entry or {"package", "resource"} <= set(entry)):
        raise SourceError(
            f"{path}: source {entry.get('id', '?')!r}: needs id, title, kind and file (or package and resource)"
            + _list("; missing: ", missing) + _list("; not known: ", unknown)
        )
    if entry["kind"] not in get_args(Kind):
        raise SourceError(f"{path}: source {entry['id']!r}: kind {entry['kind']!r} is none of {', '.join(get_args(Kind))}.")
    if not re.fullmatch(r"[\w.-]+", str(entry["id"])):
        raise SourceError(f"{path}: the id {entry['id']!r} may only have letters, digits, '.', '_' and '-'.")
    beside = {key: path.parent / str(entry[key]) for key in ("corrections", "questions", "unanswered", "annotations") if key in entry}
    return Source(
        id=str(entry["id"]),
        title=str(entry["title"]),
        kind=cast(Kind, entry["kind"]),
        path=path.parent / Path(str(entry["file"])).expanduser() if "file" in entry else _in_package(entry),
        sha256=entry.get("sha256"),
        governs=bool(entry.get("governs", False)),
        **beside,
    )


def _in_package(entry: dict[str, object]) -> Path:
    """A file of an installed package, found without importing the package."""
    spec = importlib.util.find_spec(str(entry["package"]))
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(f"Source {entry['id']!r} needs the Python package {entry['package']!r}: pip install it.")
    return Path(spec.submodule_search_locations[0]) / str(entry["resource"])


def _read_text(source: Source) -> str:
    try:
        if source.path.stat().st_size > MAX_BYTES:
            raise SourceError(f"Source {source.id!r}: {source.path} is over {MAX_BYTES // 1_000_000} MB; split it.")
        content = source.path.read_bytes()
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise SourceError(f"Source {source.id!r}: cannot read {source.path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"Source {source.id!r}: {source.path} is not UTF-8 text (byte {error.start}).") from error
    if source.sha256 and hashlib.sha256(content).hexdigest() != source.sha256:
        raise SourceError(
            f"Source {source.id!r}: {source.path} is not the text that its sha256 in sources.toml promises; "
            "restore the file, or reinstall the package that it comes from."
        )
    if source.path.suffix == ".LICENSE":
        # The ScanCode data set puts a YAML head before each license text.
        text = re.sub(r"\A---\n.*?\n---\n+", "", text, flags=re.S)
    if not text.strip():
        raise SourceError(f"Source {source.id!r}: {source.path} is empty.")
    return text


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not valid TOML: {error}.") from error


def _entries(path: Path, table: str, keys: set[str]) -> list[dict[str, object]]:
    entries = _read_toml(path).get(table, [])
    if not isinstance(entries, list) or any(not isinstance(entry, dict) or not keys <= set(entry) for entry in entries):
        raise SourceError(f"{path}: each [[{table}]] needs {', '.join(sorted(keys))}.")
    return entries


def _corrections(source: Source, text: str) -> list[Edit]:
    """The reviewed corrections, cut down to the characters that they change."""
    path = cast(Path, source.corrections)
    edits = []
    for entry in _entries(path, "correction", {"raw", "reading"}):
        raw, reading = str(entry["raw"]), str(entry["reading"])
        if text.count(raw) != 1:
            raise SourceError(f"{path}: {raw!r} occurs {text.count(raw)} times in source {source.id!r}, not once.")
        edits.append(_smallest(text.index(raw), raw, reading))
    return edits


def _smallest(start: int, raw: str, reading: str) -> Edit:
    """The edit without the words that both sides share, so that quotes can begin and end close to it."""
    before = 0
    while before < min(len(raw), len(reading)) and raw[before] == reading[before]:
        before += 1
    after = 0
    while after < min(len(raw), len(reading)) - before and raw[-1 - after] == reading[-1 - after]:
        after += 1
    return Edit(start + before, start + len(raw) - after, reading[before : len(reading) - after])


def _mechanical_edits(kind: Kind, text: str) -> list[Edit]:
    edits = [Edit(m.start(), m.end(), "") for m in _HYPHEN_WRAP.finditer(text)]
    edits += [Edit(m.start(), m.end(), " ") for m in _WHITE_SPACE.finditer(text)]
    if kind == "markdown":
        edits += [Edit(m.start(), m.end(), "") for m in _MARKDOWN.finditer(text)]
    return edits


def _merge(reviewed: Iterable[Edit], mechanical: Iterable[Edit]) -> tuple[Edit, ...]:
    """All edits in order; where two meet, the reviewed one or the earlier one holds."""
    edits: list[Edit] = sorted(reviewed, key=lambda edit: edit.start)
    taken = list(edits)
    starts = [edit.start for edit in taken]
    for edit in sorted(mechanical, key=lambda edit: edit.start):
        at = bisect.bisect_left(starts, edit.start)
        clear_before = at == 0 or taken[at - 1].end <= edit.start
        clear_after = at == len(taken) or edit.end <= taken[at].start
        if clear_before and clear_after:
            taken.insert(at, edit)
            starts.insert(at, edit.start)
    return tuple(taken)


def _known_questions(source: Source, text: str) -> tuple[KnownQuestion, ...]:
    """The reviewed questions of this source, each with the span of the snippet that answers it (white space ignored)."""
    path = cast(Path, source.questions)
    found = []
    for entry in _entries(path, "passage", {"source", "text", "questions"}):
        if entry["source"] != source.id:
            continue
        snippet = r"\s*".join(re.escape(character) for character in re.findall(r"\S", str(entry["text"])))
        spans = [match.span() for match in re.finditer(snippet, text)]
        if len(spans) != 1:
            raise SourceError(f"{path}: {entry['text']!r} occurs {len(spans)} times in source {source.id!r}, not once.")
        found += [KnownQuestion(str(question), *spans[0]) for question in cast(list[object], entry["questions"])]
    return tuple(found)


def _unanswered_questions(source: Source) -> tuple[str, ...]:
    entries = _entries(cast(Path, source.unanswered), "about", {"source", "questions"})
    return _listed(entry for entry in entries if entry["source"] == source.id)


def _listed(entries: Iterable[dict[str, object]]) -> tuple[str, ...]:
    return tuple(str(question) for entry in entries for question in cast(list[object], entry["questions"]))


def _list(lead: str, items: Iterable[object]) -> str:
    listed = ", ".join(sorted(str(item) for item in items))
    return lead + listed if listed else ""
