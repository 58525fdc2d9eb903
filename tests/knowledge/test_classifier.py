"""The classifier of questions: what it learns, what it does not, and how it is kept."""

import logging
from pathlib import Path

import numpy as np
import pytest

from knowledge.classifier import FILE, NOTHING_LEARNT, PassageClassifier, kept, train
from knowledge.likelihood import Scores
from tests.fakes import WordHashEmbedder

TEXTS = ("the mill turns", "who built the mill", "dogs may enter", "can dogs come in", "a barn of wood", "trees grow")
PLACES = (0, 0, 1, 1, 2, 3)
ASKED = (True, True, True, True, False, False)


def trained() -> PassageClassifier:
    return train(WordHashEmbedder().embed(TEXTS), PLACES, ASKED)


def scores(classifier: PassageClassifier, question: str) -> Scores:
    return classifier.scores(WordHashEmbedder().embed([question])[0], 4)


def test_a_question_like_the_known_ones_finds_their_passage() -> None:
    assert np.argmax(scores(trained(), "dogs come in")) == 1
    assert np.argmax(scores(trained(), "the mill")) == 0


def test_passages_without_questions_share_one_class() -> None:
    found = scores(trained(), "wood of trees")
    assert found[2] == found[3] == found.max()


def test_fewer_than_three_classes_teach_nothing() -> None:
    learnt = train(WordHashEmbedder().embed(TEXTS[:4]), PLACES[:4], ASKED[:4])
    assert learnt is NOTHING_LEARNT
    assert not scores(learnt, "dogs").any()


def test_a_classifier_is_made_once_and_kept(tmp_path: Path) -> None:
    first = kept(tmp_path, "herald-1", trained)
    again = kept(tmp_path, "herald-1", lambda: pytest.fail("it was made again"))
    assert scores(again, "dogs come in").tolist() == scores(first, "dogs come in").tolist()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_another_index_has_another_classifier(tmp_path: Path) -> None:
    kept(tmp_path, "herald-1", lambda: NOTHING_LEARNT)
    assert kept(tmp_path, "herald-2", trained).classes.size == 3
    assert kept(tmp_path, "herald-2", lambda: NOTHING_LEARNT).classes.size == 3


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 cut short")
    assert kept(tmp_path, "herald-1", trained).classes.size == 3
    assert kept(tmp_path, "herald-1", lambda: NOTHING_LEARNT).classes.size == 3


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        assert kept(tmp_path / "file", "herald-1", trained).classes.size == 3
    assert "could not be kept" in caplog.text
