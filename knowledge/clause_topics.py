"""Clauses by topic: how well each fits the words of a query, by its reviewed topics, its title and its own text.

Words are compared by their stems, with typing errors allowed, and weigh by how few clauses use them: a license's own
terms ("Llama 2", "Meta") and words that many clauses share ("use") say little about which one is meant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.licenses import Clause, License

_SHARED_WEIGHT = 0.3
_SHARED_BY = 1 / 4  # of the clauses
_PHRASE_INSIDE = 0.85  # a topic of two words or more inside a longer query
_TEXT_ONLY = 0.78  # every word of the query in the text of this one clause, and not in the preamble
_IN_ONE_TITLE = 0.8  # every word of the query in the title of this one clause, one of them distinctive
_SHORTEST_TEXT_WORD = 5  # a lone shorter word is too weak to find a clause by its text
_SHORTEST_TYPED_WORD = 5
_TYPING_SIMILARITY = 80


@dataclass(frozen=True, slots=True)
class RankedClause:
    """A clause and how well it fits, from 0 to 1."""

    clause: Clause
    score: float


@dataclass(frozen=True, slots=True)
class _Fields:
    clause: Clause
    phrases: tuple[frozenset[str], ...]  # the stems of each topic and of the title
    title: frozenset[str]
    text: frozenset[str]


def rank_clauses(license: License, query: str) -> list[RankedClause]:
    """The clauses that fit a query at all, best first; the order of the document decides between equals."""
    every = [_fields(license, clause) for clause in license.walk()]
    weights = _weights(license, every)
    stems, certainty = _corrected(license, query)
    if not stems:
        return []
    holders = [fields for fields in every if stems <= fields.text]
    preamble = _stems(license.text[: every[0].clause.start]) if every else frozenset()
    titled = [fields for fields in every if stems <= fields.title and _strong(stems, weights)]
    alone = len(holders) == 1 and not stems <= preamble
    distinct = len(stems) > 1 or len(min(stems)) >= _SHORTEST_TEXT_WORD
    ranked = []
    for fields in every:
        score = max((_phrase_score(stems, phrase, weights) for phrase in fields.phrases), default=0.0)
        covered = _weight(stems & fields.text, weights) / _weight(stems, weights)
        text = _TEXT_ONLY if alone and holders == [fields] and distinct else 0.45 * covered
        title = _IN_ONE_TITLE if titled == [fields] else 0.0
        score = min(1.0, max(score, text, title) + 0.05 * covered) * certainty
        if score > 0:
            ranked.append(RankedClause(fields.clause, score))
    return sorted(ranked, key=lambda item: -item.score)


def _phrase_score(stems: frozenset[str], phrase: frozenset[str], weights: dict[str, float]) -> float:
    """How far query and phrase cover each other, 1 where they are the same words."""
    if stems == phrase:
        return 1.0
    shared = _weight(stems & phrase, weights)
    if not shared:
        return 0.0
    of_query, of_phrase = shared / _weight(stems, weights), shared / _weight(phrase, weights)
    score = 2 * of_query * of_phrase / (of_query + of_phrase)
    return max(score, _PHRASE_INSIDE) if phrase < stems and _strong(phrase, weights) > 1 else score


def _strong(stems: Iterable[str], weights: dict[str, float]) -> int:
    return sum(weights.get(stem, 1.0) == 1.0 for stem in stems)


def _weight(stems: Iterable[str], weights: dict[str, float]) -> float:
    return sum(weights.get(stem, 1.0) for stem in stems)


def _weights(license: License, every: Sequence[_Fields]) -> dict[str, float]:
    """The weight of every stem of the license: low for its defined terms and for what many of its clauses use."""
    terms = {stem for term in license.terms for name in term.names for stem in _stems(name)}
    words = {stem for fields in every for stem in fields.text.union(*fields.phrases)}
    most = max(2.0, len(every) * _SHARED_BY)
    return {
        word: _SHARED_WEIGHT if word in terms or sum(word in fields.text for fields in every) > most else 1.0
        for word in words
    }


def _corrected(license: License, query: str) -> tuple[frozenset[str], float]:
    """The stems of a query, typing errors mended towards the license's words, and their certainty (1: as typed)."""
    from rapidfuzz import fuzz, process  # imported here: only looking up a topic needs it

    from knowledge.language import stem, tokens

    topics = (phrase for clause in license.walk() for phrase in (clause.title, *clause.topics))
    known = {token.text.lower() for text in (license.text, *topics) for token in tokens(text) if token.is_content}
    stems = {stem(word) for word in known}
    mended, certainty = set(), 1.0
    for token in tokens(query):
        close = None
        if token.is_content and token.stem not in stems and len(token.text) >= _SHORTEST_TYPED_WORD:
            close = process.extractOne(token.text.lower(), known, scorer=fuzz.ratio, score_cutoff=_TYPING_SIMILARITY)
        if token.is_content:
            mended.add(stem(close[0]) if close else token.stem)
        certainty *= 0.95 if close else 1.0
    return frozenset(mended), certainty


def _fields(license: License, clause: Clause) -> _Fields:
    title = frozenset() if clause.title_source == "derived" else _stems(clause.title)
    phrases = tuple(phrase for phrase in (*map(_stems, clause.topics), title) if phrase)
    return _Fields(clause, phrases, title, _stems(license.text[clause.start : clause.own_end]))


def _stems(text: str) -> frozenset[str]:
    from knowledge.language import content_stems  # imported here: it loads a stemmer and a word list

    return frozenset(content_stems(text))
