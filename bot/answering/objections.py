"""Why a source does not say what a claim says although it has its words: denial, force, extent, time, roles. Pure."""

from collections.abc import Iterator

from bot.answering import grammar
from bot.answering.alignment import Alignment, Matcher, is_name
from bot.answering.reading import Clause, Reading, Word
from bot.answering.roles import Actor, actor_of, is_party, owns, possessors, preposition, subject_words
from bot.answering.synonyms import opposed
from knowledge.language import numbers, stem

_FOCUS = 3
"""How many content words behind a negator are what it denies, rather than what comes along."""
_ASKING = frozenset("if unless when once upon".split())
_NEAR_NUMBER = 5
_FAR = 9
"""How many words apart two words no longer belong together."""


class Comparison:
    """A claim beside the stretch of a source that it is aligned with."""

    def __init__(self, matcher: Matcher, alignment: Alignment, sentences: range) -> None:
        self.claim, self.source, self.alignment = matcher.claim, matcher.source, alignment
        self.matcher, self.sentences = matcher, sentences
        self.window = [word for word in self.source.words if word.sentence in sentences]
        self.window_words = {word.text for word in self.window}
        self.window_stems = {word.stem for word in self.window}
        self.claim_words = {word.text for word in self.claim.words}
        self.links = [(self.claim.words[c], self.source.words[s]) for c, s in sorted(alignment.links.items())]

    def objection(self) -> str:
        """The first reason not to believe the claim; nothing if there is none."""
        checks = (
            self._opposites, self._denial, self._force, self._extent, self._time, self._numbers, self._direction,
            self._roles, self._owners, self._directions, self._complements, self._condition,
        )  # fmt: skip
        return next((reason for check in checks if (reason := check())), "")

    # --- whether --------------------------------------------------------------------------------------------------

    def _opposites(self) -> str:
        for word in self.alignment.unmatched:
            if any(other.content and opposed(word.text, other.text) and word.negated == other.negated for other in self.window):
                return f"{word.text!r} is the opposite of what the passage says"
        return ""

    def _denial(self) -> str:
        """A word denied on one side only: compared where a negator bites, not everywhere it reaches."""
        restricted = bool(self.claim_words & grammar.RESTRICTORS)
        foci = focus_places(self.source)
        first_denied: set[int] = set()
        predicates = {word.place for word, _ in self._predicates()}
        for word, other in self.links:
            if not word.content or is_party(word) or (word.name and not self._bitten(other)):
                continue
            if word.negated and not other.negated and word.clause not in first_denied and not self.source.clauses[other.clause].denied:
                return f"{word.text!r} is denied, but not in the passage"
            if word.negated:
                first_denied.add(word.clause)
            if other.negated and not word.negated and other.place in foci and not restricted:
                if not any(w.denials for w in self.claim.words) or word.place in predicates:
                    return f"{word.text!r} is denied in the passage"
        return self._mostly_denied()

    def _mostly_denied(self) -> str:
        """A statement of which most stands in the reach of a negator, and nothing in the claim does."""
        for number, clause in enumerate(self.claim.clauses):
            pairs = [(w, o) for w, o in self.links if w.clause == number and w.place > clause.verb >= 0 and not is_party(w)]
            denied = [w for w, o in pairs if o.negated and not w.negated]
            if len(denied) > 1 and len(denied) > 0.6 * len(pairs) and not any(w.negated for w in self.claim.words):
                return f"{denied[0].text!r} is in the reach of a denial in the passage"
        return ""

    def _bitten(self, other: Word) -> bool:
        """Whether a negator stands right before a word or its phrase."""
        before = self.source.words[max(0, other.place - 3) : other.place]
        return any(word.text in grammar.NEGATORS for word in before)

    def _force(self) -> str:
        """Duties told as options, options as duties, possibilities as facts: compared at the verbs."""
        for word, other in self._predicates():
            if word.optional != other.optional and (word.negated or other.negated):
                return "a freedom and a ban are mixed up"
            if word.duty and not word.negated and not self._is_duty(other):
                return "what is no duty is told as a duty"
            if word.freedom and not word.negated and not word.duty and other.duty and not other.negated:
                return "a duty is told as an option"
            open_ = self.claim_words & {"whether", "discretion"}
            if other.hedged and not other.negated and not (word.hedged or word.freedom or open_):
                return "a possibility is told as a fact"
        for text in sorted(self.claim_words & (grammar.CERTAIN | grammar.FREEDOM - {"whether"})):
            if stem(text) not in self.window_stems:
                return f"{text!r} is not in the passage"
        return ""

    def _is_duty(self, other: Word) -> bool:
        """Whether the source obliges: at the word itself, or in the sentence that a relative clause with it belongs to."""
        around = [w for w in self.source.words if w.sentence == other.sentence]
        return other.duty or (other.future and not other.hedged) or (not other.freedom and not other.hedged and any(w.duty and not w.negated for w in around))

    def _predicates(self) -> Iterator[tuple[Word, Word]]:
        """For each clause of the claim, the first word from its verb on that the source has, and that word of the source."""
        done: set[int] = set()
        for word, other in self.links:
            clause = self.claim.clauses[word.clause]
            if word.clause in done or clause.verb < 0 or word.place < clause.verb or is_party(word) or word.name:
                continue
            if word.place in clause.subject or word.text[0].isdigit() or word.text in ("million", "billion", "thousand"):
                continue
            done.add(word.clause)
            yield word, other

    # --- how much, when -------------------------------------------------------------------------------------------

    def _extent(self) -> str:
        for word in self.claim.words:
            if word.text in grammar.UNIVERSAL and not word.negated and not self._is_free(word):
                near = self._near_noun(word)
                after = self.claim.words[word.place + 1].text if word.place + 1 < len(self.claim.words) else ""
                if word.text in grammar.ANYBODY and word.place == 0 and after not in grammar.FINITE:
                    # "anyone located in …": one kind of person, not everybody.
                    continue
                if not near & grammar.UNIVERSAL:
                    return f"{word.text!r} is more than the passage says"
                if "other" not in self.claim_words and "other" in self._before_noun(word):
                    return f"{word.text!r} leaves out an exception"
            if word.text in grammar.ALWAYS and not word.negated and not self.window_words & grammar.ALWAYS:
                return f"{word.text!r} is not in the passage"
            if word.text in grammar.ONLY - {"just"} and not word.negated and not self._is_exclusive():
                return f"{word.text!r} is not in the passage"
            if word.text in grammar.MOST - {"most"} and not self.window_words & grammar.MOST:
                return f"{word.text!r} is not in the passage"
        return ""

    def _is_exclusive(self) -> bool:
        exclusive = [w for w in self.window if w.text in grammar.ONLY | grammar.RESTRICTORS and (not w.negated or w.text not in grammar.ONLY)]
        return bool(exclusive)

    def _is_free(self, word: Word) -> bool:
        """ "any" in a condition or a denial is no generalisation."""
        return word.text.startswith("any") and (self.claim.clauses[word.clause].conditional or word.denials > 0)

    def _near_noun(self, word: Word) -> set[str]:
        """The words of the source near what a quantifier of the claim counts; all of the stretch if it is not there."""
        noun = next((w for w in self.claim.words[word.place + 1 : word.place + 7] if w.place in self.alignment.links), None)
        if noun is None or not word.text.startswith(("all", "every", "any", "each", "whole", "entire")):
            return self.window_words
        reach = 99 if word.text.startswith("any") else 8
        near: set[str] = set()
        for place in self.matcher.places(noun, self.sentences):
            before = self.source.words[max(0, place - reach) : place]
            near |= {w.text for w in before if w.sentence == self.source.words[place].sentence}
        return near

    def _before_noun(self, word: Word) -> set[str]:
        """The two words of the source before what a quantifier of the claim counts."""
        noun = next((w for w in self.claim.words[word.place + 1 : word.place + 7] if w.place in self.alignment.links), None)
        place = self.alignment.links[noun.place] if noun else 0
        return {w.text for w in self.source.words[max(0, place - 2) : place]}

    def _time(self) -> str:
        for word in self.claim.words:
            groups = [group for group in grammar.TIMES if word.text in group]
            if word.text in grammar.CONNECTIVES:
                continue
            if groups and not any(self.window_words & group for group in groups) and word.stem not in self.window_stems:
                return f"{word.text!r} is not in the passage"
        for word, other in self._predicates():
            clause = self.claim.clauses[word.clause]
            told, meant = clause.past, self.source.clauses[other.clause].past
            if clause.conditional or not word.stem == other.stem:
                continue
            if told is True and (meant is False or (other.future and not other.text.endswith("ed"))):
                return "what is told as past is not"
            if told is False and meant is True:
                return "what is past is told as present"
            if word.future and meant is True:
                return "what is past is told as to come"
        return ""

    def _numbers(self) -> str:
        """A number that the source gives of something else: "two months" for "version 2"."""
        for word in self.claim.words:
            value = _value(word.text)
            if value is None or value < 2 or is_name(self.claim, word):
                continue
            near = [n for n in self.claim.words[max(0, word.place - 2) : word.place + 3] if n.content and _value(n.text) is None]
            places = [place for n in near for place in self.matcher.places(n, self.sentences)]
            same = [w for w in self.window if _value(w.text) == value]
            if near and same and not any(abs(w.place - place) <= _NEAR_NUMBER for w in same for place in places):
                return f"{word.text!r} counts something else in the passage"
        return ""

    def _direction(self) -> str:
        for number in range(len(self.claim.clauses)):
            turns = [w for w in self.claim.words if w.clause == number and w.text in grammar.UP | grammar.DOWN]
            pairs = [(w, o) for w, o in self.links if w.clause == number]
            if not turns or not pairs:
                continue
            said = {word.text for word in turns}
            clauses = {min(pairs, key=lambda pair: abs(pair[0].place - turn.place))[1].clause for turn in turns}
            near = {word.text for word in self.window if word.clause in clauses}
            up, down, source_up, source_down = said & grammar.UP, said & grammar.DOWN, near & grammar.UP, near & grammar.DOWN
            if (down and not source_down and source_up) or (up and not source_up and source_down):
                return "a comparison is turned round"
        return ""

    # --- who ------------------------------------------------------------------------------------------------------

    def _roles(self) -> str:
        for word, linked in self._predicates():
            if linked.place in {self.alignment.links.get(w.place) for w in self.claim.words if w.place < word.place}:
                continue
            if not self._direct(word) or (word.stem in grammar.LIGHT and word.place not in self.alignment.exact):
                continue
            other = self._verb_like(word, linked)
            told, meant = actor_of(self.claim, word), actor_of(self.source, other)
            if told and self._receives(word):
                told = self._receiver(word, told)
            if told is None or not told.head:
                continue
            if meant is None:
                holders, _ = possessors(self.source, other.place)
                if holders and not any(possessors(self.claim, word.place)) and told.named and not told.head & holders and not told.passive:
                    return f"{word.text!r} is someone else's in the passage"
                continue
            if reason := self._unlike_actors(told, meant, word, other):
                return reason
        return ""

    def _unlike_actors(self, told: Actor, meant: Actor, word: Word, other: Word) -> str:
        if told.passive != meant.passive:
            if word.stem != other.stem:
                return ""
            places = [q for p in told.places if self.claim.words[p].stem in told.head and (q := self.alignment.links.get(p)) is not None]
            clause = self.source.clauses[other.clause]
            elsewhere = bool(places) and not any(other.place < q <= clause.last for q in places)
            if (meant.head and told.head <= meant.head) or (meant.passive and elsewhere):
                return f"{word.text!r}: who does it and to whom it is done are mixed up"
            return ""
        if self._same(told, meant):
            return ""
        if not meant.head:
            within = any(w.sentence == other.sentence and w.stem in told.head for w in self.source.words)
            if told.head == {"you"} and meant.whole and "you" not in meant.whole and word.place in self.alignment.exact:
                return f"{word.text!r} is not said of you"
            if told.named and meant.kind and not within and word.place in self.alignment.exact:
                return f"{word.text!r} is said of others in the passage"
            return self._is_object(told, word, other)
        if told.named and meant.named:
            return f"{word.text!r} is said of someone else in the passage"
        if word.place not in self.alignment.exact:
            return ""
        if told.head == {"you"}:
            return f"{word.text!r} is not said of you" if "you" not in meant.whole else ""
        mentioned = [w for w in self.source.words if w.stem in told.head]
        if told.named and not any(w.sentence == other.sentence and w.place < other.place and not self._is_subject(w) for w in mentioned):
            return f"{word.text!r} is not said of {'/'.join(sorted(told.head))}"
        if not told.named and (meant.named or any(w.sentence in self.sentences for w in mentioned)):
            return f"{word.text!r} is said of another subject"
        return ""

    def _receives(self, word: Word) -> bool:
        """Whether the verb is the converse of giving or owning, so that its subject isn't who gives or owns."""
        return self.claim.words[self.claim.clauses[word.clause].verb].text in ("get", "gets", "got") or word.stem == "belong"

    def _receiver(self, word: Word, told: Actor) -> Actor | None:
        """For "X belongs to Y", Y, who owns it; None for what is got: it says nothing of who gives."""
        after = self.claim.words[word.place + 1 : word.place + 5]
        if word.stem != "belong" or not after or after[0].text != "to":
            return None
        owner = frozenset(w.stem for w in after if w.name) | frozenset("you" for w in after if w.text in grammar.ADDRESSEE)
        return Actor(owner, owner, True, False, tuple(w.place for w in after))

    def _verb_like(self, word: Word, linked: Word) -> Word:
        """The same word elsewhere in the stretch if the claim's word was only linked with another form of it."""
        if linked.stem == word.stem:
            return linked
        same = [o for o in self.window if o.stem == word.stem]
        return min(same, key=lambda o: abs(o.place - linked.place), default=linked)

    def _is_object(self, told: Actor, word: Word, other: Word) -> str:
        """What acts in the claim only comes behind the verb in the source, whose subject is a pronoun."""
        clause = self.source.clauses[other.clause]
        verb = self.source.words[clause.verb].text
        if word.place not in self.alignment.exact or verb in grammar.BE or told.passive:
            return ""
        sentence = [w for w in self.source.words if w.sentence == other.sentence and w.stem in told.head]
        if sentence and all(w.place > other.place and w.clause == other.clause for w in sentence):
            return f"{word.text!r} is done to {sentence[0].text!r} in the passage"
        return ""

    def _is_subject(self, word: Word) -> bool:
        """Whether a word of the source stands before the verb of its own clause."""
        return word.place < self.source.clauses[word.clause].verb

    def _same(self, told: Actor, meant: Actor) -> bool:
        if told.head & meant.whole:
            return True
        linked = {self.alignment.links.get(place) for place in told.places if self.claim.words[place].stem in told.head}
        return bool(linked & set(meant.places))

    def _owners(self) -> str:
        """Whose a thing is, on both sides: "Meta's model" for "your model"."""
        for word, other in self.links:
            if word.name or is_party(word) or not word.content:
                continue
            told, meant = possessors(self.claim, word.place), possessors(self.source, other.place)
            claimed, given = told[0], meant[0]
            if meant[1] and not given:
                given = self._antecedents(other)
            if claimed and given and not claimed & given and word.place in self.alignment.exact:
                return f"{word.text!r} is someone else's in the passage"
        return ""

    def _antecedents(self, other: Word) -> frozenset[str]:
        """The names that "its" or "their" before a word of the source may stand for."""
        subject = subject_words(self.source, other.clause)
        names = {w.stem for w in subject if w.name} | {"you" for w in subject if w.text in grammar.ADDRESSEE}
        return frozenset(names)

    def _directions(self) -> str:
        """The same thing behind "to" here and behind "from" there."""
        for word, other in self.links:
            here, there = preposition(self.claim, word.place), preposition(self.source, other.place)
            if {here, there} in ({"to", "from"}, {"onto", "from"}, {"into", "from"}) and not owns(self.claim, word):
                return f"{word.text!r} is where it goes here and where it comes from there"
        return ""

    def _complements(self) -> str:
        """A word of the source whose complement the claim replaces by a word from elsewhere."""
        predicates = {word.place for word, _ in self._predicates()}
        for (word, other), (after, far) in zip(self.links, self.links[1:], strict=False):
            if word.place not in predicates:
                continue
            if word.clause != after.clause or after.place - word.place > 4 or word.place not in self.alignment.exact:
                continue
            other = self._verb_like(word, other)
            if is_party(after) or (abs(far.place - other.place) <= _FAR and far.sentence == other.sentence) or far.clause == other.clause:
                continue
            if preposition(self.claim, after.place) in ("under", "in", "on", "with", "for", "at"):
                continue
            own = [w for w in self.source.words[other.place + 1 : other.place + 5] if w.content and w.clause == other.clause]
            if own and not any(w.place in self.alignment.links.values() or w.stem in self.claim.stems for w in own):
                return f"{word.text!r} is not followed by {after.text!r} in the passage"
        return ""

    # --- under which condition ------------------------------------------------------------------------------------

    def _condition(self) -> str:
        """A consequence told without its condition, or a condition told as a fact."""
        whole = any(clause.verb >= 0 for clause in self.claim.clauses)
        asked = [clause for clause in self.claim.clauses if clause.conditional and self.claim.words[clause.first].text in _ASKING]
        told = {s for c, s in self.alignment.links.items() if not asked or any(q.first <= c <= q.last for q in asked)}
        for word, other in self._predicates():
            if not self._direct(word):
                continue
            clause, meant = self.claim.clauses[word.clause], self.source.clauses[other.clause]
            relative = self.claim.words[clause.first].text in grammar.OPENERS
            if meant.conditional and not self._refers_back() and self._opens(meant, "if") and not clause.conditional and not relative and not (word.hedged or word.freedom):
                return "a condition is told as a fact"
            if not whole or clause.conditional or self._refers_back():
                continue
            conditions = governing(self.source, other)
            if conditions and not any(c.first <= s <= reach(self.source, c, other) for c in conditions for s in told):
                return "a condition is left out"
        return self._exception()

    def _refers_back(self) -> bool:
        """Whether the claim leans on the sentence before it: "such a license", "this applies"."""
        words = self.claim.words
        bare = (w.text in ("this", "that", "these", "those") and (w.place + 1 == len(words) or not words[w.place + 1].content) for w in words[:3])
        return "such" in self.claim_words or any(bare)

    def _direct(self, word: Word) -> bool:
        """Whether a word is the first content of its clause's verb group, so that the clause says it of its subject."""
        clause = self.claim.clauses[word.clause]
        between = self.claim.words[clause.verb : word.place]
        aside = (w.name or is_party(w) or w.place in clause.subject or w.stem in grammar.LIGHT or w.text.endswith("ly") for w in between if w.content)
        return all(aside)

    def _exception(self) -> str:
        """Something that the source excepts, told as if it were meant."""
        if self.claim_words & (grammar.RESTRICTORS | {"other", "but", "excluded", "excludes"}):
            return ""
        for word, other in self.links:
            excepted = self._opens(self.source.clauses[other.clause], "except", "excluding")
            if excepted and ((word.negated and is_name(self.claim, word)) or word.place == self.matcher.subject):
                return f"{word.text!r} is an exception in the passage"
        return ""

    def _opens(self, clause: Clause, *openers: str) -> bool:
        return any(word.text in openers for word in self.source.words[clause.first : clause.first + 2])


def _value(text: str) -> float | None:
    found = numbers(text)
    return min(found) if len(found) == 1 else None


def focus_places(reading: Reading) -> set[int]:
    """The places of the content words that negators bite: the first few behind each."""
    places: set[int] = set()
    for clause in reading.clauses:
        left, denials = 0, 0
        for word in reading.words[clause.first : clause.last + 1]:
            before = reading.words[word.place - 1] if word.place else None
            if word.denials > denials:
                left = 1 if before is not None and before.stem in grammar.NEGATIVE_VERBS else _FOCUS
            denials = word.denials
            if left and word.content and word.place not in clause.subject and word.text != "event" and not word.name and not is_party(word):
                places.add(word.place)
                left -= 1
    return places


def reach(reading: Reading, condition: Clause, word: Word) -> int:
    """The last place of a condition with all that hangs on it: up to the statement that it governs, if that comes later."""
    main = reading.clauses[word.clause]
    return main.first - 1 if condition.first < main.first else condition.last


def governing(reading: Reading, word: Word) -> list[Clause]:
    """The conditions of the statement in which a word stands outside them."""
    if reading.clauses[word.clause].conditional:
        return []
    found = []
    for clause in reading.clauses:
        first = reading.words[clause.first]
        opener = {w.text for w in reading.words[clause.first : clause.first + 2]} & {"if", "unless"}
        aside = clause.first and "(" in reading.text[reading.words[clause.first - 1].end : first.start]
        if clause.conditional and opener and clause.subject and first.sentence == word.sentence and not aside:
            if clause.first < word.place or clause.first == reading.clauses[word.clause].last + 1:
                found.append(clause)
    return found
