"""`herald serve` as a process of its own: started, killed, asked how it is, and its log read."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.servers import free_port
from tests.soak.tally import Sample, Tally

_STARTED_WITHIN = 300.0
_STOPPED_WITHIN = 40.0


class BotProcess:
    """A bot with the variables given, on a data folder that outlives it."""

    def __init__(self, folder: Path, variables: Mapping[str, str], *platforms: str) -> None:
        """`platforms` are those to serve; none means all that have tokens."""
        self.port = free_port()
        self._platforms = platforms
        self._folder = folder
        self._log = folder / "herald.jsonl"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HERALD_", "SLACK_"))}
        self._environment = kept | {
            "HERALD_DATA_DIR": str(folder / "data"),
            "HERALD_OPERATIONS__PORT": str(self.port),
            "HERALD_OPERATIONS__LOGS": "json",
            "HERALD_SERVING__QUESTIONS_A_MINUTE": "1000",
            "NO_PROXY": "*",
            **variables,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._started = 0.0

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "serve", *self._platforms),
                cwd=self._folder,
                env=self._environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
            )
        self._started = time.monotonic()
        async with asyncio.timeout(_STARTED_WITHIN), aiohttp.ClientSession() as client:
            while not await self._ready(client):
                if self._process.returncode is not None:
                    raise RuntimeError(f"herald serve ended: {self._log.read_text(encoding='utf-8')[-3000:]}")
                await asyncio.sleep(0.2)  # between two looks at another process

    async def kill(self) -> None:
        """End it as a crash does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Have it finish and leave."""
        await self._end(signal.SIGTERM)

    async def sample(self, client: aiohttp.ClientSession) -> tuple[Sample, dict[str, float]] | None:
        """What it uses now, and how many requests had which outcome; None while it does not answer."""
        try:
            async with client.get(f"http://127.0.0.1:{self.port}/metrics") as response:
                families = list(text_string_to_metric_families(await response.text()))
        except aiohttp.ClientError:
            return None
        values = {sample.name: sample.value for family in families for sample in family.samples}
        outcomes: dict[str, float] = {}
        for family in families:
            for sample in family.samples:
                if sample.name == "herald_requests_total":
                    outcomes[sample.labels["outcome"]] = outcomes.get(sample.labels["outcome"], 0) + sample.value
        # What the system does not tell (it does on Linux) counts as nothing.
        memory, handles = (values.get(f"process_{name}", 0.0) for name in ("resident_memory_bytes", "open_fds"))
        return Sample(time.monotonic() - self._started, memory, handles), outcomes

    def read_log(self, tally: Tally, secrets: list[str]) -> None:
        """Count the warnings in its log, and note what must not be there: errors, secrets, lines that are no JSON."""
        text = self._log.read_text(encoding="utf-8")
        tally.faults += [f"a secret is in the log ({secret[:4]}…)" for secret in secrets if secret in text]
        for line in text.splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                tally.faults.append(f"no JSON in the log: {line[:200]}")
                continue
            if told["level"] == "warning":
                tally.warnings[told["message"][:100]] += 1
            elif told["level"] not in ("info", "debug"):
                tally.faults.append(f"{told['logger']}: {told['message'][:200]}")

    async def _ready(self, client: aiohttp.ClientSession) -> bool:
        try:
            async with client.get(f"http://127.0.0.1:{self.port}/readyz") as response:
                told = await response.json()
                return response.status == 200 and "not connected" not in told["platforms"]["detail"]
        except aiohttp.ClientError:
            return False

    async def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), _STOPPED_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()
