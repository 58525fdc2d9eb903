"""What the model tests share: the embedded model, tiny Llama 2 files, and a scripted HTTP server on loopback."""

import asyncio
import json
import lzma
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.models.catalog import SMOLLM2

VOCABULARY = Path(__file__).parent / "data" / "ggml-vocab-llama-spm.gguf.xz"


@pytest.fixture(scope="session")
def smollm2_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model's file."""
    path = SMOLLM2.path(tmp_path_factory.getbasetemp())
    assert path is not None
    return path


TinyLlama = Callable[..., Path]


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> TinyLlama:
    """Writes a model of random weights with Llama 2's real vocabulary; `template` and `last_token` change it."""
    folder = tmp_path_factory.mktemp("tiny-llama")
    vocabulary = folder / "vocabulary.gguf"
    vocabulary.write_bytes(lzma.decompress(VOCABULARY.read_bytes()))

    def write(name: str = "tiny.gguf", *, template: str | None = None, last_token: str | None = None) -> Path:
        path = folder / name
        if not path.exists():
            _write_llama(path, vocabulary, template, last_token)
        return path

    return write


def _write_llama(path: Path, vocabulary: Path, template: str | None, last_token: str | None) -> None:
    from gguf import GGUFReader, GGUFWriter

    fields = GGUFReader(vocabulary).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    if last_token is not None:
        tokens[-1] = last_token
    writer = GGUFWriter(path, "llama")
    width, heads, inner = 32, 2, 64
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(fields["tokenizer.ggml.scores"].contents())
    writer.add_token_types(fields["tokenizer.ggml.token_type"].contents())
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    if template is not None:
        writer.add_chat_template(template)
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (len(tokens), width),
        "output.weight": (len(tokens), width),
        "output_norm.weight": (width,),
        "blk.0.attn_norm.weight": (width,),
        "blk.0.ffn_norm.weight": (width,),
        "blk.0.attn_q.weight": (width, width),
        "blk.0.attn_k.weight": (width, width),
        "blk.0.attn_v.weight": (width, width),
        "blk.0.attn_output.weight": (width, width),
        "blk.0.ffn_gate.weight": (inner, width),
        "blk.0.ffn_up.weight": (inner, width),
        "blk.0.ffn_down.weight": (width, inner),
    }
    random = np.random.default_rng(7)
    for name, shape in shapes.items():
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it reached the local server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Connection:
    """What a script answers through."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: str | bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data.encode() if isinstance(data, str) else data)
        await self._writer.drain()

    async def answer(self, status: int, body: str | bytes = b"", **headers: object) -> None:
        """Send a whole answer; a header `Content_Type` is sent as Content-Type."""
        data = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} Status", "Connection: close"]
        lines += [
            f"{name.replace('_', '-')}: {value}" for name, value in ({"Content_Length": len(data)} | headers).items()
        ]
        await self.send("\r\n".join(lines) + "\r\n\r\n")
        await self.send(data)

    async def closed(self) -> None:
        """Wait until the client has closed the connection, or broken it off, as it does with data left unread."""
        with suppress(ConnectionError):
            while await self._reader.read(1024):
                pass


Script = Callable[[HttpRequest, Connection], Awaitable[None]]
Serve = Callable[[Script], Awaitable[str]]


@pytest.fixture
async def serve(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """Starts HTTP servers on loopback, each with a script; returns a server's URL."""
    monkeypatch.setenv("NO_PROXY", "*")
    async with AsyncExitStack() as stack:

        async def start(script: Script) -> str:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await script(await _read(reader), Connection(reader, writer))
                except (ConnectionError, asyncio.IncompleteReadError):
                    pass
                finally:
                    writer.close()

            server = await asyncio.start_server(handle, "127.0.0.1", 0)
            stack.callback(server.close)
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


async def _read(reader: asyncio.StreamReader) -> HttpRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return HttpRequest(method, path, headers, body)
