"""Clauses of every license among the sources: the one asked for, exactly, or the likeliest ones to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.replies import Choice, ClauseLine, ClauseReply, ContentsReply, Definition, LicenseContents, OfferReply
from bot.source_reading import open_document
from knowledge.chunking import license_of
from knowledge.clause_lookup import ClauseMatch, find_clause
from knowledge.defined_terms import uses
from knowledge.errors import ClauseError
from knowledge.licenses import Clause, License
from knowledge.loading import Library
from knowledge.sentences import lead_at, sentence_spans

_MOST_CHOICES = 25
_MOST_OFFERED = 8
_SHOWN_QUERY = 60
# What finds a license too, besides its clauses. The numbers are exact everywhere, a topic's rank is not.
_EXACT = ("number", "title", "term", "preamble")


@dataclass(frozen=True, slots=True)
class _Source:
    """A license with the document that it is; the keys of its clauses begin with `prefix`."""

    id: str
    title: str
    prefix: str
    license: License


def look_up(library: Library, text: str) -> ClauseReply | OfferReply | ContentsReply:
    """Answer `/license text`: a clause number, a title, a defined term or a topic; nothing gives the contents.

    Where the sources hold several licenses, the governing one is searched first, and `id:clause` names another one.
    Raises ClauseError if there is no license among the sources.
    """
    sources = _licenses(library)
    named, query = _named(sources, text.strip())
    if not query:
        return ContentsReply(tuple(_contents(source) for source in named))
    matches = [(source, find_clause(source.license, query)) for source in named]
    chosen = _chosen(matches)
    if chosen is None:
        return _offer(matches, query)
    others = (_line(source, match) for source, match in matches if match.found and source.id != chosen[0].id)
    return replace(_reply(*chosen), also=tuple(others))


def complete_clause(library: Library, prefix: str) -> list[Choice]:
    """The clauses and definitions whose number, title or topic begins with what was typed."""
    wanted = prefix.strip().casefold()
    choices: list[Choice] = []
    for source in _licenses(library):
        for clause in source.license.walk():
            reason = _completes(clause, wanted, source.prefix)
            if reason is not None:
                topic = f" ({reason})" if reason else ""
                choices.append(Choice(source.prefix + clause.number, f"{clause.locator} · {clause.title}{topic}"))
        for term in source.license.terms:
            if any(name.casefold().startswith(wanted) for name in term.names):
                names = " or ".join(f"“{name}”" for name in term.names)
                choices.append(Choice(source.prefix + term.names[0], f"{names} · defined term"))
    return choices[:_MOST_CHOICES]


def _completes(clause: Clause, wanted: str, prefix: str) -> str | None:
    """The topic by which a clause completes what was typed; empty if by its number or title, None if not at all."""
    number = clause.number.casefold()
    if number.startswith(wanted.removeprefix("§").strip()) or (prefix + number).casefold().startswith(wanted):
        return ""
    if _begins_word(clause.title, wanted):
        return ""
    return next((topic for topic in clause.topics if _begins_word(topic, wanted)), None)


def _begins_word(text: str, wanted: str) -> bool:
    return f" {wanted}" in f" {text.casefold()}"


def _licenses(library: Library) -> list[_Source]:
    """The licenses, the governing one first and without a prefix."""
    found = sorted((source for source in library.sources if source.kind == "license"), key=lambda it: not it.governs)
    if not found:
        raise ClauseError("There is no license among the sources.")
    return [
        _Source(
            source.id,
            source.title,
            "" if place == 0 else f"{source.id}:",
            license_of(open_document(library, source.id)),
        )
        for place, source in enumerate(found)
    ]


def _named(sources: list[_Source], text: str) -> tuple[list[_Source], str]:
    """The licenses to search and what for: `id:clause` names one of them, and so does its id alone."""
    source_id, _, rest = text.partition(":")
    for source in sources:
        if source.id.casefold() == source_id.strip().casefold():
            return [source], rest.strip()
    return sources, text


def _chosen(matches: Sequence[tuple[_Source, ClauseMatch]]) -> tuple[_Source, ClauseMatch] | None:
    """The match to show: the first license's, else another's if it is exact or nothing in the first is near."""
    first = matches[0][1]
    for source, match in matches:
        if match.found and (match is first or match.kind in _EXACT or not first.nearest):
            return source, match
    return None


def _reply(source: _Source, match: ClauseMatch) -> ClauseReply:
    if match.clause is not None:
        clause = match.clause
        reply = _excerpt(source, clause.start, clause.end, clause.number, clause.locator, clause.title)
        return replace(reply, notes=(*_completed(source.license, clause), *reply.notes))
    if match.term is not None:
        title = " or ".join(f"“{name}”" for name in match.term.names)
        return _excerpt(source, match.term.start, match.term.end, match.term.names[0], "Definitions", title)
    spans = match.preamble
    locator = spans[0].locator
    return _excerpt(source, spans[0].start, spans[-1].end, locator, locator, source.license.title)


def _completed(license_: License, clause: Clause) -> tuple[str, ...]:
    """A note on the sentence that a clause completes ("You may not:"): without it the clause may say the opposite."""
    above = next((other for other in license_.walk() if clause in other.children), None)
    if above is None or lead_at(license_.text, above.own_end) is None:
        return ()
    own = license_.text[above.start : above.own_end]
    *_, (start, end) = sentence_spans(own)
    return (f"It completes {above.locator}: “{' '.join(own[start:end].split())}”",)


def _excerpt(source: _Source, start: int, end: int, number: str, locator: str, title: str) -> ClauseReply:
    text = source.license.text[start:end]
    terms = (term for term in source.license.terms if not start <= term.start < end and uses(term, text))
    return ClauseReply(
        source=source.id,
        source_title=source.title,
        number=number,
        locator=locator,
        title=title,
        text=text,
        start=start,
        end=end,
        definitions=tuple(
            Definition(term.names, source.license.text[term.start : term.end], term.start, term.end) for term in terms
        ),
    )


def _offer(matches: Sequence[tuple[_Source, ClauseMatch]], query: str) -> OfferReply:
    lines = [_line(source, match) for source, match in matches if match.found]
    lines += [_clause_line(source, clause) for source, match in matches for clause in match.nearest]
    shown = query if len(query) <= _SHOWN_QUERY else query[:_SHOWN_QUERY] + "…"
    if lines:
        message = f"No single clause is “{shown}”. The nearest ones:"
    else:
        message = f"The license has nothing on “{shown}”. Its sections:"
        lines = [_clause_line(source, clause) for source, _ in matches for clause in source.license.clauses]
    choices = tuple(Choice(line.key, f"{line.locator} · {line.title}") for line in lines[:_MOST_OFFERED])
    return OfferReply(message, "license", choices)


def _line(source: _Source, match: ClauseMatch) -> ClauseLine:
    if match.clause is not None:
        return _clause_line(source, match.clause)
    reply = _reply(source, match)
    return ClauseLine(source.prefix + reply.number, reply.locator, reply.title)


def _clause_line(source: _Source, clause: Clause) -> ClauseLine:
    locator = clause.locator if not source.prefix else f"{source.title}, {clause.locator}"
    return ClauseLine(source.prefix + clause.number, locator, clause.title, clause.depth)


def _contents(source: _Source) -> LicenseContents:
    clauses = source.license.walk()
    lines = [ClauseLine(source.prefix + it.number, it.locator, it.title, it.depth) for it in clauses]
    names = [name for term in source.license.terms if term.formal for name in term.names]
    if any(span.locator == "Definitions" for span in source.license.preamble):
        lines.insert(0, ClauseLine(f"{source.prefix}definitions", "Definitions", ", ".join(names)))
    return LicenseContents(source.id, source.title, tuple(lines))
