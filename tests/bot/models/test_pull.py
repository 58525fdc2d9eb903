"""Fetching a model from a local server that stands in for the hub."""

import hashlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import DownloadError
from bot.models.catalog import SMOLLM2, CatalogEntry, HubFile
from bot.models.pull import pull

Serve = Callable[[Callable[[Any, Any], Awaitable[None]]], Awaitable[str]]
CONTENT = b"GGUF" + bytes(range(256)) * 16_384  # 4 MiB
ENTRY = CatalogEntry(
    name="tiny",
    title="Tiny",
    file="tiny.gguf",
    source=HubFile("someone/tiny", "abc123"),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    context_tokens=512,
    license="MIT",
)


class Hub:
    """Serves one file with ranges and ETags; breaks off after `limit` bytes, if given."""

    def __init__(self, content: bytes = CONTENT, etag: str = '"v1"') -> None:
        self.content = content
        self.etag = etag
        self.limit: int | None = None
        self.ranges = True
        self.requests: list[Any] = []

    async def __call__(self, request: Any, connection: Any) -> None:
        self.requests.append(request)
        if request.path == "/someone/tiny/resolve/abc123/tiny.gguf":
            await connection.answer(302, Location="/storage/tiny")
            return
        wanted = request.headers.get("range", "bytes=0-")
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if not self.ranges or request.headers.get("if-range", self.etag) != self.etag:
            start = 0
        body = self.content[start:]
        extent = {"Content_Range": f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"} if start else {}
        await connection.answer(
            206 if start else 200, body[: self.limit], Content_Length=len(body), ETag=self.etag, **extent
        )

    @property
    def range_asked(self) -> str:
        return str(self.requests[-1].headers["range"])


@pytest.fixture
async def hub(serve: Serve) -> tuple[Hub, str]:
    hub = Hub()
    return hub, await serve(hub)


async def broken(entry: CatalogEntry, folder: Path, url: str) -> str:
    with pytest.raises(DownloadError) as caught:
        await pull(entry, folder, base_url=url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_model_is_fetched_once(hub: tuple[Hub, str], tmp_path: Path) -> None:
    server, url = hub
    seen: list[tuple[int, int]] = []
    path = await pull(ENTRY, tmp_path / "new", base_url=url + "/", on_progress=lambda *done: seen.append(done))
    assert path.read_bytes() == CONTENT
    assert files(tmp_path / "new") == ["tiny.gguf"]
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert len(seen) > 2
    asked = len(server.requests)
    assert await pull(ENTRY, tmp_path / "new", base_url=url) == path
    assert len(server.requests) == asked, "nothing is fetched twice"


async def test_a_broken_transfer_is_resumed(hub: tuple[Hub, str], tmp_path: Path) -> None:
    server, url = hub
    server.limit = 3_000_000
    text = await broken(ENTRY, tmp_path, url)
    assert text == "The transfer of Tiny broke off at 2 MB of 4 MB. Run the command again to resume it."
    kept = (tmp_path / "tiny.gguf.part").stat().st_size
    assert kept == 2 << 20, "whole chunks of a megabyte are kept"
    server.limit = None
    seen: list[int] = []
    path = await pull(ENTRY, tmp_path, base_url=url, on_progress=lambda done, total: seen.append(done))
    assert server.range_asked == f"bytes={kept}-"
    assert seen[0] == kept
    assert path.read_bytes() == CONTENT
    assert files(tmp_path) == ["tiny.gguf"]


async def test_a_hub_without_ranges_sends_it_all_again(hub: tuple[Hub, str], tmp_path: Path) -> None:
    server, url = hub
    server.limit = 1_500_000
    await broken(ENTRY, tmp_path, url)
    server.limit, server.ranges = None, False
    assert (await pull(ENTRY, tmp_path, base_url=url)).read_bytes() == CONTENT


async def test_a_file_that_changed_meanwhile_is_not_spliced(hub: tuple[Hub, str], tmp_path: Path) -> None:
    server, url = hub
    server.limit, server.content, server.etag = 1_500_000, b"x" * len(CONTENT), '"v0"'
    await broken(ENTRY, tmp_path, url)
    server.limit, server.content, server.etag = None, CONTENT, '"v1"'
    assert (await pull(ENTRY, tmp_path, base_url=url)).read_bytes() == CONTENT


async def test_a_file_of_another_size_is_refused_before_it_is_fetched(hub: tuple[Hub, str], tmp_path: Path) -> None:
    server, url = hub
    server.content = CONTENT[:-1]
    assert "it has 4,194,307 bytes instead of 4,194,308" in await broken(ENTRY, tmp_path, url)
    assert files(tmp_path) == []


async def test_a_wrong_hash_deletes_what_arrived(hub: tuple[Hub, str], tmp_path: Path) -> None:
    _, url = hub
    text = await broken(replace(ENTRY, sha256="0" * 64), tmp_path, url)
    assert "its sha256 is wrong, so it was deleted" in text
    assert files(tmp_path) == []


async def test_a_complete_part_is_only_checked(hub: tuple[Hub, str], tmp_path: Path) -> None:
    server, url = hub
    (tmp_path / "tiny.gguf.part").write_bytes(CONTENT)
    assert (await pull(ENTRY, tmp_path, base_url=url)).read_bytes() == CONTENT
    assert server.requests == []


async def test_a_part_that_is_too_long_is_dropped(hub: tuple[Hub, str], tmp_path: Path) -> None:
    _, url = hub
    (tmp_path / "tiny.gguf.part").write_bytes(CONTENT + b"more")
    assert (await pull(ENTRY, tmp_path, base_url=url)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "text"),
    [(404, "has no file tiny.gguf"), (403, "does not allow"), (503, "answers with 503"), (416, "has changed")],
)
async def test_a_refusal(serve: Serve, tmp_path: Path, status: int, text: str) -> None:
    async def refuse(request: Any, connection: Any) -> None:
        await connection.answer(status, "<html>")

    (tmp_path / "tiny.gguf.part").write_bytes(CONTENT[:100])
    assert text in await broken(ENTRY, tmp_path, await serve(refuse))
    assert files(tmp_path) == ([] if status == 416 else ["tiny.gguf.part"])


async def test_another_part_than_was_asked_for_is_not_spliced(serve: Serve, tmp_path: Path) -> None:
    async def confuse(request: Any, connection: Any) -> None:
        await connection.answer(206, CONTENT[50:], Content_Range=f"bytes 50-{len(CONTENT) - 1}/{len(CONTENT)}")

    (tmp_path / "tiny.gguf.part").write_bytes(CONTENT[:100])
    assert "has changed" in await broken(ENTRY, tmp_path, await serve(confuse))
    assert files(tmp_path) == []


async def test_a_hub_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    assert await broken(ENTRY, tmp_path, "http://127.0.0.1:1") == "The hub 127.0.0.1 cannot be reached."


async def test_a_folder_that_cannot_be_written(hub: tuple[Hub, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    text = await broken(ENTRY, tmp_path / "file" / "models", hub[1])
    assert text.startswith("Cannot write to the models folder")


async def test_a_disk_without_room_for_it(hub: tuple[Hub, str], tmp_path: Path) -> None:
    assert (await broken(replace(ENTRY, size=1 << 60), tmp_path, hub[1])).startswith("The disk is full: Tiny needs")
    assert hub[0].requests == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux's")
async def test_a_disk_that_fills_up(hub: tuple[Hub, str], tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.part").symlink_to("/dev/full")
    assert (await broken(ENTRY, tmp_path, hub[1])).startswith("The disk is full: Tiny needs 4 MB")


async def test_an_embedded_model_is_there_already(tmp_path: Path, smollm2_path: Path) -> None:
    assert await pull(SMOLLM2, tmp_path) == smollm2_path
    assert files(tmp_path) == []
