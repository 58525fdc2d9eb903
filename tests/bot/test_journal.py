"""The journal: real SQLite files, with a clock that the test sets."""

import asyncio
import csv
import hashlib
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from sqlalchemy import Engine, ExceptionContext, event

from bot.errors import HeraldError, JournalError
from bot.journal import (
    COLUMNS,
    Asked,
    Count,
    Gap,
    Interrupted,
    Journal,
    Summary,
    export,
    open_journal,
    read_journal,
    schema,
)
from bot.journal.files import move_aside
from bot.messages import Answer
from tests.fakes import ANSWERED, QUOTED, TIMINGS, UNKNOWN

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOBODY = 65534


class SetClock:
    """A clock that stands until it is moved on."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment

    def move_on(self, **time: float) -> None:
        """Let time pass."""
        self.moment += timedelta(**time)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite3"


@pytest.fixture
async def journal(path: Path, clock: SetClock) -> AsyncIterator[Journal]:
    async with opened(path, clock) as journal:
        yield journal


def opened(path: Path, clock: SetClock, retention_days: int = 90) -> AbstractAsyncContextManager[Journal]:
    return open_journal(path, retention_days=retention_days, now=clock)


def asked(number: int | str = 1, question: str = "Who may not use it?", platform: str = "discord") -> Asked:
    return Asked(f"key-{number}", f"event-{number}", platform, question, "anna")


def timed(answer: Answer, total: float) -> Answer:
    return replace(answer, timings=replace(TIMINGS, total=total))


def stored(path: Path, query: str = "SELECT * FROM questions") -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def content(path: Path) -> bytes:
    return path.read_bytes()


def no_database(path: Path) -> None:
    path.write_bytes(b"This is text, and no database." * 300)


def torn_pages(path: Path) -> None:
    """All pages but the first are nonsense."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


async def exported(journal: Journal, since: datetime | None = None) -> list[dict[str, str]]:
    text = io.StringIO()
    number = await journal.export(text.write, since)
    text.seek(0)
    rows = list(csv.DictReader(text))
    assert number == len(rows)
    return rows


async def refuse(journal: Journal, number: int | str, question: str) -> None:
    await journal.begin(asked(number, question))
    await journal.finish(f"key-{number}", UNKNOWN)


class TestQuestions:
    async def test_a_question_is_open_until_it_is_finished(self, journal: Journal, path: Path) -> None:
        assert await journal.begin(asked())
        (row,) = stored(path)
        assert (row["state"], row["asked_at"], row["question"]) == ("open", NOW.timestamp(), "Who may not use it?")
        await journal.finish("key-1", ANSWERED)
        (row,) = stored(path)
        assert (row["state"], row["model"]) == ("answered", "scripted")
        assert row["passages"] == '["transcript/p10/1", "llama-2-license/2/1"]'
        seconds = (row["search_seconds"], row["first_seconds"], row["total_seconds"])
        assert seconds == (TIMINGS.search, TIMINGS.first_sentence, TIMINGS.total)

    async def test_the_same_event_is_taken_once(self, journal: Journal, path: Path) -> None:
        assert await journal.begin(asked())
        assert not await journal.begin(replace(asked(), key="another"))
        assert len(stored(path)) == 1

    async def test_another_platform_may_use_the_same_id(self, journal: Journal) -> None:
        assert await journal.begin(asked())
        assert await journal.begin(replace(asked(platform="slack"), key="another"))

    async def test_an_event_is_known_after_a_restart(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            await journal.begin(asked())
        async with opened(path, clock) as journal:
            assert not await journal.begin(replace(asked(), key="another"))

    async def test_one_key_cannot_have_two_questions(self, journal: Journal) -> None:
        await journal.begin(asked())
        with pytest.raises(JournalError, match="has a question with that key already"):
            await journal.begin(replace(asked(), event="another"))

    @pytest.mark.parametrize("reason", ["stopped", "failed", "interrupted"])
    async def test_what_was_cut_off_stays_so(self, journal: Journal, path: Path, reason: str) -> None:
        await journal.begin(asked())
        await journal.cut("key-1", reason)
        await journal.finish("key-1", ANSWERED)
        await journal.cut("key-1", "late")
        (row,) = stored(path)
        assert (row["state"], row["model"]) == (reason, "")

    async def test_an_unknown_key_is_no_fault(self, journal: Journal, path: Path) -> None:
        await journal.place("never", "there")
        await journal.finish("never", ANSWERED)
        await journal.cut("never", "stopped")
        assert stored(path) == []

    async def test_any_text_can_be_kept(self, journal: Journal) -> None:
        text = "nul \0 tab \t lone \ud800 face 🙂 'quoted'; DROP TABLE questions"
        await journal.begin(replace(asked(question=text), asker="\udfff"))
        await journal.finish("key-1", UNKNOWN)
        (gap,) = await journal.unanswered(9)
        assert gap.question == text.replace("\ud800", "?")


class TestPeople:
    async def test_nobody_can_be_read_from_the_file(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            await journal.begin(replace(asked(), asker="discord:80351110224678912"))
            await journal.vote("key-1", "discord:80351110224678912", True)
        assert b"80351110224678912" not in content(path)
        (row,), (vote,) = stored(path), stored(path, "SELECT * FROM votes")
        assert row["asker"] == vote["voter"]
        assert row["asker"] != hashlib.sha256(b"discord:80351110224678912").hexdigest()
        assert len(row["asker"]) == 64

    async def test_a_person_is_the_same_after_a_restart(self, path: Path, clock: SetClock) -> None:
        for number in (1, 2):
            async with opened(path, clock) as journal:
                await journal.begin(asked(number))
        assert len({row["asker"] for row in stored(path)}) == 1

    async def test_another_journal_has_another_key(self, tmp_path: Path, clock: SetClock) -> None:
        paths = [tmp_path / name / "journal.sqlite3" for name in ("a", "b")]
        for path in paths:
            async with opened(path, clock) as journal:
                await journal.begin(asked())
        assert stored(paths[0])[0]["asker"] != stored(paths[1])[0]["asker"]

    @pytest.mark.skipif(os.name == "nt", reason="no modes there")
    async def test_the_files_are_their_owners_alone(self, journal: Journal, path: Path) -> None:
        await journal.begin(asked())
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        names = ("journal.key", "journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-shm")
        assert modes == dict.fromkeys(names, 0o600)
        assert len(path.with_suffix(".key").read_bytes()) == 32

    async def test_half_a_key_gives_way_to_a_new_one(
        self, path: Path, clock: SetClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        path.parent.mkdir()
        path.with_suffix(".key").write_bytes(b"half")
        async with opened(path, clock):
            pass
        assert len(path.with_suffix(".key").read_bytes()) == 32
        assert "journal.key is damaged" in caplog.text

    async def test_many_that_begin_at_once_share_one_key(self, path: Path, clock: SetClock) -> None:
        async def ask(number: int) -> None:
            async with opened(path, clock) as journal:
                assert await journal.begin(asked(number))

        await asyncio.gather(*map(ask, range(8)))
        assert len({row["asker"] for row in stored(path)}) == 1
        assert {file.name for file in path.parent.iterdir()} == {"journal.key", "journal.sqlite3"}


class TestRestart:
    async def test_what_a_crash_left_open_is_found_and_closed(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            for number, platform in enumerate(("discord", "discord", "discord", "slack")):
                await journal.begin(asked(number, platform=platform))
                clock.move_on(minutes=1)
            await journal.place("key-0", "channel 5, message 6")
            await journal.finish("key-1", ANSWERED)
            assert await journal.interrupted("discord") == []
        async with opened(path, clock) as journal:
            await journal.begin(asked("new"))
            assert await journal.interrupted("discord") == [
                Interrupted("key-0", "channel 5, message 6", NOW),
                Interrupted("key-2", "", NOW + timedelta(minutes=2)),
            ]
            await journal.cut("key-0", "interrupted")
            await journal.cut("key-2", "interrupted")
            assert await journal.interrupted("discord") == []
            assert (await journal.summary()).outcomes == (
                Count("interrupted", 2),
                Count("open", 2),
                Count("answered", 1),
            )

    def test_a_killed_process_loses_nothing(self, path: Path) -> None:
        code = (
            "import asyncio, os, sys\nfrom pathlib import Path\nfrom bot.journal import Asked, open_journal\n"
            "async def run():\n"
            f"    async with open_journal(Path({str(path)!r}), retention_days=90) as journal:\n"
            "        await journal.begin(Asked('k', 'e', 'discord', 'Why?', 'anna'))\n"
            "        await journal.place('k', 'there')\n"
            "        os.kill(os.getpid(), 9)\n"
            "asyncio.run(run())"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], timeout=60)
        assert done.returncode == -9

        async def left() -> list[Interrupted]:
            async with open_journal(path, retention_days=90) as journal:
                return await journal.interrupted("discord")

        (interrupted,) = asyncio.run(left())
        assert (interrupted.key, interrupted.place) == ("k", "there")


class TestVotes:
    async def test_each_voter_has_one_vote_and_the_last_counts(self, journal: Journal, clock: SetClock) -> None:
        await journal.begin(asked())
        await journal.finish("key-1", ANSWERED)
        assert await journal.vote("key-1", "anna", True)
        assert await journal.vote("key-1", "bert", False)
        assert await journal.vote("key-1", "anna", False, " Apple is missing.\n")
        summary = await journal.summary()
        assert (summary.votes_up, summary.votes_down) == (0, 2)
        (gap,) = await journal.down_voted(9)
        assert gap == Gap("Who may not use it?", 2, NOW, ("Apple is missing.",))
        assert await journal.vote("key-1", "anna", True)
        assert (await journal.down_voted(9))[0].reasons == ()

    async def test_an_unknown_answer_has_no_votes(self, journal: Journal, path: Path) -> None:
        assert not await journal.vote("never", "anna", True)
        assert stored(path, "SELECT * FROM votes") == []

    async def test_a_reason_has_an_end(self, journal: Journal, path: Path) -> None:
        await journal.begin(asked())
        await journal.vote("key-1", "anna", False, "x" * 1_001)
        assert stored(path, "SELECT * FROM votes")[0]["reason"] == "x" * 1_000


class TestRetention:
    async def test_what_is_old_goes_with_its_votes(self, journal: Journal, path: Path, clock: SetClock) -> None:
        await journal.begin(asked("old", "A secret long gone?"))
        await journal.vote("key-old", "anna", False, "secret")
        clock.move_on(days=1)
        await journal.begin(asked("new"))
        clock.move_on(days=89)
        assert await journal.purge() == 0
        clock.move_on(seconds=1)
        assert await journal.purge() == 1
        assert [row["key"] for row in stored(path)] == ["key-new"]
        assert stored(path, "SELECT * FROM votes") == []
        assert not await journal.vote("key-old", "anna", True)
        assert await journal.begin(asked("old"))

    async def test_it_is_done_at_open_and_the_text_is_overwritten(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            await journal.begin(asked(question="A secret long gone?"))
        assert b"secret" in content(path)
        clock.move_on(days=8)
        async with opened(path, clock, retention_days=7):
            pass
        assert stored(path) == []
        assert b"secret" not in content(path)

    async def test_for_ever_is_long_enough(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock, retention_days=10**12) as journal:
            await journal.begin(asked())
            assert await journal.purge() == 0


class TestReading:
    async def test_an_empty_journal(self, journal: Journal) -> None:
        assert await journal.summary() == Summary()
        assert await journal.unanswered(9) == await journal.down_voted(9) == []
        assert await exported(journal) == []

    async def test_the_numbers(self, journal: Journal, clock: SetClock) -> None:
        answers = [timed(ANSWERED, 4.0), timed(QUOTED, 1.0), timed(UNKNOWN, 2.0), timed(ANSWERED, 9.0)]
        for number, answer in enumerate(answers):
            await journal.begin(asked(number, platform="slack" if number == 0 else "discord"))
            await journal.finish(f"key-{number}", answer)
            clock.move_on(hours=1)
        await journal.begin(asked("open"))
        await journal.vote("key-0", "anna", True)
        assert await journal.summary() == Summary(
            questions=5,
            platforms=(Count("discord", 4), Count("slack", 1)),
            outcomes=(Count("answered", 2), Count("open", 1), Count("quoted", 1), Count("unknown", 1)),
            votes_up=1,
            votes_down=0,
            median_seconds=3.0,
        )
        later = await journal.summary(NOW + timedelta(hours=1))
        assert (later.questions, later.votes_up, later.median_seconds) == (4, 0, 2.0)

    async def test_the_unanswered_are_counted_together(self, journal: Journal, clock: SetClock) -> None:
        for number, question in enumerate(("Rare?", "What does GPT-4 cost?", "Once?", "what  does gpt-4 COST", "???")):
            await refuse(journal, number, question)
            clock.move_on(hours=1)
        await journal.begin(asked("answered"))
        await journal.finish("key-answered", ANSWERED)
        assert [(gap.question, gap.times) for gap in await journal.unanswered(9)] == [
            ("what  does gpt-4 COST", 2),
            ("???", 1),
            ("Once?", 1),
            ("Rare?", 1),
        ]
        assert (await journal.unanswered(1)) == [Gap("what  does gpt-4 COST", 2, NOW + timedelta(hours=3))]
        assert [gap.times for gap in await journal.unanswered(9, NOW + timedelta(hours=2))] == [1, 1, 1]

    async def test_the_down_voted_are_counted_together_with_all_reasons(
        self, journal: Journal, clock: SetClock
    ) -> None:
        for number, question in enumerate(("Is it free?", "Who may not?", "who may not")):
            await journal.begin(asked(number, question))
        for number, voter, up, reason in (
            (0, "anna", False, "wrong"),
            (1, "anna", False, "too short"),
            (1, "bert", True, "fine"),
            (2, "bert", False, "Apple is missing"),
            (2, "carl", False, "too short"),
        ):
            clock.move_on(minutes=1)
            await journal.vote(f"key-{number}", voter, up, reason)
        first, second = await journal.down_voted(9)
        assert (first.times, first.reasons) == (3, ("too short", "Apple is missing"))
        assert second == Gap("Is it free?", 1, NOW, ("wrong",))

    async def test_another_reads_while_one_writes(self, path: Path, clock: SetClock) -> None:
        code = (
            "import asyncio, sys\nfrom pathlib import Path\nfrom bot.journal import read_journal\n"
            "async def run():\n"
            f"    async with read_journal(Path({str(path)!r})) as journal:\n"
            "        print((await journal.summary()).questions, await journal.export(lambda text: None))\n"
            "asyncio.run(run())"
        )
        async with opened(path, clock) as journal:
            await journal.begin(asked())
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
            )
            out, _ = await process.communicate()
            assert (process.returncode, out) == (0, b"1 1\n")
            assert await journal.begin(asked(2))
            assert await journal.purge() == 0

    async def test_a_reader_changes_nothing(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            await journal.begin(asked())
        before = content(path)
        clock.move_on(days=365)
        async with read_journal(path) as reader:
            assert (await reader.summary()).questions == 1
            assert await reader.unanswered(1) == []
            for call in (reader.begin(asked(2)), reader.purge(), reader.vote("key-1", "anna", True)):
                with pytest.raises(JournalError, match="for reading only"):
                    await call
        assert content(path) == before

    async def test_a_reader_makes_no_journal(self, path: Path) -> None:
        with pytest.raises(JournalError, match="cannot be opened"):
            async with read_journal(path):
                pass
        assert not path.parent.exists()
        assert not [thread.name for thread in threading.enumerate() if "_connection_worker" in thread.name]


class TestExport:
    async def test_rows(self, journal: Journal, path: Path) -> None:
        await journal.begin(asked(question='Who, "exactly"\nmay not?'))
        await journal.finish("key-1", ANSWERED)
        await journal.vote("key-1", "anna", False, "wrong")
        await journal.begin(asked(2, platform="slack"))
        first, second = await exported(journal)
        assert tuple(first) == COLUMNS
        assert first == {
            "time": "2026-01-31T12:00:00+00:00",
            "platform": "discord",
            "outcome": "answered",
            "question": 'Who, "exactly"\nmay not?',
            "model": "scripted",
            "passages": "transcript/p10/1 llama-2-license/2/1",
            "search_seconds": "0.031",
            "first_seconds": "0.400",
            "total_seconds": "1.250",
            "votes_up": "0",
            "votes_down": "1",
            "reasons": "wrong",
            "asker": stored(path)[0]["asker"],
        }
        assert (second["platform"], second["outcome"], second["total_seconds"]) == ("slack", "open", "")

    @pytest.mark.parametrize(
        "question",
        ["=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\x01=1", "\u202e=1", "＝1"],
    )
    async def test_no_cell_is_a_formula(self, journal: Journal, question: str) -> None:
        await journal.begin(asked(question=question))
        await journal.vote("key-1", "anna", False, "=2+3")
        (row,) = await exported(journal)
        assert row["question"][0] == row["reasons"][0] == "'"
        assert row["question"][1:].lstrip()[0] in "=+-@＝"

    async def test_more_than_a_page_and_only_the_new(
        self, journal: Journal, clock: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "PAGE", 3)
        for number in range(7):
            await journal.begin(asked(number, f"{number}?"))
            clock.move_on(hours=1)
        assert [row["question"] for row in await exported(journal)] == [f"{number}?" for number in range(7)]
        assert [row["question"] for row in await exported(journal, NOW + timedelta(hours=5))] == ["5?", "6?"]


class TestManyAtOnce:
    async def test_fifty_writers(self, journal: Journal, path: Path) -> None:
        async def write(number: int) -> bool:
            fresh = await journal.begin(asked(number))
            await journal.place(f"key-{number}", "there")
            await journal.finish(f"key-{number}", ANSWERED)
            return fresh and await journal.vote(f"key-{number}", "anna", True)

        assert all(await asyncio.gather(*map(write, range(50))))
        assert {row["state"] for row in stored(path)} == {"answered"}
        assert len(stored(path, "SELECT * FROM votes")) == 50

    async def test_the_same_event_many_times_at_once(self, journal: Journal) -> None:
        taken = await asyncio.gather(*(journal.begin(replace(asked(), key=f"key-{n}")) for n in range(20)))
        assert sum(taken) == 1

    async def test_a_cancelled_caller_harms_nothing(self, journal: Journal, path: Path) -> None:
        tasks = [asyncio.create_task(journal.begin(asked(number))) for number in range(20)]
        for turns, task in enumerate(tasks):
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert any(isinstance(it, asyncio.CancelledError) for it in done)
        assert await journal.begin(asked("after"))
        assert len(stored(path)) >= 1 + sum(it is True for it in done)

    async def test_what_is_under_way_is_finished_at_close(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            task = asyncio.create_task(journal.begin(asked()))
            await asyncio.sleep(0)
        assert await task
        assert len(stored(path)) == 1

    async def test_a_closed_journal_says_so(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            pass
        with pytest.raises(JournalError, match="is closed"):
            await journal.begin(asked())


class TestFaults:
    async def test_a_newer_schema(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            await journal.begin(asked())
        stored(path, f"PRAGMA user_version = {schema.newest_version() + 1}")
        for context in (opened(path, clock), read_journal(path)):
            with pytest.raises(JournalError, match=r"newer Herald\. Update Herald"):
                async with context:
                    pass
        assert len(stored(path)) == 1

    async def test_an_older_schema_is_migrated(
        self, path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with opened(path, clock) as journal:
            await journal.begin(asked())
        step = ("ALTER TABLE questions ADD COLUMN language TEXT", "UPDATE questions SET language = 'en'")
        monkeypatch.setattr(schema, "MIGRATIONS", (step,))
        with pytest.raises(JournalError, match="older Herald"):
            async with read_journal(path):
                pass
        for _ in range(2):
            async with opened(path, clock) as journal:
                assert not await journal.begin(asked())
        assert stored(path)[0]["language"] == "en"
        assert stored(path, "PRAGMA user_version") == [{"user_version": 2}]

    async def test_a_migration_that_fails_changes_nothing(
        self, path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with opened(path, clock):
            pass
        step = ("ALTER TABLE questions ADD COLUMN language TEXT", "no SQL")
        monkeypatch.setattr(schema, "MIGRATIONS", (step,))
        with pytest.raises(JournalError):
            async with opened(path, clock):
                pass
        assert stored(path, "PRAGMA user_version") == [{"user_version": 1}]
        assert not stored(path, "SELECT * FROM pragma_table_info('questions') WHERE name = 'language'")

    @pytest.mark.parametrize("damage", [no_database, torn_pages, cut_short])
    async def test_a_damaged_file_is_moved_aside(
        self, path: Path, clock: SetClock, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
    ) -> None:
        async with opened(path, clock) as journal:
            for number in range(50):
                await journal.begin(asked(number, "Why? " * 100))
        damage(path)
        broken = content(path)
        with pytest.raises(JournalError, match=r"is damaged\. Start herald serve again"):
            async with read_journal(path):
                pass
        assert content(path) == broken
        async with opened(path, clock) as journal:
            assert await journal.begin(asked())
            assert (await journal.summary()).questions == 1
        (aside,) = path.parent.glob("*.damaged-*")
        assert content(aside) == broken
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert str(aside) in caplog.text

    def test_what_belongs_to_a_damaged_file_goes_with_it(self, path: Path) -> None:
        path.parent.mkdir()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").write_text(suffix)
        aside = move_aside(path, NOW)
        assert {file.name: file.read_text() for file in path.parent.iterdir()} == {
            f"{aside.name}{suffix}": suffix for suffix in ("", "-wal", "-shm")
        }

    async def test_damage_while_it_runs(self, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            for number in range(50):
                await journal.begin(asked(number, "Why? " * 100))
        async with opened(path, clock) as journal:
            stored(path, "PRAGMA application_id = 7")  # what the journal has read before no longer holds
            torn_pages(path)
            await fails_with(r"is damaged\. Start herald serve again", journal)

    async def test_a_full_disk(self, path: Path, clock: SetClock) -> None:
        def fill(connection: Any, record: object) -> None:
            connection.cursor().execute("PRAGMA max_page_count = 12")

        event.listen(Engine, "connect", fill)
        try:
            async with opened(path, clock) as journal:
                with pytest.raises(JournalError, match=r"the disk is full\. Free some space"):
                    await journal.begin(asked(question="Why? " * 10_000))
                assert await journal.begin(asked())
                assert (await journal.summary()).questions == 1
        finally:
            event.remove(Engine, "connect", fill)

    async def test_a_folder_that_cannot_be_made(self, tmp_path: Path, clock: SetClock) -> None:
        no_database(tmp_path / "file")
        with pytest.raises(JournalError, match=r"cannot be used \(Not a directory\)\. Make it and its folder writable"):
            async with opened(tmp_path / "file" / "data" / "journal.sqlite3", clock):
                pass

    async def test_a_read_only_folder(self, locked: Path, clock: SetClock) -> None:
        with pytest.raises(JournalError, match=r"cannot be used \(Permission denied\)\. Make it and its folder"):
            async with opened(locked / "journal.sqlite3", clock):
                pass
        assert os.listdir(locked) == []

    async def test_another_process_that_does_not_let_go(
        self, journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await journal.begin(asked())

        def hurry(connection: Any) -> None:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")

        event.listen(Engine, "engine_connect", hurry)
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await fails_with("is held by another process", journal)
                assert (await journal.summary()).questions == 1
        finally:
            event.remove(Engine, "engine_connect", hurry)
        assert await journal.begin(asked(2))

    async def test_a_new_file_that_another_process_holds_for_a_moment(self, path: Path, clock: SetClock) -> None:
        refused: list[BaseException] = []
        path.parent.mkdir(parents=True)
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")

            def hurry(connection: Any) -> None:
                connection.exec_driver_sql("PRAGMA busy_timeout = 0")

            def let_go(context: ExceptionContext) -> None:
                refused.append(context.original_exception)
                other.execute("ROLLBACK")

            event.listen(Engine, "engine_connect", hurry)
            event.listen(Engine, "handle_error", let_go)
            try:
                async with opened(path, clock) as journal:
                    assert await journal.begin(asked())
            finally:
                event.remove(Engine, "engine_connect", hurry)
                event.remove(Engine, "handle_error", let_go)
        assert [str(error) for error in refused] == ["database is locked"]

    async def test_an_error_tells_no_question(self, journal: Journal) -> None:
        await journal.begin(asked())
        with pytest.raises(JournalError) as raised:
            await journal.begin(replace(asked(question="A secret?"), event="another"))
        assert "secret" not in f"{raised.value} {raised.value.__cause__}"
        assert isinstance(raised.value, HeraldError)


async def fails_with(message: str, journal: Journal) -> None:
    with pytest.raises(JournalError, match=message) as raised:
        await journal.begin(asked("failing"))
    assert "\n" not in str(raised.value)


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder that this process may read but not write; the superuser becomes nobody for the while."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        superuser = os.name != "nt" and os.geteuid() == 0
        if superuser:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if superuser:
                os.seteuid(0)
            folder.chmod(0o755)


class TestEventLoop:
    @pytest.fixture
    def watched(self) -> Iterator[BlockBuster]:
        with blockbuster_ctx(["bot"]) as watching:
            yield watching

    async def test_it_is_never_blocked(self, watched: BlockBuster, path: Path, clock: SetClock) -> None:
        async with opened(path, clock) as journal:
            await journal.begin(asked())
            await journal.place("key-1", "there")
            await journal.finish("key-1", UNKNOWN)
            await journal.vote("key-1", "anna", False, "wrong")
            assert len(await journal.unanswered(9)) == len(await journal.down_voted(9)) == 1
            assert (await journal.summary()).questions == len(await exported(journal)) == 1
            assert await journal.interrupted("discord") == []
            assert await journal.purge() == 0

    def test_the_first_use_in_a_process_does_not_block_it_either(self) -> None:
        """What is imported when it is first needed is not there yet in a process of its own."""
        test = f"{__file__}::TestEventLoop::{TestEventLoop.test_it_is_never_blocked.__name__}"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout
