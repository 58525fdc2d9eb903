"""Questions that lean on the conversation, and those that do not."""

import pytest

from bot.answering.followups import Asked, in_context, stands_alone
from bot.answering.prompts import REFUSAL
from bot.messages import Turn
from knowledge.chunking import passages_of
from knowledge.documents import Document
from knowledge.keys import Key
from knowledge.vocabulary import Vocabulary

ASKED = Turn("user", "Which companies cannot use Llama 2?")
SAID = Turn("assistant", "Apple, Snap and TikTok cannot.")
VOCABULARY = Vocabulary(
    passages_of(Document("d", "Doc", "text", "Companies such as TikTok cannot use Llama 2: ask a licensee why.")),
    [Key("d/p1/1", "question", "what is llama"), Key("", "unanswered", "who pays")],
)


def asked(question: str, *history: Turn) -> Asked:
    return in_context(question, history, VOCABULARY)


@pytest.mark.parametrize(
    "question",
    [
        "Which companies cannot use Llama 2 freely?",
        "monthly users limit",
        "How many monthly users may a licensee have before it needs permission?",
        "Does the license say that its output may train another model?",
        *("What is Llama 2?", "what is llama", "Who pays?", "who is a licensee", "Is TikTok banned?"),
    ],
)
def test_these_stand_alone(question: str) -> None:
    assert stands_alone(question, VOCABULARY)
    assert asked(question, ASKED, SAID) == Asked(question)


@pytest.mark.parametrize("remark", ["lol", "Thanks!", "ok, thank you :)", "haha cool", "I see."])
def test_a_remark_leans_on_nothing(remark: str) -> None:
    assert asked(remark, ASKED, SAID) == Asked(remark)


@pytest.mark.parametrize(
    "question",
    [
        *("and for Snap?", "What about TikTok?", "why?", "Why not", "really?", "who else?", "Is it free?"),
        *("Llama?", "is that Llama 2?", "and what is Llama 2?", "who pays whom?"),
        *("how many?", "no exceptions?", "even as a student?", "which clause?", "ok?", "ok but why?"),
    ],
)
def test_these_lean_on_what_was_asked_and_answered(question: str) -> None:
    assert not stands_alone(question, VOCABULARY)
    found = asked(question, ASKED, SAID)
    assert found.standalone == f"{ASKED.text} {question}"
    assert (found.before, found.answer) == (ASKED.text, SAID.text)


def test_without_a_history_there_is_nothing_to_lean_on() -> None:
    assert asked("and for Snap?") == asked("and for Snap?", SAID) == Asked("and for Snap?")


def test_a_chain_of_follow_ups_goes_back_to_the_question_that_stood_alone() -> None:
    found = asked(
        "why?", Turn("user", "What is Qualcomm's part in this?"), ASKED, SAID, Turn("user", "and Snap?"), SAID
    )
    assert found.standalone == f"{ASKED.text} why?"


def test_the_last_answer_counts() -> None:
    assert asked("why?", ASKED, SAID, Turn("user", "and Snap?"), Turn("assistant", "Nor Snap.")).answer == "Nor Snap."


def test_a_refusal_is_nothing_to_lean_on() -> None:
    refused = Turn("assistant", f"{REFUSAL} Ask me about Llama 2.")
    assert asked("why not?", ASKED, SAID, Turn("user", "who is the CEO of OpenAI"), refused).answer == ""


def test_where_none_stood_alone_the_last_one_is_taken() -> None:
    assert asked("how so?", Turn("user", "and Snap?"), Turn("user", "why is that?")).before == "why is that?"


def test_a_page_of_history_is_cut() -> None:
    found = asked("and for Snap?", Turn("user", "Llama " * 10_000), Turn("assistant", "Llama " * 10_000))
    assert len(found.standalone) < 1_100 and len(found.answer) < 1_100


def test_history_that_is_no_text_harms_nothing() -> None:
    assert asked("and for Snap?", Turn("user", "Which companies\n\ncannot\ud800 use Llama 2?")).before == ASKED.text


def test_slips_are_mended_in_what_is_asked_and_was() -> None:
    found = asked("adn why? companeis", Turn("user", "Which compnies cannot use Llama 2?"))
    assert found == Asked("adn why? companies", ASKED.text)


def test_what_was_said_before_a_courtesy_is_leant_on() -> None:
    thanked = (ASKED, SAID, Turn("user", "thanks!"), Turn("assistant", "You're welcome."))
    assert asked("why?", *thanked) == asked("why?", ASKED, SAID) != Asked("why?")
