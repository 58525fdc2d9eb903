"""Questions that lean on the conversation, and those that do not."""

import pytest

from bot.answering.followups import standalone, stands_alone
from bot.messages import Turn

ASKED = Turn("user", "Which companies cannot use Llama 2?")
SAID = Turn("assistant", "Apple, Snap and TikTok cannot.")


@pytest.mark.parametrize(
    "question",
    [
        "Which companies cannot use Llama 2 freely?",
        "monthly users limit",
        "What is Llama 2?",
        "How many monthly users may a licensee have before it needs permission?",
        "Does the license say that its output may train another model?",
    ],
)
def test_these_stand_alone(question: str) -> None:
    assert stands_alone(question)
    assert standalone(question, [ASKED, SAID]) == question


@pytest.mark.parametrize(
    "question",
    ["and for Snap?", "What about TikTok?", "why?", "Why not", "really?", "who else?", "Is it free?", "how many?"],
)
def test_these_lean_on_what_was_asked(question: str) -> None:
    assert not stands_alone(question)
    assert standalone(question, [ASKED, SAID]) == f"{ASKED.text} {question}"


def test_without_a_history_there_is_nothing_to_lean_on() -> None:
    assert standalone("and for Snap?", []) == standalone("and for Snap?", [SAID]) == "and for Snap?"


def test_a_chain_of_follow_ups_goes_back_to_the_question_that_stood_alone() -> None:
    history = [Turn("user", "What is Qualcomm's part?"), ASKED, SAID, Turn("user", "and for Snap?"), SAID]
    assert standalone("why?", history) == f"{ASKED.text} why?"


def test_where_none_stood_alone_the_last_one_is_taken() -> None:
    history = [Turn("user", "and Snap?"), Turn("user", "why is that?")]
    assert standalone("how so?", history) == "why is that? how so?"


def test_a_page_of_history_is_cut() -> None:
    assert len(standalone("and for Snap?", [Turn("user", "Llama " * 10_000)])) < 1_100


def test_history_that_is_no_text_harms_nothing() -> None:
    history = [Turn("user", "Which companies\n\ncannot\ud800 use Llama 2?")]
    assert standalone("and for Snap?", history) == f"{ASKED.text} and for Snap?"
