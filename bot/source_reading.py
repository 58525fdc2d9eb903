"""The documents themselves: the list of them, one of them section by section, and the section around a quote."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.messages import Citation
from bot.replies import Choice, PassageReply, SourceEntry, SourceReply, SourceSection, SourcesReply
from knowledge.chunking import passages_of
from knowledge.documents import Document, Passage
from knowledge.errors import SourceError
from knowledge.loading import Library, Source, load_document

_LONGEST_CORRECTION = 40
_CHANGED = "The source {!r} has changed since it was quoted; ask again."


def open_document(library: Library, source_id: str) -> Document:
    """A document without the questions it is found by: only search needs those, and they take longest to read.

    Raises UnknownSourceError, or SourceError if it cannot be read.
    """
    for source in library.sources:
        if source.id == source_id:
            return load_document(replace(source, questions=None, unanswered=None, followups=None))
    return library.document(source_id)  # which says what ids there are


def list_sources(library: Library) -> SourcesReply:
    """Answer `/sources`: every document; one that cannot be read is listed with its problem."""
    return SourcesReply(tuple(_entry(library, source) for source in library.sources))


def read_source(library: Library, source_id: str) -> SourceReply:
    """Answer `/sources id`: a document in the reading copy, under the locators that citations use.

    Raises UnknownSourceError, or SourceError if it cannot be read.
    """
    document = open_document(library, source_id)
    sections: dict[tuple[int, int], str] = {}
    for passage in passages_of(document):
        sections.setdefault(passage.section, passage.locator)
    source = next(source for source in library.sources if source.id == source_id)
    return SourceReply(
        _entry(library, source),
        tuple(SourceSection(locator, document.read(*span).text.strip()) for span, locator in sections.items()),
    )


def complete_source(library: Library, prefix: str) -> list[Choice]:
    """The documents whose id begins with what was typed."""
    wanted = prefix.strip().casefold()
    return [Choice(source.id, source.title) for source in library.sources if source.id.casefold().startswith(wanted)]


def passage_around(library: Library, citation: Citation) -> PassageReply:
    """The section that a citation quotes from, to be shown with the quote marked; raises KnowledgeError."""
    document = open_document(library, citation.source)
    if document.text[citation.start : citation.end] != citation.quote:
        raise SourceError(_CHANGED.format(citation.source))
    sections = [passage.section for passage in passages_of(document) if passage.id == citation.passage]
    start, end = sections[0] if sections else (citation.start, citation.end)
    start, end = min(start, citation.start), max(end, citation.end)
    section = document.read(start, end).text
    # Corrections shift the quote's place in the reading copy, and one at its edge may belong to both sides.
    before = len(document.read(start, citation.start).text)
    at = section.find(citation.reading, max(0, before - _LONGEST_CORRECTION))
    if at < 0:
        at, section = 0, citation.reading
    after = at + len(citation.reading)
    parts = section[:at].lstrip(), section[at:after], section[after:].rstrip()
    return PassageReply(citation.number, citation.title, citation.locator, *parts)


def span_key(citation: Citation) -> str:
    """A citation in few characters, such as a button can carry: number, span, a check of the quote, and the source."""
    return f"{citation.number}.{citation.start}.{citation.end}.{_check(citation.quote)}.{citation.source}"


def passage_by_key(library: Library, key: str) -> PassageReply:
    """The passage around what a `span_key` stands for; raises SourceError as `citation_by_key` does."""
    return passage_around(library, citation_by_key(library, key))


def citation_by_key(library: Library, key: str) -> Citation:
    """The citation that a `span_key` stands for; raises SourceError if it is no key or the source has changed."""
    parts = key.split(".", 4)
    if len(parts) != 5 or not all(part.isdecimal() for part in parts[:3]):
        raise SourceError("That does not lead to a source any more; ask again.")
    number, start, end = (int(part) for part in parts[:3])
    check, source = parts[3:]
    document = open_document(library, source)
    if _check(document.text[start:end]) != check:
        raise SourceError(_CHANGED.format(source))
    return cite(document, passages_of(document), start, end, number)


def cite(document: Document, passages: Sequence[Passage], start: int, end: int, number: int) -> Citation:
    """The citation of a span, under the locator of the passage that it begins in."""
    passage = max((it for it in passages if it.start <= start), key=lambda it: it.start, default=None)
    return Citation(
        number=number,
        source=document.id,
        title=document.title,
        locator=passage.locator if passage else "",
        quote=document.text[start:end],
        start=start,
        end=end,
        passage=passage.id if passage else "",
        reading=document.read(start, end).text,
    )


def _check(quote: str) -> str:
    return hashlib.sha256(quote.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _entry(library: Library, source: Source) -> SourceEntry:
    characters, problem = 0, ""
    try:
        characters = len(open_document(library, source.id).text)
    except SourceError as error:
        problem = str(error)
    return SourceEntry(source.id, source.title, source.kind, source.path.name, characters, source.governs, problem)
