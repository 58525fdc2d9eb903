"""Stop strings in streaming text."""

from bot.models.pieces import StopFilter


def shown(pieces: list[str], *stop: str) -> list[str]:
    text = StopFilter(stop)
    return [*(text.feed(piece) for piece in pieces), text.finish()]


def test_text_passes_at_once_and_loses_only_its_first_blanks() -> None:
    assert shown([" ", "\n a", " b ", "c"]) == ["", "a", " b ", "c", ""]


def test_a_stop_string_and_what_follows_is_not_shown() -> None:
    assert shown(["one", " two EN", "D three", " four"], "END") == ["one", " two ", "", "", ""]
    assert shown(["a###b"], "b", "##") == ["a", ""]


def test_what_only_began_like_a_stop_string_is_shown_late() -> None:
    assert shown(["one E", "N", "ough", "E"], "END") == ["one ", "", "ENough", "", "E"]
