"""Where clauses begin, and what in them is the subject and the verb, told by word order and closed word classes. Pure.

There is no parser here: a clause begins at punctuation or at a word that opens one, a subject is what stands before its
first verb. Where that is not enough to be sure, nothing is claimed to be known.
"""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from bot.answering import grammar
from bot.answering.words import Clause, Word
from knowledge.language import numbers, rarity

_HARD = re.compile(r"[;:.!?()—–]")
_LOOKAHEAD = 7
"""How many words ahead the verb of a statement is looked for."""
_COMMON = 3.8
"""How rare a form in -ing may be for its stem to be a verb."""
_PERSONAL = frozenset("you they we it he she i who which whoever".split())
_SUBJECTS = _PERSONAL | frozenset("this that these those".split())
_PLAIN_VERBS = frozenset("makes make gets get goes go lets let owns own need needs want wants".split())
_ADVERBS = frozenset("also then now still often always never just even only not both".split())


def clause_starts(text: str, words: Sequence[Word], muted: Collection[int]) -> list[int]:
    """The places at which a clause begins; openers at `muted` places are none."""
    starts = [0] if words else []
    for place in range(1, len(words)):
        before, word = words[place - 1], words[place]
        gap = text[before.end : word.start]
        apart = word.sentence != before.sentence or bool(_HARD.search(gap) and gap.strip() != ".")
        if apart or _opens(words, place, starts[-1], muted) or _joins(words, place, starts[-1], "," in gap):
            starts.append(place)
    return starts


def clause_of(words: Sequence[Word]) -> Clause:
    """The clause that some words make up."""
    verb = verb_place(words)
    base = words[0].place
    group = words[verb : verb + 4] if verb >= 0 else []
    return Clause(
        first=base,
        last=words[-1].place,
        verb=base + verb if verb >= 0 else -1,
        conditional=any(word.text in grammar.CONDITIONALS for word in words[:2]),
        subject=tuple(base + place for place in _subject(words, verb)),
        past=_tense(group[0].text) if group else None,
        denied=any(word.negated for word in group) and not any(word.text == "without" for word in group),
    )


def _tense(verb: str) -> bool | None:
    if verb in grammar.PAST:
        return True
    return False if verb in grammar.BE | grammar.PRESENT else None


def _opens(words: Sequence[Word], place: int, start: int, muted: Collection[int]) -> bool:
    """Whether a word opens a clause: "if …", "because …", "the model that's …"."""
    word, before = words[place], words[place - 1]
    if word.text in ("that's", "who's"):
        return before.content
    # An opener belongs to the conjunction before it: "and if", "even if", "so that".
    chained = before.place == start and before.text in grammar.OPENERS | {"and", "even", "or"}
    return word.text in grammar.OPENERS and not chained and place not in muted and not _is_plain(words, place)


def _is_plain(words: Sequence[Word], place: int) -> bool:
    """Whether a clause opener is used as something else: "that model", "as early as", "more than"."""
    word, after = words[place].text, words[place + 1].text if place + 1 < len(words) else ""
    if word == "so" and after in grammar.ARTICLES:
        return False
    if word in ("than", "as", "so", "where", "once", "upon"):
        return not (word in ("as", "so", "where", "once") and _is_subject_word(words, place + 1))
    if word == "that":
        verb_soon = any(other.text in grammar.FINITE for other in words[place + 1 : place + _LOOKAHEAD])
        return not verb_soon and not _is_subject_word(words, place + 1) and not looks_finite(after)
    return word == "when" and after in ("", "it")


def _is_subject_word(words: Sequence[Word], place: int) -> bool:
    if place >= len(words):
        return False
    word = words[place]
    follows = [other.text in grammar.FINITE for other in words[place + 1 : place + 5]]
    return word.text in grammar.PRONOUNS | grammar.ADDRESSEE or word.name or any(follows)


def _joins(words: Sequence[Word], place: int, start: int, comma: bool) -> bool:
    """Whether a comma, an "and" or a second verb begins another statement."""
    before = words[start:place]
    if _has_second_verb(words, place, start):
        return True
    conjunction = words[place].text in grammar.CONJUNCTIONS
    if comma and not conjunction and _ends_condition(words, place, before):
        return True
    if comma or (conjunction and any(word.text in grammar.FINITE for word in before)):
        return _states(words, place + conjunction, comma, words[place].text if conjunction else "")
    return False


def _states(words: Sequence[Word], first: int, comma: bool, conjunction: str) -> bool:
    """Whether a statement with a subject and a verb of its own begins at a place."""
    ahead = words[first : first + (2 * _LOOKAHEAD if comma and conjunction else _LOOKAHEAD)]
    if not ahead or ahead[0].text in (grammar.AUXILIARIES | grammar.PREPOSITIONS | grammar.OPENERS) - {"that"}:
        return False
    subject = ahead[0].text in grammar.SUBJECTS
    if conjunction == "or" and not subject:
        return False
    if subject and len(ahead) > 1 and ahead[1].text not in grammar.PREPOSITIONS | grammar.CONJUNCTIONS:
        return True
    verb = next((place for place, word in enumerate(ahead) if word.text in grammar.FINITE), 0)
    if not comma and ahead[0].text not in grammar.PRONOUNS | {"you"} and verb > 3:
        return False
    # A list goes on with commas or another "and" before any verb.
    return verb > 0 and not any(word.text in grammar.CONJUNCTIONS | grammar.OPENERS for word in ahead[:verb])


def _ends_condition(words: Sequence[Word], place: int, before: Sequence[Word]) -> bool:
    """Whether a comma ends a condition: "if X sues, | the license ends"."""
    word = words[place]
    if not any(w.text in grammar.CONDITIONALS | {"because", "although", "while"} for w in before[:2]):
        return False
    if verb_place(before) < 0 and not any(w.text.endswith("ed") for w in before[1:3]):
        return False
    noun = word.name or (word.text.endswith("s") and word.content)
    return noun or word.text in grammar.ARTICLES | grammar.SUBJECTS | grammar.ADDRESSEE


def _has_second_verb(words: Sequence[Word], place: int, first: int) -> bool:
    """Whether a second finite verb ends a relative clause: "the model | that we built | is …"."""
    word, before = words[place], words[place - 1]
    opened = words[first].text in ("that", "which", "who", "whose", "whoever", "whatever")
    if word.text not in grammar.FINITE or not opened or before.text in grammar.PRONOUNS | {"to", "you", "not"}:
        return False
    if before.text in grammar.FINITE | {"and", "or", "but"} or before.text.endswith("ly"):
        return False
    return any(_may_be_verb(w) for w in words[first + 1 : place - 1])


def _may_be_verb(word: Word) -> bool:
    return word.text in grammar.FINITE or (not word.name and word.content and looks_finite(word.text))


def verb_place(words: Sequence[Word]) -> int:
    """Where the verb group of a clause begins: its first auxiliary, or else what looks like a verb after a subject."""
    for place, word in enumerate(words):
        if word.text in grammar.FINITE and not (place and words[place - 1].text == "to"):
            return next((earlier for earlier in range(1, place) if _is_third(words, earlier)), place)
    if (after := _after_pronoun(words)) is not None:
        return after
    strict = next((place for place in range(1, len(words)) if _is_verb(words, place)), -1)
    return strict if strict >= 0 else _bare_verb(words)


def _bare_verb(words: Sequence[Word]) -> int:
    """The place of a verb that only its form tells: "sleep strengthens memories", "the authors stayed awake"."""
    places = [place for place in range(1, len(words)) if _may_be_finite(words, place)]
    for place, later in zip(places, [*places[1:], -1], strict=False):
        after = words[place + 1].text if place + 1 < len(words) else ""
        # "a report published in March warned": a participle with a preposition behind it waits for the verb.
        if later < 0 or after not in grammar.PREPOSITIONS:
            return place
    return -1


def _is_third(words: Sequence[Word], place: int) -> bool:
    """Whether a word is surely a verb in the third person: "the licensor grants you …"."""
    before, word, after = words[place - 1], words[place], words[place + 1].text
    object_follows = after in grammar.ADDRESSEE | {"the", "a", "an", "its", "their", "it", "them"}
    plain = before.content and not before.text.endswith("s") and word.content and not word.name
    return plain and object_follows and word.text.endswith("s") and looks_finite(word.text)


def _may_be_finite(words: Sequence[Word], place: int) -> bool:
    before, word = words[place - 1], words[place]
    if word.name or before.text in grammar.ARTICLES | grammar.PREPOSITIONS | {"and", "or", "to"}:
        return False
    if word.text in grammar.PAST_FORMS or (word.text.endswith("ed") and len(word.text) > 4):
        return before.content or before.text in grammar.PRONOUNS
    third = word.content and word.text.endswith("s") and looks_finite(word.text)
    return third and before.content and not before.text.endswith("s")


def _after_pronoun(words: Sequence[Word]) -> int | None:
    """The place of the verb of "they also build …"."""
    joints = (grammar.OPENERS | grammar.CONJUNCTIONS) - _SUBJECTS
    opening = next((place for place, word in enumerate(words) if word.text not in joints), 0)
    if words[opening].text not in _SUBJECTS:
        return None
    after = next((place for place in range(opening + 1, len(words)) if not _is_adverb(words[place])), None)
    closed = grammar.PREPOSITIONS | grammar.ARTICLES | grammar.CONJUNCTIONS | grammar.OPENERS
    return after if after is not None and words[after].text not in closed else None


def _is_verb(words: Sequence[Word], place: int) -> bool:
    """Whether a word that is no auxiliary looks like the verb of its clause."""
    before, word = words[place - 1], words[place]
    after = words[place + 1] if place + 1 < len(words) else None
    closed = after is None or not after.content or after.name or after.text[0].isdigit() or bool(numbers(after.text))
    if word.text in _PLAIN_VERBS and before.text != "to" and (before.content or before.text in _PERSONAL):
        return True
    if not word.content or word.name:
        return False
    finite = looks_finite(word.text) and before.text not in grammar.ARTICLES | grammar.PREPOSITIONS | {"and", "or"}
    if finite and after is not None and looks_finite(after.text) and after.text.endswith("s"):
        return False
    if before.text in _PERSONAL or (finite and (closed or before.name)):
        return True
    # A plural subject and a verb in its plain form: "products sit on top".
    plural = _is_plural(before) and not word.text.endswith("s")
    return closed and plural and _has_ing(word.text)


def _is_plural(word: Word) -> bool:
    return word.content and word.text.endswith(("s", "men", "people", "children"))


def _subject(words: Sequence[Word], verb: int) -> Sequence[int]:
    """The places of the words of the subject: before the verb, or behind it where the order is turned."""
    if verb < 0:
        return ()
    if "'" in words[verb].text and not words[verb].text.endswith("n't"):
        # "it's", "you're": the subject is in the verb.
        return (verb,)
    joints = (grammar.OPENERS | grammar.CONJUNCTIONS) - grammar.PRONOUNS
    ahead = [place for place in range(verb) if words[place].text not in joints]
    if (not ahead or _is_turned(words[:verb])) and verb and words[verb].text in grammar.AUXILIARIES:
        stops = grammar.AUXILIARIES | grammar.PREPOSITIONS
        stop = next((place for place in range(verb + 1, len(words)) if words[place].text in stops), verb + 4)
        return range(verb + 1, min(stop, len(words)))
    return ahead


def _is_turned(before: Sequence[Word]) -> bool:
    """Whether the verb comes before its subject: "in no event will X be liable"."""
    opens = any(word.text in ("in", "under", "nor", "neither", "at") for word in before[:2])
    return opens and any(w.text in grammar.TURNING and (w.negated or not w.place) for w in before)


def _is_adverb(word: Word) -> bool:
    return word.text.endswith("ly") or word.text in _ADVERBS


@lru_cache(maxsize=20_000)
def looks_finite(word: str) -> bool:
    """Whether a word may be a verb in the third person or in the past: English has its -ing form in common use."""
    if word.endswith("ed") and len(word) > 4:
        return True
    if not word.endswith("s") or word.endswith(("ss", "us", "'s", "is")) or len(word) < 4:
        return False
    base = word[:-2] if word.endswith(("shes", "ches", "xes", "sses", "zes", "oes")) else word[:-1]
    base = base[:-2] + "y" if base.endswith("ie") and len(base) > 4 else base
    return _has_ing(base)


def _has_ing(base: str) -> bool:
    forms = (base + "ing", base[:-1] + "ing" if base.endswith("e") else "", base + base[-1] + "ing")
    return any(form and rarity(form) < _COMMON for form in forms)
