"""Measures speed and memory on the embedded default model and prints a table: `make bench`. Not a test.

The overhead is measured side by side: the same prompt and number of tokens through Herald's model and through a bare
llama.cpp loop, in turns, each from an empty cache.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from bot.answering.prompts import answer_turns
from bot.app import open_app
from bot.messages import Answer, Question
from bot.models.base import SamplingOptions
from bot.models.catalog import SMOLLM2
from bot.models.cores import usable_cores
from bot.models.llama_cpp import LlamaCppModel
from bot.settings import load_settings
from knowledge.contents import contents
from knowledge.loading import Library
from tests.bench_platforms import measure as measure_platforms

ROUNDS = 9
TOKENS = 60
QUESTIONS = (
    "What is the announcement about?",
    "Who is left out by the license?",
    "What must a copy carry with it?",
    "Where does the computing happen today?",
    "What is a licensee?",
)
LIGHT = (("license", "2"), ("--help",), ("sources",))

Row = tuple[str, str]


def main() -> None:
    """Measure everything and print one table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = _cold_start(Path(folder))
        rows += asyncio.run(_in_process(Path(folder)))
        rows += asyncio.run(measure_platforms((), Path(folder)))
    print("| what | measured |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")


async def _in_process(folder: Path) -> list[Row]:
    rows = await _overhead()
    async with open_app(load_settings(data_dir=folder)) as app:
        searches, firsts, totals = [], [], []
        for question in QUESTIONS * 2:
            async with aclosing(app.answerer.stream(Question(question))) as events:
                async for event in events:
                    if isinstance(event, Answer):
                        searches.append(event.timings.search)
                        totals.append(event.timings.total)
                        firsts.append(event.timings.first_sentence or event.timings.total)
    rows.append(("search, a question, median", f"{statistics.median(searches[1:]) * 1000:.0f} ms"))
    rows.append(("first sentence, warm, median", f"{statistics.median(firsts[1:]):.2f} s"))
    rows.append(("whole answer, warm, median", f"{statistics.median(totals[1:]):.2f} s"))
    return rows


async def _overhead() -> list[Row]:
    """Herald's model against a bare llama.cpp loop: the medians' ratio, and the median of the paired ratios."""
    passages = [passage.text for passage in contents(Library.open().documents)[0][:6]]
    path = SMOLLM2.path(Path())
    assert path is not None
    model = LlamaCppModel(path, "bench")
    await model.load()
    ours, bare = [], []
    prompt, bare_loop = _bare(path)
    for number in range(ROUNDS):
        # A different first word each time, so that neither side can reuse its cache.
        turns = answer_turns(f"{number}. Tell me about this announcement in detail.", [f"{number}", *passages])
        started = time.perf_counter()
        async with aclosing(model.stream(turns, SamplingOptions(TOKENS))) as pieces:
            async for _ in pieces:
                pass
        ours.append((time.perf_counter() - started) / max(1, model.usage.evaluated + model.usage.written))
        bare.append(bare_loop(prompt(turns), model.usage.written, model.usage.reused))
    await model.aclose()
    paired = statistics.median(mine / other for mine, other in zip(ours, bare, strict=True))
    return [
        ("time a token, Herald over bare llama.cpp, median of paired ratios", f"{paired:.2f}"),
        ("time a token, Herald over bare llama.cpp, ratio of the minima", f"{min(ours) / min(bare):.2f}"),
    ]


def _bare(path: Path) -> tuple[Callable[..., list[int]], Callable[[list[int], int, int], float]]:
    """A bare loop over llama-cpp-python's own class: evaluate the prompt, then sample greedily; seconds a token."""
    import llama_cpp
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    cores = usable_cores()
    llama = llama_cpp.Llama(
        str(path),
        n_ctx=2048,
        n_batch=256,
        n_ubatch=256,
        n_threads=cores,
        n_threads_batch=cores,
        flash_attn=True,
        verbose=False,
    )
    formatter = Jinja2ChatFormatter(llama.metadata["tokenizer.chat_template"], "<|im_end|>", "<|im_start|>")

    def prompt(turns: Sequence[object]) -> list[int]:
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]  # type: ignore[attr-defined]
        text = formatter(messages=messages).prompt  # type: ignore[arg-type]
        return list(llama.tokenize(text.encode(), add_bos=False, special=True))

    def run(tokens: list[int], written: int, reused: int) -> float:
        started = time.perf_counter()
        # As many tokens as Herald's side reused stay in the cache.
        llama.n_tokens = min(reused, llama.n_tokens)
        llama.eval(tokens[reused:])
        for _ in range(written - 1):
            llama.eval([llama.sample(temp=0.0)])
        return (time.perf_counter() - started) / max(1, len(tokens) - reused + written)

    return prompt, run


def _cold_start(folder: Path) -> list[Row]:
    """Whole processes, measured first: a child's peak memory counts what its parent held when it was started."""
    seconds, peak = _run(["index"], folder)
    rows = [("first `herald index`", f"{seconds:.0f} s, peak memory {peak:.0f} MB")]
    runs = [_run(["ask", QUESTIONS[0]], folder) for _ in range(3)]
    cold = statistics.median(seconds for seconds, _ in runs)
    rows.append(("cold `herald ask`, process start to the end of the answer, median", f"{cold:.1f} s"))
    rows.append(("peak memory of `herald ask`", f"{max(peak for _, peak in runs):.0f} MB"))
    for arguments in LIGHT:
        light = statistics.median(_run(list(arguments), folder)[0] for _ in range(5))
        rows.append((f"`herald {' '.join(arguments)}`, median", f"{light:.2f} s"))
    return rows


def _run(arguments: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak memory in MB of one `herald` process."""
    started = time.perf_counter()
    environment = {"HERALD_DATA_DIR": str(folder), "PATH": "", "HOME": str(folder)}
    command = [sys.executable, "-m", "bot", *arguments]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"herald {' '.join(arguments)} failed with status {child.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


if __name__ == "__main__":
    main()
