"""No async code blocks the event loop: a whole answer with blockbuster watching."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from bot.answering.answerer import Answerer
from bot.answering.synonyms import WordSynonyms
from bot.batch import answer_one
from bot.evaluation.labels import read_labels
from bot.messages import Question, marked_text
from knowledge.documents import Document
from knowledge.embedding import Vectors
from knowledge.retrieval import HybridRetriever, open_retriever
from tests.fakes import ScriptedModel, WordHashEmbedder, judge

ROOT = Path(__file__).parents[1]
MILL = Document("mill", "The mill", "text", "The mill opens at nine.\n\nAnna Berg owns the mill.\n")


class StrictEmbedder:
    """Embeds in a thread only: a real model computes for long."""

    name = "strict"

    def __init__(self) -> None:
        self._embedder = WordHashEmbedder()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors; fails on the event loop."""
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return self._embedder.embed(texts)


@pytest.fixture
def retriever(tmp_path: Path) -> Iterator[HybridRetriever]:
    opened = open_retriever([MILL], StrictEmbedder(), folder=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def watched() -> Iterator[BlockBuster]:
    with blockbuster_ctx(["bot", "knowledge"]) as watching:
        yield watching


async def answered(retriever: HybridRetriever) -> str:
    model = ScriptedModel.saying("The mill ", "opens at nine. [1] Anna Berg", " possesses the mill. [2]")
    answerer = Answerer([MILL], retriever, model, judge(True), WordSynonyms(StrictEmbedder()))
    answer = await answer_one(answerer, Question("Does the mill open at nine?"))
    return marked_text(answer.sentences)


async def test_a_whole_answer_does_not_block_the_loop(retriever: HybridRetriever, watched: BlockBuster) -> None:
    assert "The mill opens at nine. [1]" in await answered(retriever)


async def test_blocking_would_be_noticed(watched: BlockBuster) -> None:
    with pytest.raises(BlockingError):
        read_labels(ROOT / "tests" / "questions" / "tune.jsonl")
    with pytest.raises(pytest.fail.Exception):
        StrictEmbedder().embed(["mill"])


def test_the_first_question_of_a_process_does_not_block_it_either() -> None:
    """What is loaded when it is first needed is not there yet in a process of its own."""
    test = f"{Path(__file__).name}::{test_a_whole_answer_does_not_block_the_loop.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"tests/{test}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
