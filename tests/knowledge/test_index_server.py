"""The index on a Chroma server: a real one on loopback, and what is said when it is not there."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from knowledge.errors import StoreAwayError, StoreError
from knowledge.index import Key, PassageIndex, open_index
from tests.fakes import WordHashEmbedder

READY_WITHIN = 60
CHROMA = Path(sys.executable).with_name("chroma")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


class ChromaServer:
    """A `chroma run` of this virtual environment."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        command = [str(CHROMA), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        with httpx.Client(trust_env=False, timeout=1) as client:
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    if client.get(f"{self.url}/api/v2/heartbeat").is_success:
                        return
                except httpx.TransportError:
                    threading.Event().wait(0.05)  # between two polls of a deadline
        self.stop()
        raise RuntimeError("the Chroma server did not start")

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(timeout=30)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma"))
    yield server
    server.stop()


def keys(source: str, *texts: str) -> list[Key]:
    return [Key(f"{source}/p1/{number}", "sentence", text) for number, text in enumerate(texts, start=1)]


def opened(server: ChromaServer, wanted: list[Key], embedder: WordHashEmbedder, rebuild: bool = False) -> PassageIndex:
    return open_index(wanted, embedder, folder=Path("/nowhere"), url=server.url, rebuild=rebuild)


def best(index: PassageIndex, text: str) -> str:
    return index.query(WordHashEmbedder().embed([text])[0], 1)[0].passage


def test_a_server_is_built_once_and_asked(server: ChromaServer) -> None:
    wanted = keys("asked", "Apple needs a license", "The model runs on a phone")
    first, second = WordHashEmbedder(), WordHashEmbedder()
    opened(server, wanted, first).close()
    index = opened(server, wanted, second)
    assert (first.embedded, second.embedded) == (2, 0)
    assert best(index, "phone model") == "asked/p1/2"
    index.close()
    assert not Path("/nowhere").exists()


def test_only_changed_keys_are_embedded(server: ChromaServer) -> None:
    embedder = WordHashEmbedder()
    opened(server, keys("changing", "one thing", "another"), embedder).close()
    opened(server, keys("changing", "one thing", "a third"), embedder).close()
    assert embedder.embedded == 3


def test_heralds_of_different_documents_share_a_server(server: ChromaServer) -> None:
    first = opened(server, keys("ours", "Apple needs a license"), WordHashEmbedder())
    second = opened(server, keys("theirs", "Bananas are yellow"), WordHashEmbedder())
    assert best(first, "Apple") == "ours/p1/1"
    assert best(second, "Bananas") == "theirs/p1/1"
    first.close()
    second.close()


def test_heralds_of_the_same_contents_build_at_once(server: ChromaServer) -> None:
    wanted = keys("same", *(f"text number {n}" for n in range(200)))
    indexes: list[PassageIndex] = []
    threads = [
        threading.Thread(target=lambda: indexes.append(opened(server, wanted, WordHashEmbedder()))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [best(index, "text number 7") for index in indexes] == ["same/p1/8"] * 2
    for index in indexes:
        index.close()


def test_an_index_of_the_same_documents_replaces_the_older_one(server: ChromaServer) -> None:
    older = opened(server, keys("moving", "the old text"), WordHashEmbedder())
    opened(server, keys("moving", "the new text"), WordHashEmbedder()).close()
    with pytest.raises(StoreError) as error:
        best(older, "text")
    assert (
        str(error.value)
        == f"Another Herald has replaced the index on the Chroma server {server.url}: restart this one."
    )
    older.close()


def test_a_rebuild_on_a_server_embeds_everything(server: ChromaServer) -> None:
    embedder = WordHashEmbedder()
    opened(server, keys("again", "one", "two"), embedder).close()
    index = opened(server, keys("again", "one", "two"), embedder, rebuild=True)
    assert embedder.embedded == 4
    assert best(index, "two") == "again/p1/2"
    index.close()


def test_an_index_that_is_built_again_meanwhile_is_found_again(server: ChromaServer) -> None:
    wanted = keys("rebuilt", "one thing", "another")
    index = opened(server, wanted, WordHashEmbedder())
    opened(server, wanted, WordHashEmbedder(), rebuild=True).close()
    assert best(index, "another") == "rebuilt/p1/2"
    assert index.vectors().keys() == {key.id for key in wanted}
    index.close()


def assert_one_line(error: StoreError, url: str) -> None:
    assert url in str(error)
    assert "start the server, or correct HERALD_KNOWLEDGE__CHROMA_URL" in str(error)
    assert "\n" not in str(error)


def test_a_server_that_is_not_there_is_reported_at_once() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    started = time.perf_counter()
    with pytest.raises(StoreError) as error:
        open_index(keys("d", "a"), WordHashEmbedder(), folder=Path("/nowhere"), url=url)
    assert_one_line(error.value, url)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("url", ["localhost:8000", "http://", "chroma", "ftp://127.0.0.1:1"])
def test_an_address_that_is_none_is_reported(url: str) -> None:
    with pytest.raises(StoreError) as error:
        open_index(keys("d", "a"), WordHashEmbedder(), folder=Path("/nowhere"), url=url)
    assert_one_line(error.value, url)


def test_a_server_that_never_answers_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.chroma._SERVER_SECONDS", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreError) as error:
            open_index(keys("d", "a"), WordHashEmbedder(), folder=Path("/nowhere"), url=url)
    assert_one_line(error.value, url)


def test_a_server_that_dies_between_questions_is_reported(tmp_path: Path) -> None:
    server = ChromaServer(tmp_path)
    try:
        index = opened(server, keys("d", "a text"), WordHashEmbedder())
        assert best(index, "text") == "d/p1/1"
    finally:
        server.stop()
    with pytest.raises(StoreAwayError) as error:
        best(index, "text")
    assert_one_line(error.value, server.url)
    index.close()
