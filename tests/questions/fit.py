"""Fits `bot/answering/answerability.json` on the questions for tuning: `make answerability`. Deterministic.

One model is fitted to the documents as they ship, one to the same documents without their reviewed questions, as
documents that a user adds are. There the right passage is often not found: that model learns to tell whether it was,
since a question that would get the wrong passage is better refused.
"""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from bot.answering.answerability import Features, features_of
from bot.answering.followups import in_context
from bot.evaluation.labels import Labelled, read_labels
from bot.evaluation.scores import gold_spans, rank_of
from knowledge.documents import Document
from knowledge.embedding import Embedder, MiniLMEmbedder
from knowledge.loading import Library
from knowledge.retrieval import open_retriever

TUNED_ON = tuple(Path(__file__).with_name(name) for name in ("tune.jsonl", "development.jsonl"))
PARAMETERS = Path(__file__).parents[2] / "bot" / "answering" / "answerability.json"
FALSE_REFUSALS = {"reviewed": 0.03, "plain": 0.15}
"""The shares of answerable questions that may be refused in cross-validation; they set the thresholds."""

_SHOWN = 2
"""How many passages an answer shows at most."""

Matrix = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def tuning_labels() -> list[Labelled]:
    """The questions that may be used for tuning."""
    return [label for path in TUNED_ON for label in read_labels(path)]


async def feature_rows(
    documents: Sequence[Document], embedder: Embedder, labels: Sequence[Labelled]
) -> tuple[Matrix, Flags]:
    """The features of each question over these documents, a row a question; and whether what answers it was found."""
    by_id = {document.id: document for document in documents}
    with tempfile.TemporaryDirectory() as folder:
        retriever = open_retriever(documents, embedder, folder=Path(folder))
        try:
            rows, hits = [], []
            for label in labels:
                asked = in_context(label.question, label.history, retriever.vocabulary)
                found = await retriever.search(asked.text, 8, asked.before, asked.answer)
                rows.append(astuple(features_of(asked.standalone, found, retriever.vocabulary)))
                shown = [ranked.passage for ranked in found[:_SHOWN]]
                hits.append(rank_of(gold_spans(label, by_id), shown) > 0)
            return np.array(rows), np.array(hits)
        finally:
            retriever.close()


def fit(
    features: Matrix, wanted: Flags, answerable: Flags, groups: Sequence[str], false_refusals: float
) -> dict[str, object]:
    """The parameters of a logistic model, in terms of the raw features, with what cross-validation says of them.

    It learns which answers are `wanted`; what it refuses is counted among answerable and unanswerable questions.
    """
    folds = StratifiedGroupKFold(10, shuffle=True, random_state=0)
    predicted = cross_val_predict(new_model(), features, wanted, groups=list(groups), cv=folds, method="predict_proba")[
        :, 1
    ]
    threshold = float(np.quantile(predicted[answerable], false_refusals))
    model = new_model().fit(features, wanted)
    scaler, regression = model[0], model[1]
    weights = regression.coef_[0] / scaler.scale_
    return {
        "weights": {field.name: round(float(w), 4) for field, w in zip(fields(Features), weights, strict=True)},
        "bias": round(float(regression.intercept_[0] - (weights * scaler.mean_).sum()), 4),
        "threshold": round(threshold, 3),
        "cross_validation": {
            "auc": round(float(roc_auc_score(wanted, predicted)), 3),
            "brier": round(float(brier_score_loss(wanted, predicted)), 3),
            "refused_answerable": round(float((predicted[answerable] < threshold).mean()), 3),
            "refused_unanswerable": round(float((predicted[~answerable] < threshold).mean()), 3),
        },
    }


def new_model() -> Pipeline:
    """The model that is fitted: standardised features, logistic regression."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))


async def parameters(embedder: Embedder) -> dict[str, dict[str, object]]:
    """Read the tune half and fit both models."""
    labels = tuning_labels()
    documents = Library.open().documents
    shipped, _ = await feature_rows(documents, embedder, labels)
    without = [replace(document, questions=(), unanswered=(), followups=()) for document in documents]
    bare, hits = await feature_rows(without, embedder, labels)
    answerable = np.array([label.answerable for label in labels])
    groups = [label.group for label in labels]
    return {
        name: fit(rows, wanted, answerable, groups, FALSE_REFUSALS[name])
        for name, rows, wanted in (("reviewed", shipped, answerable), ("plain", bare, hits))
    }


def main() -> None:
    """Fit, show what cross-validation says, and write the parameters."""
    fitted = asyncio.run(parameters(MiniLMEmbedder()))
    PARAMETERS.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    for name, part in fitted.items():
        print(name, json.dumps(part["cross_validation"]))
    print(f"written to {PARAMETERS.name}")


if __name__ == "__main__":
    main()
