"""Who does what to whom, as far as word order tells: the subjects of two statements compared. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering import grammar
from bot.answering.reading import Clause, Reading, Word

_RELATIVE = frozenset("that which who whom whose what that's who's".split())


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


def is_party(word: Word) -> bool:
    """Whether a word names the party addressed, or anybody."""
    return word.text in grammar.ADDRESSEE or word.text in grammar.ANYBODY


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
    return before.text in ("your", "its", "their", "his", "her", "our", "upon", "of") or owns(reading, before)


def subject_words(reading: Reading, number: int, depth: int = 3) -> list[Word]:
    """The words of a clause's subject; of its antecedent if it is a pronoun."""
    clause = reading.clauses[number]
    own = [reading.words[place] for place in clause.subject]
    if own and own[-1].text in ("this", "these", "there", "those"):
        return own
    if depth and (not own or all(not w.content or w.text in grammar.PRONOUNS for w in own)) and not any(is_party(w) for w in own):
        if own and own[0].text in ("i", "i'm", "we", "we're", "there", "there's"):
            return own
        return _antecedent(reading, number, own, depth) or own
    return own


def _antecedent(reading: Reading, number: int, own: Sequence[Word], depth: int) -> list[Word]:
    """What a pronoun stands for: the noun before a relative clause and the subjects that stand before it."""
    if not number:
        return []
    clause, before = reading.clauses[number], reading.clauses[number - 1]
    found: list[Word] = []
    if reading.words[clause.first].text in _RELATIVE and reading.words[before.first].sentence == reading.words[clause.first].sentence:
        found = _last_noun(reading, before)
        if reading.words[before.first].text in _RELATIVE and number > 1 and depth > 1:
            found = _antecedent(reading, number - 1, [], depth - 1) + found
    if reading.words[before.first].sentence != reading.words[clause.first].sentence:
        return found
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
    whole = frozenset(w.stem for w in subject if w.content) | frozenset("you" for w in subject if w.text in grammar.ADDRESSEE)
    if any(w.text in grammar.ADDRESSEE and not w.text.startswith("your") for w in head) and not any(w.name for w in head):
        return Actor(frozenset({"you"}), whole, True, passive, places)
    names = [w for w in head if w.name and not _is_modifier(reading, w, places)]
    if names:
        return Actor(frozenset(w.stem for w in names), whole, True, passive, places)
    plain = [w for w in head if w.content and w.text not in grammar.ANYBODY and not w.text[0].isdigit() and not w.text.endswith("ly")]
    common = plain[-1:]
    if all(w.stem in grammar.GENERIC for w in common):
        # "companies like Acme": the kind says little, the name says who.
        examples = frozenset(w.stem for w in subject if w.name and w.place > common[0].place) if common else frozenset()
        kind = bool(common) and not examples and head[0].text not in ("the", "this", "that", "its", "their", "our")
        return Actor(examples, whole, bool(examples), passive, places, kind)
    return Actor(frozenset(w.stem for w in common), whole, False, passive, places)


def _head(subject: Sequence[Word]) -> list[Word]:
    """The subject up to its first preposition."""
    head: list[Word] = []
    for word in subject:
        if word.text in grammar.PREPOSITIONS and head and word.text != "or":
            break
        head.append(word)
    return head


def _is_modifier(reading: Reading, word: Word, subject: Sequence[int]) -> bool:
    """Whether a name only modifies what follows: "Meta's model", "the Acme phone"."""
    after = reading.words[word.place + 1] if word.place + 1 < len(reading.words) else None
    return owns(reading, word) or (after is not None and after.content and not after.name and after.place in subject and not after.text.endswith("ly"))


def owns(reading: Reading, word: Word) -> bool:
    """Whether a word is a possessive."""
    return reading.text[word.start : word.end].endswith(("'s", "’s", "s'", "s’"))


def _is_passive(reading: Reading, clause: Clause, word: Word) -> bool:
    before = [w.text for w in reading.words[clause.verb : word.place]]
    participle = word.text.endswith("ed") or word.text in grammar.IRREGULAR_PARTICIPLES
    return participle and any(text in grammar.BE for text in before[-3:])


def preposition(reading: Reading, place: int) -> str:
    """The preposition that governs a word, if one stands at most three words before it."""
    for word in reversed(reading.words[max(0, place - 3) : place]):
        if word.text in grammar.PREPOSITIONS:
            return word.text
        if word.content and not word.name:
            return ""
    return ""


def possessors(reading: Reading, place: int) -> tuple[frozenset[str], bool]:
    """Whose a thing is: the stems before it ("Meta's new model") or behind "of" or "from"; and whether a pronoun says so."""
    found: set[str] = set()
    pronoun = False
    for word in reversed(reading.words[max(0, place - 5) : place]):
        if word.clause != reading.words[place].clause or word.text in grammar.PREPOSITIONS | grammar.AUXILIARIES | {"and", "or"}:
            break
        if word.text in ("your", "yours") or (word.text in grammar.ADDRESSEE and owns(reading, word)):
            found.add("you")
        elif word.text in ("its", "their", "his", "her", "our", "my"):
            pronoun = True
        elif owns(reading, word):
            found.add(word.stem)
    after = reading.words[place + 1 : place + 5]
    if not found and not pronoun and after and after[0].text in ("of", "from", "by"):
        found |= {w.stem for w in after[1:] if w.name} | {"you" for w in after[1:3] if w.text in grammar.ADDRESSEE}
    return frozenset(found), pronoun
