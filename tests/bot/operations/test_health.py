"""The operator's port: what is alive, what is ready and why not, and what Prometheus reads."""

import asyncio
import contextlib
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import ModelServerError, SettingsError
from bot.journal import Journal, open_journal, read_journal
from bot.messages import Status
from bot.operations import probe
from bot.operations.health import open_health
from bot.operations.measures import Measures
from bot.operations.readiness import Readiness
from bot.operations.records import Recorder
from bot.serving.desk import Desk
from bot.settings import OperationsSettings
from tests.bot.operations.test_records import asks, serve
from tests.desks import open_desk
from tests.fakes import ANSWERED, ScriptedAnswerer, Step

ANY_PORT = OperationsSettings(port=0)


@dataclass
class Operated:
    """A desk with its port."""

    desk: Desk
    address: str
    measures: Measures
    client: aiohttp.ClientSession

    async def get(self, page: str) -> tuple[int, str]:
        async with self.client.get(f"{self.address}/{page}") as response:
            return response.status, await response.text()

    async def ready(self) -> tuple[int, Any]:
        async with self.client.get(f"{self.address}/readyz") as response:
            return response.status, await response.json()

    async def values(self) -> dict[str, float]:
        """The measures by name and labels."""
        status, text = await self.get("metrics")
        assert status == 200
        return {
            " ".join([sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@asynccontextmanager
async def operated(
    *steps: Step,
    gate: asyncio.Event | None = None,
    error: Exception | None = None,
    journal: Journal | None = None,
    journal_wanted: bool = False,
) -> AsyncIterator[Operated]:
    measures = Measures()
    answerer = ScriptedAnswerer({"Who?": steps})
    opened = open_desk(answerer, gate=gate, error=error, journal=journal, observers=(Recorder(measures.served),))
    async with opened as desk:
        desk.connections.expect("discord", "slack")
        measures.watch(desk)
        readiness = Readiness(desk, journal_wanted=journal_wanted)
        async with open_health(ANY_PORT, measures, readiness) as address, aiohttp.ClientSession() as client:
            yield Operated(desk, address, measures, client)


async def test_no_port_is_opened_unless_one_is_set() -> None:
    async with open_desk(ScriptedAnswerer()) as desk:
        readiness = Readiness(desk, journal_wanted=False)
        async with open_health(OperationsSettings(), Measures(), readiness) as address:
            assert address == ""


async def test_a_port_that_is_taken_is_told_by_its_setting() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        settings = OperationsSettings(port=taken.getsockname()[1])
        async with open_desk(ScriptedAnswerer()) as desk:
            with pytest.raises(SettingsError, match=r"HERALD_OPERATIONS__PORT: 127\.0\.0\.1:\d+ cannot be listened on"):
                async with open_health(settings, Measures(), Readiness(desk, journal_wanted=False)):
                    pass


async def test_it_is_alive_while_nothing_is_ready() -> None:
    async with operated(gate=asyncio.Event()) as herald:
        assert await herald.get("healthz") == (200, '{"alive": true}')


class TestReadiness:
    async def test_what_is_missing_while_it_starts(self) -> None:
        gate = asyncio.Event()
        async with operated(gate=gate) as herald:
            assert await herald.ready() == (
                503,
                {
                    "ready": False,
                    "app": {"ok": False, "detail": "Indexing: 1 of 2…"},
                    "platforms": {"ok": False, "detail": "discord not connected, slack not connected"},
                    "journal": {"ok": True, "detail": "switched off"},
                },
            )
            gate.set()
            await herald.desk.opening.app()
            herald.desk.connections.up("slack")
            status, told = await herald.ready()
        assert (status, told["ready"]) == (200, True)
        assert told["app"]["detail"] == "open, the model is scripted"
        assert told["platforms"]["detail"] == "discord not connected, slack connected"

    async def test_an_app_that_cannot_be_opened(self) -> None:
        async with operated(error=ModelServerError("There is no model server.")) as herald:
            with contextlib.suppress(ModelServerError):
                await herald.desk.opening.app()
            assert (await herald.ready())[1]["app"] == {"ok": False, "detail": "There is no model server."}

    async def test_a_bot_that_is_stopping(self) -> None:
        async with operated() as herald:
            await herald.desk.opening.app()
            await herald.desk.drain()
            assert (await herald.ready())[1]["app"] == {"ok": False, "detail": "stopping"}

    async def test_a_journal_that_can_be_written(self, tmp_path: Path) -> None:
        async with (
            open_journal(tmp_path / "journal.sqlite3", retention_days=9) as journal,
            operated(journal=journal, journal_wanted=True) as herald,
        ):
            assert (await herald.ready())[1]["journal"] == {"ok": True, "detail": "writable"}

    async def test_a_journal_that_could_not_be_opened(self) -> None:
        async with operated(journal_wanted=True) as herald:
            assert (await herald.ready())[1]["journal"] == {"ok": False, "detail": "could not be opened"}

    async def test_a_journal_that_is_held_by_another_process(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.operations.readiness._PATIENCE", 0.05)
        path = tmp_path / "journal.sqlite3"
        async with (
            open_journal(path, retention_days=9) as journal,
            operated(journal=journal, journal_wanted=True) as herald,
        ):
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                for _ in range(2):
                    assert (await herald.ready())[1]["journal"]["detail"] == "not writable within 0.05 seconds"
                other.execute("ROLLBACK")
            while not (await herald.ready())[1]["journal"]["ok"]:
                pass

    async def test_a_journal_that_is_open_for_reading_only(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.sqlite3"
        async with (
            open_journal(path, retention_days=9),
            read_journal(path) as journal,
            operated(journal=journal, journal_wanted=True) as herald,
        ):
            told = (await herald.ready())[1]["journal"]
        assert not told["ok"] and "for reading only" in told["detail"]

    async def test_a_journal_that_is_closed(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.sqlite3"
        async with (
            open_journal(path, retention_days=9) as journal,
            operated(journal=journal, journal_wanted=True) as herald,
        ):
            await journal.close()
            told = (await herald.ready())[1]["journal"]
        assert not told["ok"] and "is closed" in told["detail"]


class TestMeasures:
    async def test_questions_stages_and_errors(self) -> None:
        async with operated(Status("reading"), ANSWERED) as herald:
            await serve(herald.desk, asks())
            await serve(herald.desk, asks(text="Unknown?", event="2"))
            await serve(herald.desk, asks("license", "2", event="3"))
            herald.measures.wrote()
            values = await herald.values()
        requests = {name: value for name, value in values.items() if name.startswith("herald_requests_total")}
        assert requests == {
            "herald_requests_total command=ask outcome=answered platform=discord": 1,
            "herald_requests_total command=ask outcome=unknown platform=discord": 1,
            "herald_requests_total command=license outcome=replied platform=discord": 1,
        }
        for stage in ("queue", "search", "first_sentence", "total"):
            assert values[f"herald_stage_seconds_count stage={stage}"] == 2
        assert values["herald_model_tokens_total"] == 1
        assert not [name for name in values if "ann" in name or "general" in name]

    async def test_errors_are_counted_by_their_class(self) -> None:
        async with operated(ModelServerError("It is away.")) as herald:
            await serve(herald.desk, asks())
            values = await herald.values()
        assert values["herald_errors_total error=ModelServerError"] == 1
        assert values["herald_requests_total command=ask outcome=failed platform=discord"] == 1

    async def test_the_queue_and_the_connections(self) -> None:
        reached, opened = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            reached.set()
            await opened.wait()

        async with operated(wait, ANSWERED) as herald:
            asked = [asyncio.create_task(serve(herald.desk, asks(event=str(number)))) for number in range(3)]
            await reached.wait()
            herald.desk.connections.up("discord")
            herald.desk.connections.up("slack")
            herald.desk.connections.down("slack")
            herald.desk.connections.down("slack")
            values = await herald.values()
            opened.set()
            await asyncio.gather(*asked)
            after = await herald.values()
        assert values["herald_queue_questions state=at_work"] == 1
        assert values["herald_queue_questions state=waiting"] == 2
        assert values["herald_platform_connected platform=discord"] == 1
        assert values["herald_platform_connected platform=slack"] == 0
        assert values["herald_platform_losses_total platform=slack"] == 1
        assert after["herald_queue_questions state=at_work"] == 0
        assert any(name.startswith("herald_info version=") for name in values)

    async def test_two_of_them_share_nothing(self) -> None:
        first, second = Measures(), Measures()
        first.wrote()
        assert b"herald_model_tokens_total 1.0" in first.text()
        assert b"herald_model_tokens_total 0.0" in second.text()


class TestProbe:
    async def asked(self, herald: Operated, page: str) -> tuple[bool, str]:
        settings = OperationsSettings(port=int(herald.address.rpartition(":")[2]), host="0.0.0.0")
        return await asyncio.to_thread(probe.ask, settings, page)

    async def test_a_bot_that_is_alive_and_not_ready(self) -> None:
        async with operated(gate=asyncio.Event()) as herald:
            assert await self.asked(herald, "healthz") == (True, '{"alive": true}')
            well, said = await self.asked(herald, "readyz")
        assert not well and '"ready": false' in said

    def test_a_bot_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        monkeypatch.setenv("HERALD_OPERATIONS__PORT", str(port))
        assert probe.main([]) == 1
        assert f"http://127.0.0.1:{port}/healthz cannot be reached" in capsys.readouterr().out
        monkeypatch.delenv("HERALD_OPERATIONS__PORT")
        assert probe.main(["readyz"]) == 1
        assert "HERALD_OPERATIONS__PORT is not set" in capsys.readouterr().out
