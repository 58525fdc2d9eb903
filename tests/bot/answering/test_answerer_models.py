"""Models that misbehave: whatever they write, only verified sentences are shown, or else the sources' own words."""

import pytest

from bot.messages import marked_text
from tests.bot.answering.conftest import APPLE_ID, USERS_ID, Stage
from tests.fakes import HANG, Piece, ScriptedModel

APPLE = "Apple, Snap and TikTok are not just going to be able to use this open source model freely."
USERS = "With more than 700 million monthly active users you must request a license from Meta."


@pytest.mark.parametrize(
    "said",
    [
        f"{APPLE} [1]",
        f"{APPLE}[1]",
        f"{APPLE[:-1]} [1].",
        f"{APPLE} (1)",
        f"{APPLE} 【1】",
        f"{APPLE} [1, 2]",
        f"{APPLE} [2]",
        f"{APPLE} [99]",
        f"{APPLE} [0]",
        APPLE,
        f"Answer: {APPLE} [1]",
        f"The answer is: {APPLE}",
        f"- {APPLE} [1]",
        f"1. {APPLE} [1]",
        f"* {APPLE}\n* Microsoft bought Snap.\n",
        f"**{APPLE}** [1]",
        f"\n\n{APPLE}\n\n",
        f"{APPLE} [1] {APPLE} [1] {APPLE} [1]",
        f"{APPLE} [1] I hope this helps! Do you have any other questions?",
    ],
)
async def test_a_verified_sentence_is_found_in_any_format(dialogue: Stage, said: str) -> None:
    answer = await dialogue(said).answer()
    assert answer.outcome == "answered"
    assert marked_text(answer.sentences) == f"{APPLE} [1]"
    assert answer.citations[0].passage == APPLE_ID


@pytest.mark.parametrize(
    "said",
    [
        "",
        " \n\n \t",
        ".",
        "[1]",
        "[1] [2] [3]",
        "Yes.",
        "I'm sorry, but I can't answer that question.",
        "I cannot find this in the passages. [1]",
        "The passages do not mention which companies these are.",
        "Which companies do you mean?",
        "As an AI language model, I have no opinion on Apple.",
        '{"answer": "Apple", "citations": [1]}',
        "| company | may use it |\n|---|---|\n| Apple | no |",
        "```python\nprint('Apple')\n```",
        "Once upon a time there was a llama who loved cloud computing. " * 8,
        "Apple Apple Apple Apple Apple Apple Apple Apple",
        "the the the the the the",
        "Apple, Snap and TikTok are not just going to be",
        "\x00\x01\x02",
        "Google and Amazon are not just going to be able to use this open source model freely. [1]",
        "Apple, Snap and TikTok are going to be able to use this open source model freely. [1]",
    ],
)
async def test_what_is_no_verified_sentence_is_replaced_by_a_quote(dialogue: Stage, said: str) -> None:
    answer = await dialogue(said).answer()
    assert answer.outcome == "quoted"
    assert [sentence.text for sentence in answer.sentences] == [dialogue.passages[APPLE_ID].text]


async def test_a_wrong_marker_is_repaired(dialogue: Stage) -> None:
    answer = await dialogue(f"{USERS} [2] {APPLE} [1]", APPLE_ID, USERS_ID, step=0.0).answer()
    assert [citation.passage for citation in answer.citations] == [USERS_ID, APPLE_ID]


async def test_one_that_rambles_is_stopped(dialogue: Stage) -> None:
    """What follows two inventions in a row is not waited for."""
    model = ScriptedModel(lambda asked: [Piece("Snap sued Meta. Apple sued Snap. And then"), HANG])
    answer = await dialogue(model).answer()
    assert answer.outcome == "quoted"
    assert model.stopped == 1


async def test_one_that_never_ends_is_stopped_after_four_sentences(dialogue: Stage) -> None:
    passage = dialogue.passages["llama-2-license/2/1"]
    sentences = [
        "The monthly active users of the products or services are greater than 700 million.",
        "You must request a license from Meta.",
    ]
    model = ScriptedModel(lambda asked: [*(Piece(f"{sentence} ") for sentence in sentences * 50), HANG])
    answer = await dialogue(model, passage.id).answer()
    assert len(answer.sentences) <= 4
    assert model.stopped == 1


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_the_size_of_the_pieces_does_not_matter(dialogue: Stage, size: int) -> None:
    said = f"1. {USERS} [1]\n2. {APPLE} [2]"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    answer = await dialogue(ScriptedModel.saying(*pieces), APPLE_ID, USERS_ID, step=0.0).answer()
    assert marked_text(answer.sentences) == f"{USERS} [1] {APPLE} [2]"
