"""Which of the passages found carry the answer, and how they are offered and quoted. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.citations import Evidence, quote
from bot.messages import Citation, Sentence
from knowledge.documents import Document, Passage
from knowledge.language import content_stems
from knowledge.retrieval import RankedPassage
from knowledge.sentences import sentence_spans

_OFFERED = 3
"""How many passages the model reads: prompt evaluation is most of the time on a CPU."""
_LEADING = 2
_AS_GOOD = 0.98
"""A passage that scores at least this share of the best one may answer as well as it does."""
_GOES_ON = 0.85
"""The same for a neighbour of the best one in its paragraph: the two are read, and quoted, as one."""

_TOLD = 0.25
"""The share of a passage's words that an answer must hold to stand without a quote."""
_GAP = 6
"""Characters of white space between sentences that stand side by side."""


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that answer: the `best` one, the `leading` ones, quoted if the model fails, and the `offered` ones.

    The leading ones are as good as the best; the governing document's come first. The offered ones the model reads.
    """

    best: Evidence
    leading: tuple[Evidence, ...]
    offered: tuple[Evidence, ...]


def choose(ranked: Sequence[RankedPassage], documents: dict[str, Document]) -> Found:
    """The evidence among ranked passages: the best one, those as good as it, and what the model reads besides."""
    best = ranked[0]
    neighbour = next((other for other in ranked[1:] if _continues(best, other)), None)
    first = _joined(best.passage, neighbour.passage, documents) if neighbour else _whole(best.passage, documents)
    others = [other for other in ranked[1:] if other is not neighbour and not _holds(first, other.passage)]
    as_good = [other for other in others if other.score >= _AS_GOOD * best.score][: _LEADING - 1]
    leading = [first, *(_whole(other.passage, documents) for other in as_good)]
    rest = [_alone(other.passage) for other in others if other not in as_good]
    # The license first where both sources speak: it governs. What one source says stays in its order.
    sources = [evidence.passage.source for evidence in leading]
    leading.sort(key=lambda it: (not it.passage.governs, sources.index(it.passage.source), it.start))
    return Found(first, tuple(leading), tuple([*leading, *rest][:_OFFERED]))


def completion(written: Sequence[tuple[Sentence, Citation]], found: Found) -> tuple[Evidence, ...]:
    """What verified sentences leave out: the best passage, if they say little of any that answers."""
    said = {stem for sentence, _ in written for stem in content_stems(sentence.text)}
    meant = [set(content_stems(evidence.text)) for evidence in found.leading]
    return () if any(len(stems & said) >= _TOLD * len(stems) for stems in meant) else (found.best,)


def quoted(evidence: Sequence[Evidence], documents: dict[str, Document]) -> list[tuple[Sentence, Citation]]:
    """The evidence in its own words, each sentence with the citation that is its span."""
    return [
        (Sentence(piece.text, (), quoted=True), quote(piece, 0, len(piece.text), documents[piece.passage.source]))
        for piece in evidence
    ]


def _continues(best: RankedPassage, other: RankedPassage) -> bool:
    """Whether the other passage stands beside the best one in its section and answers nearly as well."""
    one, two = best.passage, other.passage
    if (one.source, one.section) != (two.source, two.section) or other.score < _GOES_ON * best.score:
        return False
    return min(abs(two.start - one.end), abs(one.start - two.end)) <= _GAP


def _alone(passage: Passage) -> Evidence:
    return Evidence(passage, passage.text, passage.start, passage.end)


def _whole(passage: Passage, documents: dict[str, Document]) -> Evidence:
    """A passage; one that ends inside of a sentence, as long sentences are cut to be found, with the rest of it."""
    if not passage.text.endswith(","):
        return _alone(passage)
    copy = documents[passage.source].read(passage.start, max(passage.end, passage.section[1]))
    end = next((stop for _, stop in sentence_spans(copy.text)), len(copy.text))
    if end <= len(passage.text):
        return _alone(passage)
    return Evidence(passage, copy.text[:end], *copy.raw_span(0, end))


def _holds(evidence: Evidence, passage: Passage) -> bool:
    same = evidence.passage.source == passage.source
    return same and evidence.start <= passage.start and passage.end <= evidence.end


def _joined(passage: Passage, neighbour: Passage, documents: dict[str, Document]) -> Evidence:
    start, end = min(passage.start, neighbour.start), max(passage.end, neighbour.end)
    return Evidence(passage, documents[passage.source].read(start, end).text, start, end)
