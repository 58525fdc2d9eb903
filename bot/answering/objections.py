"""Why a source does not say what a claim says although it has its words: denial, force, extent, time, roles. Pure."""

from collections.abc import Iterator, Sequence

from bot.answering import grammar
from bot.answering.alignment import Alignment
from bot.answering.reading import Clause, Reading, Word
from bot.answering.synonyms import opposed
from knowledge.language import stem

_FOCUS = 3
"""How many content words behind a negator are what it denies, rather than what comes along."""


class Comparison:
    """A claim beside the stretch of a source that it is aligned with."""

    def __init__(self, claim: Reading, source: Reading, alignment: Alignment, sentences: range) -> None:
        self.claim, self.source, self.alignment = claim, source, alignment
        self.window = [word for word in source.words if word.sentence in sentences]
        self.window_words = {word.text for word in self.window}
        self.window_stems = {word.stem for word in self.window}
        self.links = [(claim.words[c], source.words[s]) for c, s in sorted(alignment.links.items())]

    def objection(self) -> str:
        """The first reason not to believe the claim; nothing if there is none."""
        checks = (self._opposites, self._denial, self._force, self._extent, self._time, self._direction, self._roles, self._condition)
        return next((reason for check in checks if (reason := check())), "")

    # --- whether --------------------------------------------------------------------------------------------------

    def _opposites(self) -> str:
        for word in self.alignment.missing:
            if any(other.content and opposed(word.text, other.text) and not (word.negated ^ other.negated) for other in self.window):
                return f"{word.text!r} is the opposite of what the passage says"
        return ""

    def _denial(self) -> str:
        """A word denied on one side only: compared where a negator bites, not everywhere it reaches."""
        restricted = self.claim.has(grammar.RESTRICTORS)
        foci = focus_places(self.source)
        first_denied: set[int] = set()
        for word, other in self.links:
            if not word.content or is_party(word):
                continue
            if word.negated and not other.negated and word.clause not in first_denied:
                return f"{word.text!r} is denied, but not in the passage"
            if word.negated:
                first_denied.add(word.clause)
            if other.negated and not word.negated and other.place in foci and not restricted:
                return f"{word.text!r} is denied in the passage"
        return ""

    def _force(self) -> str:
        """Duties told as options, options as duties, possibilities as facts: compared at the verbs."""
        for word, other in self._predicates():
            if word.optional != other.optional and (word.negated or other.negated):
                return "a freedom and a ban are mixed up"
            if word.duty and not word.negated and not other.duty and not (other.future and not other.hedged):
                return "what is no duty is told as a duty"
            if word.freedom and not word.negated and not word.duty and other.duty and not other.negated:
                return "a duty is told as an option"
            if other.hedged and not other.negated and not (word.hedged or word.freedom):
                return "a possibility is told as a fact"
        claimed = {word.text for word in self.claim.words}
        for text in sorted(claimed & (grammar.CERTAIN | grammar.FREEDOM)):
            if stem(text) not in self.window_stems:
                return f"{text!r} is not in the passage"
        return ""

    def _predicates(self) -> Iterator[tuple[Word, Word]]:
        """For each clause of the claim, the first word from its verb on that the source has, and that word of the source."""
        done: set[int] = set()
        for word, other in self.links:
            clause = self.claim.clauses[word.clause]
            if word.clause in done or clause.verb < 0 or word.place < clause.verb or is_party(word) or word.name:
                continue
            done.add(word.clause)
            yield word, other

    # --- how much, when -------------------------------------------------------------------------------------------

    def _extent(self) -> str:
        for word in self.claim.words:
            if word.text in grammar.UNIVERSAL and not word.negated and not self._is_free(word):
                if not self.window_words & grammar.UNIVERSAL:
                    return f"{word.text!r} is more than the passage says"
                if "other" in self._after(self.source, word) and "other" not in {w.text for w in self.claim.words}:
                    return f"{word.text!r} leaves out an exception"
            if word.text in grammar.ONLY - {"just"} and not self.window_words & (grammar.ONLY | grammar.RESTRICTORS):
                return f"{word.text!r} is not in the passage"
            if word.text in grammar.MOST and not self.window_words & grammar.MOST and self._before_noun(word):
                return f"{word.text!r} is not in the passage"
        return ""

    def _is_free(self, word: Word) -> bool:
        """ "any" in a condition or a denial is no generalisation."""
        return word.text.startswith("any") and (self.claim.clauses[word.clause].conditional or word.denials > 0)

    def _after(self, source: Reading, word: Word) -> list[str]:
        """The words behind the quantifiers of the window that stand before the same noun."""
        noun = next((w for w in self.claim.words[word.place + 1 :] if w.place in self.alignment.links), None)
        if noun is None:
            return []
        place = self.alignment.links[noun.place]
        return [w.text for w in source.words[max(0, place - 2) : place]]

    def _before_noun(self, word: Word) -> bool:
        return word.place + 1 < len(self.claim.words)

    def _time(self) -> str:
        for word in self.claim.words:
            groups = [group for group in grammar.TIMES if word.text in group]
            if groups and not any(self.window_words & group for group in groups) and word.stem not in self.window_stems:
                return f"{word.text!r} is not in the passage"
        for word, other in self._predicates():
            told, meant = self.claim.clauses[word.clause].past, self.source.clauses[other.clause].past
            if told is True and (meant is False or other.future) and word.stem == other.stem:
                return "what is told as past is not"
            if told is False and meant is True and word.stem == other.stem and not self.claim.clauses[word.clause].conditional:
                return "what is past is told as present"
        return ""

    def _direction(self) -> str:
        claimed = {word.text for word in self.claim.words}
        up, down = claimed & grammar.UP, claimed & grammar.DOWN
        source_up, source_down = self.window_words & grammar.UP, self.window_words & grammar.DOWN
        if (down and not source_down and source_up) or (up and not source_up and source_down):
            return "a comparison is turned round"
        return ""

    # --- who ------------------------------------------------------------------------------------------------------

    def _roles(self) -> str:
        for word, other in self._predicates():
            clause = self.claim.clauses[word.clause]
            told = self._actor(self.claim, word)
            meant = self._actor(self.source, other)
            if told is None or meant is None:
                continue
            if (reason := self._unlike_actors(told, meant, clause, word, other)):
                return reason
        return self._turned()

    def _actor(self, reading: Reading, word: Word) -> "Actor | None":
        return actor_of(reading, word)

    def _unlike_actors(self, told: "Actor", meant: "Actor", clause: Clause, word: Word, other: Word) -> str:
        if told.passive != meant.passive:
            if word.stem == other.stem and told.key and told.key & meant.key:
                return f"{word.text!r}: who does it and who has it done are mixed up"
            return ""
        if not told.key or not meant.key:
            return ""
        if told.key & meant.key:
            return ""
        if told.kind == "common" or meant.kind == "common":
            return self._other_subject(told, meant, word, other)
        return f"{word.text!r} is said of someone else in the passage"

    def _other_subject(self, told: "Actor", meant: "Actor", word: Word, other: Word) -> str:
        """A subject of the claim that the source mentions in the same sentence, but in another role."""
        if word.place not in self.alignment.exact:
            return ""
        same = [w for w in self.source.words if w.sentence == other.sentence and w.stem in told.key]
        if told.kind == "name" and not same:
            return f"{word.text!r} is not said of {'/'.join(sorted(told.key))}"
        subject = set(meant.places)
        if same and not any(w.place in subject for w in same):
            return f"{word.text!r} is said of another subject"
        return ""

    def _turned(self) -> str:
        """The same party behind "to" here and behind "from" there."""
        for word, other in self.links:
            if not (is_party(word) or word.name):
                continue
            here, there = preposition(self.claim, word.place), preposition(self.source, other.place)
            if {here, there} == {"to", "from"}:
                return f"{word.text!r} gives here and takes there"
        return ""

    # --- under which condition ------------------------------------------------------------------------------------

    def _condition(self) -> str:
        """A consequence told as general whose condition the claim leaves out."""
        if not any(clause.verb >= 0 for clause in self.claim.clauses):
            return ""
        for word, other in self._predicates():
            conditions = governing(self.source, other)
            if not conditions or self.claim.clauses[word.clause].conditional:
                continue
            told = {s for s in self.alignment.links.values() if any(c.first <= s <= c.last for c in conditions)}
            if not told and not any(clause.conditional for clause in self.claim.clauses):
                return "a condition is left out"
        return ""


class Actor:
    """Who a clause is about: the stems or the party that name the subject, and whether it acts or is acted upon."""

    def __init__(self, kind: str, key: frozenset[str], passive: bool, places: Sequence[int]) -> None:
        self.kind, self.key, self.passive, self.places = kind, key, passive, tuple(places)


def is_party(word: Word) -> bool:
    """Whether a word names the party addressed, or anybody."""
    return word.text in grammar.ADDRESSEE or word.text in grammar.ANYBODY


def actor_of(reading: Reading, word: Word) -> Actor | None:
    """The subject of the clause in which a word stands behind the verb; None if it is not known."""
    clause = reading.clauses[word.clause]
    if clause.verb < 0 or word.place < clause.verb:
        return None
    passive = _is_passive(reading, clause, word)
    subject = [reading.words[p] for p in clause.subject]
    head = _head(reading, subject)
    names = [w for w in subject if w.name and not _is_modifier(reading, w)]
    if any(w.text in grammar.ADDRESSEE for w in head):
        return Actor("you", frozenset({"you"}), passive, clause.subject)
    if any(w.name for w in head) and names:
        return Actor("name", frozenset(w.stem for w in names), passive, clause.subject)
    common = [w for w in head if w.content and w.stem not in grammar.GENERIC and w.text not in grammar.ANYBODY]
    if common and not any(w.text in grammar.PRONOUNS for w in head):
        return Actor("common", frozenset(w.stem for w in common[-1:]), passive, clause.subject)
    return Actor("any", frozenset(), passive, clause.subject)


def _head(reading: Reading, subject: Sequence[Word]) -> list[Word]:
    """The subject up to its first preposition or opener."""
    head: list[Word] = []
    for word in subject:
        if word.text in grammar.PREPOSITIONS and head:
            break
        head.append(word)
    return head


def _is_modifier(reading: Reading, word: Word) -> bool:
    """Whether a name only modifies what follows: "Meta's model", "the Acme phone"."""
    after = reading.words[word.place + 1] if word.place + 1 < len(reading.words) else None
    owns = reading.text[word.start : word.end].endswith(("'s", "’s", "s'", "s’"))
    return owns or (after is not None and after.content and not after.name and after.place in reading.clause_of(word.place).subject)


def _is_passive(reading: Reading, clause: Clause, word: Word) -> bool:
    before = [w.text for w in reading.words[clause.verb : word.place]]
    participle = word.text.endswith(("ed", "en")) or word.text in grammar.IRREGULAR_PARTICIPLES
    return participle and any(text in grammar.BE for text in before[-3:])


def preposition(reading: Reading, place: int) -> str:
    """The preposition that governs a word, if one stands at most three words before it."""
    for word in reversed(reading.words[max(0, place - 3) : place]):
        if word.text in grammar.PREPOSITIONS:
            return word.text
        if word.content and not word.name:
            return ""
    return ""


def focus_places(reading: Reading) -> set[int]:
    """The places of the content words that negators bite: the first few behind each."""
    places: set[int] = set()
    for clause in reading.clauses:
        left, denials = 0, 0
        for word in reading.words[clause.first : clause.last + 1]:
            if word.denials > denials:
                left = _FOCUS
            denials = word.denials
            if left and word.content:
                places.add(word.place)
                left -= 1
    return places


def governing(reading: Reading, word: Word) -> list[Clause]:
    """The conditions of the sentence in which a word stands outside them, that come before it."""
    if reading.clauses[word.clause].conditional:
        return []
    return [
        clause
        for clause in reading.clauses
        if clause.conditional
        and reading.words[clause.first].sentence == word.sentence
        and reading.words[clause.first].text in ("if", "unless", "so", "then", "but", "and")
        and clause.first < word.place
    ]
