"""The announcement in brief: reviewed points with citations, from `knowledge/documents/brief.toml`; no model writes."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.answering.prompts import notes_on
from bot.messages import Answer, Citation, Sentence, Timings
from bot.replies import BriefPoint, Choice, ExplainReply, OfferReply
from bot.source_reading import cite, open_document
from knowledge.chunking import passages_of
from knowledge.documents import Document, Passage
from knowledge.errors import SourceError
from knowledge.loading import SHIPPED_SOURCES, Library, read_sources

BRIEF = SHIPPED_SOURCES.with_name("documents") / "brief.toml"
TITLE = "The announcement in brief"
_FILLER = frozenset("a an and are does for how in is it of on s says the this to was what who".split())
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class _Claim:
    """A reviewed sentence with the snippet of a source that supports it."""

    text: str
    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class _Point:
    topic: str
    heading: str
    also: tuple[str, ...]
    claims: tuple[_Claim, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.topic, self.heading, *self.also)


@dataclass(frozen=True, slots=True)
class _Read:
    """A document with its passages, which give a quote its locator."""

    document: Document
    passages: tuple[Passage, ...]


def explain(library: Library, topic: str = "", brief: Path = BRIEF) -> ExplainReply | OfferReply:
    """Answer `/explain topic`: the points about the topic, without one all of them; an unknown one offers the points.

    Raises SourceError if the sources leave out what the brief cites, or if a quote is not in its source exactly once.
    """
    points = _available(library, brief)
    chosen = _about(points, topic)
    if not chosen:
        choices = tuple(Choice(point.topic, point.heading) for point in points)
        return OfferReply(f"The brief has no point on “{topic.strip()[:60]}”. It has these:", "explain", choices)
    sources = {claim.source for point in chosen for claim in point.claims}
    documents = (open_document(library, source) for source in sources)
    return _reply(chosen, {document.id: _Read(document, passages_of(document)) for document in documents})


def complete_topic(library: Library, prefix: str) -> list[Choice]:
    """The topics that begin with what was typed, also by their headings and other words."""
    wanted = prefix.strip().casefold()
    return [
        Choice(point.topic, point.heading)
        for point in _available(library, BRIEF)
        if any(f" {wanted}" in f" {name.casefold()}" for name in point.names)
    ]


def find_snippet(document: Document, snippet: str) -> tuple[int, int]:
    """The one span of a document that is the snippet, white space ignored; raises SourceError for none or several."""
    places = [match.start() for match in re.finditer(r"\S", document.text)]
    packed, wanted = "".join(document.text.split()), "".join(snippet.split())
    if not wanted or packed.count(wanted) != 1:
        raise SourceError(f"The brief's {snippet!r} occurs {packed.count(wanted)} times in {document.id!r}, not once.")
    at = packed.index(wanted)
    return places[at], places[at + len(wanted) - 1] + 1


def _available(library: Library, brief: Path) -> tuple[_Point, ...]:
    """The points whose sources are the shipped ones: a user may leave those out, or give others the same ids."""
    shipped, _ = read_sources(SHIPPED_SOURCES)
    there = {source.id for source in shipped if source in library.sources}
    points = tuple(point for point in _points(brief) if all(claim.source in there for claim in point.claims))
    if not points:
        raise SourceError(
            "The brief is about the video and the license that come with Herald, and your sources.toml leaves them out."
        )
    return points


def _points(brief: Path) -> Iterable[_Point]:
    tables: list[dict[str, Any]] = tomllib.loads(brief.read_text(encoding="utf-8"))["point"]
    for table in tables:
        claims = tuple(_Claim(item["text"], item["source"], item["quote"]) for item in table["sentence"])
        yield _Point(table["topic"], table["heading"], tuple(table["also"]), claims)


def _about(points: Sequence[_Point], topic: str) -> list[_Point]:
    """The points about a topic: of exactly that name, else those that share a word with it."""
    wanted = topic.strip().casefold()
    if not wanted:
        return list(points)
    exact = [point for point in points if wanted in map(str.casefold, point.names)]
    words = _words(wanted)
    return exact or [point for point in points if _share(words, _words(" ".join(point.names)))]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold())) - _FILLER


def _share(asked: set[str], known: set[str]) -> bool:
    """Whether two words are the same, or one begins with the other ("investor", "investors")."""
    pairs = (sorted((one, other), key=len) for one in asked for other in known)
    return any(short == long or (len(short) >= _SHORTEST_STEM and long.startswith(short)) for short, long in pairs)


def _reply(points: Sequence[_Point], sources: dict[str, _Read]) -> ExplainReply:
    citations: dict[tuple[str, int, int], Citation] = {}
    written = []
    for point in points:
        sentences = []
        for claim in point.claims:
            cited = _cite(sources[claim.source], claim, len(citations) + 1)
            cited = citations.setdefault((cited.source, cited.start, cited.end), cited)
            sentences.append(Sentence(claim.text, (cited.number,)))
        written.append(BriefPoint(point.topic, point.heading, tuple(sentences)))
    every = tuple(sentence for point in written for sentence in point.sentences)
    notes = notes_on([read.document for read in sources.values()])
    answer = Answer("answered", every, tuple(citations.values()), "", Timings(0.0, 0.0, 0.0), notes)
    return ExplainReply(TITLE, tuple(written), answer)


def _cite(read: _Read, claim: _Claim, number: int) -> Citation:
    start, end = find_snippet(read.document, claim.quote)
    citation = cite(read.document, read.passages, start, end, number)
    return replace(citation, reading=_reading(read.document, start, end))


def _reading(document: Document, start: int, end: int) -> str:
    """The reading copy of a quote; a correction that it begins inside of is read whole, less the stop before it."""
    whole = min([start, *(edit.start for edit in document.edits if edit.start < start < edit.end)])
    return document.read(whole, end).text.lstrip(" .,;:?")
