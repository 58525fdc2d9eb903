"""The words of all that can be found, and of the questions that are known. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from knowledge.documents import Passage
from knowledge.keys import Key
from knowledge.language import stems
from knowledge.spelling import Spelling
from knowledge.wording import Wording


class Vocabulary:
    """The words that the documents and their reviewed questions use, as stems and as spelled, and how those are put."""

    def __init__(self, passages: Iterable[Passage], keys: Sequence[Key]) -> None:
        """Collect the words; `questions(id)` are those of a passage's own questions."""
        self._questions: dict[str, set[str]] = defaultdict(set)
        texts = [f"{passage.heading} {passage.text}" for passage in passages]
        own = {word for text in texts for word in stems(text)}
        answered = [key for key in keys if key.kind == "question"]
        for key in answered:
            self._questions[key.passage].update(stems(key.text))
        self.stems = frozenset(own.union(*self._questions.values()))
        self.spelling = Spelling(texts, (key.text for key in answered))
        self.wording = Wording([key.text for key in answered], [key.text for key in keys if key.kind == "unanswered"])

    def questions(self, passage: str) -> frozenset[str]:
        """The stems of the questions that a passage is known to answer; none if it has no questions."""
        return frozenset(self._questions.get(passage, ()))
