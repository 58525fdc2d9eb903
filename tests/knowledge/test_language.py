"""The words of a text: numbers in all spellings, names, stems, negations, character n-grams."""

import pytest

from knowledge.language import char_ngrams, content_stems, is_negated, names, numbers, rarity, stem, tokens


@pytest.mark.parametrize(
    "text",
    [
        "700 million",
        "700M",
        "700m users",
        "700mn",
        "700-million",
        "$700 million",
        "700\u00a0million",
        "700,000,000",
        "700000000",
        "0.7 billion",
        "seven hundred million",
        "Seven Hundred Million",
        "seven-hundred million",
    ],
)
def test_one_quantity_in_all_spellings(text: str) -> None:
    assert numbers(f"more than {text} of them.") == {700_000_000}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4-bit", {4}),
        ("4 bit", {4}),
        ("7B and 70B", {7e9, 70e9}),
        ("§2", {2}),
        ("§ 2", {2}),
        ("Llama 2.5", {2.5}),
        ("Llama 2.", {2}),
        ("10%", {10}),
        ("between 2 and 3 million", {2, 3e6}),
        ("1, 2, and 3", {1, 2, 3}),
        ("twenty-one", {21}),
        ("one hundred and five", {105}),
        ("two thousand twenty three", {2023}),
        ("one million two hundred thousand", {1_200_000}),
        ("a hundred and twenty", {120}),
        ("a billion", {1e9}),
        ("seven and eight", {7, 8}),
        ("seven eight", {7, 8}),
        ("ninety five thousand pounds", {95_000}),
        ("zero", {0}),
    ],
)
def test_quantities(text: str, found: set[float]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "1.b.iii",
        "Section 1.b.iii.",
        "4.a.",
        "12.5.c",
        "GPT3",
        "v2",
        "no one",
        "one of them",
        "millions",
        "hundreds",
        "",
    ],
)
def test_what_is_no_quantity(text: str) -> None:
    assert numbers(text) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Companies like Apple, Snap and TikTok.", ["Apple", "Snap", "TikTok"]),
        ("The model is from Meta's lab.", ["Meta"]),
        ("this is Meta’s model", ["Meta"]),
        ("OpenAI built it with Google.", ["OpenAI", "Google"]),
        ("However, it works. Then it stops.", []),
        ("we use AT&T and Coca-Cola", ["AT&T", "Coca-Cola"]),
        ("I think so.", []),
        ("no names here", []),
    ],
)
def test_names(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_a_capital_opens_a_sentence_however_many_spaces_precede_it() -> None:
    assert names("It ends." + " " * 10 + "Thinking goes on.") == []


@pytest.mark.parametrize(
    ("word", "is_stemmed_to"),
    [("licenses", "licens"), ("Licensing", "licens"), ("Meta's", "meta"), ("users'", "user"), ("Llama", "llama")],
)
def test_stems(word: str, is_stemmed_to: str) -> None:
    assert stem(word) == is_stemmed_to


def test_tokens_know_their_places() -> None:
    text = "Don't pay 700,000 now, naïve 日本 Привет"
    assert [token.text for token in tokens(text)] == ["Don't", "pay", "700,000", "now", "naïve", "日本", "Привет"]
    assert all(text[token.start : token.end] == token.text for token in tokens(text))


def test_content_words_leave_out_grammar() -> None:
    assert content_stems("What is the license, and who doesn’t need the license?") == ["licens", "licens"]


@pytest.mark.parametrize(
    "text", ["It is not free.", "You can't.", "You can’t.", "None of it", "without Meta", "CANNOT"]
)
def test_negations(text: str) -> None:
    assert is_negated(text)


@pytest.mark.parametrize("text", ["It is free.", "Another note", "nothingness", ""])
def test_what_is_no_negation(text: str) -> None:
    assert not is_negated(text)


def test_a_rare_word_is_rarer() -> None:
    assert 0 <= rarity("the") < rarity("license") < rarity("quantization") <= rarity("zzqx") == 7


def test_character_ngrams_show_where_words_begin_and_end() -> None:
    assert list(char_ngrams("Meta is it")) == ["_met", "meta", "eta_"]
    assert list(char_ngrams("AI")) == ["_ai_"]
    assert list(char_ngrams("x")) == ["_x_"]


def test_a_typing_error_leaves_most_ngrams() -> None:
    right, wrong = set(char_ngrams("artificial")), set(char_ngrams("artifical"))
    assert len(right & wrong) >= len(right) / 2


def test_words_of_other_scripts_have_ngrams() -> None:
    assert "日本語_" in set(char_ngrams("日本語"))
