"""Courtesies: what asks nothing gets a reply, and anything that asks something goes to the sources."""

import pytest

from bot.answering.courtesies import ABOUT, SUMMARY, courtesy, without_courtesies
from bot.messages import Turn


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("hello?", "Hello!"),
        ("Hi Herald!", "Hello!"),
        ("good morning everyone :)", "Hello!"),
        ("\N{PARTY POPPER} thank you so much!", "You're welcome."),
        ("ok thx, bye", "You're welcome."),
        ("thanks for the help", "You're welcome."),
        ("Good night all", "Goodbye."),
        ("lol", "All right."),
        ("Help!", ABOUT),
        ("What’s your name?", ABOUT),
        ("what can I ask you", ABOUT),
        ("Are you a bot?", ABOUT),
        ("and what is this bot", ABOUT),
        ("Can you summarize the video for me?", SUMMARY),
        ("tl;dr of the license", SUMMARY),
    ],
)
def test_a_courtesy_has_a_reply(text: str, reply: str) -> None:
    assert courtesy(text) == reply


@pytest.mark.parametrize(
    "text",
    [
        "hi, who is the speaker?",
        "thanks, but who pays?",
        "cool story",
        "what can I do",
        "help with the license",
        "how do I use it",
        "Who are they?",
        "so?",
        "all",
        "for that",
        "Does the license limit what I may say in a summary of the model that I publish on my blog?",
    ],
)
def test_what_asks_something_is_none(text: str) -> None:
    assert courtesy(text) is None


def test_a_conversation_goes_on_past_courtesies() -> None:
    asked, answered = Turn("user", "Who is excluded?"), Turn("assistant", "Apple. [1]")
    courtesies = [Turn("user", "thanks"), Turn("assistant", "You're welcome."), Turn("user", "ok")]
    assert without_courtesies([asked, answered, *courtesies]) == [asked, answered]
