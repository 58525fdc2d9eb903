"""A batch: a JSON question a line in, a JSON answer a line out, in the same order; a bad line harms no other."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import cast

from bot.commands import Answerer
from bot.errors import QuestionError
from bot.faults import message_for
from bot.lines import InputLine
from bot.messages import Answer, Question, Role, Turn
from bot.public_json import Json, answer_json, failure_json

_ROLES = ("user", "assistant")


async def answer_batch(
    answerer: Answerer,
    lines: AsyncIterator[InputLine],
    write: Callable[[Json], None],
    complain: Callable[[str], None],
    data_dir: Path | None = None,
) -> int:
    """Answer every line; `write` gets an object for each, `complain` a sentence for each that failed.

    Returns how many failed. A fault that nobody expected is recorded in `data_dir`, and the other lines go on.
    """
    failed = 0
    async for line in lines:
        given: Json = {}
        try:
            given = _object(line)
            question = _question(given)
            answer = await answer_one(answerer, question)
        except Exception as error:
            failed += 1
            message = message_for(error, data_dir)
            write(failure_json(line.number, message, _id(given)))
            complain(f"line {line.number}: {message}")
        else:
            write(answer_json(question.text, answer, _id(given)))
    return failed


async def answer_one(answerer: Answerer, question: Question) -> Answer:
    """The answer to a question, without what happens meanwhile."""
    async with aclosing(answerer.stream(question)) as events:  # type: ignore[type-var]
        answers = [event async for event in events if isinstance(event, Answer)]
    return answers[-1]


def _object(line: InputLine) -> Json:
    if line.problem:
        raise QuestionError(f"The line {line.problem}.")
    if not line.text.strip():
        raise QuestionError("The line is empty.")
    try:
        given = json.loads(line.text)
    except (ValueError, RecursionError):
        raise QuestionError('The line is not JSON; expected {"question": "…"}.') from None
    if not isinstance(given, dict):
        raise QuestionError('The line is no JSON object; expected {"question": "…"}.')
    return given


def _question(given: Json) -> Question:
    if _id(given) is None and given.get("id") is not None:
        raise QuestionError('"id" is to be a string or a whole number.')
    text = given.get("question")
    if not isinstance(text, str):
        raise QuestionError('The line has no "question", or it is no string.')
    return Question(text, _history(given.get("history")))


def _history(given: object) -> tuple[Turn, ...]:
    turns = [] if given is None else given
    if not isinstance(turns, list) or not all(_is_turn(turn) for turn in turns):
        raise QuestionError('"history" is to be a list of {"role": "user" or "assistant", "text": "…"}.')
    return tuple(Turn(cast(Role, turn["role"]), turn["text"]) for turn in turns)


def _is_turn(turn: object) -> bool:
    return isinstance(turn, dict) and turn.get("role") in _ROLES and isinstance(turn.get("text"), str)


def _id(given: Json) -> str | int | None:
    found = given.get("id")
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None
