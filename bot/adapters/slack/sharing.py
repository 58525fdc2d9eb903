"""What a button carries so that what only its asker sees can be shared later: the answer itself, or how to get it."""

import base64
import binascii
import json
import zlib
from typing import Any

from bot.adapters.slack.blocks import SHARE, Block, button, buttons
from bot.adapters.slack.contents import Final
from bot.commands import COMMANDS, Call, called
from bot.errors import UsageError
from bot.messages import Answer, Citation, Sentence, Timings
from bot.replies import Cut
from bot.serving.lines import OUTDATED
from bot.source_reading import citation_by_key, span_key
from knowledge.loading import Library

_MOST = 2_000
"""Characters that a button can carry."""
_ANSWER, _CALL = "a", "c"


def share_button(final: Final, call: Call) -> list[Block]:
    """The button that shares an answer in the channel; none for what cannot be shared."""
    if isinstance(final, Cut):
        return []
    value = _packed(final, call) if isinstance(final, Answer) else f"{_CALL}/{call.command.name} {call.argument}"
    style = {"accessibility_label": "Show this to everybody in the channel"}
    return buttons([button("Share in channel", SHARE, value, **style)]) if len(value) <= _MOST else []


def shared_call(value: str) -> Call | None:
    """The command that a button carries, if it is one."""
    return called(value[1:], COMMANDS) if value.startswith(_CALL) else None


def shared_answer(library: Library, value: str) -> tuple[str, Answer]:
    """The question and the answer that a button carries; raises UsageError, or SourceError if a source has changed."""
    try:
        packed = json.loads(zlib.decompress(base64.urlsafe_b64decode(value.removeprefix(_ANSWER))))
        keys, said = packed["citations"], packed["sentences"]
    except (ValueError, KeyError, TypeError, zlib.error, binascii.Error) as error:
        raise UsageError(OUTDATED) from error
    citations = tuple(citation_by_key(library, key) for key in keys)
    sentences = tuple(_sentence(each, citations) for each in said)
    answer = Answer(packed["outcome"], sentences, citations, "", Timings(0, 0, 0), tuple(packed["notes"]))
    return packed["question"], answer


def _packed(answer: Answer, call: Call) -> str:
    packed = {
        "question": call.argument,
        "outcome": answer.outcome,
        "sentences": [_packed_sentence(sentence, answer.citations) for sentence in answer.sentences],
        "citations": [span_key(citation) for citation in answer.citations],
        "notes": answer.notes,
    }
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    return _ANSWER + base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()


def _packed_sentence(sentence: Sentence, citations: tuple[Citation, ...]) -> list[Any]:
    """A sentence without its text where it is a citation's own."""
    own = sentence.quoted and any(it.reading == sentence.text and it.number in sentence.citations for it in citations)
    return [None if own else sentence.text, list(sentence.citations), sentence.quoted]


def _sentence(packed: list[Any], citations: tuple[Citation, ...]) -> Sentence:
    text, numbers, quoted = packed
    if text is None:
        text = next(citation.reading for citation in citations if citation.number == numbers[0])
    return Sentence(text, tuple(numbers), quoted)
