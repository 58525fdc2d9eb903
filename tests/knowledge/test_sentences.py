"""Where sentences begin and end: prose, legal prose, run-on speech, and texts without any full stop."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sentences import MAX_CHARACTERS, sentence_spans, spoken_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def spoken(text: str, max_words: int = 50) -> list[str]:
    return [text[start:end] for start, end in spoken_spans(text, max_words)]


@pytest.mark.parametrize(
    "expected",
    [
        ["Meta released Llama 2.", "It is open for commercial use."],
        ["Why is Meta doing this?", "Because it can!", "So there."],
        ["It costs $1.5 million.", "Version 2.5 follows."],
        ["Meta Platforms, Inc. released it.", "Microsoft Corp. helped."],
        ["Models, e.g. Llama, are large.", "See Sec. 4 and No. 2 there."],
        ["Dr. Smith and J. Doe agree.", "So do I.", "We all do."],
        ["The U.S. Government agrees.", "It signs."],
        ["“It is open.”", "That is what they said."],
        ['She said "yes."', '"Really?" he asked.'],
        ["Well…", "It depends...", "Yes."],
        ["Wait... what?", "Nothing."],
        ["(It is a note.)", "[So is this.]"],
        ["Écoutez bien.", "Être ou ne pas être.", "Österreich."],
        ["Привет, мир.", "Как дела?"],
        ["One ends.**", "**Another begins."],
        ["It ends. and goes on, as speech recognition writes it."],
        ["a sentence without an end"],
    ],
)
def test_prose_divides_into_sentences(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_chinese_and_japanese_sentences_end_without_a_space() -> None:
    assert sentences("これは文です。次の文です！終わり？") == ["これは文です。", "次の文です！", "終わり？"]


def test_emoji_do_not_hide_an_end() -> None:
    assert sentences("It is here! 🎉 Try it.") == ["It is here! 🎉 Try it."]
    assert sentences("It is here 🎉. Try it.") == ["It is here 🎉.", "Try it."]


def test_a_clause_of_a_license_stays_whole_up_to_its_full_stop() -> None:
    clause = (
        "If, on the Llama 2 version release date, the monthly active users of the products or services made available "
        "by or for Licensee, or Licensee's affiliates, is greater than 700 million monthly active users in the "
        "preceding calendar month, you must request a license from Meta, which Meta may grant to you in its sole "
        "discretion, and you are not authorized to exercise any of the rights under this Agreement unless or until "
        "Meta otherwise expressly grants you such rights."
    )
    assert sentences(f"{clause} Nothing else.") == [clause, "Nothing else."]


def test_a_blank_line_ends_a_sentence() -> None:
    assert sentences("A heading\n\nA sentence.") == ["A heading", "A sentence."]


@pytest.mark.parametrize("text", ["", "   ", "...", "— • —", "***\n\n***"])
def test_marks_without_words_are_no_sentence(text: str) -> None:
    assert sentences(text) == []


def test_speech_within_the_limit_is_not_divided() -> None:
    text = "we know that Qualcomm is one of them but there is more, and so on"
    assert spoken(text, max_words=15) == ["we know that Qualcomm is one of them but there is more, and so on"]


def test_run_on_speech_divides_where_a_statement_opens() -> None:
    text = "there is not going to be a huge cost to moving these models but there is a massive benefit for Meta"
    assert spoken(text, max_words=15) == [
        "there is not going to be a huge cost to moving these models",
        "but there is a massive benefit for Meta",
    ]


def test_run_on_speech_without_an_opener_stays_whole() -> None:
    text = " ".join(["word"] * 60)
    assert spoken(text) == [text]


def test_no_spoken_piece_is_a_scrap() -> None:
    text = "so " + "one more thing about models and their cost is " * 12
    assert all(len(piece.split()) >= 10 for piece in spoken(text))


@pytest.mark.parametrize("divide", [sentences, spoken])
def test_a_text_without_full_stops_is_cut_at_a_space(divide: type[list[str]]) -> None:
    text = "word " * 2_000
    pieces = divide(text)
    assert " ".join(pieces) == text.strip()
    assert all(MAX_CHARACTERS / 5 <= len(piece) <= MAX_CHARACTERS for piece in pieces[:-1])


def test_a_text_without_spaces_is_cut_anyway() -> None:
    assert [len(piece) for piece in sentences("x" * 5_000)] == [2_000, 2_000, 1_000]


TEXTS = st.text(alphabet=st.sampled_from("ab AB12.!?…,;:\n\t\"'()“”-•。é日🦙") | st.characters(), max_size=300)


@given(TEXTS, st.integers(1, 12))
def test_no_word_is_lost(text: str, max_words: int) -> None:
    for spans in (list(sentence_spans(text)), list(spoken_spans(text, max_words))):
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))
        assert all(text[start:end] == text[start:end].strip() for start, end in spans)
        inside = {place for start, end in spans for place in range(start, end)}
        assert all(place in inside for place, character in enumerate(text) if character.isalnum())


@pytest.mark.parametrize("unit", [".", "? ", "x. ", "No. ", "and so ", "a\n \n", '"', "1.", "A.b"])
def test_a_megabyte_takes_seconds(unit: str) -> None:
    started = time.perf_counter()
    assert len(list(spoken_spans(unit * (1_000_000 // len(unit)) + "x"))) > 0
    assert time.perf_counter() - started < 30  # a quadratic division takes hours
