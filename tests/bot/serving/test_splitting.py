"""Long text in pieces: within the limit, nothing lost but white space, nothing cut that belongs together."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.serving.splitting import split, split_exact

WORDS = st.sampled_from(
    [
        "word",
        "a",
        "sentence.",
        "it. [1][2]",
        "**bold words here**",
        "`some code`",
        "[a link](https://x.example/y)",
        "\\*",
    ]
)
SPACES = st.sampled_from([" ", "\n", "\n\n", "  "])
TEXTS = st.lists(st.tuples(WORDS, SPACES), max_size=60).map(lambda parts: "".join(map("".join, parts)))


def packed(text: str) -> str:
    return "".join(text.split())


class TestSplit:
    @given(TEXTS, st.integers(60, 200))
    def test_pieces_fit_and_nothing_is_lost(self, text: str, limit: int) -> None:
        pieces = split(text, limit)
        assert all(0 < len(piece) <= limit and piece.strip() for piece in pieces)
        assert packed("".join(pieces)) == packed(text)

    @given(TEXTS, st.integers(60, 200))
    def test_what_belongs_together_is_whole(self, text: str, limit: int) -> None:
        for piece in split(text, limit):
            assert piece.count("**") % 2 == 0 and piece.count("`") % 2 == 0
            assert not re.search(r"^\[[\d]|\[[^\]]*$|\]$(?<!\d\])|\\$", piece)
            assert "it." not in piece or "it. [1][2]" in piece

    @given(st.text(max_size=400), st.integers(20, 80))
    def test_any_text(self, text: str, limit: int) -> None:
        pieces = split(text, limit)
        assert all(piece.strip() and len(piece) <= limit for piece in pieces)
        if "```" not in text:
            assert packed("".join(pieces)) == packed(text)

    def test_the_best_place_is_between_paragraphs_then_lines_sentences_words(self) -> None:
        assert split("one two three.\n\nfour five six", 24) == ["one two three.", "four five six"]
        assert split("one two three\nfour five six", 24) == ["one two three", "four five six"]
        assert split("one two three. four five six", 26) == ["one two three.", "four five six"]
        assert split("one two three four five six", 24) == ["one two three four", "five six"]

    def test_a_code_fence_is_closed_and_opened_again(self) -> None:
        text = "```py\n" + "\n".join(f"line {number}" for number in range(8)) + "\n```"
        pieces = split(text, 50)
        assert len(pieces) > 1
        assert all(piece.startswith("```py\n") and piece.endswith("\n```") for piece in pieces)
        assert [line for piece in pieces for line in piece.splitlines() if "line" in line] == [
            f"line {number}" for number in range(8)
        ]

    def test_one_long_word_is_cut_where_it_must_be(self) -> None:
        assert "".join(split("x" * 100, 30)) == "x" * 100
        assert all(not piece.endswith("\\") for piece in split("\\*" * 100, 31))

    def test_no_text_gives_no_piece(self) -> None:
        assert split("", 10) == split(" \n ", 10) == []


class TestSplitExact:
    @given(st.text(alphabet="ab \n\t", max_size=300), st.integers(1, 60))
    def test_only_line_breaks_at_cuts_are_lost(self, text: str, limit: int) -> None:
        pieces = split_exact(text, limit)
        assert all(0 < len(piece) <= limit for piece in pieces)
        assert re.fullmatch("\n?".join([*map(re.escape, pieces), ""]), text)

    def test_lines_stay_whole_where_they_can(self) -> None:
        assert split_exact("one\n  two\nthree", 10) == ["one\n  two", "three"]
        assert split_exact("one two three", 9) == ["one two ", "three"]
