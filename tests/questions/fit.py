"""Fits `bot/answering/answerability.json` on the tune half: `make answerability`. Deterministic.

Every tune question counts twice: with the documents as they ship, and without their reviewed questions, as documents
that a user adds are. So the weights hold for both kinds of document.
"""

import asyncio
import json
import sys
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
from bot.answering.followups import standalone
from bot.evaluation.labels import Labelled, read_labels
from knowledge.documents import Document
from knowledge.embedding import Embedder, MiniLMEmbedder
from knowledge.loading import Library
from knowledge.retrieval import open_retriever

TUNE = Path(__file__).with_name("tune.jsonl")
PARAMETERS = Path(__file__).parents[2] / "bot" / "answering" / "answerability.json"
FALSE_REFUSALS = 0.03
"""The share of answerable questions that may be refused in cross-validation; it sets the threshold."""

Matrix = npt.NDArray[np.float64]


async def feature_rows(documents: Sequence[Document], embedder: Embedder, labels: Sequence[Labelled]) -> Matrix:
    """The features of each question over these documents, a row a question."""
    with tempfile.TemporaryDirectory() as folder:
        retriever = open_retriever(documents, embedder, folder=Path(folder))
        try:
            rows = []
            for label in labels:
                query = standalone(label.question, label.history)
                rows.append(astuple(features_of(query, await retriever.search(query, 8), retriever.vocabulary)))
            return np.array(rows)
        finally:
            retriever.close()


def fit(shipped: Matrix, bare: Matrix, answerable: npt.NDArray[np.bool_], groups: Sequence[str]) -> dict[str, object]:
    """The parameters of the logistic model, in terms of the raw features, with what cross-validation says of them."""
    features = np.concatenate([shipped, bare])
    twice = np.concatenate([answerable, answerable])
    folds = StratifiedGroupKFold(10, shuffle=True, random_state=0)
    predicted = cross_val_predict(
        new_model(), features, twice, groups=[*groups, *groups], cv=folds, method="predict_proba"
    )[: len(answerable), 1]
    threshold = float(np.quantile(predicted[answerable], FALSE_REFUSALS))
    model = new_model().fit(features, twice)
    scaler, regression = model[0], model[1]
    weights = regression.coef_[0] / scaler.scale_
    return {
        "weights": {field.name: round(float(w), 4) for field, w in zip(fields(Features), weights, strict=True)},
        "bias": round(float(regression.intercept_[0] - (weights * scaler.mean_).sum()), 4),
        "threshold": round(threshold, 3),
        "cross_validation": {
            "auc": round(float(roc_auc_score(answerable, predicted)), 3),
            "brier": round(float(brier_score_loss(answerable, predicted)), 3),
            "refused_answerable": round(float((predicted[answerable] < threshold).mean()), 3),
            "refused_unanswerable": round(float((predicted[~answerable] < threshold).mean()), 3),
        },
    }


def new_model() -> Pipeline:
    """The model that is fitted: standardised features, logistic regression."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))


async def parameters(embedder: Embedder) -> dict[str, object]:
    """Read the tune half and fit."""
    labels = read_labels(TUNE)
    documents = Library.open().documents
    shipped = await feature_rows(documents, embedder, labels)
    without = [replace(document, questions=(), unanswered=()) for document in documents]
    bare = await feature_rows(without, embedder, labels)
    answerable = np.array([label.answerable for label in labels])
    return fit(shipped, bare, answerable, [label.group for label in labels])


def main() -> None:
    """Fit, show what cross-validation says, and write the parameters."""
    fitted = asyncio.run(parameters(MiniLMEmbedder()))
    PARAMETERS.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    json.dump(fitted["cross_validation"], sys.stdout)
    print(f"\nwritten to {PARAMETERS.name}")


if __name__ == "__main__":
    main()
