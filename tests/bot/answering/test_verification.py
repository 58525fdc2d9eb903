"""What verification lets through and what it stops: each rule with a pair of sentences, and the measured rates."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.answering.synonyms import WordSynonyms
from bot.answering.verification import Verdict, check
from knowledge.documents import Document
from knowledge.embedding import MiniLMEmbedder
from knowledge.loading import Library

_SETS = Path(__file__).parents[2] / "questions"

RULES = [
    # Each: the rule, the passage, a sentence that it supports, one that it does not.
    ("numbers", "The fee is 700 dollars a month.", "The fee is 700 dollars.", "The fee is 70 dollars."),
    (
        "numbers count their own things",
        "Version 2 is reviewed in the preceding calendar month.",
        "Version 2 is reviewed in the preceding calendar month.",
        "It is reviewed in the two preceding calendar months.",
    ),
    ("names", "Acme works with Initech.", "Acme is working with Initech.", "Acme is working with Globex."),
    ("abbreviations", "They use artificial intelligence.", "They use AI.", "They use ML."),
    ("content", "The courts decide disputes.", "Disputes are decided by the courts.", "The courts decide the fees."),
    ("negation added", "The policy is incorporated.", "The policy is incorporated.", "The policy is not incorporated."),
    ("negation dropped", "The treaty does not apply.", "The treaty doesn't apply.", "The treaty applies."),
    ("affixes", "You get a non-exclusive license.", "The license is non-exclusive.", "The license is exclusive."),
    ("negative verbs", "You will not sell copies.", "Selling copies is prohibited.", "You will sell copies."),
    ("opposites", "The model is open.", "The model is open.", "The model is closed."),
    ("duty for option", "Acme may end the contract.", "Acme may end the contract.", "Acme must end the contract."),
    ("option for duty", "You must keep the notice.", "You have to keep the notice.", "You may keep the notice."),
    ("no duty for ban", "You need not pay.", "You do not need to pay.", "You must not pay."),
    ("hedges", "This might hurt rivals.", "This could hurt rivals.", "This hurts rivals."),
    ("universals", "Most calls use the cloud.", "Most calls use the cloud.", "All calls use the cloud."),
    ("only", "Acme builds models.", "Acme builds models.", "Only Acme builds models."),
    ("other", "You may not improve any other tool.", "You may not improve other tools.", "You may improve every tool."),
    ("times", "Acme starts next year.", "Acme starts next year.", "Acme starts next month."),
    ("tense", "The old tool was free.", "The old tool was free.", "The old tool is free."),
    ("direction", "Margins have been rising.", "Margins have been rising.", "Margins have been falling."),
    ("who acts", "You will indemnify Acme.", "The licensee will indemnify Acme.", "Acme will indemnify you."),
    ("who is given", "You are granted a license.", "The licensee is granted a license.", "You grant a license."),
    ("who of two", "Acme is a partner of Initech.", "Acme is a partner.", "Initech is a partner."),
    ("whose", "You must keep Acme's notice.", "You must keep Acme's notice.", "You must keep your notice."),
    ("from and to", "It moves from cloud to phone.", "It moves to the phone.", "It moves from phone to cloud."),
    (
        "conditions",
        "If you breach the terms, Acme may end the contract.",
        "Acme may end the contract if you breach the terms.",
        "Acme may end the contract.",
    ),
    (
        "conditions are no facts",
        "If you sue Acme, the license ends.",
        "The license ends if you sue Acme.",
        "You sue Acme.",
    ),
    ("things of one kind", "The swallows return in spring.", "Swallows return in spring.", "They return in autumn."),
    ("longer and shorter", "The new film is longer.", "The new film is longer.", "The new film is shorter."),
    (
        "none for some",
        "Some bacteria cannot survive there.",
        "Some bacteria can't survive there.",
        "No bacteria can survive there.",
    ),
    (
        "a second verb is denied on its own",
        "Acme is not a law firm and does not give legal advice.",
        "Acme does not give legal advice.",
        "Acme gives legal advice.",
    ),
    (
        "what follows a word",
        "Files are encrypted on your computer, so the server never sees them.",
        "Files are encrypted on your computer.",
        "Files are encrypted on the server.",
    ),
    (
        "a number in between",
        "The sleepers remembered 82 percent, the others 64 percent.",
        "The sleepers remembered 82 percent.",
        "The sleepers remembered 64 percent.",
    ),
    (
        "the noun behind a number",
        "Acme had forty services and nine engineers.",
        "Acme had nine engineers.",
        "Acme had forty engineers.",
    ),
    (
        "before and after",
        "Files are encrypted before they are uploaded.",
        "Files are encrypted before they are uploaded.",
        "Files are encrypted after they are uploaded.",
    ),
    (
        "reasons",
        "Shares fell by half. Acme was examining its cars. The price of steel rose as a result.",
        "Shares fell by half.",
        "Shares fell by half because Acme was examining its cars.",
    ),
    (
        "against",
        "The mayor voted against the plan.",
        "The mayor voted against the plan.",
        "The mayor voted for the plan.",
    ),
    (
        "exceptions",
        "You will not improve other tools (excluding Anvil).",
        "You will not improve other tools.",
        "You will not improve Anvil.",
    ),
]


@pytest.mark.parametrize(("passage", "said"), [(p, good) for _, p, good, _ in RULES], ids=[r[0] for r in RULES])
def test_what_the_passage_says_passes(passage: str, said: str) -> None:
    assert check(said, passage) == _passed(check(said, passage))


@pytest.mark.parametrize(("passage", "said"), [(p, bad) for _, p, _, bad in RULES], ids=[r[0] for r in RULES])
def test_what_the_passage_does_not_say_is_stopped(passage: str, said: str) -> None:
    verdict = check(said, passage)

    assert not verdict.supported
    assert verdict.reason


@pytest.mark.parametrize(
    "said",
    [
        "Yes, the policy applies to every copy.",
        "According to the license, the policy applies to every copy.",
        "The speaker says that the policy applies to every copy.",
        "The policy applies to every copy, the speaker says.",
        "Every copy.",
    ],
)
def test_what_frames_a_statement_needs_no_support(said: str) -> None:
    assert check(said, "The policy applies to every copy.").supported


@pytest.mark.parametrize(
    "said",
    [
        "[99]",
        "Is the policy applied to every copy?",
        "I don't know.",
        "I'm sorry, the policy applies to every copy.",
        "The passage is about the policy.",
        "The second passage mentions every copy.",
        "Answer from the numbered passages in one to three short sentences.",
        "Yes.",
    ],
)
def test_what_says_nothing_about_the_subject_is_stopped(said: str) -> None:
    assert not check(said, "The policy applies to every copy.").supported


def test_a_name_may_come_from_the_heading_but_a_number_may_not() -> None:
    assert check("Acme grants a license.", "The company grants a license.", "Acme terms of 2020").supported
    assert not check("A license is granted in 2020.", "A license is granted.", "Acme terms of 2020").supported


def test_the_span_is_the_sentence_that_says_it() -> None:
    text = "It rains. Acme builds anvils in Ohio. Nobody knows why."
    verdict = check("Acme builds anvils.", text)

    assert text[verdict.start : verdict.end] == "Acme builds anvils in Ohio."


def test_a_statement_may_draw_two_sentences_together_through_a_pronoun() -> None:
    text = "Acme has a new anvil. It is sold in Ohio."

    assert check("The anvil is sold in Ohio.", text).supported


def test_words_of_two_sentences_do_not_make_a_third() -> None:
    text = "Acme sells its anvils to smiths. The museum collects hammers."

    assert not check("Acme sells hammers.", text).supported


# --- measured --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def synonyms() -> WordSynonyms:
    return WordSynonyms(MiniLMEmbedder())


def test_the_tune_half_of_the_adversarial_set(synonyms: WordSynonyms) -> None:
    rows = [row for row in _rows("verification.jsonl") if row["half"] == "tune"]
    wrong = {True: 0, False: 0}
    for row in rows:
        verdict = _verdict(row["sentence"], row["passage"]["source"], row["passage"]["text"], synonyms)
        wrong[row["supported"]] += verdict.supported != row["supported"]

    assert wrong[False] / sum(not row["supported"] for row in rows) <= 0.02
    assert wrong[True] / sum(row["supported"] for row in rows) <= 0.15


def test_fluent_answers_survive(synonyms: WordSynonyms) -> None:
    said = [sentence for row in _rows("fluent.jsonl") if row["half"] == "tune" for sentence in row["sentences"]]
    stopped = [s for s in said if not _verdict(s["text"], s["source"], s["passage"], synonyms).supported]

    assert len(stopped) / len(said) <= 0.06


def test_every_sentence_of_the_documents_supports_itself(synonyms: WordSynonyms) -> None:
    rows = [row["passage"] for row in _rows("verification.jsonl") if row["half"] == "tune"]
    for source, raw in sorted({(row["source"], row["text"]) for row in rows}):
        text = _reading(source, raw)
        sentence = " ".join(text.split())
        if not sentence.endswith("?"):
            assert all(check(part, text, "", synonyms).supported for part in _sentences(text)), raw


def _sentences(text: str) -> Sequence[str]:
    from knowledge.sentences import sentence_spans

    parts = [" ".join(text[start:end].split()) for start, end in sentence_spans(text)]
    return [part for part in parts if not part.endswith("?")]


def _rows(name: str) -> Iterator[dict[str, Any]]:
    yield from map(json.loads, (_SETS / name).read_text(encoding="utf-8").splitlines())


@cache
def _documents() -> dict[str, Document]:
    return {document.id: document for document in Library.open().documents}


def _reading(source: str, raw: str) -> str:
    document = _documents()[source]
    start = document.text.index(raw)
    return document.read(start, start + len(raw)).text


def _verdict(sentence: str, source: str, raw: str, synonyms: WordSynonyms) -> Verdict:
    return check(sentence, _reading(source, raw), _documents()[source].title, synonyms)


def _passed(verdict: Verdict) -> Verdict:
    return Verdict(True, "", verdict.start, verdict.end, verdict.coverage)


@pytest.mark.parametrize("address", ["ai.com/get/it", "https://meta.com/get", "help@meta.com", "ai.meta.com/got"])
def test_an_address_must_be_the_passages_own(address: str) -> None:
    passage = "You can get the model at ai.meta.com/get/it."
    assert not check(f"You can get the model at {address}.", passage).supported
    assert check("You can get the model at ai.meta.com/get/it.", passage).supported
    assert check("You can get the model at ai.meta.com.", passage).supported
