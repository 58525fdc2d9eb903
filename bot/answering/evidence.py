"""Which of the passages found carry the answer, and how they are offered and quoted. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.citations import Evidence, quote
from bot.messages import Citation, Sentence
from knowledge.documents import Document
from knowledge.retrieval import RankedPassage

_OFFERED = 3
"""How many passages the model reads: prompt evaluation is most of the time on a CPU."""
_QUOTED = 2
_CLOSE = 0.93
"""A passage that scores at least this share of the best one may answer as well as it does."""
_LONGEST = 60
"""Words from which a sentence is cut to the clause that answers when it is quoted."""


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that answer, best first: `leading` ones are quoted if the model fails, `offered` ones it reads."""

    leading: tuple[Evidence, ...]
    offered: tuple[Evidence, ...]


def choose(ranked: Sequence[RankedPassage]) -> Found:
    """The evidence among ranked passages: the best one, those as good as it, and what the model reads besides."""
    close = [other for other in ranked if other.score >= _CLOSE * ranked[0].score][:_QUOTED]
    leading = sorted(close, key=lambda other: not other.passage.governs)
    others = [other for other in ranked[:_OFFERED] if other not in leading]
    return Found(tuple(map(_evidence, leading)), tuple(map(_evidence, [*leading, *others])))


def quoted(evidence: Sequence[Evidence], documents: dict[str, Document]) -> list[tuple[Sentence, Citation]]:
    """The evidence in its own words, each sentence with the citation that is its span."""
    return [
        (Sentence(piece.text, (), quoted=True), quote(piece, 0, len(piece.text), documents[piece.passage.source]))
        for piece in evidence
    ]


def _evidence(ranked: RankedPassage) -> Evidence:
    passage = ranked.passage
    return Evidence(passage, passage.text, passage.start, passage.end)
