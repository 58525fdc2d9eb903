"""Which of the passages found carry the answer, and how they are offered and quoted. Pure."""

import re
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
_MOST_CHARACTERS = 1_200
"""How long a list with the sentence before it may be to be quoted."""
_GAP = 6
"""Characters of white space between sentences that stand side by side."""
_LEADS_ON = re.compile(
    r"[?:][\"”’')]*$"
    r"|\b(?:let(?:'s| me| us)|I(?:'ll| will| want to|'d like to|'m going to)|we(?:'ll| will|'re going to)) (?:\w+ )?"
    r"(?:start|begin|get into|cover|talk about|look at|turn to|go (?:over|through|into)|explain|discuss)\b"
    r"|\b(?:number of|several|many|few|two|three|some) (?:\w+ )?(?:reasons|ways|things)\W*$"
    r"|\bthere(?:'s| is| are) (?:\w+ )?reasons?\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that answer: the `best` one, the `leading` ones, quoted if the model fails, and the `offered` ones.

    The leading ones are as good as the best; the governing document's come first. The offered ones the model reads, but
    for an item of a list, which completes a sentence that stands elsewhere: what a model says of it cannot be verified.
    """

    best: Evidence
    leading: tuple[Evidence, ...]
    offered: tuple[Evidence, ...]


def choose(ranked: Sequence[RankedPassage], documents: dict[str, Document], following: Sequence[Passage] = ()) -> Found:
    """The evidence among ranked passages: the best one, those as good as it, and what the model reads besides.

    If the best one only leads on to what it does not say, what it leads to is told with it: `following` are the
    passages behind it.
    """
    best, told = ranked[0], _told(ranked, documents, following)
    others = [
        other
        for other in ranked[1:]
        if other.passage.lead is None and not any(_holds(evidence, other.passage) for evidence in told)
    ]
    room = max(0, _LEADING - len(told))
    as_good = [other for other in others if other.score >= _AS_GOOD * best.score][:room]
    leading = [*told, *(_whole(other.passage, documents) for other in as_good)]
    rest = [_alone(other.passage) for other in others if other not in as_good]
    # The license first where both sources speak: it governs. What one source says stays in its order.
    sources = [evidence.passage.source for evidence in leading]
    leading.sort(key=lambda it: (not it.passage.governs, sources.index(it.passage.source), it.start))
    offered = () if best.passage.lead else tuple([*leading, *rest][:_OFFERED])
    return Found(told[0], tuple(leading), offered)


def leads_on(text: str) -> bool:
    """Whether a sentence asks or announces what another one says ("Now let's look at the price")."""
    return bool(_LEADS_ON.search(text))


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


def _told(
    ranked: Sequence[RankedPassage], documents: dict[str, Document], following: Sequence[Passage]
) -> list[Evidence]:
    """The best passage with what it cannot be understood without, in the order of the document."""
    best = ranked[0].passage
    if best.lead:
        return [*_leads(best), _alone(best)]
    if leads_on(best.text):
        return _with_what_follows(_alone(best), following, documents)
    if neighbour := next((other for other in ranked[1:] if _continues(ranked[0], other)), None):
        return [_joined(best, neighbour.passage, documents)]
    return [_whole(best, documents)]


def _leads(passage: Passage) -> list[Evidence]:
    return [*_leads(passage.lead), _alone(passage.lead)] if passage.lead else []


def _with_what_follows(
    evidence: Evidence, following: Sequence[Passage], documents: dict[str, Document]
) -> list[Evidence]:
    """Evidence that leads on with what it leads to: in one with it, or beside it where a new section begins."""
    if not following:
        return [evidence]
    if following[0].lead == evidence.passage:  # its items, as many as can be read
        near = [item for item in following if item.end - evidence.start <= _MOST_CHARACTERS]
        return [_joined(evidence.passage, (near or following[:1])[-1], documents)]
    passage, section = evidence.passage, following[0].section
    told = [other for other in following if other.section == section]
    end = next((other for other in reversed(told) if not leads_on(other.text)), told[0])
    if section == passage.section:
        return [_joined(passage, end, documents)]
    return [evidence, _joined(following[0], end, documents)]


def _joined(passage: Passage, neighbour: Passage, documents: dict[str, Document]) -> Evidence:
    start, end = min(passage.start, neighbour.start), max(passage.end, neighbour.end)
    return Evidence(passage, documents[passage.source].read(start, end).text, start, end)
