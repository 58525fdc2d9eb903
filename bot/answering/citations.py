"""From a model's words to cited sentences: split while they stream, read their markers, find the exact quote. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answering.alignment import Synonyms
from bot.answering.closeness import FULL_SENTENCE, keeps_to
from bot.answering.verification import check
from bot.messages import Citation, Sentence
from knowledge.documents import Document, Passage
from knowledge.language import stems, tokens
from knowledge.sentences import sentence_spans

_MARKER = re.compile(r"\s*[\[(【](\d{1,3}(?:\s*[,;]\s*\d{1,3})*)[\])】]")
_LIST_MARK = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_BARE_MARK = re.compile(r"\d{1,2}[.)]")
_ATTACHED = re.compile(r"(?<=[.!?…])(?=[\[(【]\d{1,3}\s*[,;\])】])")
"""Where a marker sits right behind a full stop, which then ends no sentence: "Apple.[1] Snap.[2]"."""
_ENDED = re.compile(r"[.!?…。！？\"”’'»」』)\]】*_]$")
_LABEL = re.compile(
    r"^\s*(?:(?:the )?(?:final )?answer(?: to (?:the|this|your) question)?(?: is)?\s*:"
    r"|a:|response:|passages? \[?\d*\]?\s*(?:says?)?:)\s*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A sentence as the model wrote it, without its markers, and the passage numbers that it pointed to."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of a document offered to the model as one numbered passage; `text` reads raw `start:end`."""

    passage: Passage
    text: str
    start: int
    end: int


class SentenceStream:
    """Collects a model's pieces and gives back each sentence as soon as it is complete.

    However a text is cut into pieces, its sentences are those of `split_claims`.
    """

    def __init__(self) -> None:
        self._line = ""
        self._given = 0

    def feed(self, piece: str) -> list[Claimed]:
        """Take a piece; return the sentences that it completes, at a line's end or where the next one is under way."""
        *lines, last = f"{self._line}{piece}|".splitlines()  # the bar keeps an empty last line
        claims: list[Claimed] = []
        for line in lines:
            claims += _line_claims(line)[self._given :]
            self._given = 0
        self._line = last[:-1]
        line = _without_lead(self._line)
        return claims + self._new(_claims(line[: _settled(line)]))

    def end(self) -> list[Claimed]:
        """The sentences that are left; one without an end was cut off and is not one of them."""
        line = _without_lead(self._line)
        claims = self._new(_claims(line[: _finished(line)]))
        self._line, self._given = "", 0
        return claims

    def _new(self, claims: list[Claimed]) -> list[Claimed]:
        new = claims[self._given :]
        self._given += len(new)
        return new


def _settled(line: str) -> int:
    """How much of a line under way no later piece can change: up to its last sentence, which may go on."""
    spans = list(sentence_spans(line))
    if len(spans) < 2:
        return 0
    start = spans[-1][0]
    cut = start + len(_leading_markers(line[start:]))
    # A marker that is not complete yet may still belong to the sentence before.
    return cut if line[cut : cut + 1].strip("[(【") else 0


def _finished(line: str) -> int:
    """How much of the last line of a text is whole sentences."""
    spans = list(sentence_spans(line))
    if not spans or _ENDED.search(line[slice(*spans[-1])]):
        return len(line)
    return spans[-1][0]


def split_claims(text: str) -> list[Claimed]:
    """The sentences of a model's text with the numbers that they cite, without list marks, labels and markers."""
    return [claim for line in text.splitlines() for claim in _line_claims(line)]


def _line_claims(line: str) -> list[Claimed]:
    return _claims(_without_lead(line))


def _claims(line: str) -> list[Claimed]:
    """The sentences of a line that has been freed of what opens it."""
    claims: list[Claimed] = []
    before = False  # whether the span before is a sentence, which markers may follow
    for start, end in sentence_spans(line):
        piece = line[start:end]
        leading = _leading_markers(piece) if before else ""
        if leading:
            # "… Meta. [1] It is …": the marker behind a full stop belongs to the sentence before.
            claims[-1] = replace(claims[-1], numbers=claims[-1].numbers + _numbers(leading))
            piece = piece[len(leading) :]
        plain = _without_lead(re.sub(r"\s+", " ", _MARKER.sub("", piece)).strip())
        said = any(character.isalnum() for character in plain) and not _BARE_MARK.fullmatch(plain)
        if said:
            claims.append(Claimed(plain, _numbers(piece)))
        before = said or bool(leading and not piece)
    return claims


def _without_lead(text: str) -> str:
    """A line without the list marks and labels that a model opens it with, and without Markdown's emphasis."""
    text = _ATTACHED.sub(" ", text.replace("**", "").replace("__", "").strip())
    shorter = _LABEL.sub("", _LIST_MARK.sub("", text)).strip()
    return text if shorter == text else _without_lead(shorter)


def _leading_markers(text: str) -> str:
    match = re.match(r"(?:\s*[\[(【]\d{1,3}(?:\s*[,;]\s*\d{1,3})*[\])】][\s.,;]*)+", text)
    return match.group() if match else ""


def support(
    claim: Claimed,
    evidence: Sequence[Evidence],
    leading: int,
    documents: dict[str, Document],
    synonyms: Synonyms,
    closely: bool = False,
    question: str = "",
) -> Citation | None:
    """The citation that supports a sentence, numbered 0 until the answer is put together; None if no passage does.

    With `closely` the sentence must be its source's own words, with all of them that the question asks about (see
    `closeness`).

    A sentence may rest on a passage it points to, or on one of the first `leading` ones, which repairs a wrong marker.
    Merely repeating a passage that does not lead is no answer, nor is a scrap of one, and a single word is no sentence.
    """
    if len(set(stems(claim.text))) < 2:
        return None
    pointed = [evidence[number - 1] for number in claim.numbers if 0 < number <= len(evidence)]
    full = sum(token.is_content for token in tokens(claim.text)) >= FULL_SENTENCE
    own = [other for other in pointed if other in evidence[:leading] or (full and not _echoes(claim.text, other.text))]
    for candidate in dict.fromkeys((*own, *evidence[:leading])):
        if _strange_names(claim.text, candidate.text):
            continue
        verdict = check(claim.text, candidate.text, candidate.passage.heading, synonyms)
        if not verdict.supported:
            continue
        if not closely or keeps_to(claim.text, candidate.text[verdict.start : verdict.end], question):
            return quote(candidate, verdict.start, verdict.end, documents[candidate.passage.source])
    return None


def _echoes(text: str, passage: str) -> bool:
    words = stems(text)
    said = set(stems(passage))
    return sum(word in said for word in words) >= 0.9 * len(words)


def _strange_names(text: str, passage: str) -> bool:
    """Whether a name other than the subject is missing from the passage: a heading may name a subject only."""
    said = set(stems(passage))
    capitalised = [token for token in tokens(text) if token.text[0].isupper() and token.is_content]
    return any(token.stem not in said for token in capitalised[1:])


def quote(evidence: Evidence, start: int, end: int, document: Document) -> Citation:
    """The exact span of the document that `evidence.text[start:end]` stands for, as a citation numbered 0."""
    raw_start, raw_end = document.read(evidence.start, evidence.end).raw_span(start, end)
    passage = evidence.passage
    return Citation(
        number=0,
        source=passage.source,
        title=passage.title,
        locator=passage.locator,
        quote=document.text[raw_start:raw_end],
        start=raw_start,
        end=raw_end,
        passage=passage.id,
        reading=evidence.text[start:end],
    )


def numbered(cited: Sequence[tuple[Sentence, Citation]]) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """Sentences with their citations, renumbered in order of appearance; the same span is cited under one number."""
    citations: dict[tuple[str, int, int], Citation] = {}
    sentences = []
    for sentence, citation in cited:
        key = (citation.source, citation.start, citation.end)
        found = citations.setdefault(key, replace(citation, number=len(citations) + 1))
        sentences.append(replace(sentence, citations=(found.number,)))
    return tuple(sentences), tuple(citations.values())


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for match in _MARKER.finditer(text) for number in re.findall(r"\d+", match.group(1)))
