"""What people have reviewed beside a document, from TOML files: corrections, and questions that it answers or not."""

import itertools
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import cast

from knowledge.documents import Edit, KnownFollowUp, KnownQuestion, Snippet
from knowledge.errors import SourceError
from knowledge.language import places
from knowledge.reading import smallest_edits

OFF_TOPIC = Path(__file__).with_name("documents") / "off_topic.toml"


def corrections(path: Path, source: str, text: str) -> list[Edit]:
    """The reviewed corrections, cut down to the characters that they change."""
    edits: list[Edit] = []
    for entry in _entries(path, "correction", {"raw", "reading"}):
        raw, reading = str(entry["raw"]), str(entry["reading"])
        if text.count(raw) != 1:
            raise SourceError(f"{path}: {raw!r} occurs {text.count(raw)} times in source {source!r}, not once.")
        edits += smallest_edits(text.index(raw), raw, reading)
    edits.sort(key=lambda edit: edit.start)
    for earlier, later in itertools.pairwise(edits):
        if later.start < earlier.end:
            raise SourceError(f"{path}: the corrections {earlier.reading!r} and {later.reading!r} overlap; join them.")
    return edits


def known_questions(path: Path, source: str, text: str) -> tuple[KnownQuestion, ...]:
    """The reviewed questions of this source, each with the span of the snippet that answers it, white space aside."""
    found = []
    for entry in _entries(path, "passage", {"source", "text", "questions"}):
        if entry["source"] == source:
            span = only_place(str(entry["text"]), text, source, f"{path}: ")
            found += [KnownQuestion(question, *span) for question in _questions(entry)]
    return tuple(found)


def known_followups(path: Path, source: str, text: str) -> tuple[KnownFollowUp, ...]:
    """The reviewed follow-ups to spans of this source, answered ones first."""
    found = []
    for entry in _entries(path, "said", {"source", "text"}):
        if entry["source"] == source:
            span = only_place(str(entry["text"]), text, source, f"{path}: ")
            answered = _tables(path, entry.get("answered", []), "said.answered", {"source", "text", "questions"})
            for part in answered:
                answer = Snippet(str(part["source"]), str(part["text"]))
                found += [KnownFollowUp(question, *span, answer) for question in _questions(part)]
            found += [KnownFollowUp(question, *span, None) for question in _questions(entry, "unanswered")]
    return tuple(found)


def unanswered_questions(path: Path, source: str) -> tuple[str, ...]:
    """The reviewed questions that this source does not answer."""
    entries = _entries(path, "about", {"source", "questions"})
    return _listed(entry for entry in entries if entry["source"] == source)


def only_place(snippet: str, text: str, source: str, lead: str = "") -> tuple[int, int]:
    """The span of a snippet of a source's text, white space aside; raises SourceError unless it stands there once."""
    spans = places(snippet, text)
    if len(spans) != 1:
        raise SourceError(f"{lead}{snippet!r} occurs {len(spans)} times in source {source!r}, not once.")
    return spans[0]


@lru_cache(maxsize=1)
def off_topic_questions() -> tuple[str, ...]:
    """Questions and requests that no document is meant to answer: general knowledge, jokes, instructions to the bot."""
    return _listed(_entries(OFF_TOPIC, "kind", {"name", "questions"}))


def read_toml(path: Path) -> dict[str, object]:
    """The content of a TOML file; raises SourceError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SourceError(f"Cannot read {path}: {reason(error)}; make that file, or name another.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not valid TOML: {error}; correct it there.") from error


def reason(error: Exception) -> str:
    """Why a file could not be read, in the system's words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _entries(path: Path, table: str, keys: set[str]) -> list[dict[str, object]]:
    return _tables(path, read_toml(path).get(table, []), table, keys)


def _tables(path: Path, entries: object, table: str, keys: set[str]) -> list[dict[str, object]]:
    if not isinstance(entries, list) or any(not isinstance(entry, dict) or not keys <= set(entry) for entry in entries):
        raise SourceError(f"{path}: each [[{table}]] needs {', '.join(sorted(keys))}.")
    return entries


def _questions(entry: dict[str, object], key: str = "questions") -> list[str]:
    return [str(question) for question in cast(list[object], entry.get(key, []))]


def _listed(entries: Iterable[dict[str, object]]) -> tuple[str, ...]:
    return tuple(question for entry in entries for question in _questions(entry))
