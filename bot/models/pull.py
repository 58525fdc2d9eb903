"""Fetching a model from a hub: resumed where it broke off, and kept only if its sha256 is right.

While it is fetched a model is `NAME.part`, and `NAME.part.etag` says which version of the file the part is of.
"""

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from bot.errors import DownloadError
from bot.models.catalog import CatalogEntry, HubFile

if TYPE_CHECKING:
    import httpx  # imported when something is fetched

HUB_URL = "https://huggingface.co"
_CHUNK = 1 << 20
_CONNECT_SECONDS, _READ_SECONDS = 15.0, 60.0


async def pull(
    entry: CatalogEntry,
    models_dir: Path,
    *,
    base_url: str = HUB_URL,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Fetch a model into `models_dir` and return its path; nothing is fetched if it is there already.

    `on_progress` gets the bytes that are there and the bytes there will be. Raises DownloadError; what arrived is
    kept unless it is wrong, so that the next call resumes.
    """
    if not isinstance(entry.source, HubFile):
        path = entry.path(models_dir)
        if path is None:
            raise DownloadError(f"{entry.title} comes with the package {entry.source.package.replace('_', '-')}.")
        return path
    download = _Download(entry, models_dir / entry.file, _url(entry, entry.source, base_url), on_progress)
    try:
        return await download.run()
    except OSError as error:
        raise _storage_error(error, entry, models_dir) from error


@dataclass(frozen=True, slots=True)
class _Download:
    entry: CatalogEntry
    target: Path
    url: str
    on_progress: Callable[[int, int], None]

    @property
    def part(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def version(self) -> Path:
        return self.target.with_name(self.target.name + ".part.etag")

    async def run(self) -> Path:
        there: int | None = await asyncio.to_thread(_size, self.target)
        if there == self.entry.size:
            return self.target
        done = await asyncio.to_thread(self._prepare)
        if done < self.entry.size:
            await self._fetch(done)
        if await asyncio.to_thread(_sha256, self.part) != self.entry.sha256:
            await asyncio.to_thread(self._discard)
            raise DownloadError(
                f"What arrived is not {self.entry.title}: its sha256 is wrong, so it was deleted. "
                "Run the command again, or check the hub's address."
            )
        await asyncio.to_thread(self._finish)
        return self.target

    def _prepare(self) -> int:
        """Make room; returns how many bytes of the part can be kept."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        done = _size(self.part) or 0
        if done > self.entry.size:
            self._discard()
            done = 0
        if shutil.disk_usage(self.target.parent).free < self.entry.size - done:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return done

    async def _fetch(self, done: int) -> None:
        import httpx

        timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        async with httpx.AsyncClient(timeout=timeout, follow_redirects=True) as client:
            try:
                async with client.stream("GET", self.url, headers=await self._headers(done)) as response:
                    start = await self._start(response, done)
                    await self._receive(response, start)
            except httpx.ConnectError as error:
                raise DownloadError(f"The hub {_host(self.url)} cannot be reached.") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                received = await asyncio.to_thread(_size, self.part)
                raise self._broken(received or 0) from error
        received = await asyncio.to_thread(_size, self.part)
        if received is not None and received < self.entry.size:
            raise self._broken(received)

    async def _headers(self, done: int) -> dict[str, str]:
        # What is verified are a file's own bytes, so they may not be compressed on the way.
        headers = {"Accept-Encoding": "identity"}
        etag = await asyncio.to_thread(_text, self.version)
        if done:
            headers["Range"] = f"bytes={done}-"
            if etag:
                headers["If-Range"] = etag
        return headers

    async def _start(self, response: "httpx.Response", done: int) -> int:
        """Where in the file the answer begins: the hub sends a changed file from its start."""
        start, total = _extent(response)
        if response.status_code == 416 or (response.status_code == 206 and start != done):
            await asyncio.to_thread(self._discard)  # else the next call would ask for the same again
            raise DownloadError(f"The hub's {self.entry.file} has changed. Run the command again to fetch it anew.")
        if response.status_code not in (200, 206):
            raise DownloadError(_refusal(response.status_code, self.entry, _host(self.url)))
        if total not in (None, self.entry.size):
            raise DownloadError(
                f"The hub's file is not {self.entry.title}: it has {total:,} bytes instead of {self.entry.size:,}."
            )
        return start

    async def _receive(self, response: "httpx.Response", start: int) -> None:
        await asyncio.to_thread(self.version.write_text, _strong_etag(response))
        async with _opened(self.part, start) as file:
            done = start
            self.on_progress(done, self.entry.size)
            async with aclosing(response.aiter_bytes(_CHUNK)) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    await asyncio.to_thread(file.write, chunk)
                    done += len(chunk)
                    self.on_progress(min(done, self.entry.size), self.entry.size)
                    if done > self.entry.size:
                        return  # too long: its hash will be wrong

    def _broken(self, received: int) -> DownloadError:
        return DownloadError(
            f"The transfer of {self.entry.title} broke off at {_megabytes(received)} of {_megabytes(self.entry.size)}. "
            "Run the command again to resume it."
        )

    def _discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.version.unlink(missing_ok=True)

    def _finish(self) -> None:
        self.part.replace(self.target)
        self.version.unlink(missing_ok=True)


@asynccontextmanager
async def _opened(path: Path, start: int) -> AsyncIterator[BinaryIO]:
    """The part, open for writing from `start` on; what it held beyond is cut off."""

    def open_at() -> BinaryIO:
        if not start:
            return path.open("wb")
        file = path.open("r+b")
        file.seek(start)
        file.truncate()
        return file

    file = await asyncio.to_thread(open_at)
    try:
        yield file
    finally:
        await asyncio.to_thread(file.close)


def _url(entry: CatalogEntry, source: HubFile, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/{source.repository}/resolve/{source.revision}/{entry.file}"


def _extent(response: "httpx.Response") -> tuple[int, int | None]:
    """Where the body starts in the file, and how long the file is, if that is told."""
    if response.status_code == 206:
        # "bytes 100-199/200"
        span, _, total = response.headers.get("content-range", "").removeprefix("bytes ").partition("/")
        first = span.partition("-")[0]
        return int(first) if first.isdecimal() else -1, int(total) if total.isdecimal() else None
    length = response.headers.get("content-length", "")
    return 0, int(length) if length.isdecimal() else None


def _strong_etag(response: "httpx.Response") -> str:
    etag: str = response.headers.get("etag", "")
    return "" if etag.startswith("W/") else etag


def _refusal(status: int, entry: CatalogEntry, host: str) -> str:
    if status == 404:
        return f"The hub {host} has no file {entry.file} (404)."
    if status in (401, 403):
        return f"The hub {host} does not allow fetching {entry.file} ({status})."
    return f"The hub {host} answers with {status}. Try again later; what arrived is kept."


def _storage_error(error: OSError, entry: CatalogEntry, models_dir: Path) -> DownloadError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DownloadError(f"The disk is full: {entry.title} needs {_megabytes(entry.size)} in {models_dir}.")
    return DownloadError(f"Cannot write to the models folder {models_dir}: {error.strerror or error}.")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
