"""Who does what, whose a thing is, where it goes: roles on both sides. Pure."""

from bot.answering import grammar
from bot.answering.comparison import Comparison
from bot.answering.subjects import Actor, actor_of, subject_words
from bot.answering.words import Reading, Word, is_party, owns

_RELATIVE = frozenset("that which who".split())
_FAR = 9
"""How many words apart two words no longer belong together."""
_ADDED = frozenset("under in on with for at".split())
"""Prepositions whose phrase adds a circumstance, rather than naming what a verb is about."""
_OPPOSITE_WAYS = ({"to", "from"}, {"onto", "from"}, {"into", "from"}, {"for", "against"})


def roles(pair: Comparison) -> str:
    """What the claim says of one subject, and the source of another."""
    for word, linked in pair.predicates:
        earlier = {pair.alignment.links.get(w.place) for w in pair.claim.between(0, word.place)}
        framing = word.stem in grammar.LIGHT and not pair.is_exact(word)
        if linked.place in earlier or framing or not pair.is_direct(word):
            continue
        other = _verb_like(pair, word, linked)
        told, meant = _told(pair, word), actor_of(pair.source, other)
        if told is None or not told.head:
            continue
        if reason := _unlike(pair, told, meant, word, other) if meant else _held(pair, told, word, other):
            return reason
    return ""


def _told(pair: Comparison, word: Word) -> Actor | None:
    """Who acts in the claim: for "X belongs to Y", Y; nobody for "X gets", which says nothing of who gives."""
    if pair.claim.words[pair.claim.clause_of(word).verb].text in ("get", "gets", "got"):
        return None
    if word.stem != "belong":
        return actor_of(pair.claim, word)
    after = pair.claim.between(word.place + 1, word.place + 5)
    owner = {w.stem for w in after if w.name} | {"you" for w in after if w.text in grammar.ADDRESSEE}
    return Actor(frozenset(owner), frozenset(owner), True, False, tuple(w.place for w in after))


def _verb_like(pair: Comparison, word: Word, linked: Word) -> Word:
    """The same word elsewhere in the stretch if the claim's word was only linked with another form of it."""
    same = [other for other in pair.window if other.stem == word.stem]
    return linked if linked in same else min(same, key=lambda o: abs(o.place - linked.place), default=linked)


def _held(pair: Comparison, told: Actor, word: Word, other: Word) -> str:
    """The source has the verb as a noun with an owner: "Acme's ownership" for "you own"."""
    holders, _ = _owners(pair.source, other.place)
    own = any(_owners(pair.claim, word.place))
    if holders and not own and told.named and not told.passive and not told.head & holders:
        return f"{word.text!r} is someone else's in the passage"
    return ""


def _unlike(pair: Comparison, told: Actor, meant: Actor, word: Word, other: Word) -> str:
    if told.passive != meant.passive:
        return _turned(pair, told, meant, word, other) if word.stem == other.stem else ""
    if _is_same(pair, told, meant, other):
        return ""
    if told.named and meant.named:
        return f"{word.text!r} is said of someone else in the passage"
    if not pair.is_exact(word):
        return ""
    if told.head == {"you"}:
        return f"{word.text!r} is not said of you" if meant.whole and "you" not in meant.whole else ""
    return (
        _other_subject(pair, told, meant, word, other) if meant.head else _open_subject(pair, told, meant, word, other)
    )


def _turned(pair: Comparison, told: Actor, meant: Actor, word: Word, other: Word) -> str:
    """Active on one side and passive on the other: who does it there must not be to whom it is done here."""
    links = (pair.alignment.links.get(p) for p in told.places if pair.claim.words[p].stem in told.head)
    places = [place for place in links if place is not None]
    behind = any(other.place < place <= pair.source.clause_of(other).last for place in places)
    if (meant.head and told.head <= meant.head) or (meant.passive and places and not behind):
        return f"{word.text!r}: who does it and to whom it is done are mixed up"
    return ""


def _is_same(pair: Comparison, told: Actor, meant: Actor, other: Word) -> bool:
    if told.head & meant.whole:
        return True
    links = {pair.alignment.links.get(p) for p in told.places if pair.claim.words[p].stem in told.head}
    return bool(links & set(meant.places)) or _may_act(pair, links - {None}, other)


def _may_act(pair: Comparison, places: set[int | None], other: Word) -> bool:
    """Whether a noun before a verb may be its subject: "lets the fonts be used", "the fonts of a set that are used"."""
    number = other.clause
    own = pair.source.clauses[number]
    relative = bool(own.subject) and all(pair.source.words[place].text in _RELATIVE for place in own.subject)
    clauses = {number, number - 1} if relative else {number}
    before = [w.text for w in pair.source.between(other.place - 6, other.place)]
    if not relative and not ("to" in before and "be" in before):
        return False
    return any(p is not None and p < other.place and pair.source.words[p].clause in clauses for p in places)


def _other_subject(pair: Comparison, told: Actor, meant: Actor, word: Word, other: Word) -> str:
    """The source says it of something else, by name or by a noun."""
    mentioned = [w for w in pair.source.words if w.stem in told.head]
    if told.named:
        # "What this means is companies like Acme, a lot of them, can …": named before, but subject of nothing else.
        free = (w for w in mentioned if w.sentence == other.sentence and w.place < other.place)
        if not any(w.place >= pair.source.clause_of(w).verb for w in free):
            return f"{word.text!r} is not said of {'/'.join(sorted(told.head))}"
    elif meant.named or any(w.sentence in pair.sentences for w in mentioned):
        return f"{word.text!r} is said of another subject"
    return ""


def _open_subject(pair: Comparison, told: Actor, meant: Actor, word: Word, other: Word) -> str:
    """The source says it of a pronoun or of a kind of thing, which may or may not mean the claim's subject."""
    mentioned = [w for w in pair.source.words if w.sentence == other.sentence and w.stem in told.head]
    if told.named and meant.kind and not mentioned:
        return f"{word.text!r} is said of others in the passage"
    clause = pair.source.clause_of(other)
    acts = pair.source.words[clause.verb].text not in grammar.BE and not told.passive
    if acts and mentioned and all(w.place > other.place and w.clause == other.clause for w in mentioned):
        return f"{word.text!r} is done to {mentioned[0].text!r} in the passage"
    return ""


def belongings(pair: Comparison) -> str:
    """Whose a thing is, on both sides: "Acme's model" for "your model"."""
    for word, other in pair.links:
        if word.name or is_party(word) or not pair.is_exact(word):
            continue
        claimed, _ = _owners(pair.claim, word.place)
        given, pronoun = _owners(pair.source, other.place)
        if pronoun and not given:
            subject = subject_words(pair.source, other.clause)
            given = frozenset(
                {w.stem for w in subject if w.name} | {"you" for w in subject if w.text in grammar.ADDRESSEE}
            )
        if claimed and given and not claimed & given:
            return f"{word.text!r} is someone else's in the passage"
    return ""


def _owners(reading: Reading, place: int) -> tuple[frozenset[str], bool]:
    """Whose a thing is: the stems before it ("Acme's model") or else behind "of"; and whether a pronoun says so."""
    found: set[str] = set()
    pronoun = False
    for word in reversed(reading.between(place - 5, place)):
        stops = word.text in grammar.PREPOSITIONS | grammar.AUXILIARIES | {"and", "or"}
        if stops or word.clause != reading.words[place].clause:
            break
        if word.text in ("your", "yours") or (word.text in grammar.ADDRESSEE and owns(reading, word)):
            found.add("you")
        elif word.text in grammar.POSSESSIVES:
            pronoun = True
        elif owns(reading, word):
            found.add(word.stem)
    after = reading.between(place + 1, place + 5)
    if not found and not pronoun and after and after[0].text in ("of", "from", "by"):
        found = {w.stem for w in after[1:] if w.name} | {"you" for w in after[1:3] if w.text in grammar.ADDRESSEE}
    return frozenset(found), pronoun


def ways(pair: Comparison) -> str:
    """The same thing behind "to" here and behind "from" there."""
    for word, other in pair.links:
        both = {_preposition(pair.claim, word.place), _preposition(pair.source, other.place)}
        if both in _OPPOSITE_WAYS and not owns(pair.claim, word):
            return f"{word.text!r} is where it goes here and where it comes from there"
    return ""


def _preposition(reading: Reading, place: int) -> str:
    """The preposition that governs a word, if one stands at most three words before it."""
    for word in reversed(reading.between(place - 3, place)):
        if word.text in grammar.PREPOSITIONS:
            return word.text
        if word.content and not word.name:
            return ""
    return ""


def complements(pair: Comparison) -> str:
    """A verb of the source whose complement the claim replaces by a word from elsewhere."""
    predicates = {word.place for word, _ in pair.predicates}
    for (word, linked), (after, far) in zip(pair.links, pair.links[1:], strict=False):
        beside = word.clause == after.clause and after.place - word.place <= 4 and not is_party(after)
        if word.place not in predicates or not beside or not pair.is_exact(word):
            continue
        other = _verb_like(pair, word, linked)
        close = abs(far.place - other.place) <= _FAR and far.sentence == other.sentence
        if close or far.clause == other.clause or _preposition(pair.claim, after.place) in _ADDED:
            continue
        own = [
            w for w in pair.source.between(other.place + 1, other.place + 5) if w.content and w.clause == other.clause
        ]
        stems = {w.stem for w in pair.claim.words}
        if own and not any(w.place in pair.alignment.links.values() or w.stem in stems for w in own):
            return f"{word.text!r} is not followed by {after.text!r} in the passage"
    return ""
