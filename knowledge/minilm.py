"""The forward pass of all-MiniLM-L6-v2 in numpy, for the few texts of a question.

Importing sentence-transformers takes 5 s of processor time and 400 MB, which a cold `herald ask` would mostly wait for.
The vectors are the same (a test compares them), so it is imported only where many texts are embedded. Architecture:
BERT (Devlin et al. 2019), mean pooling over tokens, unit length (Reimers and Gurevych 2019).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from threadpoolctl import ThreadpoolController
from tokenizers import Tokenizer

Array = npt.NDArray[np.float32]

_LAYERS, _HEADS = 6, 12
_MAX_TOKENS = 256
_EPSILON = 1e-12


class MiniLM:
    """Tokenizer and weights, loaded; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Load `tokenizer.json` and `model.safetensors` from a folder; raises OSError or ValueError."""
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._blas = ThreadpoolController()
        self._weights: dict[str, Array] = load_file(folder / "model.safetensors")

    def encode(self, texts: Sequence[str]) -> Array:
        """Unit vectors of shape (len(texts), 384)."""
        # Products this small gain nothing from a second thread, and lose much when another process holds its core.
        with self._blas.limit(limits=1, user_api="blas"):
            return self._forward(texts)

    def _forward(self, texts: Sequence[str]) -> Array:
        encodings = self._tokenizer.encode_batch(list(texts))
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.float32)
        hidden = self._embedded(np.array([encoding.ids for encoding in encodings]))
        unseen = (1.0 - mask[:, None, None, :]) * np.float32(-1e9)
        for layer in range(_LAYERS):
            hidden = self._layer(f"encoder.layer.{layer}", hidden, unseen)
        pooled = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        vectors: Array = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors

    def _embedded(self, ids: npt.NDArray[np.int64]) -> Array:
        weights = self._weights
        words = weights["embeddings.word_embeddings.weight"][ids]
        places = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        segment = weights["embeddings.token_type_embeddings.weight"][0]
        return self._normalized("embeddings.LayerNorm", words + places + segment)

    def _layer(self, name: str, hidden: Array, unseen: Array) -> Array:
        attended = self._linear(f"{name}.attention.output.dense", self._attention(name, hidden, unseen))
        hidden = self._normalized(f"{name}.attention.output.LayerNorm", hidden + attended)
        inner = _gelu(self._linear(f"{name}.intermediate.dense", hidden))
        return self._normalized(f"{name}.output.LayerNorm", hidden + self._linear(f"{name}.output.dense", inner))

    def _attention(self, name: str, hidden: Array, unseen: Array) -> Array:
        texts, length, width = hidden.shape
        query, key, value = (
            self._linear(f"{name}.attention.self.{part}", hidden)
            .reshape(texts, length, _HEADS, width // _HEADS)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // _HEADS)) + unseen
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed: Array = (shares @ value).transpose(0, 2, 1, 3).reshape(texts, length, width)
        return mixed

    def _linear(self, name: str, hidden: Array) -> Array:
        # One product over all tokens of all texts: numpy would make one for each text.
        flat = hidden.reshape(-1, hidden.shape[-1]) @ self._weights[f"{name}.weight"].T
        product: Array = flat.reshape(*hidden.shape[:-1], -1) + self._weights[f"{name}.bias"]
        return product

    def _normalized(self, name: str, hidden: Array) -> Array:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        normalized: Array = centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normalized


def _gelu(x: Array) -> Array:
    """The exact GELU, x·Φ(x); erf by Abramowitz and Stegun 7.1.26, whose error is below 1.5e-7."""
    scaled = np.abs(x) * np.float32(np.sqrt(0.5))
    t = 1.0 / (1.0 + np.float32(0.3275911) * scaled)
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    erf = np.sign(x) * (1.0 - series * np.exp(-scaled * scaled))
    result: Array = (0.5 * x * (1.0 + erf)).astype(np.float32, copy=False)
    return result
