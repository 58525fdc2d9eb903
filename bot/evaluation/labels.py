"""Labelled questions, read from JSON lines, and telling whether an answer is right."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import UsageError
from bot.messages import Turn


@dataclass(frozen=True, slots=True)
class Gold:
    """A verbatim snippet of a source that a right answer may cite."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with what a right answer cites and says.

    Any of `gold` may be cited; of each group in `facts` one alternative must be said. `group` names the fact asked for.
    """

    id: str
    question: str
    kind: str
    style: str
    answerable: bool
    history: tuple[Turn, ...] = ()
    gold: tuple[Gold, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    group: str = ""

    def is_said(self, text: str) -> bool:
        """Whether a text says every fact."""
        plain = normalized(text)
        return all(any(normalized(alternative) in plain for alternative in group) for group in self.facts)


def normalized(text: str) -> str:
    """A text as facts are compared: one case, plain apostrophes and white space, wrapped hyphens joined."""
    plain = re.sub(r"(?<=\w-)\s*\n\s*(?=\w)", "", text.replace("’", "'").replace("‘", "'"))
    return " ".join(plain.lower().split())


def read_labels(path: Path) -> Sequence[Labelled]:
    """Read a labelled file; raises UsageError that names the first wrong line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {path}: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from error
    labels = [_labelled(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not labels:
        raise UsageError(f"{path} holds no questions.")
    return labels


def _labelled(path: Path, number: int, line: str) -> Labelled:
    try:
        row: dict[str, Any] = json.loads(line)
        return Labelled(
            id=str(row.get("id", number)),
            question=_text(row["question"]),
            kind=row.get("kind", "answerable" if row["answerable"] else "unanswerable"),
            style=row.get("style", ""),
            answerable=bool(row["answerable"]),
            history=tuple(Turn(turn["role"], _text(turn["text"])) for turn in row.get("history") or ()),
            gold=tuple(Gold(_text(gold["source"]), _text(gold["text"])) for gold in row.get("gold") or ()),
            facts=tuple(tuple(map(_text, _list(group))) for group in _list(row.get("facts") or [])),
            group=str(row.get("group", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        wants = "an object with question, answerable and, if it is, gold and facts"
        raise UsageError(f"{path}, line {number}: expected {wants} ({type(error).__name__}: {error}).") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _list(value: object) -> list[object]:
    # A fact that is a text and no list of alternatives would be taken for its letters, and always be said.
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value
