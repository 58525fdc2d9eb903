"""The keys of an index: the texts that passages are found by. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.documents import Passage

KeyKind = Literal["sentence", "question", "unanswered"]


@dataclass(frozen=True, slots=True)
class Key:
    """A text that a passage is found by: its sentence, with its heading or alone, or a question that it answers.

    A key of kind `unanswered`, of no passage, is a question that the documents do not answer. A question with
    `after` is a follow-up: it asks that only where the passage `after` was shown before.
    """

    passage: str
    kind: KeyKind
    text: str
    after: str = ""

    @property
    def id(self) -> str:
        """Names the key in the collection; the same text of the same passage has the same id in every index."""
        told = f"{self.kind}\n{self.after}\n{self.text}" if self.after else f"{self.kind}\n{self.text}"
        digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        return f"{self.passage}#{digest}"

    @property
    def source(self) -> str:
        """The document of the passage; empty where there is no passage."""
        return self.passage.partition("/")[0]


def keys_for(
    passages: Sequence[Passage], questions: Sequence[tuple[str, str]] = (), unanswered: Sequence[str] = ()
) -> list[Key]:
    """The keys of passages in document order: each under its heading, alone, and by questions.

    `questions` are pairs of a passage id and a question that the passage answers.
    """
    keys = []
    for passage in passages:
        # Under its heading a short sentence is found by its subject; alone, its own words count in full.
        lead = f"{passage.lead.text} " if passage.lead else ""
        texts = (f"{passage.heading}: {lead}{passage.text}", passage.text)
        keys += [Key(passage.id, "sentence", text) for text in texts]
    keys += [Key(passage, "question", question) for passage, question in dict.fromkeys(questions)]
    return keys + [Key("", "unanswered", question) for question in dict.fromkeys(unanswered)]
