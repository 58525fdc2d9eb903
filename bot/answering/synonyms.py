"""Words near in meaning, by the embedding model's own view of single words; opposites are kept apart by a list."""

from collections.abc import Sequence

from bot.answering.thesaurus import is_opposite
from knowledge.embedding import Embedder, Vectors
from knowledge.language import stem

_NEAR = 0.6
"""Cosine similarity of two single words from which they count as synonyms."""
_NEAR_TEXT = 0.8
"""The same for two texts of several words."""
_KNOWN = 20_000
"""How many vectors are kept."""

# An embedding model puts opposites close together: these never support each other.
_OPPOSITES = frozenset(
    frozenset(stem(word) for word in pair.split("/"))
    for pair in """
    open/closed open/close public/private cheap/expensive free/paid free/expensive win/lose good/bad better/worse
    big/small bigger/smaller large/small high/low long/short early/late fast/slow easy/hard easy/difficult
    start/end begin/end begin/terminate start/terminate commence/terminate commence/end commence/expire
    begin/expire survive/end survive/expire survive/lapse survive/terminate continue/end continue/stop
    continue/cease continue/terminate accept/reject accept/refuse allow/forbid allow/prohibit permit/prohibit
    grant/revoke grant/deny include/exclude included/excluded inclusive/exclusive add/remove keep/delete
    retain/delete retain/remove keep/remove buy/sell give/take give/receive grant/receive supply/receive
    increase/decrease rise/fall rose/fell up/down more/less gain/lose profit/loss income/cost user/developer
    users/developers buyer/seller employer/employee licensor/licensee plaintiff/defendant legal/illegal
    valid/invalid lawful/unlawful true/false possible/impossible direct/indirect express/implied
    domestic/foreign commercial/research commercial/noncommercial online/offline local/remote device/cloud
    hardware/software input/output month/year month/week week/year day/year day/month hour/day minute/hour
    before/after first/last previous/next past/future morning/evening north/south east/west man/woman
    child/adult friend/enemy ally/rival partner/competitor partner/rival customer/supplier warranty/liability
    trademark/patent trademark/copyright patent/copyright strong/weak rich/poor safe/dangerous success/failure
    advantage/disadvantage support/oppose benefit/harm benefit/hurt help/harm build/destroy create/destroy
    open/proprietary exclusive/nonexclusive limited/unlimited transferable/nontransferable person/company
    individual/company likely/unlikely agree/disagree love/hate acceptance/termination acceptance/refusal
    commence/cease import/export push/pull major/minor majority/minority most/few internal/external above/below
    over/under inside/outside winner/loser together/separately distribute/receive same/different
    easy/challenging simple/challenging easy/tough simple/difficult rising/falling grow/shrink many/few
    often/rarely always/never begin/cease attract/repel expand/shrink expand/reduce raise/lower gain/cost
    win/fail pass/fail hire/fire remember/forget arrive/leave enter/leave top/bottom front/back left/right
    full/empty heavy/light hot/cold new/old young/old modern/ancient wide/narrow deep/shallow rare/common
    single/multiple optional/mandatory optional/required voluntary/mandatory temporary/permanent
    permanent/limited active/inactive visible/hidden known/unknown able/unable equal/unequal complete/partial
    whole/part all/some accept/decline approve/reject confirm/deny admit/deny lead/follow teacher/student
    parent/child seller/customer landlord/tenant lender/borrower host/guest author/reader speaker/listener
    sender/receiver sender/recipient tighten/loosen hide/reveal connect/disconnect attach/detach lock/unlock
    encourage/discourage protect/attack defend/attack praise/criticize strengthen/weaken improve/worsen
    upgrade/downgrade centralized/decentralized cautious/reckless optimistic/pessimistic positive/negative
    maximum/minimum major/small huge/small massive/small big/tiny huge/tiny vast/small quickly/slowly
    slower/faster cheaper/expensive cheaper/costlier simple/complex safe/risky certain/uncertain
    popular/unpopular official/unofficial formal/informal natural/artificial male/female husband/wife""".split()
)


# Common words that stand for each other, where the embedding model sees little likeness.
_GROUPS = tuple(
    frozenset(stem(word) for word in line.split())
    for line in """begin start commence
    end terminate expire finish conclude lapse stop cease
    keep retain preserve maintain
    remain continue stay survive
    get receive obtain acquire
    give provide supply offer furnish deliver
    grant give confer
    let allow permit enable
    allowed permitted authorized entitled
    prohibit forbid ban bar disallow
    need require
    must required obligated obliged
    obey follow comply adhere observe respect
    ask request apply
    buy purchase
    copy reproduce duplicate
    change modify alter adapt
    modification change adaptation
    pass distribute share redistribute hand
    make create build produce generate develop
    output result
    use exercise utilize employ
    own owner ownership belong property
    sue litigation lawsuit proceedings suit court litigate
    claim lawsuit suit action
    claim allege assert argue contend
    infringe violate breach
    breach violate break
    liable responsible accountable
    indemnify compensate reimburse
    warn advise inform notify tell
    occur happen
    accept agree consent
    bind bound binding
    delete erase remove destroy
    destroy wipe ruin eliminate
    disrupt disruptive upend
    rival competitor competing compete
    company firm business corporation enterprise startup
    person individual human people
    company entity organization corporation
    recipient receive
    user customer consumer
    partner ally collaborator
    bear borne assume carry take
    partner collaborate cooperate work
    announce reveal unveil introduce release launch publish
    improve better enhance advance
    help advance support
    help benefit good
    benefit advantage gain
    profit money revenue earn
    earn make
    royalty fee payment paying pay
    cost expense expensive price costly
    cheap inexpensive affordable
    avoid cut save reduce eliminate
    rise increase grow
    fall drop decline decrease shrink down
    move shift transfer migrate go
    trend direction
    big large huge great massive enormous
    small little tiny compact
    hard difficult challenging tough
    easy simple
    different differ unlike distinct
    same identical equal
    reason why because
    aim goal purpose objective incentive
    possible could may might potential
    probably likely
    run live operate work
    phone device smartphone
    exceed above greater more
    threshold limit
    see notice realize
    think believe consider
    hear decide resolve
    judge court
    law legislation statute
    risk danger
    worldwide global globally
    free freely
    include contain comprise
    explicit express
    warranty guarantee
    before previous preceding prior
    earlier previous last
    everyone everybody all
    available accessible access
    open public
    value worth
    mark name trademark
    vast huge large""".splitlines()
)


def grouped(first: str, second: str) -> bool:
    """Whether two words are known to stand for each other."""
    one, other = stem(first), stem(second)
    return any(one in group and other in group for group in _GROUPS)


def opposed(first: str, second: str) -> bool:
    """Whether two words are known to mean the opposite of each other, or different things of one kind."""
    pairs = {(first, second), (_positive(first), _positive(second))}
    return any(frozenset((stem(one), stem(other))) in _OPPOSITES or is_opposite(one, other) for one, other in pairs)


def _positive(word: str) -> str:
    """A comparative or superlative as it may be without its ending: "long" for "longer", "easy" for "easiest"."""
    base = next((word.removesuffix(ending) for ending in ("est", "er") if word.endswith(ending)), word)
    if base == word or len(base) < 3:
        return word
    if base.endswith("i"):
        return f"{base[:-1]}y"
    return base[:-1] if base[-1] == base[-2] and base[-1] not in "ls" else base


class WordSynonyms:
    """Finds the words that a word may stand for; each word is embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    def __call__(self, word: str, others: Sequence[str]) -> frozenset[str]:
        """Those of `others` that `word` may stand for."""
        candidates = [other for other in others if not opposed(word, other)]
        if not candidates:
            return frozenset()
        self._learn([word, *candidates])
        near = _NEAR_TEXT if " " in word else _NEAR
        return frozenset(other for other in candidates if float(self._known[word] @ self._known[other]) >= near)

    def _learn(self, texts: Sequence[str]) -> None:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            if len(self._known) > _KNOWN:
                self._known = {text: self._known[text] for text in texts if text in self._known}
            self._known.update(zip(missing, self._embedder.embed(missing), strict=True))
