"""From a model's words to cited sentences: split while they stream, read their markers, find the exact quote. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answering.verification import Synonyms, check
from bot.messages import Citation, Sentence
from knowledge.documents import Document, Passage
from knowledge.sentences import sentence_spans

_MARKER = re.compile(r"\s*[\[(【](\d{1,3}(?:\s*[,;]\s*\d{1,3})*)[\])】]")
_LIST_MARK = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_LABEL = re.compile(
    r"^\s*(?:(?:the )?(?:final )?answer(?: to (?:the|this|your) question)?(?: is)?\s*:|a:|response:|passages? \[?\d*\]?\s*(?:says?)?:)\s*", re.I
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
    """Collects a model's pieces and gives back each sentence as soon as it is complete."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, piece: str) -> list[Claimed]:
        """Take a piece; return the sentences that it completes: at a line's end, or where the next sentence is under way."""
        *lines, self._rest = (self._rest + piece).split("\n")
        claims = [claim for line in lines for claim in _line_claims(line)]
        spans = list(sentence_spans(self._rest))
        if len(spans) > 1:
            cut = spans[-1][0] + len(_leading_markers(self._rest[spans[-1][0] :]))
            # A marker that is not complete yet may still belong to the sentence before.
            if self._rest[cut : cut + 1].strip("[(【"):
                claims += _line_claims(self._rest[:cut])
                self._rest = self._rest[cut:]
        return claims

    def end(self) -> list[Claimed]:
        """The sentences that are left; one without an end was cut off and is not one of them."""
        rest, self._rest = self._rest.strip(), ""
        claims = _line_claims(rest)
        return claims if re.search(r"[.!?…\"”')\]]$", rest) else claims[:-1]


def split_claims(text: str) -> list[Claimed]:
    """The sentences of a model's text with the numbers that they cite, without list marks, labels and markers."""
    return [claim for line in text.splitlines() for claim in _line_claims(line)]


def _line_claims(line: str) -> list[Claimed]:
    claims: list[Claimed] = []
    line = _without_lead(line)
    for start, end in sentence_spans(line):
        piece = line[start:end]
        leading = _leading_markers(piece)
        if leading and claims:
            # "… Meta. [1] It is …": the marker behind a full stop belongs to the sentence before.
            claims[-1] = replace(claims[-1], numbers=claims[-1].numbers + _numbers(leading))
            piece = piece[len(leading) :]
        plain = _without_lead(re.sub(r"\s+", " ", _MARKER.sub("", piece)).strip())
        if any(character.isalnum() for character in plain):
            claims.append(Claimed(plain, _numbers(piece)))
    return claims


def _without_lead(text: str) -> str:
    """A line without the list marks and labels that a model opens it with, and without Markdown's emphasis."""
    text = text.replace("**", "").replace("__", "").strip()
    shorter = _LABEL.sub("", _LIST_MARK.sub("", text)).strip()
    return text if shorter == text else _without_lead(shorter)


def _leading_markers(text: str) -> str:
    match = re.match(r"(?:\s*[\[(【]\d{1,3}(?:\s*[,;]\s*\d{1,3})*[\])】][\s.,;]*)+", text)
    return match.group() if match else ""


def support(
    claim: Claimed, evidence: Sequence[Evidence], documents: dict[str, Document], synonyms: Synonyms
) -> Citation | None:
    """The citation that supports a sentence: from a passage it points to, or else from another; None if no passage does.

    The citation is numbered 0 until the answer is put together.
    """
    pointed = [evidence[number - 1] for number in claim.numbers if 0 < number <= len(evidence)]
    for candidate in dict.fromkeys((*pointed, *evidence)):
        verdict = check(claim.text, candidate.text, candidate.passage.heading, synonyms)
        if verdict.supported:
            return quote(candidate, verdict.start, verdict.end, documents[candidate.passage.source])
    return None


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
