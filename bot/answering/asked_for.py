"""What kind of thing a question asks for: an amount, a date, a place, a person; or no thing but a favour. Pure."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: how a question asks for one, and what a text that gives one shows."""

    asks: re.Pattern[str]
    shows: re.Pattern[str]


def _kind(asks: str, shows: str) -> Kind:
    return Kind(re.compile(asks, re.I | re.X), re.compile(shows, re.I | re.X))


_MONEY = _kind(
    r"""\bhow\ (?:much\ (?:money|does|do|did|is|are|will|would)|expensive|costly)\b
    | \bwhat(?:'s|\ is|\ are|\ does)?\ .{0,40}\b(?:price|fee|fees|cost|costs|fine|penalty|salary|revenue)\b
    | \b(?:dollars?|euros?|usd|price|fee|fine)\b.{0,30}\? | ^(?:price|cost|fee)s?\b""",
    r"""[$€£] | \b(?:dollars?|euros?|pounds?|cents?|penn(?:y|ies)|fees?|royalt\w+|royalty-free|paid|pays?|prices?|costs?
    |money|expensive|free)\b""",
)
_SHARE = _kind(
    r"\b(?:percent(?:age)?|per\ cent|share\ of|proportion|fraction|ratio)\b",
    r"% | \b(?:percent|half|third|quarter|fraction|majority|most)\b",
)
_NUMBER = _kind(
    r"""\bhow\ many\b | \bnumber\ of\b | \bhow\ (?:large|big|high|old|tall)\b
    | \bwhat\ (?:number|size|limit|threshold)\b""",
    r"""\d | \b(?:two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?|millions?|billions?
    |several|all|any|many|most|one|no)\b""",
)
_TIME = _kind(
    r"""^when\b | \b(?:what|which)\ (?:date|day|month|year|time)\b | \bsince\ when\b | \buntil\ when\b
    | \bhow\ (?:soon|long|often|frequently)\b | \bwithin\ how\b | \bdeadline\b""",
    r"""\b(?:\d{4}|january|february|march|april|may|june|july|august|september|october|november|december|days?|weeks?
    |months?|years?|daily|monthly|noon|midnight|o'clock
    |at\ (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})|\d{1,2}:\d\d|future|soon|now|today
    |right\ now|already|once|upon|until|as\ of|commence|date|always|in\ force|after|before|when|term)\b""",
)
_LINK = _kind(
    r"""\b(?:what|which|where|give|send|to)\b.{0,40}
    \b(?:e-?mail|web\ ?site|url|link|web\ address|download\ page)\b""",
    r"@ | https?: | www\. | \b\w+\.(?:com|org|net|ai|io)\b",
)
_ADDRESS = _kind(
    r"\b(?:postal\ address|street\ address|what\ address|which\ address|phone\ number|telephone|fax)\b",
    r"@ | https?: | \d{3,}",
)
_PLACE = _kind(
    r"\b(?:which|what)\ (?:city|town|country|state|place|court|courts|street)\b | ^where\b",
    r"""\b(?:in|at|of|on|from|to|outside)\ (?:the\ )?[A-Z] | https?: | \.com | \bcourts?\b | \bcloud\b
    | \bdevices?\b""",
)
_PERSON = _kind(
    r"""\bwho(?:m|se)?\b | \bname\ of\ the\ (?:man|woman|guy|person|speaker|author|host)\b
    | \bwhat(?:'s|\ is)\ .{0,20}\bcalled\b""",
    r"""[a-z,]\ [A-Z][a-z]+ | \b(?:you|we|they|users|developers|companies|licensee|party|entity)\b | ^[A-Z][a-z]+\ """,
)
KINDS = (_MONEY, _SHARE, _NUMBER, _TIME, _LINK, _ADDRESS, _PLACE, _PERSON)

_NAMED_NUMBER = re.compile(r"(?<=[a-z]) \d+(?:\.\d+)?\b(?! ?(?:million|billion|thousand|%|percent))")
"""A number that is part of a name ("Llama 2", "Section 3") says how many of nothing."""
_DEMAND = re.compile(
    r"""^(?:please\s+|hey\s+|ok(?:ay)?\s+|now\s+|just\s+|could\ you\s+|can\ you\s+|would\ you\s+)*
    (?:write|compose|draw|translate|pretend|act|ignore|forget|disregard|repeat|print|output|reveal|sing|tell\ me\ a
    |give\ me\ a|generate|implement|code|summari[sz]e\ this|roleplay|imagine|recommend|make\ me|say)\b
    | \b(?:ignore|disregard|forget)\b.{0,30}\b(?:instruction|rule|prompt|guideline|above|previous|restriction)
    | \bsystem\ prompt\b | \byou\ are\ now\b | \bdeveloper\ mode\b | \bjailbreak\b | \bjoke\b | \bpoem\b | \bhaiku\b
    | \bpython\b | \bscript\b""",
    re.I | re.X,
)
_OPINION = re.compile(
    r"""\b(?:do|would|what\ do|should)\ you\ (?:think|prefer|like|recommend|believe|say|rather)\b
    | \byour\ (?:opinion|view|favou?rite|take)\b | \bin\ your\b
    | \b(?:best|better\ than|worse\ than|favou?rite|prettier|nicer|cooler)\b
    | \bshould\ i\ (?:buy|sell|invest)\b | \bworth\ (?:buying|it)\b""",
    re.I | re.X,
)


def missing_kinds(question: str, text: str) -> int:
    """How many kinds of thing the question asks for that the text does not show."""
    plain = _NAMED_NUMBER.sub("", text)
    return sum(bool(kind.asks.search(question)) and not kind.shows.search(plain) for kind in KINDS)


def is_demand(question: str) -> bool:
    """Whether a question is an order to write, play or forget something rather than a question."""
    return bool(_DEMAND.search(question.strip()))


def asks_opinion(question: str) -> bool:
    """Whether a question asks what the bot thinks, likes or advises."""
    return bool(_OPINION.search(question))
