"""Words near in meaning, by the embedding model's own view of single words; opposites are kept apart by a list."""

from collections.abc import Sequence

from knowledge.embedding import Embedder, Vectors
from knowledge.language import stem

_NEAR = 0.5
"""Cosine similarity of two single words from which they count as synonyms."""

# An embedding model puts opposites close together: these never support each other.
_OPPOSITES = frozenset(
    frozenset(stem(word) for word in pair.split("/"))
    for pair in """open/closed open/close public/private cheap/expensive free/paid free/expensive win/lose good/bad better/worse
    big/small bigger/smaller large/small high/low long/short early/late fast/slow easy/hard easy/difficult start/end begin/end
    begin/terminate start/terminate commence/terminate commence/end commence/expire begin/expire survive/end survive/expire
    survive/lapse survive/terminate continue/end continue/stop continue/cease continue/terminate accept/reject accept/refuse
    allow/forbid allow/prohibit permit/prohibit grant/revoke grant/deny include/exclude included/excluded inclusive/exclusive
    add/remove keep/delete retain/delete retain/remove keep/remove buy/sell give/take give/receive grant/receive supply/receive
    increase/decrease rise/fall up/down more/less gain/lose profit/loss income/cost user/developer users/developers buyer/seller
    employer/employee licensor/licensee plaintiff/defendant legal/illegal valid/invalid lawful/unlawful true/false
    possible/impossible direct/indirect express/implied domestic/foreign commercial/research commercial/noncommercial
    online/offline local/remote device/cloud hardware/software input/output month/year month/week week/year day/year day/month
    hour/day minute/hour before/after first/last previous/next past/future morning/evening north/south east/west man/woman
    child/adult friend/enemy ally/rival partner/competitor partner/rival customer/supplier warranty/liability trademark/patent
    trademark/copyright patent/copyright strong/weak rich/poor safe/dangerous success/failure advantage/disadvantage
    support/oppose benefit/harm benefit/hurt help/harm build/destroy create/destroy open/proprietary exclusive/nonexclusive
    limited/unlimited transferable/nontransferable person/company individual/company likely/unlikely agree/disagree love/hate
    acceptance/termination acceptance/refusal commence/cease import/export push/pull major/minor majority/minority most/few
    internal/external above/below over/under inside/outside winner/loser together/separately distribute/receive""".split()
)


def opposed(first: str, second: str) -> bool:
    """Whether two words are known to mean the opposite of each other, or different things of one kind."""
    return frozenset((stem(first), stem(second))) in _OPPOSITES


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
        return frozenset(other for other in candidates if float(self._known[word] @ self._known[other]) >= _NEAR)

    def _learn(self, words: Sequence[str]) -> None:
        missing = [word for word in dict.fromkeys(words) if word not in self._known]
        if missing:
            self._known.update(zip(missing, self._embedder.embed(missing), strict=True))
