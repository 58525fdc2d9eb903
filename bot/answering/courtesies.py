"""Courtesies: what is said to Herald without asking anything of its sources ("thanks"), and the reply. Pure."""

import re
from collections.abc import Sequence

from bot.messages import Turn

ABOUT = "I'm Herald, a bot that answers from its sources, with a citation for every sentence."
SUMMARY = "The command explain tells the announcement in brief, and the command license lists the license's sections."
_NOTED = "All right."
_SAID = {
    "You're welcome.": r"thanks|thank (?:you|u)|thx|ty|cheers",
    "Hello!": r"hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)",
    "Goodbye.": r"bye|goodbye|good night|see (?:you|ya)(?: later)?",
    _NOTED: r"ok(?:ay)?|cool|nice|great|awesome|perfect|lol|lmao|haha+|wow|hmm+|got it|i see|never mind",
}
"""Each reply and what it replies to; where several were said, the first of these replies is given."""
_FILLING = r"there|herald|bot|all|everyone|so|very|much|a lot|again|for (?:that|(?:the|your) (?:help|answer))"
# Possessive: of a message of a thousand marks none is tried twice.
_COURTESY = re.compile(rf"[^\w?]*+(?:\b(?:{'|'.join([*_SAID.values(), _FILLING])})\b[^\w?]*+)+[?!. ]*", re.I)
_ABOUT_HERALD = re.compile(
    r"(?:(?:please|and|so|ok) )?(?:help(?: me)?|(?:can|could) you help(?: me)?|(?:what|who) (?:are|r) (?:you|u)|"
    r"what(?:'s| is) (?:your name|this bot)|what (?:can|do) you (?:do|know|answer)|what can (?:i|we) ask(?: you)?|"
    r"how (?:do|can) (?:you (?:work|help)|i use (?:you|this bot))(?: me)?|"
    r"are you (?:there|a (?:bot|human|real person)))(?: please)?[?!. ]*",
    re.I,
)
_WANTS_SUMMARY = re.compile(
    r"\W*(?:\w+ ){0,4}?(?:summar(?:y|i[sz]e)|sum(?: it)? up|overview|tl;?dr|in a nutshell)\b(?: \w+){0,6}\W*", re.I
)


def courtesy(text: str) -> str | None:
    """The reply to what asks nothing, what Herald is, or for all of it at once; None for a question to the sources."""
    plain = " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    if _ABOUT_HERALD.fullmatch(plain):
        return ABOUT
    if _WANTS_SUMMARY.fullmatch(plain):
        return SUMMARY
    if not _COURTESY.fullmatch(plain):
        return None
    reply = next((reply for reply, said in _SAID.items() if re.search(rf"\b(?:{said})\b", plain, re.I)), None)
    return None if reply == _NOTED and "?" in plain else reply  # "ok?" asks


def without_courtesies(history: Sequence[Turn]) -> list[Turn]:
    """A conversation without what asked nothing and the replies to it."""
    kept: list[Turn] = []
    skipping = False
    for turn in history:
        if turn.role == "user":
            skipping = courtesy(turn.text) is not None
        if not skipping:
            kept.append(turn)
    return kept
