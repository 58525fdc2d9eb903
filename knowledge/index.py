"""PassageIndex: the vectors of all passages in Chroma, embedded in a folder or on a Chroma server.

An index is a collection named after the fingerprint of what it holds: every key text and the embedding model. It is
written beside the old one and marked complete last, so that a crash leaves the old index or the new one; whoever
needs other contents builds another collection, and vectors of unchanged keys are taken over rather than made again.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit

import numpy as np
from filelock import ReadWriteLock, Timeout

from knowledge.documents import Passage
from knowledge.embedding import Embedder, Vectors
from knowledge.errors import StoreBusyError, StoreError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

KeyKind = Literal["sentence", "surroundings", "question", "unanswered"]
Report = Callable[[int, int], None]

_FORMAT = "2"  # raise when the collections' layout changes: older ones are then replaced
_PREFIX = "herald-"
_BATCH = 64
_LOCK_SECONDS = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """A text that a passage is found by: its sentence, its surroundings, or a question that it answers.

    A key of kind `unanswered`, of no passage, is a question that the documents do not answer.
    """

    passage: str
    kind: KeyKind
    text: str

    @property
    def id(self) -> str:
        """Names the key in the collection; the same text of the same passage has the same id in every index."""
        digest = hashlib.sha256(f"{self.kind}\n{self.text}".encode()).hexdigest()[:16]
        return f"{self.passage}#{digest}"


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """A key near a query: cosine similarity, 1 for the same direction."""

    passage: str
    kind: KeyKind
    similarity: float


class PassageIndex:
    """A complete index, open for queries. Blocking; safe to use from several threads."""

    def __init__(self, collection: "Collection", release: Callable[[], None] = lambda: None) -> None:
        self._collection = collection
        self._release = release

    def query(self, vector: Vectors, limit: int) -> list[KeyMatch]:
        """The `limit` keys nearest to a unit vector, best first; raises StoreError."""
        with _store_errors("read"):
            found = self._collection.query(
                query_embeddings=[vector], n_results=limit, include=["metadatas", "distances"]
            )
        metadatas, distances = (found["metadatas"] or [[]])[0], (found["distances"] or [[]])[0]
        return [
            KeyMatch(str(metadata["passage"]), cast(KeyKind, metadata["kind"]), 1.0 - float(distance))
            for metadata, distance in zip(metadatas, distances, strict=True)
        ]

    def close(self) -> None:
        """Let other processes change the folder again."""
        self._release()


def open_index(
    keys: Sequence[Key],
    embedder: Embedder,
    *,
    folder: Path,
    url: str | None = None,
    report: Report = lambda done, total: None,
    rebuild: bool = False,
) -> PassageIndex:
    """Open the index of exactly these keys, building what is missing of it; `report` hears how many are embedded.

    Raises StoreBusyError while another process holds the folder, StoreError where it cannot be read or written.
    """
    if url:
        with _store_errors(f"reach the Chroma server at {url}"):
            return PassageIndex(_complete_collection(_server(url), keys, embedder, report, rebuild))
    lock = _lock(folder)
    try:
        if rebuild or not _has_complete(folder, lock, keys, embedder):
            with _exclusively(lock, folder), _store_errors(f"write {folder}"):
                _complete_collection(_embedded(folder), keys, embedder, report, rebuild)
        _share(lock, folder)
        with _store_errors(f"read {folder}"):
            return PassageIndex(_embedded(folder).get_collection(_name(keys, embedder)), lock.close)
    except BaseException:
        lock.close()
        raise


def is_complete(keys: Sequence[Key], embedder_name: str, folder: Path) -> bool:
    """Whether the folder holds the index of exactly these keys; makes nothing."""
    if not (folder / "chroma.sqlite3").exists():
        return False
    with _store_errors(f"read {folder}"):
        return _find(_embedded(folder), _name_for(keys, embedder_name), len(keys)) is not None


def _complete_collection(
    client: "ClientAPI", keys: Sequence[Key], embedder: Embedder, report: Report, rebuild: bool
) -> "Collection":
    name = _name(keys, embedder)
    if not rebuild and (found := _find(client, name, len(keys))):
        return found
    others = [other.name for other in client.list_collections() if other.name.startswith(_PREFIX)]
    known = {} if rebuild else _vectors_of(client, others, embedder)
    if name in others:
        client.delete_collection(name)
    collection = client.create_collection(
        name,
        metadata={"complete": False, "embedder": embedder.name},
        configuration={"hnsw": {"space": "cosine", "ef_search": 256, "ef_construction": 256}},
    )
    for done, batch, vectors in _embedded_batches(keys, known, embedder):
        collection.add(
            ids=[key.id for key in batch],
            embeddings=vectors,
            metadatas=[{"passage": key.passage, "kind": key.kind} for key in batch],
        )
        report(done, len(keys))
    collection.modify(metadata={"complete": True, "embedder": embedder.name})
    for other in others:
        if other != name:
            client.delete_collection(other)
    return collection


def _embedded_batches(
    keys: Sequence[Key], known: dict[str, Vectors], embedder: Embedder
) -> Iterator[tuple[int, Sequence[Key], Vectors]]:
    """The keys in batches with their vectors, made anew only for the keys not known."""
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        fresh = [key for key in batch if key.id not in known]
        made = dict(zip((key.id for key in fresh), embedder.embed([key.text for key in fresh]), strict=True)) if fresh else {}
        yield start + len(batch), batch, np.stack([made.get(key.id, known.get(key.id)) for key in batch])  # type: ignore[arg-type]


def _vectors_of(client: "ClientAPI", names: Sequence[str], embedder: Embedder) -> dict[str, Vectors]:
    """The vectors that earlier collections hold, unfinished ones too, by key id."""
    known: dict[str, Vectors] = {}
    for name in names:
        collection = client.get_collection(name)
        if (collection.metadata or {}).get("embedder") == embedder.name:
            content = collection.get(include=["embeddings"])
            known.update(zip(content["ids"], np.asarray(content["embeddings"], dtype=np.float32), strict=True))
    return known


def _find(client: "ClientAPI", name: str, size: int) -> "Collection | None":
    if name not in [collection.name for collection in client.list_collections()]:
        return None
    collection = client.get_collection(name)
    complete = bool((collection.metadata or {}).get("complete")) and collection.count() == size
    return collection if complete else None


def _name(keys: Sequence[Key], embedder: Embedder) -> str:
    return _name_for(keys, embedder.name)


def _name_for(keys: Sequence[Key], embedder_name: str) -> str:
    digest = hashlib.sha256(f"{_FORMAT}\n{embedder_name}".encode())
    for key in keys:
        digest.update(f"\n{key.id}".encode())
    return _PREFIX + digest.hexdigest()[:24]


def _embedded(folder: Path) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))


def _server(url: str) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return chromadb.HttpClient(
        host=parts.hostname or "localhost",
        port=parts.port or (443 if secure else 80),
        ssl=secure,
        settings=Settings(anonymized_telemetry=False),
    )


def _has_complete(folder: Path, lock: ReadWriteLock, keys: Sequence[Key], embedder: Embedder) -> bool:
    """Whether the folder's index is complete; one that cannot be read at all is moved aside, to be built again."""
    _share(lock, folder)
    try:
        return is_complete(keys, embedder.name, folder)
    except StoreError:
        log.warning("The index in %s cannot be read and is built again.", folder)
    finally:
        lock.release()
    with _exclusively(lock, folder), _store_errors(f"write {folder}"):
        _set_aside(folder)
    return False


def _set_aside(folder: Path) -> None:
    """Rename the damaged files: an index is made from the documents, so nothing is lost, and nothing is deleted."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()
    aside = folder / "damaged"
    aside.mkdir(exist_ok=True)
    for entry in folder.iterdir():
        if entry != aside and not entry.name.startswith("lock"):
            entry.replace(aside / entry.name)


def _lock(folder: Path) -> ReadWriteLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return ReadWriteLock(folder / "lock.db", timeout=_LOCK_SECONDS, is_singleton=False)
    except (OSError, sqlite3.Error, ValueError) as error:
        raise StoreError(_unwritable(folder, error)) from error


def _share(lock: ReadWriteLock, folder: Path) -> None:
    """Hold the folder for reading, together with others; waits while another process writes it."""
    try:
        lock.acquire_read()
    except Timeout as error:
        raise StoreBusyError(_busy(folder)) from error
    except (OSError, sqlite3.Error, ValueError) as error:
        raise StoreError(_unwritable(folder, error)) from error


@contextmanager
def _exclusively(lock: ReadWriteLock, folder: Path) -> Iterator[None]:
    try:
        lock.acquire_write()
    except Timeout as error:
        raise StoreBusyError(_busy(folder)) from error
    except (OSError, sqlite3.Error, ValueError) as error:
        raise StoreError(_unwritable(folder, error)) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _store_errors(doing: str) -> Iterator[None]:
    """Chroma's many kinds of failure (Rust panics among them) as one StoreError."""
    try:
        yield
    except (StoreError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and "Panic" not in type(error).__name__:
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise StoreError(f"Cannot {doing} the index: {reason}" if doing == "read" else f"Cannot {doing}: {reason}") from error


def _busy(folder: Path) -> str:
    return f"The index in {folder} is in use by another Herald; try again when it is done, or set HERALD_DATA_DIR."


def _unwritable(folder: Path, error: Exception) -> str:
    return f"Cannot use the index folder {folder} ({error}): make it writable, or set HERALD_DATA_DIR to another folder."


def keys_for(
    passages: Sequence[Passage], questions: Sequence[tuple[str, str]] = (), unanswered: Sequence[str] = ()
) -> list[Key]:
    """The keys of passages in document order: each alone under its heading, with its neighbours, and by questions.

    `questions` are pairs of a passage id and a question that the passage answers.
    """
    keys = []
    for number, passage in enumerate(passages):
        around = [
            other.text
            for other in passages[max(0, number - 1) : number + 2]
            if (other.source, other.section) == (passage.source, passage.section)
        ]
        keys.append(Key(passage.id, "sentence", f"{passage.heading}: {passage.text}"))
        if len(around) > 1:
            keys.append(Key(passage.id, "surroundings", " ".join(around)))
    keys += [Key(passage, "question", question) for passage, question in dict.fromkeys(questions)]
    return keys + [Key("", "unanswered", question) for question in dict.fromkeys(unanswered)]
