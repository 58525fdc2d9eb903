"""llama.cpp's objects: the weights with their vocabulary, and the one live sequence of tokens.

Everything here runs on the owner thread. The C interface is handed in, so that importing this module imports no
llama_cpp.
"""

import ctypes
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.models.base import SamplingOptions
from bot.models.owner import CancelFlag


@dataclass(frozen=True, slots=True)
class Library:
    """llama.cpp's C interface, and the last errors that it logged."""

    api: ModuleType
    complaints: deque[str]


class Weights:
    """The weights and the vocabulary of a file (a `templates.Vocabulary`); OSError if llama.cpp cannot load it."""

    def __init__(self, library: Library, path: Path, stop: CancelFlag) -> None:
        self.library = library
        self.api = api = library.api
        params = api.llama_model_default_params()
        params.n_gpu_layers = -1  # all that a GPU takes; without one this means nothing
        # ctypes frees a callback that nobody holds.
        going_on = api.llama_progress_callback(lambda progress, data: not stop)
        params.progress_callback = going_on
        library.complaints.clear()
        self.handle = api.llama_model_load_from_file(os.fsencode(path), params)
        if not self.handle:
            raise OSError("; ".join(library.complaints) or "no reason given")
        self._vocab = api.llama_model_get_vocab(self.handle)
        self.trained_tokens = int(api.llama_model_n_ctx_train(self.handle))
        self.template = self.metadata("tokenizer.chat_template")
        self.special = self._special_tokens()
        bos = int(api.llama_vocab_bos(self._vocab))
        self.bos = bos if bos >= 0 and api.llama_vocab_get_add_bos(self._vocab) else None

    def metadata(self, key: str) -> str | None:
        size = self.api.llama_model_meta_val_str(self.handle, key.encode(), None, 0)
        if size < 0:
            return None
        value = ctypes.create_string_buffer(size + 1)
        self.api.llama_model_meta_val_str(self.handle, key.encode(), value, size + 1)
        return value.value.decode(errors="replace")

    def tokenize(self, text: str) -> list[int]:
        data = text.encode(errors="replace")
        size = len(data) + 8
        while True:
            tokens = (ctypes.c_int32 * size)()
            count = self.api.llama_tokenize(self._vocab, data, len(data), tokens, size, False, False)
            if count >= 0:
                return list(tokens[:count])
            size = -count

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; none for a special token."""
        size = 64
        while True:
            data = ctypes.create_string_buffer(size)
            count = self.api.llama_token_to_piece(self._vocab, token, data, size, 0, False)
            if count >= 0:
                return data.raw[:count]
            size = -count

    def ends_turn(self, token: int) -> bool:
        return bool(self.api.llama_vocab_is_eog(self._vocab, token))

    def token_text(self, token: int) -> str:
        if not 0 <= token < self.api.llama_vocab_n_tokens(self._vocab):
            return ""
        return (self.api.llama_vocab_get_text(self._vocab, token) or b"").decode(errors="replace")

    def eos_text(self) -> str:
        return self.token_text(int(self.api.llama_vocab_eos(self._vocab)))

    def bos_text(self) -> str:
        return self.token_text(int(self.api.llama_vocab_bos(self._vocab)))

    def close(self) -> None:
        if self.handle:
            self.api.llama_model_free(self.handle)
            self.handle = None

    def _special_tokens(self) -> Mapping[str, int]:
        api, found = self.api, dict[str, int]()
        for token in range(api.llama_vocab_n_tokens(self._vocab)):
            kind = api.llama_vocab_get_attr(self._vocab, token)
            if kind & (api.LLAMA_TOKEN_ATTR_CONTROL | api.LLAMA_TOKEN_ATTR_USER_DEFINED):
                text = self.token_text(token)
                # Of the tokens that a file's author defined, only those that its template uses are markers.
                if text.strip() and (kind & api.LLAMA_TOKEN_ATTR_CONTROL or text in (self.template or "")):
                    found[text] = token
        return found


class LiveSequence:
    """The one live sequence of a model: what was evaluated stays, so that the next prompt reuses what it shares."""

    def __init__(self, model: Weights, size: int, threads: int, batch: int) -> None:
        self._library = model.library
        self._api = model.api
        self._batch_size = min(batch, size)
        params = self._api.llama_context_default_params()
        params.n_ctx = size
        params.n_batch = params.n_ubatch = self._batch_size
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = self._api.LLAMA_FLASH_ATTN_TYPE_AUTO
        params.no_perf = True
        self._context = self._api.llama_init_from_model(model.handle, params)
        if not self._context:
            raise MemoryError(f"no memory for a context of {size} tokens")
        self.size = size
        self._memory = self._api.llama_get_memory(self._context)
        self._batch = self._api.llama_batch_init(self._batch_size, 0, 1)
        self._tokens: list[int] = []
        self._cancelled = CancelFlag()

    def prompted(self, prompt: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Make `prompt` the sequence, reusing what it shares with the last one; tells (reused, evaluated) after each
        batch, and ends early when cancelled."""
        # The last token is always evaluated: sampling needs its logits.
        reused = self._cut(min(_common_prefix(self._tokens, prompt), len(prompt) - 1))
        yield reused, 0
        for start in range(reused, len(prompt), self._batch_size):
            batch = prompt[start : start + self._batch_size]
            if not self.extend(batch):
                return
            yield reused, start + len(batch) - reused

    def extend(self, tokens: Sequence[int]) -> bool:
        """Evaluate at most a batch of tokens; False if that was cancelled. The sequence stays valid either way."""
        if self._cancelled:
            return False
        past = len(self._tokens)
        self._fill_batch(tokens, past)
        status = self._api.llama_decode(self._context, self._batch)
        if status == 0:
            self._tokens.extend(tokens)
            return True
        self._cut(past)
        if self._cancelled:
            return False
        raise RuntimeError(f"llama_decode returned {status}: {'; '.join(self._library.complaints)}")

    @contextmanager
    def watching(self, cancelled: CancelFlag) -> Iterator[None]:
        """Abort evaluation, even inside a batch, as soon as `cancelled` is set."""
        self._cancelled = cancelled
        address = ctypes.cast(cancelled.buffer, ctypes.c_void_p)
        self._api.llama_set_abort_callback(self._context, _is_set(self._api), address)
        try:
            yield
        finally:
            self._api.llama_set_abort_callback(self._context, self._api.ggml_abort_callback(), None)

    @contextmanager
    def sampler(self, options: SamplingOptions) -> Iterator[Callable[[], int]]:
        """How the next token is chosen: the likeliest at temperature 0, else at random among the likely ones."""
        api = self._api
        chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        if options.temperature <= 0:
            links = [api.llama_sampler_init_greedy()]
        else:
            links = [
                api.llama_sampler_init_top_k(40),
                api.llama_sampler_init_top_p(0.95, 1),
                api.llama_sampler_init_min_p(0.05, 1),
                api.llama_sampler_init_temp(options.temperature),
                api.llama_sampler_init_dist(api.LLAMA_DEFAULT_SEED),
            ]
        for link in links:
            api.llama_sampler_chain_add(chain, link)
        try:
            yield lambda: int(api.llama_sampler_sample(chain, self._context, -1))
        finally:
            api.llama_sampler_free(chain)

    def close(self) -> None:
        if self._context:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)
            self._context = None

    def _fill_batch(self, tokens: Sequence[int], past: int) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at] = token
            batch.pos[at] = past + at
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = 0
            batch.logits[at] = at == len(tokens) - 1

    def _cut(self, length: int) -> int:
        """Forget all but the first `length` tokens; returns how many are left (none where a model cannot go back)."""
        if not self._api.llama_memory_seq_rm(self._memory, 0, length, -1):
            self._api.llama_memory_clear(self._memory, True)
            length = 0
        del self._tokens[length:]
        return length


def _is_set(api: ModuleType) -> Any:
    """A native function that tells whether a CancelFlag is set: C's strlen, for the flag is a C string.

    llama.cpp asks before each operation. A Python function would take the global lock thousands of times a second,
    and wait for whoever holds it.
    """
    library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
    return ctypes.cast(library.strlen, api.ggml_abort_callback)


def _common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
