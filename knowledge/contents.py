"""What an index of documents holds: their passages, and the keys that these are found by. Pure."""

from collections.abc import Iterator, Sequence

from knowledge.chunking import passages_of
from knowledge.companions import off_topic_questions
from knowledge.documents import Document, Passage, Snippet
from knowledge.errors import SourceError
from knowledge.keys import Key, keys_for
from knowledge.language import places


def contents(documents: Sequence[Document]) -> tuple[list[Passage], list[Key]]:
    """What an index of these documents holds: their passages, and the keys that they are found by.

    Raises SourceError where the answer of a known follow-up is not in its document.
    """
    own = {document.id: passages_of(document) for document in documents}
    passages = [passage for each in own.values() for passage in each]
    questions = [
        (_holding(own[document.id], question.start, question.end), question.text)
        for document in documents
        for question in document.questions
    ]
    unanswered = [question for document in documents for question in document.unanswered]
    keys = keys_for(passages, questions, [*unanswered, *off_topic_questions()])
    return passages, [*keys, *dict.fromkeys(_followups({d.id: d for d in documents}, own))]


def _followups(documents: dict[str, Document], own: dict[str, tuple[Passage, ...]]) -> Iterator[Key]:
    """The known follow-ups as keys, without those that a document answers which is not there."""
    for document in documents.values():
        for asked in document.followups:
            after = _holding(own[document.id], asked.start, asked.end)
            if asked.answer is None:
                yield Key("", "unanswered", asked.text, after)
            elif asked.answer.source in documents:
                span = _only_place(documents[asked.answer.source], asked.answer)
                yield Key(_holding(own[asked.answer.source], *span), "question", asked.text, after)


def _only_place(document: Document, snippet: Snippet) -> tuple[int, int]:
    spans = places(snippet.text, document.text)
    if len(spans) != 1:
        raise SourceError(f"{snippet.text!r} occurs {len(spans)} times in source {document.id!r}, not once.")
    return spans[0]


def _holding(passages: Sequence[Passage], start: int, end: int) -> str:
    """The id of the passage that holds most of a span."""
    return max(passages, key=lambda passage: min(passage.end, end) - max(passage.start, start)).id
