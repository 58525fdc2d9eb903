"""Clause numbers as people write them: `1.b.iii`, `section 2`, `§2`, `1b(iii)`, `clause 5c`; never a guess. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.clause_labels import ATTACHMENTS, roman_value
from knowledge.licenses import Clause, License

_SECTION = r"sections?|sect?|clauses?|articles?|art|paragraphs?|paras?|subsections?|subclauses?"
_NAMED = rf"{'|'.join(sorted(ATTACHMENTS))}|part|chapter|title"
_PART = r"(?:\d{1,2}(?!\d)|[ivx]{1,6}(?![a-z])|[a-z](?:[ivx]{1,6})?(?![a-z]))"
_STEPS = rf"(?:[.-]?\s*\(\s*{_PART}\s*\)|[.-]{_PART}|{_PART})*"
_FROM_DIGIT = rf"\d{{1,2}}(?!\d){_STEPS}"
_LIST = rf"{_FROM_DIGIT}(?:(?:\s*(?:,|&|\band\b|\bor\b)\s*)+{_FROM_DIGIT})*"
_WHOLE = re.compile(
    rf"(?:(?P<keyword>{_SECTION}|{_NAMED}|numbers?|no|cl|ss?|§+|¶|#)\s*\.?\s*)?"
    rf"(?P<number>\(?\s*{_PART}\s*\)?(?:\s*[.-]?\s*\(\s*{_PART}\s*\)|\s*[.-]\s*{_PART}|\s*{_PART})*)"
)
_INSIDE = re.compile(rf"(?:\b(?:{_SECTION})\b|§+)\s*\.?\s*(?P<numbers>{_LIST})(?!\w)")
_NAMED_INSIDE = re.compile(rf"\b(?P<keyword>{_NAMED})\s+(?P<number>\d{{1,2}}|[ivx]+|[a-z])(?!\w)")
_TOKEN = re.compile(r"\d+|[ivx]+(?![a-z])|[a-z]")


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """The clause of a number, or the nearest ones where there is no such clause or more than one."""

    clause: Clause | None
    nearest: tuple[Clause, ...] = ()


def find_number(license: License, query: str) -> NumberMatch | None:
    """Look up a clause number; None where the query has none (`700 million users`)."""
    wanted = re.sub(r"\s+", " ", query.lower()).strip(" \t\"'“”‘’?!,;:")
    literal = next((clause for clause in license.walk() if clause.number.lower() == wanted.rstrip(".")), None)
    if literal is not None:
        return NumberMatch(literal)
    whole = _WHOLE.fullmatch(wanted.rstrip(". "))
    if whole is not None:
        return _resolve_whole(license, whole["keyword"] or "", _TOKEN.findall(whole["number"]))
    return _resolve_inside(license, wanted)


def _resolve_whole(license: License, keyword: str, tokens: list[str]) -> NumberMatch | None:
    if not keyword and not tokens[0].isdigit():
        ending = tuple(clause for clause in license.walk() if _tokens(clause)[-len(tokens) :] == tokens)
        return NumberMatch(None, ending[:5]) if ending else None
    clause = _clause(license, keyword, tokens)
    return NumberMatch(clause) if clause else NumberMatch(None, _nearest(license, keyword, tokens))


def _resolve_inside(license: License, wanted: str) -> NumberMatch | None:
    """The numbers named in a longer query; several of them are all offered."""
    listed = re.fullmatch(_LIST, wanted)
    found = [listed.group()] if listed else [match["numbers"] for match in _INSIDE.finditer(wanted)]
    asked = [("", _TOKEN.findall(number)) for numbers in found for number in re.findall(_FROM_DIGIT, numbers)]
    asked += [(match["keyword"], [match["number"]]) for match in _NAMED_INSIDE.finditer(wanted)]
    clauses = [_clause(license, keyword, tokens) for keyword, tokens in asked]
    known = tuple(dict.fromkeys(clause for clause in clauses if clause is not None))
    if len(known) == 1 and len(asked) == 1:
        return NumberMatch(known[0])
    if known:
        return NumberMatch(None, known[:5])
    numbered = [tokens for keyword, tokens in asked if not keyword]
    return NumberMatch(None, _nearest(license, "", numbered[0])) if numbered else None


def _clause(license: License, keyword: str, tokens: Sequence[str]) -> Clause | None:
    """The one clause that a number names, read literally, or else with arabic for roman numerals."""
    every = list(license.walk())
    for same in (_same_letters, _same_values):
        for prefix in dict.fromkeys((_keyword(keyword), "")):
            if prefix == "" and _keyword(keyword) in ATTACHMENTS:
                continue
            named = [*([prefix] if prefix else []), *tokens]
            found = [clause for clause in every if same(license, clause, named, bool(keyword))]
            if len(found) == 1:
                return found[0]
    return None


def _keyword(printed: str) -> str:
    if printed in ("¶", *ATTACHMENTS, "part", "chapter", "title"):
        return printed
    if printed.startswith(("art", "para")):
        return "article" if printed.startswith("art") else "¶"
    return "section" if printed else ""


def _same_letters(license: License, clause: Clause, tokens: Sequence[str], keyword: bool) -> bool:
    return _joined(_tokens(clause)) == _joined(tokens)


def _same_values(license: License, clause: Clause, tokens: Sequence[str], keyword: bool) -> bool:
    """Whether numbers agree when "3" may stand for the roman "iii", and "section II" for "2"."""
    own = _tokens(clause)
    if own[0] in ("section", "article", "part", "chapter", "title") and tokens[0] != own[0]:
        own = own[1:]
    offset = len(_tokens(clause)) - len(own)
    return len(own) == len(tokens) and all(
        mine == theirs
        or (theirs.isdigit() and roman_value(mine) == int(theirs) and _is_roman(license, clause, place + offset))
        or (keyword and place == 0 and mine.isdigit() and roman_value(theirs) == int(mine))
        for place, (mine, theirs) in enumerate(zip(own, tokens, strict=True))
    )


def _is_roman(license: License, clause: Clause, place: int) -> bool:
    """Whether a part of a clause's number is a roman numeral: its level has an "ii" ("i" alone may be the letter)."""
    second = [*_tokens(clause)[:place], "ii"]
    return any(_tokens(other) == second for other in license.walk())


def _nearest(license: License, keyword: str, tokens: Sequence[str]) -> tuple[Clause, ...]:
    """Where a number leads nowhere: the clause it would be in and the nearest ones there, or the attachments."""
    for length in range(len(tokens) - 1, 0, -1):
        parent = _clause(license, keyword, tokens[:length])
        if parent is not None:
            return parent, *_closest(parent.children, tokens[length])[:2]
    if keyword in ATTACHMENTS:
        return tuple(clause for clause in license.clauses if _tokens(clause)[0] in ATTACHMENTS)[:3]
    return tuple(_closest([clause for clause in _top(license) if clause.number[0].isdigit()], tokens[0])[:3])


def _top(license: License) -> Iterator[Clause]:
    """The outermost clauses, and those that sections contain."""
    for clause in license.clauses:
        yield clause
        yield from (child for child in clause.children if not child.number.startswith(f"{clause.number}."))


def _closest(clauses: Sequence[Clause], token: str) -> list[Clause]:
    names = [_tokens(clause)[-1] for clause in clauses]
    roman = "ii" in names
    wanted = _value(token, roman)
    distances = [abs(_value(name, roman) - wanted) for name in names]
    order = sorted(range(len(clauses)), key=distances.__getitem__)
    return [clauses[place] for place in order]


def _value(token: str, roman: bool) -> int:
    if token.isdigit():
        return int(token)
    return (roman_value(token) if roman else 0) or ord(token[0]) - 96


def _tokens(clause: Clause) -> list[str]:
    """A clause's number in parts: "Attachment A.c" is attachment, a, c. A repeated number's count is no part of it."""
    keyword, _, rest = clause.number.lower().rpartition(" ")
    if rest.startswith("("):
        return [clause.number]
    return [*([keyword] if keyword else []), *(part for part in re.split(r"[.\s]", rest) if part)]


def _joined(tokens: Sequence[str]) -> str:
    """Parts run together, as in "1biii", but for digits beside digits, which would become another number."""
    joined = ""
    for token in tokens:
        joined += "." if joined[-1:].isdigit() and token[:1].isdigit() else ""
        joined += token
    return joined
