"""Chroma's clients, in a folder or on a server, and its many kinds of failure as Herald's."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx

from knowledge.errors import KnowledgeError, StoreAwayError, StoreError

if TYPE_CHECKING:
    from chromadb.api.client import Client as Client
    from chromadb.api.models.Collection import Collection as Collection
    from chromadb.api.types import QueryResult as QueryResult

DATABASE = "chroma.sqlite3"
_SEGMENT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SERVER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an index is, for messages: what fails there, and what to do about it."""

    name: str
    advice: str

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Chroma's many kinds of failure (Rust panics among them) as one StoreError."""
        from chromadb.errors import NotFoundError

        try:
            yield
        except (KnowledgeError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except NotFoundError as error:
            raise StoreError(f"Another Herald has replaced the index {self.name}: restart this one.") from error
        except BaseException as error:
            if not isinstance(error, Exception) and "Panic" not in type(error).__name__:
                raise
            reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
            kind = StoreAwayError if _is_away(error) else StoreError
            raise kind(f"Cannot {doing} the index {self.name}: {reason}; {self.advice}.") from error


def _is_away(error: BaseException | None) -> bool:
    """Whether a server did not answer, as opposed to: answered with an error, or has an address that is none."""
    while error is not None:
        if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
            return True
        error = error.__cause__ or error.__context__
    return False


def find(client: "Client", name: str, size: int) -> "Collection | None":
    """The collection of this name if it is there, of this size, and marked complete."""
    from chromadb.errors import NotFoundError

    try:
        collection = client.get_collection(name)
    except NotFoundError:
        return None
    complete = bool((collection.metadata or {}).get("complete")) and collection.count() == size
    return collection if complete else None


def embedded(folder: Path) -> "Client":
    """A client of the index in a folder; to be closed."""
    import chromadb
    from chromadb.config import Settings

    return cast("Client", chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False)))


def remove_leftovers(folder: Path) -> None:
    """Remove the vectors of deleted collections, which Chroma leaves in the folder (its issue 5520).

    Each collection has a folder named after a segment; those that no segment names are of no use. The folder is held
    alone and no client of it is open.
    """
    with closing(sqlite3.connect(f"{(folder / DATABASE).absolute().as_uri()}?mode=ro", uri=True)) as database:
        used = {str(name) for (name,) in database.execute("SELECT id FROM segments")}
    for entry in folder.iterdir():
        if entry.is_dir() and _SEGMENT.fullmatch(entry.name) and entry.name not in used:
            shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def server(url: str) -> Iterator["Client"]:
    """A client of a Chroma server; raises what httpx raises where none answers."""
    import chromadb
    from chromadb.config import Settings

    # Chroma's client waits for ever: the first call here finds out whether anyone answers, and later ones get a limit.
    httpx.get(f"{url.rstrip('/')}/api/v2/heartbeat", timeout=_SERVER_SECONDS).raise_for_status()
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    client = chromadb.HttpClient(
        host=parts.hostname or "localhost",
        port=parts.port or (443 if secure else 80),
        ssl=secure,
        settings=Settings(anonymized_telemetry=False),
    )
    sessions = list(_sessions(client))
    for session in sessions:
        session.timeout = httpx.Timeout(_SERVER_SECONDS)
    with ExitStack() as stack:
        for session in sessions:
            stack.callback(session.close)  # Chroma's own close leaves the connections open
        yield stack.enter_context(closing(cast("Client", client)))


def _sessions(client: object) -> Iterator[httpx.Client]:
    """The HTTP clients inside Chroma's: its own, and that of the one it checks the database's name with."""
    for part in (client, getattr(client, "_admin_client", None)):
        session = getattr(getattr(part, "_server", None), "_session", None)
        if isinstance(session, httpx.Client):
            yield session


def in_folder(folder: Path) -> Place:
    """An index in a folder."""
    return Place(f"in {folder}", "make room there and run `herald index --rebuild`, or set HERALD_DATA_DIR")


def on_server(url: str) -> Place:
    """An index on a server."""
    return Place(f"on the Chroma server {url}", "start the server, or correct HERALD_KNOWLEDGE__CHROMA_URL")


def is_gone(error: BaseException) -> bool:
    """Whether an error says that a collection is not there any more."""
    from chromadb.errors import NotFoundError

    return isinstance(error, NotFoundError)


def forget_clients() -> None:
    """Drop what Chroma remembers of the folders that it had open in this process."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()
