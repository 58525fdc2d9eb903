"""Finding a clause by number, title, defined term or topic, exactly or not at all; no model is involved.

A clear winner is the match. Everything else finds nothing and offers the nearest clauses: a wrong clause shown as the
answer is worse than a choice of three.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from knowledge.clause_numbers import NumberMatch, find_number
from knowledge.licenses import Clause, DefinedTerm, License, Span

MatchKind = Literal["number", "title", "term", "topic", "preamble", "none"]

_WINNING_SCORE = 0.72
_WINNING_MARGIN = 0.08
_OFFERED_SCORE = 0.3
_MOST_OFFERED = 5
_SHORTEST_PREFIX = 4
_TYPING_SIMILARITY = 85  # of 100, between a whole query and a whole title or term
_ASKING = re.compile(
    r"^(?:(?:please\s+)?(?:what|who)(?:\s+(?:is|are|does|do)|['’]s)\s+|define\s+|(?:the\s+)?(?:definition|meaning)\s+of\s+|"
    r"(?:show|explain|give|find|tell|open)\s+(?:me\s+)?(?:about\s+)?)?(?:(?:the|an?)\s+)?(?P<name>.+?)"
    r"(?:\s+(?:defined|definition|means?|meaning|clause|section))?$"
)


@dataclass(frozen=True, slots=True)
class ClauseMatch:
    """What a look-up found: a clause, a defined term or the preamble; else the nearest clauses, best first.

    `kind` says by what. A term that is defined in a clause of its own has both. With `kind` "none", an empty `nearest`
    means that nothing is near: show the table of contents.
    """

    kind: MatchKind
    clause: Clause | None = None
    term: DefinedTerm | None = None
    preamble: tuple[Span, ...] = ()
    nearest: tuple[Clause, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is something to show."""
        return self.kind != "none"


def find_clause(license: License, query: str) -> ClauseMatch:
    """Find what a query names; an empty query finds nothing (the caller shows the table of contents)."""
    wanted = _plain(query)
    number = find_number(license, query) or _number_with_title(license, query)
    if number is not None:
        return ClauseMatch("number", number.clause) if number.clause else ClauseMatch("none", nearest=number.nearest)
    if not wanted:
        return ClauseMatch("none")
    return (
        _by_name(license, wanted)
        or _by_reviewed_topic(license, wanted)
        or _by_prefix(license, wanted)
        or _by_similar_name(license, wanted)
        or _by_topic(license, query)
    )


def _number_with_title(license: License, query: str) -> NumberMatch | None:
    """A line of the table of contents: "1.b.iii Attribution notice"."""
    line = re.match(r"\s*(?P<number>\S*\d\S*)[\s:–—-]+(?P<title>\S.*)", query)
    number = find_number(license, line["number"]) if line else None
    if line and number and number.clause and _plain(number.clause.title) == _plain(line["title"]):
        return number
    return None


def _by_name(license: License, wanted: str) -> ClauseMatch | None:
    """The clause of exactly this title, or the definition of exactly this term, also as "what is a licensee"."""
    name = _asked_name(wanted)
    for term in license.terms:
        if name in (_plain(other) for other in term.names) and name != wanted:
            return _term_match(license, term)
    for candidate in dict.fromkeys((wanted, name)):
        match = _only(clause for clause in _titled(license) if _plain(clause.title) == candidate)
        if match is not None:
            return match
        for term in license.terms:
            if candidate in (_plain(other) for other in term.names):
                return _term_match(license, term)
        locator = {"definitions": "Definitions", "defined terms": "Definitions", "preamble": "Preamble"}.get(candidate)
        spans = tuple(span for span in license.preamble if span.locator == locator)
        if spans:
            return ClauseMatch("preamble", preamble=spans)
    return None


def _asked_name(wanted: str) -> str:
    """The name in a question for one; "who are you" asks for nobody's definition."""
    asked = _ASKING.match(wanted)
    name = asked["name"] if asked else wanted
    chatty = name in ("you", "we") and wanted.startswith(("who", "what", "show", "tell", "find", "give"))
    return wanted if chatty else name


def _by_reviewed_topic(license: License, wanted: str) -> ClauseMatch | None:
    names = {wanted, _asked_name(wanted)}
    match = _only(clause for clause in license.walk() if names & {_plain(topic) for topic in clause.topics})
    return replace(match, kind="topic") if match is not None and match.found else match


def _by_prefix(license: License, wanted: str) -> ClauseMatch | None:
    """The one title that begins like this. A whole first word may be a weak one ("license"): topics weigh those."""
    if len(wanted) < _SHORTEST_PREFIX:
        return None
    found = [clause for clause in _titled(license) if _plain(clause.title).startswith(wanted)]
    weak = len(found) == 1 and " " not in wanted and wanted in _plain(found[0].title).split()
    return _only(found) if len(found) == 1 and not weak else None


def _by_similar_name(license: License, wanted: str) -> ClauseMatch | None:
    """The one title or term that a query with typing errors means; "license" is no misspelt "licensee"."""
    from rapidfuzz import fuzz  # imported here: only a name that is not exact needs it

    rightly_spelled = set(wanted.split()) <= set(_plain(license.text).split())
    if len(wanted) < _SHORTEST_PREFIX + 1 or rightly_spelled:
        return None
    titles: list[tuple[float, ClauseMatch]] = [
        (fuzz.ratio(wanted, _plain(clause.title)), ClauseMatch("title", clause)) for clause in _titled(license)
    ]
    terms = [
        (fuzz.ratio(wanted, _plain(name)), _term_match(license, term)) for term in license.terms for name in term.names
    ]
    best, *others = sorted([*titles, *terms, (0.0, ClauseMatch("none"))], key=lambda item: -item[0])
    second = max((score for score, match in others if match != best[1]), default=0.0)
    return best[1] if best[0] >= _TYPING_SIMILARITY and best[0] - second >= 5 else None


def _by_topic(license: License, query: str) -> ClauseMatch:
    from knowledge.clause_topics import rank_clauses  # imported here: it loads a stemmer and a word list

    ranked = rank_clauses(license, query)
    if ranked:
        best, second = ranked[0], ranked[1].score if len(ranked) > 1 else 0.0
        if best.score >= _WINNING_SCORE and best.score - second >= _WINNING_MARGIN:
            return ClauseMatch("topic", best.clause)
    offered = tuple(item.clause for item in ranked if item.score >= _OFFERED_SCORE)
    return ClauseMatch("none", nearest=offered[:_MOST_OFFERED])


def _titled(license: License) -> Iterator[Clause]:
    return (clause for clause in license.walk() if clause.title_source != "derived")


def _only(clauses: Iterable[Clause]) -> ClauseMatch | None:
    """The match where it is the only one; several are offered; None where there is none."""
    found = tuple(clauses)
    if not found:
        return None
    return ClauseMatch("title", found[0]) if len(found) == 1 else ClauseMatch("none", nearest=found[:_MOST_OFFERED])


def _term_match(license: License, term: DefinedTerm) -> ClauseMatch:
    clause = next((clause for clause in license.walk() if (clause.start, clause.end) == (term.start, term.end)), None)
    return ClauseMatch("term", clause, term)


def _plain(text: str) -> str:
    """Words for comparison: lower case, without punctuation."""
    return " ".join(re.findall(r"[\w&]+(?:['’]\w+)?", text.casefold()))
