"""Is a sentence its source's own words, with at most some left out? Pure.

A small model paraphrases badly: what it says in words of its own is often near the source and yet wrong. Of such a
model only those sentences are shown that keep to the source: the same words, in the same order, nothing added, and
nothing left out that denies, limits or conditions the rest, or that was asked about. An address is one word.
"""

from collections.abc import Sequence

from knowledge.language import Token, content_stems, tokens

_TURNS_MEANING = frozenset(
    "not no never none nothing neither nor without except excluding excluded unless only if provided subject other "
    "than yes until may might must shall should can cannot could will would all any each every some more less most "
    "least".split()
)
"""Words that change what the others say, and so may be neither added nor left out."""
_MOST_ADDED = 2
"""How many small words (articles, "that") a sentence may have that its source has not there."""

FULL_SENTENCE = 4
"""Content words from which a sentence is more than a scrap of a passage."""
_GOOD_PART = 0.5
"""The share of a short source's content words that makes up for them."""


def keeps_to(sentence: str, source: str, asked: str = "") -> bool:
    """Whether a sentence is the source's own words: shortened where that does no harm to what was asked."""
    said, words = tokens(sentence), tokens(source)
    places = _longest_common(said, words)
    kept = {own for own, _ in places}
    added = [token for number, token in enumerate(said) if number not in kept]
    if not places or len(added) > _MOST_ADDED or any(map(_matters, added)):
        return False
    if _is_scrap(said, words) or _joined(sentence) - _joined(source):
        return False
    taken = {place for _, place in places}
    left_out = [token for place, token in enumerate(words) if place not in taken]
    wanted = set(content_stems(asked)) - {token.stem for token in said}
    return not any(_turns(token) or token.stem in wanted for token in left_out)


def _is_scrap(said: Sequence[Token], words: Sequence[Token]) -> bool:
    held, whole = (sum(token.is_content for token in each) for each in (said, words))
    return held < min(FULL_SENTENCE, _GOOD_PART * whole)


def _joined(text: str) -> set[str]:
    """What a text writes as one although it is several words: addresses, "third-party"."""
    pieces = (piece.strip("\"'“”‘’()[]{}<>.,;:!?…").lower() for piece in text.split())
    return {piece for piece in pieces if any(not c.isalnum() and c not in "'’" for c in piece)}


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
