"""What of a small model's words is shown: its source's own words, some left out."""

import pytest

from bot.answering.closeness import keeps_to

OWNER = (
    "With respect to any derivative works and modifications of the Llama Materials that are made by you, as between "
    "you and Meta, you are and will be the owner of such derivative works and modifications."
)


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Dogs may be brought on a leash.", "Dogs may be brought on a leash."),
        ("The mill was built in 1802.", "The old mill was built of stone in 1802."),
        ("The mill that was built in 1802.", "The mill was built in 1802."),
        ("the mill's wheel turns", "The mill’s wheel turns, day and night."),
        (
            "But if you're an AI company, this could hurt.",
            "But if you're an AI company and a small one, this could hurt.",
        ),
    ],
)
def test_the_same_words_in_the_same_order_keep_to_the_source(sentence: str, source: str) -> None:
    assert keeps_to(sentence, source)


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("You are and will be the owner of the Llama Materials and any derivative works.", OWNER),
        ("Dogs may be brought.", "Dogs may not be brought."),
        ("We pay for it.", "We don't pay for it."),
        ("Dogs may come in.", "Dogs may come in if they are on a leash."),
        ("You may not improve any other model.", "You may not improve any other model (excluding Llama 2)."),
        ("Dogs must be brought on a leash.", "Dogs may be brought on a leash."),
        ("Yes, dogs may be brought on a leash.", "Dogs may be brought on a leash."),
        ("All dogs are brought on a leash.", "Dogs are brought on a leash."),
        ("Dogs may be brought on a leash by their owners.", "Dogs may be brought on a leash."),
        ("Dogs bite men.", "Men bite dogs."),
        ("", "Dogs may be brought."),
        ("Get it at ai.com/get/it today.", "Get it at ai.meta.com/get/it today."),
        ("Ask the owner third.", "Ask the third-party owner first."),
        ("240 euros.", "Members of the club pay 240 euros a year, and students pay half."),
    ],
)
def test_added_turned_or_unconditional_words_do_not(sentence: str, source: str) -> None:
    assert not keeps_to(sentence, source)


def test_what_was_asked_about_may_not_be_left_out() -> None:
    source = "Members of the club pay 240 euros, and students pay half."
    assert keeps_to("Members of the club pay 240 euros.", source, "What do members pay?")
    assert not keeps_to("Members of the club pay 240 euros.", source, "What do students pay?")


def test_an_address_may_be_kept_whole() -> None:
    assert keeps_to("Get it at ai.meta.com/get/it.", "Get it at ai.meta.com/get/it, or ask.")
