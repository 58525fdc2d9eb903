"""What fills a place beside a word, on both sides: "created by X" or by Y, 42 of this or of that, and why. Pure."""

from collections.abc import Iterator

from bot.answering import grammar
from bot.answering.comparison import Comparison
from bot.answering.words import Reading, Word, is_name, is_party, owns
from knowledge.language import numbers

_JOINTS = frozenset("by for on in to from with at into when if after before until against under".split())
"""Words that join what completes a statement to it."""
_CAUSES = frozenset("because since due therefore hence thus".split())
"""Words that say why something is so."""
_REASONS = _CAUSES | frozenset(
    """so as reason reasons why result results cause causes caused causing led leads lead lets means allows thanks
    after credited attributed consequently allow mean owing prompted""".split()
)
"""Words by which a text may say the same."""
_NEAR = 3
"""How many words apart a number and what it counts stand."""


def completion(pair: Comparison) -> str:
    """A word with the same preposition behind it on both sides, but something else behind that."""
    for word, linked in pair.links:
        if word.name or is_party(word) or not pair.is_exact(word):
            continue
        joint = _joint(pair.claim, word)
        after = next(_linked_behind(pair, joint), None) if joint else None
        if joint is None or after is None:
            continue
        same = [o for o in pair.window if o.stem == linked.stem]
        joints = [j for o in same if (j := _joint(pair.source, o, joint.text))]
        place = pair.alignment.links[after.place]
        if joints and not any(_reaches(pair.source, j, place) for j in joints):
            return f"{word.text!r} is not followed by {joint.text!r} {after.text!r} in the passage"
    return ""


def _joint(reading: Reading, word: Word, wanted: str = "") -> Word | None:
    """The preposition or conjunction right behind a word, or behind its adverb; the wanted one, if any."""
    behind = reading.between(word.place + 1, word.place + 3)
    first = next((w for w in behind if not w.text.endswith("ly")), None)
    found = first is not None and first.text in _JOINTS and first.sentence == word.sentence
    return first if found and first is not None and wanted in ("", first.text) else None


def _linked_behind(pair: Comparison, joint: Word) -> Iterator[Word]:
    """The first content word behind a joint, if the source has it and no pronoun stands there."""
    for word in pair.claim.between(joint.place + 1, joint.place + 5):
        if is_party(word) or word.text in grammar.PRONOUNS | grammar.CONJUNCTIONS or owns(pair.claim, word):
            return
        if word.content:
            yield from [word] if word.place in pair.alignment.links else []
            return


def _reaches(reading: Reading, joint: Word, place: int) -> bool:
    """Whether a place belongs to what a joint opens: up to the end of its clause."""
    after = reading.words[min(joint.place + 1, len(reading.words) - 1)]
    last = max(reading.clause_of(joint).last, reading.clause_of(after).last)
    return joint.place < place <= last


def counted(pair: Comparison) -> str:
    """A number that the source gives of something else, or behind another number of the same kind."""
    for word in pair.claim.words:
        value = _value(word)
        if value is None or is_name(pair.claim, word):
            continue
        same = [w for w in pair.window if _value(w) == value]
        unit = next((w for w in pair.claim.between(word.place + 1, word.place + _NEAR) if w.content), None)
        if not same or unit is None or _value(unit) is not None:
            continue
        units = pair.matcher.places(unit, pair.sentences)
        if units and all(_is_counted_otherwise(pair.source, place, value) for place in units):
            return f"{word.text!r} counts something else in the passage"
        if all(_is_behind_another(pair, word, unit, one) for one in same):
            return f"{word.text!r} is said of something else in the passage"
    return ""


def _is_counted_otherwise(reading: Reading, place: int, value: float) -> bool:
    """Whether another number stands right before a word."""
    before = [v for w in reading.between(place - 2, place) if (v := _value(w)) is not None]
    return bool(before) and value not in before


def _is_behind_another(pair: Comparison, word: Word, unit: Word, same: Word) -> bool:
    """Whether another number of the same kind, not claimed, stands between a number and all that is told of it."""
    told = [o for w, o in pair.links if w.content and w.place < word.place and _value(w) is None]
    near = [o for o in told if o.sentence == same.sentence]
    if not near or any(o.place >= same.place for o in near):
        return False
    claimed = {_value(w) for w in pair.claim.words}
    last = max(o.place for o in near)
    between = pair.source.between(last + 1, same.place)
    others = (w for w in between if (v := _value(w)) is not None and v not in claimed and v >= 1)
    return any(unit.stem in {w.stem for w in pair.source.between(o.place + 1, o.place + _NEAR)} for o in others)


def _value(word: Word) -> float | None:
    found = numbers(word.text)
    return min(found) if len(found) == 1 else None


def cause(pair: Comparison) -> str:
    """A reason, where the source does not join the two statements by one."""
    for word in pair.claim.words:
        if word.text not in _CAUSES or (word.text == "since" and not _opens_clause(pair.claim, word)):
            continue
        ahead = [o for w, o in pair.links if w.place < word.place and w.content]
        behind = [o for w, o in pair.links if w.place > word.place and w.content]
        if not ahead or not behind:
            continue
        first, last = min(o.place for o in (*ahead, *behind)), max(o.place for o in (*ahead, *behind))
        opening = min(w.place for w in pair.window if w.sentence == pair.source.words[first].sentence)
        stretch = pair.source.text[pair.source.words[opening].start : pair.source.words[last].end]
        said = {w.text for w in pair.source.between(opening, last)}
        joined = (said - pair.claim_words) & _REASONS or said & _CAUSES or any(mark in stretch for mark in ";:—–")
        if not joined:
            return f"{word.text!r}: the passage gives no such reason"
    return ""


def _opens_clause(reading: Reading, word: Word) -> bool:
    clause = reading.clause_of(word)
    return clause.first == word.place and clause.verb >= 0
