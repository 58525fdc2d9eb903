"""How often verification errs: `python -m tests.questions.verify [HALF …] [--list]`, a table, or the errors themselves.

The pairs of `verification.jsonl` (halves tune and test), `verification_development.jsonl`, `verification_unseen.jsonl`,
`statements.jsonl` (the half `statements`: 8,445 sentences, minutes) and the sentences of `fluent.jsonl`, as a model's
sentences would be verified: against the reading copy of their section, with the heading of the passage.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering.alignment import Synonyms
from bot.answering.synonyms import WordSynonyms
from bot.answering.verification import check
from knowledge.chunking import passages_of
from knowledge.documents import Document
from knowledge.embedding import MiniLMEmbedder
from knowledge.language import places
from knowledge.loading import Library

HERE = Path(__file__).parent
HALVES = ("tune", "test", "development", "unseen")


@dataclass(frozen=True)
class Pair:
    """A sentence, the passage that it cites, and whether that supports it."""

    half: str
    kind: str
    sentence: str
    passage: str
    heading: str
    supported: bool


def pairs() -> Iterator[Pair]:
    """All of them; a fluent sentence is of the kind `fluent`."""
    documents = {document.id: document for document in Library.open().documents}
    for name in ("verification.jsonl", "verification_development.jsonl", "verification_unseen.jsonl"):
        for row in _rows(name):
            shown = _shown(row["passage"]["text"], documents.get(row["passage"]["source"]))
            yield Pair(row["half"], row["kind"], row["sentence"], *shown, row["supported"])
    for row in _rows("fluent.jsonl"):
        for sentence in row["sentences"]:
            shown = _shown(sentence["passage"], documents.get(sentence["source"]))
            yield Pair(row["half"], "fluent", sentence["text"], *shown, supported=True)
    for row in _rows("statements.jsonl"):
        shown = _shown(row["text"], documents.get(row["source"]), whole=True)
        for supported in (True, False):
            for text in row["supported" if supported else "unsupported"]:
                yield Pair("statements", row["style"], text, *shown, supported)


def _shown(text: str, document: Document | None, *, whole: bool = False) -> tuple[str, str]:
    """A passage (its `whole` section) as the product reads it, and its heading; one of no document as it is."""
    if document is None or not (found := places(text, document.text)):
        return " ".join(text.split()), ""
    start, end = found[0]
    passage = next(p for p in passages_of(document) if p.end > start)
    return document.read(*(passage.section if whole else (start, end))).text, passage.heading


def main() -> None:
    """Print the shares that are wrong, or with `--list` each that is."""
    parser = argparse.ArgumentParser(prog="python -m tests.questions.verify", description=__doc__)
    parser.add_argument("halves", nargs="*", default=HALVES, help=f"of {', '.join(HALVES)}, statements")
    parser.add_argument("--list", action="store_true", help="what is judged wrongly, and why")
    options = parser.parse_args()
    synonyms = WordSynonyms(MiniLMEmbedder())
    print("| | unsupported that pass | supported that are stopped | fluent ones that survive |\n|---|---:|---:|---:|")
    for half in options.halves:
        chosen = [pair for pair in pairs() if pair.half == half]
        print(f"| {half} | " + " | ".join(_shares(chosen, synonyms, told=options.list)) + " |", flush=True)


def _shares(chosen: Sequence[Pair], synonyms: Synonyms, *, told: bool) -> Iterator[str]:
    passed: dict[tuple[str, bool], list[bool]] = {("pair", False): [], ("pair", True): [], ("fluent", True): []}
    for pair in chosen:
        verdict = check(pair.sentence, pair.passage, pair.heading, synonyms)
        passed["fluent" if pair.kind == "fluent" else "pair", pair.supported].append(verdict.supported)
        if told and verdict.supported != pair.supported:
            print(f"{pair.kind}: {pair.sentence} ({verdict.reason or 'passes'})")
    yield _share(passed["pair", False])
    yield _share([not passes for passes in passed["pair", True]])
    yield _share(passed["fluent", True])


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits):.1%} ({sum(hits)} of {len(hits)})" if hits else "–"


def _rows(name: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, (HERE / name).read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
