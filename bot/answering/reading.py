"""A text read the way verification compares it: words in clauses, with negation and force. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from bot.answering import grammar
from bot.answering.clauses import clause_of, clause_starts, verb_place
from bot.answering.words import Clause, Reading, Word, is_party
from knowledge.language import Token, rarity, tokens
from knowledge.sentences import sentence_spans

_RARE = 4.0
"""How rare a word is that is a name even where it opens a sentence."""
_SHORT = 14
"""Up to how many words a clause is hedged as a whole by a "maybe" at its end."""
_OPENED = re.compile(r"(?:^|[.!?:]|\n)[\s\"'“‘(]*$")
_CONTENT_TOO = frozenset("same own".split())
"""Words that retrieval passes over, but that change what is said."""


@lru_cache(maxsize=512)
def read(text: str, beside: str = "") -> Reading:
    """Read a text of one or more sentences; what stands beside it tells names from words that only open a sentence."""
    idioms = [match.span() for match in grammar.IDIOMS.finditer(text)]
    found = tokens(text)
    muted = {place for place, token in enumerate(found) if any(s <= token.start < e for s, e in idioms)}
    words = _named(text, _words(text, found, muted), _names(text) | _names(beside))
    starts = clause_starts(text, words, muted)
    marked: list[Word] = []
    clauses: list[Clause] = []
    for first, after in zip(starts, [*starts[1:], len(words)], strict=False):
        part = _with_force(text, _with_denials(words[first:after], muted))
        part = _governed(part, marked)
        marked += [replace(word, clause=len(clauses)) for word in part]
        clauses.append(clause_of(part))
    return Reading(text, tuple(marked), tuple(clauses))


def _words(text: str, found: Sequence[Token], muted: Collection[int]) -> list[Word]:
    shouted = sum(c.isupper() for c in text) > 0.6 * sum(c.isalpha() for c in text)
    ends = [end for _, end in sentence_spans(text)]
    words = []
    for place, token in enumerate(found):
        plain = token.text.lower().replace("’", "'")
        name = token.text[0].isupper() and not shouted and token.is_content and token.stem not in grammar.GENERIC
        content = (
            (token.is_content or plain in _CONTENT_TOO) and plain not in grammar.PREPOSITIONS and place not in muted
        )
        sentence = sum(end <= token.start for end in ends)
        words.append(Word(place, plain, token.stem, token.start, token.end, content, name, sentence=sentence))
    return words


def _names(text: str) -> frozenset[str]:
    """The capitalised words that do not open a sentence, and the rare ones that do."""
    capitals = [token for token in tokens(text) if token.text[0].isupper()]
    inner = [t for t in capitals if rarity(t.text) >= _RARE or not _OPENED.search(text[: t.start])]
    return frozenset(token.text.lower().replace("’", "'") for token in inner)


def _named(text: str, words: Sequence[Word], known: frozenset[str]) -> list[Word]:
    """The words, where those that only open a sentence are no names."""
    opening = {w.place for w in words if w.name and w.text not in known and _only_opens(text, words, w.place)}
    return [replace(word, name=False) if word.place in opening else word for word in words]


def _only_opens(text: str, words: Sequence[Word], place: int) -> bool:
    """Whether a capital only opens a sentence: not in quotes, and not before a number or another capital."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else None
    if place and words[place - 1].sentence == word.sentence:
        return False
    joined = after is not None and (after.name or after.text[0].isdigit()) and not text[word.end : after.start].strip()
    return not joined and text[max(0, word.start - 1) : word.start] not in ('"', "“", "'")


def _with_denials(words: Sequence[Word], muted: Collection[int]) -> list[Word]:
    """Count the negators that reach each word: those before it in its clause, and an affix at it."""
    denials, result, said = 0, [], False
    alone: set[int] = set()
    for place, word in enumerate(words):
        if place and word.text in grammar.FINITE and words[place - 1].text in grammar.CONJUNCTIONS:
            # "is not a firm and does not advise": a second verb is denied on its own.
            denials = 0
        reaching = denials
        if word.place not in muted and denies(word) and word.text != "non":
            narrow = [w.place for w in words[place + 1 : place + 4] if w.text in grammar.EXCLUSIVE | {"same"}]
            if word.text == "without":
                alone |= _phrase(words[place + 1 :])
            elif narrow:
                # "not only", "not the same": that word is denied, not the statement.
                alone.add(narrow[0])
            elif not (said and word.text in ("nor", "neither")):
                # "neither … nor" is one denial, said twice.
                denials += 1
            said = said or not narrow
        own = int(word.place in alone) + _affixes(words, place)
        result.append(replace(word, denials=reaching + own))
    return _with_denied_subject(result)


def _phrase(words: Sequence[Word]) -> set[int]:
    """The places of the words up to the next verb or subject: what "without" denies."""
    stops = grammar.FINITE | grammar.ADDRESSEE | grammar.SUBJECTS
    end = next((number for number, word in enumerate(words) if word.text in stops), len(words))
    return {word.place for word in words[:end]}


def _with_denied_subject(words: list[Word]) -> list[Word]:
    """ "Selling it is prohibited" and "selling it is not allowed" deny their subject, unless it is who may not."""
    if any(is_party(word) or word.name for word in words[:3]):
        return words
    for place, word in enumerate(words):
        passive = any(before.text in grammar.BE for before in words[max(0, place - 3) : place])
        banned = word.text in grammar.BANNED and not word.negated
        if passive and (banned or (word.text in grammar.ALLOWED and word.negated)):
            return [replace(w, denials=w.denials + 1) for w in words[:place]] + words[place:]
    return words


def denies(word: Word) -> bool:
    """Whether a word denies those behind it."""
    return word.text in grammar.NEGATORS or word.text.endswith("n't") or word.stem in grammar.NEGATIVE_VERBS


def _affixes(words: Sequence[Word], place: int) -> int:
    """The negations in a compound: "non-exclusive", "royalty-free"."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else None
    free = after is not None and after.text == "free" and word.content and after.start == word.end + 1
    return (place > 0 and words[place - 1].text == "non") + free


def _with_force(text: str, words: Sequence[Word]) -> list[Word]:
    """Mark what a modal before a word in its clause makes of it: a duty, a freedom, a possibility, a prospect."""
    offset, clause = words[0].start, text[words[0].start : words[-1].end]
    duties, freedoms, futures, weak = (
        [match.end() + offset for match in pattern.finditer(clause)]
        for pattern in (grammar.DUTY, grammar.PERMISSION, grammar.FUTURE, grammar.WEAK_DUTY)
    )
    hedges = [match.start() + offset for match in grammar.HEDGE.finditer(clause)]
    denied = [word.end for word in words if word.text in grammar.NEGATORS or word.text.endswith("n't")]
    # "not required", "need not": the duty is denied, where "must not" forbids.
    released = [end for end in weak if any(no <= end - 3 or end < no <= end + 4 for no in denied)]
    result = []
    for word in words:
        duty, freedom = _last(duties, word.start), _last(freedoms, word.start)
        optional = _last(released, word.start) >= 0
        hedged = bool(hedges) and (hedges[0] <= word.start or len(words) < _SHORT)
        marks = replace(word, duty=duty > freedom and not optional, freedom=freedom > duty, optional=optional)
        result.append(replace(marks, future=_last(futures, word.start) >= 0, hedged=hedged))
    return result


def _last(ends: Sequence[int], start: int) -> int:
    return max((end for end in ends if end <= start), default=-1)


def _governed(part: list[Word], before: Sequence[Word]) -> list[Word]:
    """The words of a clause; one that "and" opens, without a verb, stands under the last verb's modal."""
    if (
        not before
        or part[0].text not in ("and", "or")
        or part[0].sentence != before[-1].sentence
        or verb_place(part) >= 0
    ):
        return part
    governor = next(_governors(before), before[0])
    return [replace(w, duty=governor.duty, freedom=governor.freedom, future=governor.future) for w in part]


def _governors(before: Sequence[Word]) -> Iterator[Word]:
    """The last words of the clauses with a verb, from the last one back."""
    for place in range(len(before) - 1, -1, -1):
        last = place + 1 == len(before) or before[place + 1].clause != before[place].clause
        if last and verb_place([w for w in before if w.clause == before[place].clause]) >= 0:
            yield before[place]
