"""The language models of passages: who would ask in these words?"""

import numpy as np
import pytest

from knowledge.likelihood import FLOOR, PassageLanguages, log_probabilities

DOGS = ("Dogs may be brought on a leash.", "Can my poodle come along?")
MILL = ("The wheel turns the mill.", "What drives the grinding stone?")


def test_the_words_of_a_passage_and_of_its_questions_speak_for_it() -> None:
    languages = PassageLanguages([DOGS, MILL])
    assert languages.scores("a leash").argmax() == 0
    assert languages.scores("grinding").argmax() == 1
    assert languages.scores("my poodle").argmax() == 0


def test_a_typing_error_leaves_enough_of_a_word() -> None:
    assert PassageLanguages([DOGS, MILL]).scores("pooodle").argmax() == 0


def test_unknown_words_say_nothing() -> None:
    scores = PassageLanguages([DOGS, MILL]).scores("xyzzy quux")
    assert scores[0] == pytest.approx(scores[1])


def test_scores_are_logarithms_of_probabilities() -> None:
    scores = PassageLanguages([DOGS, MILL, ("A barn.",)]).scores("the wheel of the mill and a barn")
    assert np.exp(scores).sum() == pytest.approx(1, abs=0.001)  # what is below the floor is raised to it
    assert ((scores >= FLOOR) & (scores <= 0)).all()


def test_a_passage_with_many_questions_is_not_likelier_for_that() -> None:
    languages = PassageLanguages([("Cats sleep.", *(f"Do cats sleep {n} hours?" for n in "abcdefgh")), ("Dogs run.",)])
    assert languages.scores("dogs").argmax() == 1


def test_the_unlikely_is_cut_at_the_floor() -> None:
    assert log_probabilities(np.array([0.0, -1000.0])).tolist() == [0.0, FLOOR]
    assert log_probabilities(np.zeros(0)).size == 0
