"""Under which condition something is so, and with what exception, on both sides. Pure."""

from collections.abc import Iterator

from bot.answering import grammar
from bot.answering.comparison import Comparison
from bot.answering.words import Clause, Reading, Word, is_name

_ASKING = frozenset("if unless when once upon".split())
_EXCEPTED = grammar.RESTRICTORS | frozenset("other but excluded excludes".split())


def condition(pair: Comparison) -> str:
    """A consequence told without its condition, or a condition told as a fact."""
    if _refers_back(pair) or not any(clause.verb >= 0 for clause in pair.claim.clauses):
        return ""
    told = _told_conditions(pair)
    for word, other in pair.predicates:
        clause = pair.claim.clause_of(word)
        if clause.conditional or not pair.is_direct(word):
            continue
        asked = pair.source.clause_of(other)
        if pair.opens(asked, "if") and other.place >= asked.verb and _is_flat(pair, word):
            return "a condition is told as a fact"
        meant = list(_governing(pair.source, other))
        if meant and not any(c.first <= place <= _reach(pair.source, c, other) for c in meant for place in told):
            return "a condition is left out"
    return ""


def exception(pair: Comparison) -> str:
    """Something that the source excepts, told as if it were meant."""
    if pair.claim_words & _EXCEPTED:
        return ""
    for word, other in pair.links:
        meant = (word.negated and is_name(pair.claim, word)) or word.place == pair.matcher.subject
        if meant and pair.opens(pair.source.clause_of(other), "except", "excluding"):
            return f"{word.text!r} is an exception in the passage"
    return ""


def _told_conditions(pair: Comparison) -> set[int]:
    """The places in the source that the claim's conditions are linked with; all of its links if it has none."""
    first = pair.claim.words
    asked = [c for c in pair.claim.clauses if c.conditional and first[c.first].text in _ASKING]
    links = pair.alignment.links.items()
    return {s for c, s in links if not asked or any(q.first <= c <= q.last for q in asked)}


def _refers_back(pair: Comparison) -> bool:
    """Whether the claim leans on the sentence before it: "such a license", "this applies"."""
    words = pair.claim.words
    pointing = [w for w in words[:3] if w.text in ("this", "that", "these", "those")]
    bare = any(w.place + 1 == len(words) or not words[w.place + 1].content for w in pointing)
    return bare or "such" in pair.claim_words


def _is_flat(pair: Comparison, word: Word) -> bool:
    """Whether a clause of the claim asserts, rather than describing a noun or leaving something open."""
    opener = pair.claim.words[pair.claim.clause_of(word).first]
    return opener.text not in grammar.OPENERS and not word.hedged and not word.freedom


def _governing(reading: Reading, word: Word) -> Iterator[Clause]:
    """The conditions of the statement in which a word stands outside them: before it, or right behind its clause."""
    if reading.clause_of(word).conditional:
        return
    for clause in reading.clauses:
        first = reading.words[clause.first]
        opened = any(w.text in ("if", "unless") for w in reading.between(clause.first, clause.first + 2))
        if not opened or not clause.conditional or not clause.subject or first.sentence != word.sentence:
            continue
        before = reading.words[clause.first - 1].end if clause.first else 0
        near = clause.first < word.place or clause.first == reading.clause_of(word).last + 1
        if near and "(" not in reading.text[before : first.start]:
            yield clause


def _reach(reading: Reading, asked: Clause, word: Word) -> int:
    """The last place of a condition with all that hangs on it: up to the statement it governs, if that comes later."""
    main = reading.clause_of(word)
    return main.first - 1 if asked.first < main.first else asked.last
