"""A text read the way verification compares it: words in clauses, with negation, force, subject and voice. Pure.

There is no parser here: clauses are found by punctuation and by the words that open them, a subject is what stands
before a clause's first verb. Where that is not enough to be sure, nothing is claimed to be known.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bot.answering import grammar
from knowledge.language import Token, rarity, stem, tokens
from knowledge.sentences import sentence_spans

_RARE = 4.0
"""How rare a word is that is a name even where it opens a sentence."""
_OPENED = re.compile(r"(?:^|[.!?:]|\n)[\s\"'“‘(]*$")
_HARD = re.compile(r"[;:.!?()—–]")
_LOOKAHEAD = 7
_SUBJECTS = frozenset("you they we it he she i who which whoever this that these those".split())
_PERSONAL = frozenset("you they we it he she i who which whoever".split())
_PLAIN_VERBS = frozenset("makes make gets get goes go lets let owns own need needs want wants".split())
_CONTENT_TOO = frozenset("same own".split())
"""Words that retrieval passes over, but that change what is said."""
_SUFFIXES = frozenset("er or ee ship er's ers ment ion ation al able ness ly ful ity ance ence ing ed ant ent ive ory ist ism ic ical".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its clause: how often it is denied, and which modal verb governs it."""

    place: int
    text: str
    stem: str
    start: int
    end: int
    content: bool
    name: bool
    clause: int = 0
    sentence: int = 0
    denials: int = 0
    duty: bool = False
    freedom: bool = False
    hedged: bool = False
    optional: bool = False
    future: bool = False

    @property
    def negated(self) -> bool:
        """Whether the word is denied; two denials cancel each other."""
        return self.denials % 2 == 1


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of words with at most one verb group: `verb` is the place where it begins, -1 if none was found."""

    first: int
    last: int
    verb: int
    conditional: bool
    subject: tuple[int, ...]
    past: bool | None
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as words and clauses."""

    text: str
    words: tuple[Word, ...]
    clauses: tuple[Clause, ...]
    stems: frozenset[str] = field(default=frozenset())

    def clause_of(self, place: int) -> Clause:
        """The clause that a word stands in."""
        return self.clauses[self.words[place].clause]

    def has(self, words: frozenset[str]) -> bool:
        """Whether one of some words occurs."""
        return any(word.text in words for word in self.words)


@lru_cache(maxsize=512)
def read(text: str, beside: str = "") -> Reading:
    """Read a text of one or more sentences; what stands beside it tells names from words that only open a sentence."""
    known = _names(text) | _names(beside)
    found = tuple(tokens(text))
    shouted = sum(c.isupper() for c in text) > 0.6 * sum(c.isalpha() for c in text)
    idioms = [(m.start(), m.end()) for m in grammar.IDIOMS.finditer(text)]
    muted = {place for place, token in enumerate(found) if any(s <= token.start < e for s, e in idioms)}
    words = tuple(_word(place, token, shouted, place in muted) for place, token in enumerate(found))
    words = _with_sentences(text, words)
    words = tuple(replace(w, name=False) if w.name and w.text not in known and _only_opens(text, words, w.place) else w for w in words)
    bounds = _clause_starts(text, words, muted)
    clauses: list[Clause] = []
    result: list[Word] = []
    governor = words[0] if words else None
    for first, after in zip(bounds, [*bounds[1:], len(words)], strict=False):
        part = _with_force(text, _with_denials(words[first:after], muted))
        if result and governor and part[0].text in ("and", "or") and part[0].sentence == result[-1].sentence and _verb(part) < 0:
            # "must comply with …, and adhere to …": the modal reaches over what was put in between.
            part = [replace(w, duty=governor.duty, freedom=governor.freedom, future=governor.future) for w in part]
        elif _verb(part) >= 0:
            governor = part[-1]
        result += [replace(word, clause=len(clauses)) for word in part]
        clauses.append(_clause(part))
    return Reading(text, tuple(result), tuple(clauses), frozenset(word.stem for word in words))


def _word(place: int, token: Token, shouted: bool, muted: bool) -> Word:
    text = token.text.lower().replace("’", "'")
    name = token.text[0].isupper() and not shouted and token.is_content and token.stem not in grammar.GENERIC
    content = (token.is_content or text in _CONTENT_TOO) and text not in grammar.PREPOSITIONS and not muted
    return Word(place, text, token.stem, token.start, token.end, content, name)


def _names(text: str) -> frozenset[str]:
    """The capitalised words that do not open a sentence, and the rare ones that do."""
    found = tokens(text)
    inner = [t for t in found if t.text[0].isupper() and (rarity(t.text) >= _RARE or not _OPENED.search(text[: t.start]))]
    return frozenset(token.text.lower().replace("’", "'") for token in inner)


def _only_opens(text: str, words: Sequence[Word], place: int) -> bool:
    """Whether a capital only opens a sentence: not in quotes, and not before a number or another capital."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else None
    if place and words[place - 1].sentence == word.sentence:
        return False
    joined = after is not None and (after.name or after.text[0].isdigit()) and not text[word.end : after.start].strip()
    return not joined and text[max(0, word.start - 1) : word.start] not in ('"', "“", "'")


def _with_sentences(text: str, words: Sequence[Word]) -> tuple[Word, ...]:
    ends = [end for _, end in sentence_spans(text)]
    return tuple(replace(word, sentence=sum(end <= word.start for end in ends)) for word in words)


def _clause_starts(text: str, words: Sequence[Word], muted: set[int]) -> list[int]:
    """The places at which a clause begins."""
    starts = [0] if words else []
    for place, word in enumerate(words[1:], start=1):
        gap = text[words[place - 1].end : word.start]
        before = words[starts[-1] : place]
        # An opener belongs to the conjunction before it: "and if", "even if", "so that".
        chained = words[place - 1].place == starts[-1] and words[place - 1].text in grammar.OPENERS | {"and", "even", "or"}
        opens = word.text in grammar.OPENERS and not chained and place not in muted and not _is_plain(words, place)
        opens = opens or (word.text in ("that's", "who's") and words[place - 1].content and place > 0)
        joined = _joins_statement(words, place, before, "," in gap) or _has_second_verb(words, place, starts[-1])
        if (_HARD.search(gap) and not re.fullmatch(r"\.\s?", gap.strip() or "x")) or opens or joined or word.sentence != words[place - 1].sentence:
            starts.append(place)
    return starts


def _after_condition(words: Sequence[Word], place: int, before: Sequence[Word]) -> bool:
    """Whether a comma ends a condition: "if X sues, | the license ends"."""
    word = words[place]
    if not any(w.text in grammar.CONDITIONALS | {"because", "although", "while"} for w in before[:2]):
        return False
    if _verb(before) < 0 and not any(w.text.endswith("ed") for w in before[1:3]):
        return False
    return word.text in grammar.ARTICLES | grammar.SUBJECTS | grammar.ADDRESSEE or word.name or (word.text.endswith("s") and word.content)


def _has_second_verb(words: Sequence[Word], place: int, first: int) -> bool:
    """Whether a second finite verb ends a relative clause: "the model | that we built | is …"."""
    word, before = words[place], words[place - 1]
    opened = words[first].text in ("that", "which", "who", "whose", "whoever", "whatever")
    if word.text not in grammar.FINITE or not opened or before.text in grammar.PRONOUNS | {"to", "you", "not"}:
        return False
    earlier = [w.text in grammar.FINITE or (not w.name and w.content and looks_finite(w.text)) for w in words[first + 1 : place - 1]]
    return any(earlier) and before.text not in grammar.FINITE | {"and", "or", "but"} and not before.text.endswith("ly")


def _is_plain(words: Sequence[Word], place: int) -> bool:
    """Whether a clause opener is used as something else: "that model", "as early as", "more than"."""
    word, after = words[place].text, words[place + 1].text if place + 1 < len(words) else ""
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


def _joins_statement(words: Sequence[Word], place: int, before: Sequence[Word], comma: bool) -> bool:
    """Whether a comma or an "and" begins a statement with a subject and a verb of its own."""
    if not any(word.text in grammar.FINITE for word in before) and not comma:
        return False
    first = place + (words[place].text in grammar.CONJUNCTIONS)
    if comma and first == place and _after_condition(words, place, before):
        return True
    if not comma and first == place:
        return False
    ahead = words[first : first + (2 * _LOOKAHEAD if comma and first > place else _LOOKAHEAD)]
    if not ahead or ahead[0].text in (grammar.AUXILIARIES | grammar.PREPOSITIONS | grammar.OPENERS) - {"that"}:
        return False
    subject = ahead[0].text in grammar.SUBJECTS
    if words[place].text == "or" and not subject:
        return False
    if subject and (comma or first > place) and len(ahead) > 1 and ahead[1].text not in grammar.PREPOSITIONS | grammar.CONJUNCTIONS:
        return True
    verb = next((i for i, word in enumerate(ahead) if word.text in grammar.FINITE), 0)
    if not comma and ahead[0].text not in grammar.PRONOUNS | {"you"} and verb > 3:
        return False
    # A list goes on with commas or another "and" before any verb.
    return 0 < verb and not any(word.text in grammar.CONJUNCTIONS | grammar.OPENERS for word in ahead[:verb])


def _with_denials(words: Sequence[Word], muted: set[int]) -> list[Word]:
    """Count the negators that reach each word: those before it in its clause, and an affix at it."""
    denials, result, first = 0, [], True
    alone: set[int] = set()
    for place, word in enumerate(words):
        before = words[place - 1] if place else None
        after = words[place + 1] if place + 1 < len(words) else None
        own = int(before is not None and before.text == "non") + int(word.place in alone)
        own += int(after is not None and after.text == "free" and word.content and after.start == word.end + 1)
        narrow = next((w.place for w in words[place + 1 : place + 4] if w.text in grammar.EXCLUSIVE or w.text == "same"), -1)
        if word.place not in muted and _denies(word) and narrow >= 0:
            # "not only", "not the same": that word is denied, not the statement.
            alone.add(narrow)
        elif word.place not in muted and _denies(word) and word.text != "non":
            # "neither … nor", "no … nor": one denial, said twice.
            denials += not (word.text in ("nor", "neither") and not first)
            first = False
            result.append(replace(word, content=word.content, denials=denials - 1 + own))
            continue
        result.append(replace(word, denials=denials + own))
    return result


def _denies(word: Word) -> bool:
    return word.text in grammar.NEGATORS or word.text.endswith("n't") or word.stem in grammar.NEGATIVE_VERBS


def _with_force(text: str, words: Sequence[Word]) -> list[Word]:
    """Mark what a modal before a word in its clause makes of it: a duty, a freedom, a possibility, a prospect."""
    if not words:
        return []
    offset, clause = words[0].start, text[words[0].start : words[-1].end]
    marks = {
        kind: [m.end() + offset for m in pattern.finditer(clause)]
        for kind, pattern in (("duty", grammar.DUTY), ("freedom", grammar.PERMISSION), ("future", grammar.FUTURE))
    }
    weak = [m.end() + offset for m in grammar.WEAK_DUTY.finditer(clause)]
    hedges = [m.start() + offset for m in grammar.HEDGE.finditer(clause)]
    denied = [word.end for word in words if word.text in grammar.NEGATORS or word.text.endswith("n't")]
    result = []
    for word in words:
        before = {kind: max((end for end in ends if end <= word.start), default=-1) for kind, ends in marks.items()}
        optional = any(any(no <= end - 3 for no in denied) for end in weak if end <= word.start)
        result.append(
            replace(
                word,
                duty=before["duty"] > before["freedom"] and not optional,
                freedom=before["freedom"] > before["duty"],
                future=before["future"] >= 0,
                optional=optional,
                hedged=bool(hedges) and (min(hedges) <= word.start or len(words) < 14),
            )
        )
    return result


def _clause(words: Sequence[Word]) -> Clause:
    verb = _verb(words)
    subject = _subject(words, verb)
    conditional = any(word.text in grammar.CONDITIONALS for word in words[:2])
    group = [word.text for word in words[max(verb, 0) : max(verb, 0) + 3]] if verb >= 0 else []
    past = None
    if any(text in ("was", "were", "wasn't", "weren't", "did", "didn't", "had") for text in group[:1]):
        past = True
    elif any(text in grammar.BE | {"do", "does", "don't", "doesn't"} for text in group[:1]):
        past = False
    base = words[0].place
    denied = verb >= 0 and any(word.negated for word in words[verb : verb + 4])
    return Clause(base, words[-1].place, base + verb if verb >= 0 else -1, conditional, tuple(base + s for s in subject), past, denied)


def _verb(words: Sequence[Word]) -> int:
    """Where the verb group of a clause begins: its first auxiliary, or else what looks like a verb after a subject."""
    for place, word in enumerate(words):
        if word.text in grammar.FINITE and not (place and words[place - 1].text == "to"):
            return place
    opening = next((i for i, word in enumerate(words) if word.text not in grammar.OPENERS | grammar.CONJUNCTIONS or word.text in _SUBJECTS), 0)
    if words[opening].text in _SUBJECTS:
        after = [i for i in range(opening + 1, len(words)) if not _is_adverb(words[i])][:1]
        if after and words[after[0]].text not in grammar.PREPOSITIONS | grammar.ARTICLES | grammar.CONJUNCTIONS | grammar.OPENERS:
            return after[0]
    for place, word in enumerate(words[1:], start=1):
        before = words[place - 1]
        after = words[place + 1] if place + 1 < len(words) else None
        closed = after is None or not after.content or after.name
        if word.text in _PLAIN_VERBS and before.text != "to" and (before.content or before.text in _PERSONAL):
            return place
        if not word.content or word.name:
            continue
        finite = looks_finite(word.text) and before.text not in grammar.ARTICLES | grammar.PREPOSITIONS | {"and", "or"}
        if finite and after is not None and looks_finite(after.text) and after.text.endswith("s"):
            continue
        if before.text in _PERSONAL or (finite and (closed or before.name)):
            return place
        if closed and before.content and before.text.endswith("s") and not word.text.endswith("s") and _has_ing(word.text):
            # A plural subject and a verb in its plain form: "products sit on top".
            return place
    return -1


def _subject(words: Sequence[Word], verb: int) -> list[int]:
    """The places of the words of the subject: before the verb, or behind it where the order is turned ("in no event will X")."""
    if verb < 0:
        return []
    ahead = [i for i in range(verb) if words[i].text not in grammar.OPENERS | grammar.CONJUNCTIONS or words[i].text in grammar.PRONOUNS]
    turned = verb and any(word.text in ("event", "circumstances", "never", "nor", "neither", "case") and word.negated | (word.place == 0) for word in words[:verb])
    if turned and any(word.text in ("in", "under", "nor", "neither", "at") for word in words[:2]):
        ahead = []
    if "'" in words[verb].text and not words[verb].text.endswith("n't"):
        # "it's", "you're": the subject is in the verb.
        return [verb]
    if not ahead and verb and words[verb].text in grammar.AUXILIARIES:
        stop = next((i for i in range(verb + 1, len(words)) if words[i].text in grammar.AUXILIARIES | grammar.PREPOSITIONS), verb + 4)
        return [i for i in range(verb + 1, min(stop, len(words)))]
    return ahead


def _is_adverb(word: Word) -> bool:
    return word.text.endswith("ly") or word.text in ("also", "then", "now", "still", "often", "always", "never", "just", "even", "only", "not", "both")


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
    return any(form and rarity(form) < 3.8 for form in forms)


def related(first: str, second: str) -> bool:
    """Words of one family: "licensee" and "license", "distribution" and "distribute"."""
    one, other = sorted((stem(first), stem(second)), key=len)
    if len(one) >= 3 and other.startswith(one) and other[len(one) :] in _SUFFIXES:
        return True
    shared = min(len(one), len(other))
    return one == other or (shared >= 5 and one[: max(5, shared - 2)] == other[: max(5, shared - 2)])
