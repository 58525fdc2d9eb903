"""The closed word classes of English that decide whether two statements say the same: who, whether, how much, when.

These are facts about English, not about any document: negators, modal verbs, quantifiers, comparatives, time words,
pronouns, light verbs, and the phrases in which a statement is reported.
"""

import re

from knowledge.language import stem


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, text.split()))


def _classes(text: str) -> tuple[frozenset[str], ...]:
    return tuple(_words(line) for line in text.splitlines() if line.strip())


# --- clauses -----------------------------------------------------------------------------------------------------

BARE = _words("be been being")
"""Forms of "be" that follow another auxiliary."""
BE = BARE | _words(
    """am is are was were isn't aren't wasn't weren't it's that's there's he's she's i'm you're we're they're
    this's what's"""
)
AUXILIARIES = BE | _words(
    """have has had haven't hasn't hadn't do does did don't doesn't didn't will would shall should may might can
    could must cannot can't couldn't won't wouldn't shouldn't mustn't i've you've we've they've i'll you'll
    we'll they'll it'll"""
)
FINITE = AUXILIARIES - BARE
"""Auxiliaries that make a clause."""
PAST = _words("was were wasn't weren't did didn't had hadn't")
PRESENT = _words("do does don't doesn't")
TURNING = _words("event circumstances never nor neither case")
"""Words of the phrases after which verb and subject change places: "in no event will X …"."""
CONDITIONALS = _words("if unless until except excluding once when whenever upon")
"""Words that open a condition or an exception."""
OPENERS = CONDITIONALS | _words(
    """because although though while whereas where since which who whom whose that but whether so as than whoever
    whatever"""
)
"""Words that open a clause."""
PREPOSITIONS = _words(
    """of in on at by for with from to under about against between into onto over through among within without like
    as out up than upon during after before via per besides including across among unlike inside versus
    towards toward despite regarding concerning"""
)
ARTICLES = _words("""the a an this that these those its their his her our your my any all some no each every such""")
CONJUNCTIONS = _words("and or but nor so then")
IRREGULAR_PARTICIPLES = _words(
    """made built held given shown kept brought sold bought sent set cut put taken known seen written bound said
    paid left lost won told thought found driven done begun chosen drawn broken spoken borne"""
)

PAST_FORMS = _words(
    """said told knew thought felt meant kept slept left spent stood sat lay ran went came gave took got grew rose fell
    began became broke chose spoke wrote drove drew flew threw held led met found fought bought brought caught taught
    sold sent lent built lost won paid laid made heard read sought wore tore bore swore drank ate sang swam sank rang
    struck stuck hung dug shot hid bit froze stole woke forgot understood saw"""
)
"""Irregular verbs in the past."""

# --- who ---------------------------------------------------------------------------------------------------------

ADDRESSEE = _words("you your yours yourself you're you've you'll licensee licensees")
"""The party that a text speaks to, and what a contract calls that party."""
ANYBODY = _words("""anyone anybody someone somebody whoever everyone everybody person persons people one those""")
POSSESSIVES = _words("your its their his her our my")
THIRD = _words("it it's its they they're them their this that these those one he she him her")
"""Pronouns that may stand for a thing or a person named before."""
PRONOUNS = _words(
    """it its itself it's it'll they them their theirs they're they've they'll we us our ours we're we've we'll i
    my me i'm i've i'll he him his she her this that these those that's who which what whose one ones he's
    she's there"""
)
SUBJECTS = _words("""i you we they it he she this that that's it's they're we're you're there there's these those""")
"""Pronouns that can only, or mostly, open a statement where they follow a comma or an "and"."""
GENERIC = _stems(
    """company firm business organization agreement license contract text terms term provision clause paragraph
    material passage transcript video speaker presenter host narrator author source section article
    announcement thing way reason example kind type part rest number amount case fact point move approach
    step idea rule limit threshold restriction requirement condition exclusion exception change shift trend
    plan goal issue matter problem claim topic detail information question answer result effect role theory"""
)
"""Nouns that name a thing by its kind only, as "the company" does."""
LIGHT = _stems(
    """become let allow enable permit cause lead get come go happen occur involve include count mean say state note
    explain describe mention concern regard relate specify have make apply right enough do be call try start
    begin continue remain stay want plan intend help aim seek seem appear turn need require able simply
    basically just also even too actually really well still however instead several various certain many lot
    much further else overall specific according besides among inside unlike cover define refer hold mark
    remain together anything both particular clear explicit itself own entire whole full possible likely
    allowed permitted authorized eligible willing free want like way kind sort ability order purpose such"""
)
"""Words that lend a sentence its frame rather than its facts."""

# --- whether -----------------------------------------------------------------------------------------------------

NEGATORS = _words(
    """no not never none neither nor nothing nobody nowhere cannot without non hardly barely rarely outside"""
)
EXCLUSIVE = _words("only solely merely exclusively")
NEGATIVE_VERBS = _stems(
    """prohibit forbid forbidden exempt refuse prevent cease stop lack ban bar fail unable decline reject"""
)
"""Words that deny what follows them, and are content themselves."""
BANNED = _words("prohibited forbidden banned barred")
ALLOWED = _words("allowed permitted authorized authorised")
IDIOMS = re.compile(
    r"\b(?:even if|even though|without limitation|(?:including )?but not limited to|not only|"
    r"no (?:later|earlier|more|less|fewer) than|whether or not|no doubt|"
    r"or otherwise|no matter|as well as|as soon as|such as|of course|at all times|in order to)\b",
    re.I,
)
"""Phrases whose negators and connectives mean nothing of the kind."""
RESTRICTORS = _words("only solely exclusively just unless until except excluding")

DUTY = re.compile(
    r"\b(?:must|shall|(?:have|has|had|having) to|needs? to|needs?|ought to|"
    r"(?:is|are|be|being) (?:required|obliged|obligated|mandatory|necessary)|"
    r"requires|mandatory|obligation|obliges|duty)\b",
    re.I,
)
WEAK_DUTY = re.compile(
    r"\b(?:have to|has to|need|needs|required|necessary|obliged|obligated|requires|obligation|mandatory|duty)\b", re.I
)
"""Duties whose denial is a freedom: "need not", where "must not" is a prohibition."""
PERMISSION = re.compile(
    r"\b(?:(?-i:may|MAY)|can|cannot|can't|could|couldn't|might|able to|allowed|permitted|authori[sz]ed|"
    r"entitled|free to|eligible|"
    r"lets?|allows?|enables?|permits?|right to|option to|discretion)\b",
    re.I,
)
HEDGE = re.compile(
    r"\b(?:(?:should|would) have|(?-i:may|MAY)|might|could|possibly|possible|potentially|"
    r"potential|perhaps|maybe|likely|probably|hopes?|hoping|wants?|plans?|"
    r"tries|trying|seems?|suggests?)\b",
    re.I,
)
FUTURE = re.compile(r"\b(?:will|won't|going to|i'll|we'll|they'll|it'll|you'll|shall|would)\b", re.I)
CERTAIN = _words(
    """certain certainly definitely definite guaranteed guarantees guarantee automatically immediately inevitably
    undoubtedly surely unconditionally permanently irrevocably"""
)
FREEDOM = _words("optional optionally voluntary voluntarily recommended wish choose encouraged")
UNDECIDED = _words("whether discretion")
"""Words that leave open what is decided."""

# --- how much ----------------------------------------------------------------------------------------------------

UNIVERSAL = _words(
    """all every each everyone everybody everything any anyone anybody anything whatever entirely entire completely
    wholly fully whole anywhere everywhere exception unlimited"""
)
ALWAYS = _words("always ever forever")
ONLY = _words("only solely exclusively sole exclusive just")
ALONE = ONLY - {"just"}
MOST = _words("most majority mostly mainly largely primarily")
MOSTLY = MOST - {"most"}
UP = _words(
    """more greater above exceed exceeds exceeding exceeded bigger larger higher rising increase increased
    increases least better rise rises risen growing grow grows grew"""
)
DOWN = _words(
    """less fewer below smaller lower falling decrease decreased decreases down worse fall falls fallen shrinking
    shrink shrinks reduce reduced reduces most"""
)

# --- when --------------------------------------------------------------------------------------------------------

TIMES = _classes(
    """previous previously last former formerly earlier prior before preceding past
    next following upcoming coming
    now currently today present presently already
    soon near future eventually later tomorrow
    ago yesterday
    after upon once when following since
    until before unless
    year years annual annually yearly
    month months monthly
    week weeks weekly
    day days daily date
    hour hours minute minutes
    decade decades century
    first
    second
    third
    """
)
TIME_WORDS = frozenset().union(*TIMES)
CONNECTIVES = _words("since when once upon following while")
"""Time words that as often give a reason or an order as a time."""

# --- who says so -------------------------------------------------------------------------------------------------

_REPORTER = (
    r"(?:transcript|video|document|speaker|presenter|host|narrator|author|announcement|release|license|agreement|"
    r"contract|text|source|clause)"
)
OPENING = re.compile(
    r"^(?:(?:yes|no|yeah|correct|right|well|indeed|in short|in other words|basically|essentially|overall|in summary|"
    r"additionally|also|however|moreover|furthermore|finally|that said|in addition|specifically|in fact|instead|"
    r"therefore|as a result|so)\s*[,:.;—–-]\s*|"
    r"(?:according to|based on|per|under|in|as stated in|as per) (?:the|this) (?:[\w'’-]+ ){0,4}?"
    rf"(?:{_REPORTER}|passage|section|policy|notice|terms)s?\s*,\s*|"
    rf"(?:the|this) (?:[\w'’-]+ ){{0,3}}?{_REPORTER} (?:also |then |further )?"
    r"(?:says?|states?|notes?|thinks?|believes?|explains?|argues?|points out|mentions?|adds?|expects?|suggests?|"
    r"specifies|provides|claims?|predicts?|concludes?|describes how|makes (?:it )?clear)(?: it)?(?: that)?\s+)",
    re.I,
)
"""What opens a sentence without being part of its claim: an answer's yes, and who is reported."""
CLOSING = re.compile(
    rf",\s*(?:according to [^,]{{1,50}}|(?:the|this) {_REPORTER} "
    r"(?:says?|states?|thinks?|believes?|argues?|notes?|explains?|adds?|expects?))\s*(?=[.!]?$)",
    re.I,
)
"""The same at the end of a sentence."""
