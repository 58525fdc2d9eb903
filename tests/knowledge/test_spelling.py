"""Misspelled words are read as what they are meant to be, and nothing else is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.spelling import Spelling

TEXTS = ["You are liable for the weights of Qualcomm's model.", "The licensee receives an attribution notice."]
QUESTIONS = ["what dose the notise say about the modle weights", "who is liable", "notise of attribution"]
SPELLING = Spelling(TEXTS, QUESTIONS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wieghts", "weights"),
        ("qualcom", "qualcomm"),  # a name that only the documents know
        ("liabel", "liable"),  # rather than label: the documents use it
        ("notise", "notice"),  # though questions spell it so
        ("lenght", "length"),  # English, though the documents do not use it
        ("acording to teh vidoe", "according to teh video"),  # "teh" is too short to be sure of
        ("the wieghts, please?", "the weights, please?"),
    ],
)
def test_slips_are_mended(typed: str, meant: str) -> None:
    assert SPELLING.corrected(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("heed the tyre", "licensees", "Zuckerberg", "Bezos", "coder", "stingy", "1.b.iii", "700M", "GPT-4"),
        *("", "…", "wo", "naïve", "¿dónde?", "qzxvkj"),
    ],
)
def test_what_is_meant_stays(text: str) -> None:
    assert SPELLING.corrected(text) == text


@given(st.text())
def test_all_but_words_stays(text: str) -> None:
    corrected = SPELLING.corrected(text)
    assert [c for c in corrected if not c.isalpha()] == [c for c in text if not c.isalpha()]


@given(st.text(alphabet="abcdeiot ", max_size=30))
def test_what_was_mended_stays(text: str) -> None:
    once = SPELLING.corrected(text)
    assert SPELLING.corrected(once) == once
