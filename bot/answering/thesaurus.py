"""Which words English uses for each other, by WordNet: the same meaning, a wider one, opposites, things of one kind.

`thesaurus.json` holds the common words of WordNet 3.1 (Princeton University), by their stems, with its license. A word
counts if its Zipf frequency is 3 or more, and a meaning if it is one of the word's two first or occurs in WordNet's
counted texts.
"""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from knowledge.language import stem

_DATA = Path(__file__).with_name("thesaurus.json")
_Relation = Mapping[str, frozenset[str]]


@lru_cache(maxsize=50_000)
def is_near(first: str, second: str) -> bool:
    """Whether two words have a meaning in common, or are forms of one word."""
    return _has("near", first, second)


@lru_cache(maxsize=50_000)
def is_wider(word: str, other: str) -> bool:
    """Whether a word names the kind of thing that the other one is: "vehicle" for "van"."""
    return _has("wider", other, word)


@lru_cache(maxsize=50_000)
def is_opposite(first: str, second: str) -> bool:
    """Whether two words are opposites."""
    return _has("opposed", first, second)


@lru_cache(maxsize=50_000)
def are_siblings(first: str, second: str) -> bool:
    """Whether two words are different things of one kind: "spring" and "autumn"."""
    kinds = _relations()["kinds"]
    one, other = stem(first), stem(second)
    shared = kinds.get(one, frozenset()) & kinds.get(other, frozenset())
    return bool(shared) and not is_near(first, second) and not is_wider(first, second) and not is_wider(second, first)


def _has(relation: str, word: str, other: str) -> bool:
    return stem(other) in _relations()[relation].get(stem(word), frozenset())


@cache
def _relations() -> Mapping[str, _Relation]:
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    return {
        name: {word: frozenset(others.split()) for word, others in data[name].items()}
        for name in ("near", "wider", "kinds", "opposed")
    }
