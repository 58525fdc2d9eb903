"""The public JSON is an interface: keys, order and rounding stay as they are."""

import json

from bot.public_json import answer_json, failure_json
from tests.fakes import ANSWERED, QUOTED, UNKNOWN

APPLE_JSON = {
    "number": 1,
    "source": "transcript",
    "title": "The video",
    "locator": "¶ 10",
    "quote": "companies like Apple Snap TikTok  a lot of the other big tech companies",
    "start": 3015,
    "end": 3086,
    "passage": "transcript/p10/1",
}


def test_an_answer_has_these_keys_in_this_order() -> None:
    printed = json.dumps(answer_json("Who?", QUOTED, "q-1"), ensure_ascii=False)
    expected = {
        "id": "q-1",
        "question": "Who?",
        "outcome": "quoted",
        "text": "companies like Apple, Snap, TikTok, a lot of the other big tech companies [1]",
        "sentences": [
            {"text": "companies like Apple, Snap, TikTok, a lot of the other big tech companies", "citations": [1]}
        ],
        "citations": [APPLE_JSON],
        "model": "scripted",
        "seconds": {"search": 0.031, "first_sentence": 0.4, "total": 1.25},
    }
    assert printed == json.dumps(expected, ensure_ascii=False)


def test_the_id_is_there_only_if_one_was_given() -> None:
    assert "id" not in answer_json("Who?", ANSWERED)
    assert answer_json("Who?", ANSWERED, 0)["id"] == 0


def test_text_has_the_markers_after_each_sentence() -> None:
    assert answer_json("Who?", ANSWERED)["text"] == (
        "Companies like Apple, Snap and TikTok cannot use it freely. [1] "
        "The limit is 700 million monthly active users. [2]"
    )


def test_a_refusal_has_its_sentence_and_no_citations() -> None:
    refusal = answer_json("Who?", UNKNOWN)
    assert refusal["outcome"] == "unknown"
    assert refusal["text"] == "I can't answer that from my sources."
    assert refusal["citations"] == []


def test_a_failure_names_its_line() -> None:
    assert list(failure_json(3, "The line is empty.", "a")) == ["id", "line", "error"]
    assert failure_json(3, "The line is empty.") == {"line": 3, "error": "The line is empty."}
