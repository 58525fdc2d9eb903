"""Is a sentence its source's own words, with at most some left out? Pure.

A small model paraphrases badly: what it says in words of its own is often near the source and yet wrong. Of such a
model only those sentences are shown that keep to the source: the same words, in the same order, nothing added, and
nothing left out that denies, limits or conditions the rest.
"""

from collections.abc import Sequence

from knowledge.language import Token, tokens

_TURNS_MEANING = frozenset(
    "not no never none nothing neither nor without except excluding excluded unless only if provided subject other "
    "than until may might must shall should can cannot could will would all any each every some more less most "
    "least".split()
)
"""Words that change what the others say, and so may be neither added nor left out."""
_MOST_ADDED = 2
"""How many small words (articles, "that") a sentence may have that its source has not there."""


def keeps_to(sentence: str, source: str) -> bool:
    """Whether a sentence is the source's own words: shortened where that does no harm, and no more."""
    said, words = tokens(sentence), tokens(source)
    places = _longest_common(said, words)
    kept = {own for own, _ in places}
    added = [token for number, token in enumerate(said) if number not in kept]
    if not places or len(added) > _MOST_ADDED or any(map(_matters, added)):
        return False
    taken = {place for _, place in places}
    left_out = [token for place, token in enumerate(words) if place not in taken]
    return not any(map(_turns, left_out))


def _matters(token: Token) -> bool:
    return token.is_content or _turns(token)


def _turns(token: Token) -> bool:
    word = token.text.lower().replace("’", "'")
    return word in _TURNS_MEANING or word.endswith("n't")


def _longest_common(said: Sequence[Token], words: Sequence[Token]) -> list[tuple[int, int]]:
    """The longest common subsequence, as pairs of places: words count as the same by their stems."""
    lengths = [[0] * (len(words) + 1) for _ in range(len(said) + 1)]
    for i in range(len(said) - 1, -1, -1):
        for j in range(len(words) - 1, -1, -1):
            same = said[i].stem == words[j].stem
            lengths[i][j] = 1 + lengths[i + 1][j + 1] if same else max(lengths[i + 1][j], lengths[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(said) and j < len(words):
        if said[i].stem == words[j].stem:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
