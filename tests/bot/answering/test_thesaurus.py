"""What WordNet says of two words."""

import pytest

from bot.answering.thesaurus import are_siblings, is_near, is_opposite, is_wider


@pytest.mark.parametrize(("first", "second"), [("buy", "purchase"), ("violates", "breached"), ("begin", "commence")])
def test_words_of_one_meaning_are_near(first: str, second: str) -> None:
    assert is_near(first, second)


def test_a_kind_is_wider_than_the_thing() -> None:
    assert is_wider("metal", "copper") or is_wider("vehicle", "car") or is_wider("get", "buy")
    assert not is_wider("buy", "get")


@pytest.mark.parametrize(("first", "second"), [("buy", "sell"), ("northern", "southern")])
def test_opposites_are_known(first: str, second: str) -> None:
    assert is_opposite(first, second)


@pytest.mark.parametrize(("first", "second"), [("spring", "autumn"), ("gold", "silver")])
def test_things_of_one_kind_are_siblings(first: str, second: str) -> None:
    assert are_siblings(first, second)


def test_words_of_one_meaning_are_no_siblings() -> None:
    assert not are_siblings("buy", "purchase")
