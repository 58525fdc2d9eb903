"""PassageIndex: the vectors of all passages in Chroma, embedded in a folder or on a Chroma server.

An index is a collection named after the fingerprint of what it holds: every key text and the embedding model. It is
written beside the old one and marked complete last, so that a crash leaves the old index or the new one; whoever
needs other contents builds another collection, and vectors of unchanged keys are taken over rather than made again.
A folder belongs to one Herald at a time and keeps one collection. A server is shared: there a collection replaces
only those of the same documents, and two Heralds that build the same one write the same.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowledge.chroma import (
    DATABASE,
    Place,
    embedded,
    find,
    forget_clients,
    in_folder,
    is_gone,
    on_server,
    remove_leftovers,
    server,
)
from knowledge.embedding import Embedder, Vectors
from knowledge.errors import EmbeddingError, StoreError
from knowledge.folder_lock import WAIT_SECONDS, FolderLock
from knowledge.keys import Key, KeyKind, keys_for

if TYPE_CHECKING:
    from knowledge.chroma import Client, Collection, QueryResult

__all__ = ["Key", "KeyKind", "KeyMatch", "PassageIndex", "Report", "is_complete", "keys_for", "open_index"]

Report = Callable[[int, int], None]

_FORMAT = "3"  # raise when the collections' layout changes: older ones are then replaced
_PREFIX = "herald-"
_BATCH = 256

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """A key near a query: cosine similarity, 1 for the same direction."""

    passage: str
    kind: KeyKind
    similarity: float
    after: str = ""


class PassageIndex:
    """A complete index, open for queries. Blocking; safe to use from several threads."""

    def __init__(
        self,
        collection: "Collection",
        keys: Sequence[Key],
        place: Place,
        release: Callable[[], None],
        find_again: "Callable[[], Collection | None]" = lambda: None,
    ) -> None:
        self._collection = collection
        self._find_again = find_again
        self._keys = {key.id: key for key in keys}
        self._place = place
        self._release = release

    def query(self, vector: Vectors, limit: int) -> list[KeyMatch]:
        """The `limit` keys nearest to a unit vector, best first; raises StoreError."""
        with self._place.errors("read"):
            found = self._found(vector, limit)
        ids, distances = found["ids"][0], (found["distances"] or [[]])[0]
        matches = ((self._keys[id_], 1.0 - float(distance)) for id_, distance in zip(ids, distances, strict=True))
        return [KeyMatch(key.passage, key.kind, similarity, key.after) for key, similarity in matches]

    def _found(self, vector: Vectors, limit: int) -> "QueryResult":
        def ask() -> "QueryResult":
            return self._collection.query(
                query_embeddings=np.asarray([vector], dtype=np.float32),
                n_results=limit,
                # The keys are known here: asking for ids alone is four times as fast as asking for metadata.
                include=["distances"],
            )

        try:
            return ask()
        except Exception as error:
            # It may have been built again, with the same contents but another id.
            if not is_gone(error) or (again := self._find_again()) is None:
                raise
            self._collection = again
            return ask()

    @property
    def name(self) -> str:
        """Names what the index holds: its keys and the embedding model."""
        return self._collection.name

    def vectors(self) -> dict[str, Vectors]:
        """The vectors of all keys, by key id; raises StoreError."""
        with self._place.errors("read"):
            content = self._collection.get(include=["embeddings"])
        return dict(zip(content["ids"], np.asarray(content["embeddings"], dtype=np.float32), strict=True))

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
    wait: float = WAIT_SECONDS,
) -> PassageIndex:
    """Open the index of exactly these keys, building what is missing of it; `report` hears how many are embedded.

    Raises StoreBusyError where another process still holds the folder after `wait` seconds, and StoreError where the
    index cannot be read or written.
    """
    build = _Build(keys, embedder, report, rebuild, alone=url is None)
    return _open_server(build, url) if url else _open_folder(build, folder, wait)


def is_complete(keys: Sequence[Key], embedder_name: str, folder: Path) -> bool:
    """Whether the folder holds the index of exactly these keys; makes nothing."""
    with in_folder(folder).errors("read"), ExitStack() as opened:
        return _found(folder, _name(keys, embedder_name), len(keys), opened) is not None


@dataclass(frozen=True, slots=True)
class _Build:
    """A wanted index; `alone` where no other Herald has collections beside it."""

    keys: Sequence[Key]
    embedder: Embedder
    report: Report
    rebuild: bool
    alone: bool

    @property
    def name(self) -> str:
        return _name(self.keys, self.embedder.name)

    def collection(self, client: "Client") -> "Collection":
        """The complete collection, built if it is not there; those that it replaces go when it is complete."""
        if not self.rebuild and (found := find(client, self.name, len(self.keys))):
            return found
        earlier = [other for other in client.list_collections() if self._replaces(other)]
        known = {} if self.rebuild else self._vectors_of(earlier)
        if self.rebuild and self.name in [other.name for other in earlier]:
            client.delete_collection(self.name)
        collection = client.get_or_create_collection(
            self.name,
            metadata=self._metadata(complete=False),
            # Searched so widely, the graph misses hardly one of the thousands of keys that a question reads, at the
            # same speed; searched less widely it misses a few, others in each build.
            configuration={
                "hnsw": {"space": "cosine", "ef_search": 8_000, "ef_construction": 256, "max_neighbors": 32}
            },
        )
        self._fill(collection, known)
        collection.modify(metadata=self._metadata(complete=True))
        for other in earlier:
            if other.name != self.name:
                client.delete_collection(other.name)
        return collection

    def _metadata(self, complete: bool) -> dict[str, str | bool]:
        return {"complete": complete, "embedder": self.embedder.name, "sources": self._sources}

    @property
    def _sources(self) -> str:
        return " ".join(sorted({key.source for key in self.keys} - {""}))

    def _replaces(self, other: "Collection") -> bool:
        same = (other.metadata or {}).get("sources") == self._sources
        return other.name.startswith(_PREFIX) and (self.alone or same or other.name == self.name)

    def _vectors_of(self, collections: Sequence["Collection"]) -> dict[str, Vectors]:
        """The vectors that earlier collections hold, unfinished ones too, by key id."""
        known: dict[str, Vectors] = {}
        for collection in collections:
            if (collection.metadata or {}).get("embedder") == self.embedder.name:
                content = collection.get(include=["embeddings"])
                known.update(zip(content["ids"], np.asarray(content["embeddings"], dtype=np.float32), strict=True))
        return known

    def _fill(self, collection: "Collection", known: dict[str, Vectors]) -> None:
        """Write the keys in batches, with vectors made anew only for those not known."""
        for start in range(0, len(self.keys), _BATCH):
            batch = self.keys[start : start + _BATCH]
            made = self._embedded([key for key in batch if key.id not in known])
            collection.upsert(
                ids=[key.id for key in batch],
                embeddings=np.stack([made[key.id] if key.id in made else known[key.id] for key in batch]),
                metadatas=[{"passage": key.passage, "kind": key.kind} for key in batch],
            )
            self.report(start + len(batch), len(self.keys))

    def _embedded(self, keys: Sequence[Key]) -> dict[str, Vectors]:
        if not keys:
            return {}
        try:
            vectors = self.embedder.embed([key.text for key in keys])
        except Exception as error:
            raise EmbeddingError(f"The embedding model failed: {' '.join(str(error).split())[:200]}") from error
        return dict(zip((key.id for key in keys), vectors, strict=True))


def _open_folder(build: _Build, folder: Path, wait: float) -> PassageIndex:
    place = in_folder(folder)
    with ExitStack() as held:  # the lock, and then the client: an open index keeps both
        lock = FolderLock(folder, wait)
        held.callback(lock.close)
        collection = None if build.rebuild else _complete(build, folder, lock, held)
        if collection is None:
            with lock.writing(), place.errors("write"):
                with closing(embedded(folder)) as client:
                    build.collection(client)
                remove_leftovers(folder)
            lock.share()
            with place.errors("read"):
                collection = held.enter_context(closing(embedded(folder))).get_collection(build.name)
        return PassageIndex(collection, build.keys, place, held.pop_all().close)


def _open_server(build: _Build, url: str) -> PassageIndex:
    place = on_server(url)
    with place.errors("open"), ExitStack() as stack:
        client = stack.enter_context(server(url))
        collection = build.collection(client)
        find_again = partial(find, client, build.name, len(build.keys))
        return PassageIndex(collection, build.keys, place, stack.pop_all().close, find_again)


def _name(keys: Sequence[Key], embedder_name: str) -> str:
    digest = hashlib.sha256(f"{_FORMAT}\n{embedder_name}".encode())
    for key in keys:
        digest.update(f"\n{key.id}".encode())
    return _PREFIX + digest.hexdigest()[:24]


def _found(folder: Path, name: str, size: int, opened: ExitStack) -> "Collection | None":
    """The folder's complete collection of this name; its client, which `opened` closes, is made only for an index."""
    if not (folder / DATABASE).exists():
        return None
    return find(opened.enter_context(closing(embedded(folder))), name, size)


def _complete(build: _Build, folder: Path, lock: FolderLock, held: ExitStack) -> "Collection | None":
    """The folder's collection, held for reading, if it is complete; what cannot be read at all is moved aside."""
    lock.share()
    try:
        with in_folder(folder).errors("read"), ExitStack() as opened:
            opened.callback(lock.release)
            found = _found(folder, build.name, len(build.keys), opened)
            if found is not None:
                held.push(opened.pop_all())
            return found
    except StoreError as error:
        log.warning("%s It is built again; the old files are in %s.", error, folder / "damaged")
    with lock.writing(), in_folder(folder).errors("write"):
        _set_aside(folder)
    return None


def _set_aside(folder: Path) -> None:
    """Rename the damaged files: an index is made from the documents, so nothing is lost, and nothing is deleted."""
    forget_clients()
    aside = folder / "damaged"
    aside.mkdir(exist_ok=True)
    for entry in folder.iterdir():
        if entry != aside and not entry.name.startswith("lock"):
            entry.replace(aside / entry.name)
