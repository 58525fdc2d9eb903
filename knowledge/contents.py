"""What an index of documents holds: their passages, and the keys that these are found by. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from knowledge.chunking import passages_of
from knowledge.companions import off_topic_questions, only_place
from knowledge.documents import Document, Passage
from knowledge.keys import Key, keys_for


def contents(documents: Sequence[Document]) -> tuple[list[Passage], list[Key]]:
    """What an index of these documents holds: their passages, and the keys that they are found by.

    Raises SourceError where the answer of a known follow-up is not in its document.
    """
    own = {document.id: _Own(document) for document in documents}
    passages = [passage for each in own.values() for passage in each.passages]
    questions = [
        (each.holding(question.start, question.end), question.text)
        for each in own.values()
        for question in each.document.questions
    ]
    unanswered = [question for document in documents for question in document.unanswered]
    keys = keys_for(passages, questions, [*unanswered, *off_topic_questions()])
    return passages, [*keys, *dict.fromkeys(_followups(own))]


class _Own:
    """A document with its passages; `holding` and `saying` look each span and each snippet up once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.passages = passages_of(document)
        self.holding = cache(self._holding)
        self.saying = cache(self._saying)

    def _holding(self, start: int, end: int) -> str:
        """The id of the passage that holds most of a span."""
        return max(self.passages, key=lambda passage: min(passage.end, end) - max(passage.start, start)).id

    def _saying(self, snippet: str) -> str:
        """The id of the passage that holds a snippet; raises SourceError unless it occurs once."""
        return self.holding(*only_place(snippet, self.document.text, self.document.id))


def _followups(own: Mapping[str, _Own]) -> Iterator[Key]:
    """The known follow-ups as keys, without those that a document answers which is not there."""
    for each in own.values():
        for asked in each.document.followups:
            after = each.holding(asked.start, asked.end)
            if asked.answer is None:
                yield Key("", "unanswered", asked.text, after)
            elif asked.answer.source in own:
                yield Key(own[asked.answer.source].saying(asked.answer.text), "question", asked.text, after)
