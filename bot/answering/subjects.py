"""Who a clause is about, as far as word order tells: its subject, its antecedent, its voice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering import grammar
from bot.answering.words import Clause, Reading, Word, is_party, owns

_RELATIVE = frozenset("that which who whom whose what that's who's".split())
_SPEAKER = frozenset("i i'm we we're there there's".split())
_DEFINITE = frozenset("the this that its their our".split())


@dataclass(frozen=True, slots=True)
class Actor:
    """What a clause is about: the words that name its subject, or "you"; empty if a pronoun leaves it open."""

    head: frozenset[str]
    whole: frozenset[str]
    named: bool
    passive: bool
    places: tuple[int, ...]
    kind: bool = False
    """Whether the subject is a kind of thing in general: "companies", not "the company"."""


def actor_of(reading: Reading, word: Word) -> Actor | None:
    """The subject of the clause in which a word stands behind the verb; None if it is not known."""
    clause = reading.clauses[word.clause]
    if clause.verb < 0 or word.place < clause.verb:
        return None
    if is_noun(reading, word) and not any(w.text in grammar.BE for w in reading.words[clause.verb : word.place]):
        return None
    passive = _is_passive(reading, clause, word)
    subject = subject_words(reading, word.clause)
    return _actor(reading, subject, passive)


def is_noun(reading: Reading, word: Word) -> bool:
    """Whether a word stands where only a noun stands: behind a possessive or a preposition."""
    before = reading.words[word.place - 1] if word.place else None
    if before is None or before.clause != word.clause:
        return False
    return before.text in grammar.POSSESSIVES | {"upon", "of"} or owns(reading, before)


def subject_words(reading: Reading, number: int, depth: int = 3) -> list[Word]:
    """The words of a clause's subject; of its antecedent if it is a pronoun."""
    own = [reading.words[place] for place in reading.clauses[number].subject]
    if own and (own[-1].text in ("this", "these", "there", "those") or own[0].text in _SPEAKER):
        return own
    open_ = all(not word.content or word.text in grammar.PRONOUNS for word in own)
    if depth and open_ and not any(map(is_party, own)):
        return _antecedent(reading, number, depth) or own
    return own


def _antecedent(reading: Reading, number: int, depth: int) -> list[Word]:
    """What a pronoun stands for: the noun before a relative clause and the subjects that stand before it."""
    if not number:
        return []
    first, before = reading.words[reading.clauses[number].first], reading.clauses[number - 1]
    opener = reading.words[before.first]
    if opener.sentence != first.sentence:
        return []
    found: list[Word] = []
    if first.text in _RELATIVE:
        found = _last_noun(reading, before)
        if opener.text in _RELATIVE and number > 1 and depth > 1:
            found = _antecedent(reading, number - 1, depth - 1) + found
    return found + subject_words(reading, number - 1, depth - 1)


def _last_noun(reading: Reading, clause: Clause) -> list[Word]:
    noun: list[Word] = []
    for word in reversed(reading.words[clause.first : clause.last + 1]):
        if not word.content:
            break
        noun.insert(0, word)
    return noun


def _actor(reading: Reading, subject: Sequence[Word], passive: bool) -> Actor:
    head = _head(subject)
    places = tuple(word.place for word in subject)
    whole = frozenset(w.stem for w in subject if w.content) | {"you" for w in subject if w.text in grammar.ADDRESSEE}
    addressed = any(w.text in grammar.ADDRESSEE and not w.text.startswith("your") for w in head)
    if addressed and not any(w.name for w in head):
        return Actor(frozenset({"you"}), whole, True, passive, places)
    if names := frozenset(w.stem for w in head if w.name and not _is_modifier(reading, w, places)):
        return Actor(names, whole, True, passive, places)
    noun = next((word for word in reversed(head) if _is_plain_noun(word)), None)
    if noun is None:
        return Actor(frozenset(), whole, False, passive, places)
    if noun.stem in grammar.GENERIC:
        # "companies like Acme": the kind says little, the name says who.
        examples = frozenset(w.stem for w in subject if w.name and w.place > noun.place)
        kind = not examples and head[0].text not in _DEFINITE
        return Actor(examples, whole, bool(examples), passive, places, kind)
    return Actor(frozenset({noun.stem}), whole, False, passive, places)


def _is_plain_noun(word: Word) -> bool:
    other = word.text in grammar.ANYBODY | grammar.NEGATORS or word.text[0].isdigit() or word.text.endswith("ly")
    return word.content and not other


def _head(subject: Sequence[Word]) -> list[Word]:
    """The subject up to its first preposition."""
    head: list[Word] = []
    for word in subject:
        if word.text in grammar.PREPOSITIONS and head and word.text != "or":
            break
        head.append(word)
    return head


def _is_modifier(reading: Reading, word: Word, subject: Sequence[int]) -> bool:
    """Whether a name only modifies what follows: "Acme's model", "the Acme phone"."""
    if owns(reading, word):
        return True
    after = next(iter(reading.between(word.place + 1, word.place + 2)), None)
    noun = after is not None and after.content and not after.name and not after.text.endswith("ly")
    return noun and after is not None and after.place in subject


def _is_passive(reading: Reading, clause: Clause, word: Word) -> bool:
    before = [w.text for w in reading.words[clause.verb : word.place]]
    participle = word.text.endswith("ed") or word.text in grammar.IRREGULAR_PARTICIPLES
    return participle and any(text in grammar.BE for text in before[-3:])
