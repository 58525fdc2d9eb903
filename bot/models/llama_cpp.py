"""A GGUF file in this process, through llama.cpp, on one owner thread.

Importing this module does not import llama_cpp: that happens on the thread, when a model is opened. llama.cpp is used
through its C interface, since only that can abort the evaluation of a prompt and report how much of it was reused.
"""

import codecs
import ctypes
import logging
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.errors import ModelError, ModelFileError
from bot.messages import Turn
from bot.models.base import SamplingOptions
from bot.models.cores import usable_cores
from bot.models.native import Library, LiveSequence, Weights
from bot.models.owner import CancelFlag, OwnerThread
from bot.models.pieces import StopFilter
from bot.models.templates import ChatTemplate, Writer, llama2_template, plain_template

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a request: of its prompt, how many of them were reused or evaluated so far, and written so far."""

    prompt: int = 0
    reused: int = 0
    evaluated: int = 0
    written: int = 0


class LlamaCppModel:
    """A chat model in a GGUF file.

    `context_tokens` is cut to what the model was trained for; `threads` defaults to the cores this process may use;
    `batch` is how many tokens of a prompt are evaluated at once; `queue_limit` is how many requests may wait beside
    the one that runs. `on_usage` is called on the owner thread as a prompt is evaluated.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        context_tokens: int = 4096,
        threads: int | None = None,
        batch: int = 256,
        queue_limit: int = 8,
        on_usage: Callable[[Usage], None] | None = None,
    ) -> None:
        self._path = path
        self._name = name
        self._context_tokens = context_tokens
        self._threads = threads
        self._batch = batch
        self._on_usage = on_usage
        self._usage = Usage()
        self._owner = OwnerThread(name, self._open, queue_limit=queue_limit)

    @property
    def name(self) -> str:
        """The name shown with an answer."""
        return self._name

    @property
    def waiting(self) -> int:
        """How many requests a new one would have to wait for."""
        return self._owner.waiting

    @property
    def usage(self) -> Usage:
        """The tokens of the request that runs or ran last."""
        return self._usage

    def start(self) -> None:
        """Begin to load the model on its thread, without waiting; an error is met by the first request."""
        self._owner.start()

    async def load(self) -> None:
        """Load the model and wait for it; raises ModelFileError if the file is missing, truncated or no GGUF."""
        await self._owner.load()

    def stream(self, turns: Sequence[Turn], options: SamplingOptions) -> AsyncGenerator[str, None]:
        """Stream the completion of a chat; closing the iterator cancels it within a token.

        Raises ModelBusyError when the queue is full, ModelFileError when the file cannot be loaded, and ModelError
        when the prompt does not fit or the model fails.
        """
        return self._owner.stream(turns, options)

    async def aclose(self) -> None:
        """Stop what runs and free the model."""
        await self._owner.aclose()

    def _open(self, stop: CancelFlag) -> "_Engine":
        _check_file(self._path)
        threads = self._threads or usable_cores()
        with ExitStack() as opened:
            try:
                model = Weights(llama_library(), self._path, stop)
                opened.callback(model.close)
                template = template_of(model)
                size = min(self._context_tokens, model.trained_tokens)
                sequence = LiveSequence(model, size, threads, self._batch)
            except OSError as error:
                raise _load_error(self._path, str(error)) from error
            except MemoryError as error:
                raise ModelError(f"The model {self._name} does not fit: {error}.") from error
            opened.pop_all()
        return _Engine(model, sequence, template, self._count)

    def _count(self, usage: Usage) -> None:
        self._usage = usage
        if self._on_usage is not None:
            self._on_usage(usage)


class _Engine:
    """A loaded model that completes one chat at a time."""

    def __init__(
        self, model: Weights, sequence: LiveSequence, template: ChatTemplate, count: Callable[[Usage], None]
    ) -> None:
        self._model = model
        self._sequence = sequence
        self._template = template
        self._count = count

    def complete(
        self, turns: Sequence[Turn], options: SamplingOptions, cancelled: CancelFlag
    ) -> Generator[str, None, None]:
        prompt = self._template.tokens(turns, self._model)
        room = self._sequence.size - len(prompt)
        if room < 1:
            raise ModelError(
                f"The prompt is too long: it has {len(prompt)} tokens, and the model reads {self._sequence.size - 1}."
            )
        shown = StopFilter((*options.stop, *self._template.stop))
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with closing(self._tokens(prompt, options, min(options.max_tokens, room), cancelled)) as tokens:
            for token in tokens:
                if text := shown.feed(decoder.decode(self._model.piece(token))):
                    yield text
                if shown.stopped:
                    return
        if text := shown.feed(decoder.decode(b"", final=True)) + shown.finish():
            yield text

    def _tokens(
        self, prompt: Sequence[int], options: SamplingOptions, limit: int, cancelled: CancelFlag
    ) -> Generator[int, None, None]:
        """The tokens written, up to the end of the turn; none after `cancelled` is set."""
        usage = Usage(prompt=len(prompt))
        with self._sequence.watching(cancelled), self._sequence.sampler(options) as sample:
            for reused, evaluated in self._sequence.prompted(prompt):
                usage = replace(usage, reused=reused, evaluated=evaluated)
                self._count(usage)
            while usage.written < limit and not cancelled:
                token = sample()
                if self._model.ends_turn(token):
                    return
                usage = replace(usage, written=usage.written + 1)
                self._count(usage)
                yield token
                if usage.written < limit and not self._sequence.extend([token]):
                    return

    def close(self) -> None:
        self._sequence.close()
        self._model.close()


_LEVEL_ERROR = 4

# llama.cpp is one for the process, and so is the callback of its log, which must live as long.
_loaded: list[Library] = []
_callbacks: list[Any] = []


def llama_library() -> Library:
    """llama.cpp, silenced: its errors are kept for the message, the rest is dropped."""
    if not _loaded:
        # By default idle threads spin at every barrier, thousands a token. Beside any other busy process that costs
        # far more than it saves: three questions at once on 2 cores took 37 s spinning and 8 s waiting passively.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        from llama_cpp import llama_cpp as api

        complaints: deque[str] = deque(maxlen=3)

        def keep(level: int, text: bytes, data: object) -> None:
            line = text.decode(errors="replace").strip()
            if level == _LEVEL_ERROR and line:
                complaints.append(line)
                _log.debug("llama.cpp: %s", line)

        _callbacks.append(api.llama_log_callback(keep))
        api.llama_log_set(_callbacks[0], ctypes.c_void_p(0))
        api.llama_backend_init()
        _loaded.append(Library(api, complaints))
    return _loaded[0]


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise ModelFileError(f"There is no model file {path.name}.") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path.name} is a folder, not a model file.") from None
    except OSError as error:
        raise ModelFileError(f"The model file {path.name} cannot be read: {error.strerror}.") from error
    if not magic:
        raise ModelFileError(f"The model file {path.name} is empty.")
    if magic != b"GGUF":
        raise ModelFileError(f"{path.name} is not a GGUF model file.")


def _load_error(path: Path, reason: str) -> ModelFileError:
    _log.error("%s could not be loaded: %s", path, reason)
    signs = ("within the file bounds", "failed to read", "corrupted", "incomplete", "end of file")
    if any(sign in reason for sign in signs):
        return ModelFileError(f"The model file {path.name} is truncated or damaged. Fetch it again.")
    return ModelFileError(f"The model file {path.name} cannot be loaded: {reason[:200]}")


def template_of(model: Weights) -> ChatTemplate:
    """The file's own template; else Llama 2's for its vocabulary; else a plain one."""
    if model.template:
        return ChatTemplate(_jinja_writer(model.template, model.bos_text(), model.eos_text()))
    if _is_llama2(model):
        return llama2_template(model.bos_text(), model.eos_text())
    return plain_template()


def _is_llama2(model: Weights) -> bool:
    if model.metadata("tokenizer.ggml.model") != "llama":
        return False
    # Mistral's vocabulary has the same kind and size, and other tokens.
    return [model.token_text(token) for token in (1, 2, 29871, 31999)] == ["<s>", "</s>", "▁", "给"]


def _jinja_writer(source: str, bos: str, eos: str) -> Writer:
    import jinja2
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    try:
        formatter = Jinja2ChatFormatter(template=source, eos_token=eos, bos_token=bos)
    except jinja2.TemplateError as error:
        raise ModelFileError(f"The model's chat template cannot be read: {' '.join(str(error).split())}") from error

    def write(turns: Sequence[Turn]) -> str:
        messages: Any = [{"role": turn.role, "content": turn.text} for turn in turns]
        try:
            return formatter(messages=messages).prompt
        except (jinja2.TemplateError, TypeError) as error:
            raise ValueError(str(error)) from error

    return write
