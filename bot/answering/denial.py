"""Whether something is so: opposites, negation, and the force of modal verbs, on both sides. Pure."""

from bot.answering import grammar
from bot.answering.comparison import Comparison
from bot.answering.synonyms import opposed
from bot.answering.thesaurus import are_siblings
from bot.answering.words import Reading, Word, is_party
from knowledge.language import stem

_FOCUS = 3
"""How many content words behind a negator are what it denies, rather than what comes along."""
_FRAMES = grammar.LIGHT | grammar.GENERIC
_RELATIVE = frozenset("that which who whom whose".split())
_MOSTLY = 0.6
"""The share of a statement's words in the reach of a denial from which the statement is denied."""


def opposites(pair: Comparison) -> str:
    """A word for which the source has none, but has its opposite, or another of its kind that the claim leaves out."""
    linked = set(pair.alignment.links.values())
    for word in pair.alignment.unmatched:
        for other in pair.window:
            free = other.content and other.place not in linked and not {word.stem, other.stem} & _FRAMES
            if free and are_siblings(word.text, other.text):
                return f"{word.text!r} is {other.text!r} in the passage"
            if other.content and opposed(word.text, other.text) and word.negated == other.negated:
                return f"{word.text!r} is the opposite of what the passage says"
    return ""


def denial(pair: Comparison) -> str:
    """A word denied on one side only: compared where a negator bites, not everywhere it reaches."""
    restricted = bool(pair.claim_words & grammar.RESTRICTORS)
    positive = not any(word.denials for word in pair.claim.words)
    predicates = {word.place for word, _ in pair.predicates}
    bitten = _bitten(pair.source)
    checked: set[int] = set()
    for word, other in pair.links:
        if not word.content or is_party(word) or (word.name and not _follows_negator(pair.source, other)):
            continue
        if word.negated:
            if (
                not other.negated
                and pair.is_exact(word)
                and word.clause not in checked
                and not pair.source.clause_of(other).denied
            ):
                return f"{word.text!r} is denied, but not in the passage"
            checked.add(word.clause)
        elif other.negated and other.place in bitten and not restricted and (positive or word.place in predicates):
            return f"{word.text!r} is denied in the passage"
    return _mostly_denied(pair) if positive else ""


def _mostly_denied(pair: Comparison) -> str:
    """A statement of which most stands in the reach of a negator of the source."""
    for number, clause in enumerate(pair.claim.clauses):
        said = [(w, o) for w, o in pair.links if w.clause == number and w.place > clause.verb >= 0 and not is_party(w)]
        denied = [word for word, other in said if other.negated]
        if len(denied) > 1 and len(denied) > _MOSTLY * len(said):
            return f"{denied[0].text!r} is in the reach of a denial in the passage"
    return ""


def _follows_negator(reading: Reading, word: Word) -> bool:
    """Whether a negator stands right before a word or its phrase."""
    return any(before.text in grammar.NEGATORS for before in reading.between(word.place - 3, word.place))


def _bitten(reading: Reading) -> set[int]:
    """The places of the content words that negators bite: the first few behind each."""
    places: set[int] = set()
    for clause in reading.clauses:
        left, denials = 0, 0
        for word in reading.between(clause.first, clause.last + 1):
            if word.denials > denials:
                before = reading.words[word.place - 1] if word.place else word
                left = 1 if before.stem in grammar.NEGATIVE_VERBS else _FOCUS
            denials = word.denials
            counts = word.content and not word.name and not is_party(word) and word.text not in grammar.TURNING
            if left and counts and word.place not in clause.subject:
                places.add(word.place)
                left -= 1
    return places


def force(pair: Comparison) -> str:
    """Duties told as options, options as duties, possibilities as facts: compared at the verbs."""
    for word, other in pair.predicates:
        if word.optional != other.optional and (word.negated or other.negated):
            return "a freedom and a ban are mixed up"
        if word.duty and not word.negated and not _is_duty(pair, other):
            return "what is no duty is told as a duty"
        if word.freedom and not word.negated and not word.duty and other.duty and not other.negated:
            return "a duty is told as an option"
        left_open = word.hedged or word.freedom or pair.claim_words & grammar.UNDECIDED
        if word.future and other.freedom and not (other.future or other.negated or word.freedom or word.hedged):
            return "a possibility is told as certain"
        described = pair.claim.words[pair.claim.clause_of(word).first].text in _RELATIVE
        if other.hedged and not other.negated and not left_open and not described:
            return "a possibility is told as a fact"
    stems = {word.stem for word in pair.window}
    for text in sorted(pair.claim_words & (grammar.CERTAIN | grammar.FREEDOM)):
        if stem(text) not in stems:
            return f"{text!r} is not in the passage"
    return ""


def _is_duty(pair: Comparison, other: Word) -> bool:
    """Whether the source obliges: at the word, or in the sentence that the relative clause with it belongs to."""
    if other.duty or (other.future and not other.hedged):
        return True
    around = (w for w in pair.source.words if w.sentence == other.sentence)
    return not other.freedom and not other.hedged and any(w.duty and not w.negated for w in around)
