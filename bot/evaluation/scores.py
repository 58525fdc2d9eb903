"""What an answer to a labelled question is worth, and the table over many of them. Pure."""

import random
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.evaluation.labels import Labelled
from bot.messages import Answer, marked_text
from knowledge.documents import Document, Passage
from knowledge.language import places

Interval = tuple[float, float, float]
"""An estimate with the ends of its 95% bootstrap interval."""

GoldSpan = tuple[str, int, int]

_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Score:
    """One question's result. `rank`: of the first passage found that holds a gold span, from 1; 0 if none does."""

    id: str
    question: str
    kind: str
    style: str
    answerable: bool
    outcome: str
    text: str
    rank: int
    said: bool
    cited: tuple[bool, ...]
    exact_quotes: int
    seconds: float

    @property
    def correct(self) -> bool:
        """A right answer, cited or not; for an unanswerable question, a refusal."""
        return (self.outcome != "unknown" and self.said) if self.answerable else self.outcome == "unknown"

    @property
    def correct_and_cited(self) -> bool:
        """A right answer that cites a gold span."""
        return self.correct and any(self.cited)

    @property
    def failure(self) -> str:
        """What went wrong, in a few words; nothing if nothing did."""
        if not self.answerable:
            return "" if self.correct else "answered an unanswerable question"
        if self.outcome == "unknown":
            return "refused an answerable question"
        if not any(self.cited):
            return f"cites the wrong passage (the right one's rank: {self.rank or 'none'})"
        return "" if self.said else "lacks a fact"


def score(
    label: Labelled, answer: Answer, found: Sequence[Passage], documents: dict[str, Document], seconds: float
) -> Score:
    """Compare an answer, and the passages found, with the label."""
    spans = gold_spans(label, documents)
    text = marked_text(answer.sentences)
    exact = sum(c.quote == documents[c.source].text[c.start : c.end] for c in answer.citations)
    return Score(
        id=label.id,
        question=label.question,
        kind=label.kind,
        style=label.style,
        answerable=label.answerable,
        outcome=answer.outcome,
        text=text,
        rank=rank_of(spans, found),
        said=label.is_said(text),
        cited=tuple(is_gold(spans, c.source, c.start, c.end) for c in answer.citations),
        exact_quotes=exact,
        seconds=seconds,
    )


def table(scores: Sequence[Score]) -> dict[str, Interval]:
    """Every measure with its bootstrap interval; a measure without questions is left out."""
    answerable = [s for s in scores if s.answerable]
    single = [s for s in answerable if s.kind != "followup"]
    followups = [s for s in answerable if s.kind == "followup"]
    unanswerable = [s for s in scores if not s.answerable]
    given = [s for s in answerable if s.outcome != "unknown"]
    measures: dict[str, tuple[Sequence[Score], Callable[[Sequence[Score]], float]]] = {
        "retrieval hit@1": (answerable, lambda rows: _share(0 < s.rank <= 1 for s in rows)),
        "retrieval hit@3": (answerable, lambda rows: _share(0 < s.rank <= 3 for s in rows)),
        "retrieval hit@5": (answerable, lambda rows: _share(0 < s.rank <= 5 for s in rows)),
        "correct": (single, lambda rows: _share(s.correct for s in rows)),
        "correct and cited": (single, lambda rows: _share(s.correct_and_cited for s in rows)),
        "follow-ups correct and cited": (followups, lambda rows: _share(s.correct_and_cited for s in rows)),
        "citation hit": (given, lambda rows: _share(any(s.cited) for s in rows)),
        "citation precision": (given, lambda rows: _share(hit for s in rows for hit in s.cited)),
        "refusal on unanswerable": (unanswerable, lambda rows: _share(s.correct for s in rows)),
        "refusal on near misses": (
            [s for s in unanswerable if s.style == "near-miss"],
            lambda rows: _share(s.correct for s in rows),
        ),
        "false refusal": (answerable, lambda rows: _share(s.outcome == "unknown" for s in rows)),
        "quotes equal to their span": (
            [s for s in scores if s.cited],
            lambda rows: sum(s.exact_quotes for s in rows) / max(1, sum(len(s.cited) for s in rows)),
        ),
        "seconds, median": (scores, lambda rows: statistics.median(s.seconds for s in rows)),
        "seconds, 95th percentile": (scores, lambda rows: _quantile([s.seconds for s in rows], 0.95)),
    }
    return {name: _interval(rows, measure) for name, (rows, measure) in measures.items() if rows}


def outcomes(scores: Sequence[Score]) -> dict[str, float]:
    """The share of each outcome."""
    counted = Counter(s.outcome for s in scores)
    return {outcome: counted[outcome] / len(scores) for outcome in ("answered", "quoted", "unknown")}


def gold_spans(label: Labelled, documents: dict[str, Document]) -> list[GoldSpan]:
    """Where the label's gold snippets stand, whatever their white space: source, start and end of each place."""
    return [
        (gold.source, *span)
        for gold in label.gold
        if gold.source in documents
        for span in places(gold.text, documents[gold.source].text)
    ]


def is_lost(label: Labelled, documents: dict[str, Document]) -> bool:
    """Whether none of the label's gold snippets stands in the documents, so that no citation can be right."""
    return label.answerable and not gold_spans(label, documents)


def is_gold(spans: Sequence[GoldSpan], source: str, start: int, end: int) -> bool:
    """Whether a span overlaps a gold one."""
    return any(source == other and start < stop and begin < end for other, begin, stop in spans)


def rank_of(spans: Sequence[GoldSpan], found: Sequence[Passage]) -> int:
    """The rank of the first passage that holds a gold span, from 1; 0 if none does."""
    ranks = (rank for rank, p in enumerate(found, start=1) if is_gold(spans, p.source, p.start, p.end))
    return next(ranks, 0)


def _share(hits: Iterable[bool]) -> float:
    values = list(hits)
    return sum(values) / len(values) if values else 0.0


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _interval(rows: Sequence[Score], measure: Callable[[Sequence[Score]], float]) -> Interval:
    """Percentile bootstrap over questions (Efron 1979), with a fixed seed so that a run can be repeated."""
    generator = random.Random(0)
    samples = sorted(measure(generator.choices(rows, k=len(rows))) for _ in range(_RESAMPLES))
    return measure(rows), samples[int(0.025 * _RESAMPLES)], samples[int(0.975 * _RESAMPLES) - 1]
