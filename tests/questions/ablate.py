"""What each part of retrieval and judging brings, on the questions for tuning: `python -m tests.questions.ablate`."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from bot.answering.answerability import Features
from bot.answering.followups import in_context
from bot.evaluation.labels import Labelled
from bot.evaluation.scores import gold_spans, rank_of
from knowledge.documents import Document
from knowledge.embedding import Embedder, MiniLMEmbedder
from knowledge.loading import Library
from knowledge.reading import mechanical_edits, merged
from knowledge.retrieval import PLAIN, Weights, open_retriever
from tests.questions.fit import Matrix, feature_rows, new_model, tuning_labels

_GROUPS = {
    "similarities to passages": ("question", "sentence", "nearest", "lead"),
    "language model and classifier": ("language", "learnt"),
    "coverage and unseen words": ("coverage", "passage_coverage", "unseen", "unseen_share"),
    "kind of thing asked for": ("mismatch",),
    "demands and opinions": ("demand", "opinion"),
    "nearest known questions": ("unanswered", "vote", "margin"),
    "wording of known questions": ("wording",),
}


def main() -> None:
    """Print both tables."""
    documents, embedder, labels = Library.open().documents, MiniLMEmbedder(), tuning_labels()
    print("| retrieval | hit@1 | hit@3 | hit@5 |\n|---|---:|---:|---:|")
    # One folder for all: what the next variant has in common with the one before is not embedded again.
    with tempfile.TemporaryDirectory() as folder:
        for name, variant, weights in _variants(documents):
            hits = asyncio.run(_hits(variant, embedder, labels, weights, Path(folder)))
            print(f"| {name} | " + " | ".join(f"{hit:.1%}" for hit in hits) + " |", flush=True)
    matrix, _ = asyncio.run(feature_rows(documents, embedder, labels))
    print("\n| judge, cross-validated | area under the curve | refused at 3% false refusals |\n|---|---:|---:|")
    print(f"| all features | {_judged(matrix, labels)} |")
    for name, left_out in _GROUPS.items():
        kept = [number for number, field in enumerate(fields(Features)) if field.name not in left_out]
        print(f"| without {name} | {_judged(matrix[:, kept], labels)} |")


def _variants(documents: Sequence[Document]) -> Iterator[tuple[str, Sequence[Document], Weights]]:
    bare = [replace(document, questions=(), unanswered=(), followups=()) for document in documents]
    raw = [
        replace(document, edits=merged((), mechanical_edits(document.text, document.kind == "markdown")))
        for document in documents
    ]
    alone = Weights(question=0, sentence=0, lexical=0, language=0, learnt=0, followup=0)
    yield "without reviewed questions: passages by meaning", bare, replace(alone, sentence=1)
    yield "without: passages by words (BM25 over character n-grams)", bare, replace(alone, lexical=1)
    yield "without: all views fused (as shipped)", bare, PLAIN
    yield "reviewed questions by meaning", documents, replace(alone, question=1)
    yield "by words (BM25)", documents, replace(alone, lexical=1)
    yield "by language model", documents, replace(alone, language=1)
    yield "by classifier", documents, replace(alone, learnt=1)
    yield "all views fused (as shipped)", documents, Weights()
    for view in ("question", "sentence", "lexical", "language", "learnt", "followup"):
        yield f"all but {view}", documents, replace(Weights(), **{view: 0.0})
    yield "all, without the corrected reading copy", raw, Weights()


async def _hits(
    documents: Sequence[Document], embedder: Embedder, labels: Sequence[Labelled], weights: Weights, folder: Path
) -> list[float]:
    by_id = {document.id: document for document in documents}
    retriever = open_retriever(documents, embedder, folder=folder, weights=weights, plain=weights)
    ranks = []
    for label in labels:
        if label.answerable:
            asked = in_context(label.question, label.history, retriever.vocabulary)
            passages = [ranked.passage for ranked in await retriever.search(asked.text, 5, asked.before, asked.answer)]
            ranks.append(rank_of(gold_spans(label, by_id), passages))
    retriever.close()
    return [sum(0 < rank <= limit for rank in ranks) / len(ranks) for limit in (1, 3, 5)]


def _judged(matrix: Matrix, labels: Sequence[Labelled]) -> str:
    answerable = np.array([label.answerable for label in labels])
    folds = StratifiedGroupKFold(10, shuffle=True, random_state=0)
    groups = [label.group for label in labels]
    predicted = cross_val_predict(new_model(), matrix, answerable, groups=groups, cv=folds, method="predict_proba")[
        :, 1
    ]
    refused = (predicted[~answerable] < np.quantile(predicted[answerable], 0.03)).mean()
    return f"{roc_auc_score(answerable, predicted):.3f} | {refused:.0%}"


if __name__ == "__main__":
    main()
