"""The index on real Chroma, in a folder: built once, added to, and whole again after whatever happens to it."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from knowledge import index as index_module
from knowledge.documents import Passage
from knowledge.embedding import MiniLMEmbedder, Vectors
from knowledge.errors import EmbeddingError, StoreBusyError, StoreError
from knowledge.folder_lock import FolderLock
from knowledge.index import Key, KeyMatch, PassageIndex, is_complete, keys_for, open_index
from tests.fakes import WordHashEmbedder

BATCH = index_module._BATCH
TEXTS = ["Apple and Snap need a license", "The model runs on a phone", "Microsoft is the partner"]

# What a second process needs to work on the same folder as a test.
WORKER = """
import os, sys
from pathlib import Path
from knowledge.folder_lock import FolderLock
from knowledge.index import Key, open_index
from tests.fakes import WordHashEmbedder
folder = Path(sys.argv[1])
def keys(size, word="text"):
    return [Key(f"doc/p1/{n}", "sentence", f"{word} number {n}") for n in range(size)]
"""

Worker = Callable[..., "subprocess.Popen[str]"]


def keys(texts: Sequence[str] = TEXTS, source: str = "doc") -> list[Key]:
    return [Key(f"{source}/p1/{number}", "sentence", text) for number, text in enumerate(texts, start=1)]


def many(size: int, word: str = "text") -> list[Key]:
    return [Key(f"doc/p1/{number}", "sentence", f"{word} number {number}") for number in range(size)]


def best(index: PassageIndex, text: str) -> KeyMatch:
    return index.query(WordHashEmbedder().embed([text])[0], 1)[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "index"


@pytest.fixture
def embedder() -> WordHashEmbedder:
    return WordHashEmbedder()


@pytest.fixture
def worker(folder: Path) -> Iterator[Worker]:
    """Starts other processes that work on the folder; all are ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", WORKER + code, str(folder)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def done(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """How a worker ended: its exit status, and what it printed."""
    output, errors = process.communicate(timeout=60)
    return process.returncode, output.strip() or errors


class FailingEmbedder(WordHashEmbedder):
    """Fails once it has embedded a number of texts."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, while it works."""
        if self.embedded >= self._after:
            raise RuntimeError("out of\nmemory")
        return super().embed(texts)


# --- building and asking --------------------------------------------------------------------------------------------


def test_a_question_finds_its_passage(folder: Path, embedder: WordHashEmbedder) -> None:
    index = open_index(keys(), embedder, folder=folder)
    assert best(index, "does Apple need a license").passage == "doc/p1/1"
    assert best(index, "does it run on a phone").passage == "doc/p1/2"
    index.close()


def test_matches_come_best_first_with_their_kind_and_similarity(folder: Path, embedder: WordHashEmbedder) -> None:
    wanted = [*keys(), Key("doc/p1/2", "question", "Where does the model run?"), Key("", "unanswered", "Who is it?")]
    index = open_index(wanted, embedder, folder=folder)
    found = index.query(embedder.embed(["Where does the model run?"])[0], 400)
    assert (found[0].passage, found[0].kind) == ("doc/p1/2", "question")
    assert found[0].similarity == pytest.approx(1, abs=1e-5)
    assert [match.similarity for match in found] == sorted((m.similarity for m in found), reverse=True)
    assert len(found) == 5
    index.close()


def test_building_reports_how_far_it_is(folder: Path, embedder: WordHashEmbedder) -> None:
    heard: list[tuple[int, int]] = []
    size = 2 * BATCH + 5
    open_index(many(size), embedder, folder=folder, report=lambda done, total: heard.append((done, total))).close()
    assert heard == [(BATCH, size), (2 * BATCH, size), (size, size)]


def test_an_index_is_opened_again_without_embedding(folder: Path, embedder: WordHashEmbedder) -> None:
    open_index(keys(), embedder, folder=folder).close()
    again = WordHashEmbedder()
    index = open_index(keys(), again, folder=folder)
    assert again.embedded == 0
    assert best(index, "Microsoft partner").passage == "doc/p1/3"
    index.close()


def test_closing_twice_is_closing(folder: Path, embedder: WordHashEmbedder) -> None:
    index = open_index(keys(), embedder, folder=folder)
    index.close()
    index.close()


def test_only_changed_keys_are_embedded(folder: Path, embedder: WordHashEmbedder) -> None:
    open_index(keys(), embedder, folder=folder).close()
    changed = WordHashEmbedder()
    index = open_index(keys([*TEXTS[:2], "Amazon is the partner"]), changed, folder=folder)
    assert changed.embedded == 1
    assert best(index, "Amazon").passage == "doc/p1/3"
    assert len(index.query(changed.embed(["Microsoft"])[0], 10)) == 3
    index.close()


def test_a_removed_key_is_not_found(folder: Path, embedder: WordHashEmbedder) -> None:
    open_index(keys(), embedder, folder=folder).close()
    index = open_index(keys(TEXTS[:2]), embedder, folder=folder)
    assert {match.passage for match in index.query(embedder.embed(["partner"])[0], 10)} == {"doc/p1/1", "doc/p1/2"}
    assert embedder.embedded == 3 + 1
    index.close()


def test_a_rebuild_embeds_everything(folder: Path, embedder: WordHashEmbedder) -> None:
    open_index(keys(), embedder, folder=folder).close()
    index = open_index(keys(), embedder, folder=folder, rebuild=True)
    assert embedder.embedded == 6
    assert best(index, "Apple").passage == "doc/p1/1"
    index.close()


def test_vectors_of_another_model_are_not_taken_over(folder: Path) -> None:
    open_index(keys(), WordHashEmbedder("old", size=32), folder=folder).close()
    new = WordHashEmbedder("new")
    index = open_index(keys(), new, folder=folder)
    assert new.embedded == 3
    assert best(index, "Apple").passage == "doc/p1/1"
    index.close()


def test_an_index_of_an_older_format_is_replaced(
    folder: Path, embedder: WordHashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("knowledge.index._FORMAT", "1")
        open_index(keys(), embedder, folder=folder).close()
    assert not is_complete(keys(), embedder.name, folder)
    open_index(keys(), embedder, folder=folder).close()
    assert is_complete(keys(), embedder.name, folder)


def test_a_replaced_index_leaves_no_vectors_behind(folder: Path, embedder: WordHashEmbedder) -> None:
    for texts in (keys(), keys(TEXTS[:2]), many(1200), keys()):
        index = open_index(texts, embedder, folder=folder)
        assert len(index.vectors()) == len(texts)
        index.close()
        (folder / "mine").mkdir(exist_ok=True)
    open_index(keys(), embedder, folder=folder, rebuild=True).close()
    left = [entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name != "mine"]
    assert len(left) <= 1
    assert (folder / "mine").exists()
    index = open_index(keys(), embedder, folder=folder)
    assert best(index, "Apple").passage == "doc/p1/1"
    index.close()


def test_the_real_model_fills_the_index_too(folder: Path, minilm: MiniLMEmbedder) -> None:
    index = open_index(keys(), minilm, folder=folder)
    question = minilm.embed(["Does it work on mobile devices?"])[0]
    assert index.query(question, 1)[0].passage == "doc/p1/2"
    index.close()


def test_is_complete_makes_nothing(folder: Path, embedder: WordHashEmbedder) -> None:
    assert not is_complete(keys(), embedder.name, folder)
    assert not folder.parent.exists()
    folder.mkdir(parents=True)
    assert not is_complete(keys(), embedder.name, folder)
    assert list(folder.iterdir()) == []


def test_is_complete_asks_for_exactly_these_keys(folder: Path, embedder: WordHashEmbedder) -> None:
    open_index(keys(), embedder, folder=folder).close()
    assert is_complete(keys(), embedder.name, folder)
    assert not is_complete(keys(TEXTS[:2]), embedder.name, folder)
    assert not is_complete(keys(), "another model", folder)


def test_several_threads_may_ask_at_once(folder: Path, embedder: WordHashEmbedder) -> None:
    index = open_index(many(200), embedder, folder=folder)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(best(index, f"text number {n}").passage)) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"doc/p1/{n}" for n in range(8))
    index.close()


def test_nothing_is_sent_anywhere(worker: Worker) -> None:
    code = """
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        os._exit(3)
sys.addaudithook(refuse)
index = open_index(keys(5), WordHashEmbedder(), folder=folder)
index.query(WordHashEmbedder().embed(["text"])[0], 3)
index.close()
from chromadb.telemetry.product.posthog import Posthog
from chromadb.config import Settings, System
print(Settings(anonymized_telemetry=False).anonymized_telemetry)
"""
    assert done(worker(code)) == (0, "False")


# --- what happens to an index ---------------------------------------------------------------------------------------


def test_an_interrupted_build_leaves_the_old_index_and_is_completed_later(
    folder: Path, embedder: WordHashEmbedder
) -> None:
    open_index(keys(), embedder, folder=folder).close()
    with pytest.raises(EmbeddingError, match="The embedding model failed: out of memory"):
        open_index(many(3 * BATCH), FailingEmbedder(after=2 * BATCH), folder=folder)
    assert is_complete(keys(), embedder.name, folder)
    later = WordHashEmbedder()
    open_index(many(3 * BATCH), later, folder=folder).close()
    assert later.embedded == BATCH
    assert is_complete(many(3 * BATCH), embedder.name, folder)
    assert not is_complete(keys(), embedder.name, folder)


def test_a_killed_build_leaves_the_old_index_and_is_completed_later(
    folder: Path, embedder: WordHashEmbedder, worker: Worker
) -> None:
    open_index(keys(), embedder, folder=folder).close()
    code = f"""
def die(done, total):
    if done == {2 * BATCH}:
        os._exit(9)
open_index(keys({3 * BATCH}), WordHashEmbedder(), folder=folder, report=die)
"""
    assert done(worker(code))[0] == 9
    again = WordHashEmbedder()
    index = open_index(keys(), again, folder=folder)
    assert (again.embedded, best(index, "Apple").passage) == (0, "doc/p1/1")
    index.close()
    index = open_index(many(3 * BATCH), again, folder=folder)
    assert again.embedded == BATCH
    assert best(index, "text number 99").passage == "doc/p1/99"
    index.close()


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, None])
def test_a_damaged_index_is_moved_aside_and_built_again(
    folder: Path, embedder: WordHashEmbedder, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    open_index(keys(), embedder, folder=folder).close()
    database = folder / "chroma.sqlite3"
    database.write_bytes(database.read_bytes()[:9000] if content is None else content)
    with caplog.at_level(logging.WARNING):
        index = open_index(keys(), embedder, folder=folder)
    assert best(index, "Apple").passage == "doc/p1/1"
    index.close()
    if content != b"":  # an empty file is an empty database
        assert (folder / "damaged" / "chroma.sqlite3").exists()
        assert "It is built again" in caplog.text


def test_damaged_vectors_are_built_again(folder: Path, embedder: WordHashEmbedder) -> None:
    open_index(many(1200), embedder, folder=folder).close()
    for file in folder.glob("*/*"):
        file.write_bytes(b"junk")
    index = open_index(many(1200), embedder, folder=folder)
    assert best(index, "text number 700").passage == "doc/p1/700"
    index.close()


@pytest.mark.parametrize("below", ["/etc/hostname", "/proc/version", "/proc"])
def test_an_unwritable_folder_is_reported(below: str, embedder: WordHashEmbedder) -> None:
    with pytest.raises(StoreError) as error:
        open_index(keys(), embedder, folder=Path(below) / "index")
    assert f"Cannot use the index folder {below}/index" in str(error.value)
    assert "make it writable, or set HERALD_DATA_DIR" in str(error.value)
    assert embedder.embedded == 0


def test_a_full_disk_is_reported_and_nothing_is_lost(folder: Path, embedder: WordHashEmbedder, worker: Worker) -> None:
    open_index(keys(), embedder, folder=folder).close()
    limit = (folder / "chroma.sqlite3").stat().st_size + 20_000
    code = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from knowledge.errors import StoreError
try:
    open_index(keys(3000), WordHashEmbedder(), folder=folder)
except StoreError as error:
    print(error)
"""
    status, message = done(worker(code))
    assert status == 0
    assert message.startswith(f"Cannot write the index in {folder}: ")
    assert "make room there" in message
    assert "\n" not in message
    index = open_index(keys(), embedder, folder=folder)
    assert (embedder.embedded, best(index, "Apple").passage) == (3, "doc/p1/1")
    index.close()


# --- several Heralds on one folder ----------------------------------------------------------------------------------


def test_a_folder_that_is_being_written_is_busy(folder: Path, embedder: WordHashEmbedder, worker: Worker) -> None:
    holder = worker("with FolderLock(folder).writing():\n    print('held', flush=True)\n    sys.stdin.read()")
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreBusyError) as error:
        open_index(keys(), embedder, folder=folder, wait=0.1)
    assert str(error.value) == (
        f"The index in {folder} is in use by another Herald; try again when it is done, or set HERALD_DATA_DIR."
    )
    holder.communicate("")
    open_index(keys(), embedder, folder=folder, wait=0.1).close()


def test_a_killed_holder_lets_go(folder: Path, embedder: WordHashEmbedder, worker: Worker) -> None:
    holder = worker("with FolderLock(folder).writing():\n    print('held', flush=True)\n    sys.stdin.read()")
    assert holder.stdout
    holder.stdout.readline()
    holder.kill()
    holder.wait()
    open_index(keys(), embedder, folder=folder, wait=5).close()


def test_two_readers_work_at_once(folder: Path, embedder: WordHashEmbedder, worker: Worker) -> None:
    index = open_index(many(5), embedder, folder=folder)
    code = """
index = open_index(keys(5), WordHashEmbedder(), folder=folder, wait=0.1)
print(index.query(WordHashEmbedder().embed(["text number 3"])[0], 1)[0].passage)
"""
    assert done(worker(code)) == (0, "doc/p1/3")
    assert best(index, "text number 2").passage == "doc/p1/2"
    index.close()


def test_an_index_in_use_is_not_replaced(folder: Path, embedder: WordHashEmbedder, worker: Worker) -> None:
    index = open_index(many(5), embedder, folder=folder)
    code = """
from knowledge.errors import StoreBusyError
try:
    open_index(keys(6), WordHashEmbedder(), folder=folder, wait=0.1)
except StoreBusyError:
    print("busy")
"""
    assert done(worker(code)) == (0, "busy")
    assert best(index, "text number 2").passage == "doc/p1/2"
    index.close()


def test_closing_lets_another_herald_write(folder: Path, embedder: WordHashEmbedder) -> None:
    open_index(many(5), embedder, folder=folder).close()
    lock = FolderLock(folder, wait=0.1)
    with lock.writing():
        pass
    lock.close()


def test_two_heralds_that_open_an_empty_folder_both_have_an_index(folder: Path, worker: Worker) -> None:
    code = """
embedder = WordHashEmbedder()
index = open_index(keys(100), embedder, folder=folder)
print(embedder.embedded, index.query(WordHashEmbedder().embed(["text number 42"])[0], 1)[0].passage)
"""
    first, second = worker(code), worker(code)
    assert sorted([done(first)[1], done(second)[1]]) == ["0 doc/p1/42", "100 doc/p1/42"]


# --- keys -----------------------------------------------------------------------------------------------------------


def passage(number: int, text: str, section: tuple[int, int] = (0, 9)) -> Passage:
    return Passage(f"d/p1/{number}", "d", "Doc", "¶ 1", "Doc, ¶ 1", text, 0, 1, section)


def test_a_passage_is_found_under_its_heading_alone_and_by_its_questions() -> None:
    passages = [passage(1, "One."), passage(2, "Two.")]
    assert [
        (key.passage, key.kind, key.text) for key in keys_for(passages, [("d/p1/2", "Which?")], ["What else?"])
    ] == [
        ("d/p1/1", "sentence", "Doc, ¶ 1: One."),
        ("d/p1/1", "sentence", "One."),
        ("d/p1/2", "sentence", "Doc, ¶ 1: Two."),
        ("d/p1/2", "sentence", "Two."),
        ("d/p1/2", "question", "Which?"),
        ("", "unanswered", "What else?"),
    ]


def test_a_question_asked_twice_is_one_key() -> None:
    assert len(keys_for([], [("d/p1/1", "Which?")] * 2, ["What?"] * 2)) == 2


def test_a_key_is_named_after_its_passage_and_text() -> None:
    assert Key("d/p1/1", "sentence", "a").id == Key("d/p1/1", "sentence", "a").id
    others = [Key("d", "sentence", "a"), Key("d", "question", "a"), Key("e", "sentence", "a")]
    assert len({key.id for key in others}) == 3
    assert (Key("d/p1/1", "sentence", "a").source, Key("", "unanswered", "a").source) == ("d", "")
