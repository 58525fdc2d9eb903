"""What an index of documents holds: their passages, and the keys that these are found by. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from knowledge.chunking import passages_of
from knowledge.documents import Document, Passage
from knowledge.keys import Key, keys_for
from knowledge.loading import off_topic_questions


def contents(documents: Sequence[Document]) -> tuple[list[Passage], list[Key]]:
    """What an index of these documents holds: their passages, and the keys that they are found by."""
    passages = [passage for document in documents for passage in passages_of(document)]
    unanswered = [question for document in documents for question in document.unanswered]
    return passages, keys_for(passages, assigned_questions(documents, passages), [*unanswered, *off_topic_questions()])


def assigned_questions(documents: Sequence[Document], passages: Sequence[Passage]) -> list[tuple[str, str]]:
    """The reviewed questions of all documents, each with the id of the passage that holds most of its span."""
    by_source: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_source[passage.source].append(passage)
    return [
        (max(by_source[document.id], key=lambda p: min(p.end, q.end) - max(p.start, q.start)).id, q.text)
        for document in documents
        for q in document.questions
    ]
