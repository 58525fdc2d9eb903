"""How much, how many, when, and which way: quantifiers, numbers, times and comparatives on both sides. Pure."""

from collections.abc import Sequence

from bot.answering import grammar
from bot.answering.comparison import Comparison
from bot.answering.words import Word, is_name
from knowledge.language import numbers

_NEAR_NUMBER = 5
"""How many words apart a number and what it counts may stand."""
_GROUP = 3
"""How many words a verb group has at most."""
_NEAR_NOUN = 4
"""How many words before a noun its quantifier may stand."""
_SOME = frozenset("some most many few several certain half".split())
_ORDER = frozenset(("before", "after"))
_QUANTIFIES = ("all", "every", "any", "each", "whole", "entire")


def extent(pair: Comparison) -> str:
    """Something told of all, always or only, where the source does not say so."""
    for word in pair.claim.words:
        if reason := _too_little(pair, word):
            return reason
        if word.negated:
            continue
        if word.text in grammar.UNIVERSAL and (reason := _too_much(pair, word)):
            return reason
        for group, proof in ((grammar.ALWAYS, grammar.ALWAYS), (grammar.MOSTLY, grammar.MOST)):
            if word.text in group and not pair.window_words & proof:
                return f"{word.text!r} is not in the passage"
        if word.text in grammar.ALONE and not any(_excludes(other) for other in _told_where(pair, word)):
            return f"{word.text!r} is not in the passage"
    return ""


def _too_little(pair: Comparison, word: Word) -> str:
    """Why none are meant, where the source speaks of some."""
    noun = pair.alignment.links.get(word.place + 1)
    if word.text != "no" or noun is None:
        return ""
    before = {w.text for w in pair.source.between(noun - 2, noun)}
    return f"{word.text!r} is more than the passage says" if before & _SOME else ""


def _told_where(pair: Comparison, word: Word) -> Sequence[Word]:
    """The words of the sentences with which the clause of a word is linked."""
    told = {other.sentence for claimed, other in pair.links if claimed.clause == word.clause}
    return [other for other in pair.window if other.sentence in told]


def _excludes(other: Word) -> bool:
    return other.text in grammar.RESTRICTORS | grammar.ALONE and not other.negated


def _too_much(pair: Comparison, word: Word) -> str:
    """Why a quantifier says more than the source does."""
    words = pair.claim.words
    after = words[word.place + 1].text if word.place + 1 < len(words) else ""
    if word.text in grammar.ANYBODY and word.place == 0 and after not in grammar.FINITE:
        # "anyone located in …": one kind of person, not everybody.
        return ""
    if word.text.startswith("any") and (pair.claim.clause_of(word).conditional or word.denials):
        return ""
    noun = next((w for w in words[word.place + 1 : word.place + 7] if w.place in pair.alignment.links), None)
    if not _near_noun(pair, word, noun) & grammar.UNIVERSAL:
        return f"{word.text!r} is more than the passage says"
    place = pair.alignment.links[noun.place] if noun else 0
    if "other" not in pair.claim_words and any(w.text == "other" for w in pair.source.between(place - 2, place)):
        return f"{word.text!r} leaves out an exception"
    return ""


def _near_noun(pair: Comparison, word: Word, noun: Word | None) -> frozenset[str]:
    """The words of the source before what a quantifier of the claim counts; all of the stretch if it isn't there."""
    if noun is None or not word.text.startswith(_QUANTIFIES):
        return pair.window_words
    return frozenset(
        other.text
        for place in pair.matcher.places(noun, pair.sentences)
        for other in pair.source.between(place - _NEAR_NOUN, place)
        if other.sentence == pair.source.words[place].sentence
    )


def time(pair: Comparison) -> str:
    """A time that the source does not give, or past told as present or to come."""
    stems = {word.stem for word in pair.window}
    for word in pair.claim.words:
        groups = [group for group in grammar.TIMES if word.text in group and word.text not in grammar.CONNECTIVES]
        given = word.stem in stems or any(pair.window_words & group for group in groups)
        if groups and not given and (word.text not in grammar.TIMES[0] or pair.window_words & grammar.TIME_WORDS):
            return f"{word.text!r} is not in the passage"
    for word, other in pair.predicates:
        said = not pair.claim.clause_of(word).conditional and word.stem == other.stem and _is_verb(pair, other)
        if said and (reason := _tense(pair, word, other)):
            return reason
    return ""


def _is_verb(pair: Comparison, other: Word) -> bool:
    """Whether a word of the source stands in the verb group of its clause."""
    return 0 <= other.place - pair.source.clause_of(other).verb <= _GROUP


def _tense(pair: Comparison, word: Word, other: Word) -> str:
    told, meant = pair.claim.clause_of(word).past, pair.source.clause_of(other).past
    if told is True and (meant is False or (other.future and not other.text.endswith("ed"))):
        return "what is told as past is not"
    if told is False and meant is True:
        return "what is past is told as present"
    return "what is past is told as to come" if word.future and meant is True else ""


def counts(pair: Comparison) -> str:
    """A number that the source gives of something else: "two months" for "version 2"."""
    for word in pair.claim.words:
        value = _value(word)
        if value is None or value < 2 or is_name(pair.claim, word):
            continue
        counted = [w for w in pair.claim.between(word.place - 2, word.place + 3) if w.content and _value(w) is None]
        places = [place for w in counted for place in pair.matcher.places(w, pair.sentences)]
        same = [w.place for w in pair.window if _value(w) == value]
        if counted and same and not any(abs(one - place) <= _NEAR_NUMBER for one in same for place in places):
            return f"{word.text!r} counts something else in the passage"
    return ""


def _value(word: Word) -> float | None:
    found = numbers(word.text)
    return min(found) if len(found) == 1 else None


def order(pair: Comparison) -> str:
    """One thing before another, told the other way round."""
    turns = [w for w in pair.claim.words if w.text in _ORDER]
    given = [w for w in pair.window if w.text in _ORDER]
    if len(turns) != 1 or len({w.text for w in given}) != 1 or turns[0].text == given[0].text:
        return ""
    content = [(word.place, other) for word, other in pair.links if word.content]
    ahead = [other for place, other in content if place < turns[0].place]
    behind = [other for place, other in content if place > turns[0].place]
    for turn in given:
        same = [o for o in (*ahead, *behind) if o.sentence == turn.sentence]
        straight = any(o.place < turn.place for o in ahead if o in same) and all(
            o.place > turn.place for o in behind if o in same
        )
        if straight and any(o in same for o in behind):
            return f"{turns[0].text!r} is {turn.text!r} in the passage"
    return ""


def direction(pair: Comparison) -> str:
    """More told as less, rising as falling: compared with the clause that the words beside it are linked with."""
    for number in range(len(pair.claim.clauses)):
        turns = [w for w in pair.claim.words if w.clause == number and w.text in grammar.UP | grammar.DOWN]
        links = [(word, other) for word, other in pair.links if word.clause == number]
        if not turns or not links:
            continue
        clauses = {min(links, key=lambda link: abs(link[0].place - turn.place))[1].clause for turn in turns}
        said = {word.text for word in turns}
        near = {word.text for word in pair.window if word.clause in clauses}
        for way, back in ((grammar.UP, grammar.DOWN), (grammar.DOWN, grammar.UP)):
            if said & way and not near & way and near & back:
                return "a comparison is turned round"
    return ""
