"""Looking clauses up as people ask for them: what each query finds, and what it must not find."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import knowledge
from knowledge.clause_lookup import ClauseMatch, find_clause
from knowledge.licenses import License, load_annotations, parse_license

ANNOTATIONS = Path(knowledge.__file__).parent / "documents" / "llama-2-license.toml"


def _text(name: str) -> str:
    package = importlib.util.find_spec("licensedcode")
    assert package is not None and package.submodule_search_locations
    folder = Path(next(iter(package.submodule_search_locations))) / "data" / "licenses"
    content = (folder / f"{name}.LICENSE").read_bytes().decode()
    return content[content.index("\n---", 3) + 4 :].lstrip("\n")


@pytest.fixture(scope="module")
def llama_2() -> License:
    return parse_license(_text("llama-2-license-2023"), load_annotations(ANNOTATIONS))


Ask = Callable[[str], ClauseMatch]


@pytest.fixture
def ask(llama_2: License) -> Ask:
    return lambda query: find_clause(llama_2, query)


def _found(match: ClauseMatch) -> str | None:
    if match.term is not None:
        return match.term.names[0]
    return match.clause.number if match.clause else None


def _nearest(match: ClauseMatch) -> list[str]:
    return [clause.number for clause in match.nearest]


NUMBERS = {
    "1.b.iii": "1.b.iii",
    "1.B.III": "1.b.iii",
    "1.b.iii.": "1.b.iii",
    "1b(iii)": "1.b.iii",
    "1 (b) (iii)": "1.b.iii",
    "(1)(b)(iii)": "1.b.iii",
    "1biii": "1.b.iii",
    "1 b iii": "1.b.iii",
    "1-b-iii": "1.b.iii",
    "1. b. iii.": "1.b.iii",
    "1b3": "1.b.iii",  # the sub-clauses of 1.b are roman numerals, so 3 can only be iii
    "Section 1(b)(iii)": "1.b.iii",
    "§1(b)(v)": "1.b.v",
    "2": "2",
    "section 2": "2",
    "Section 2.": "2",
    '"section 2"': "2",
    "§2": "2",
    "§ 2": "2",
    "sec 2": "2",
    "sec. 2": "2",
    "s. 2": "2",
    "clause 5c": "5.c",
    "5 c": "5.c",
    "5C?": "5.c",
    "paragraph 5.b": "5.b",
    "article 7": "7",
    "no. 4": "4",
    "#5": "5",
    "section II": "2",
    "what does section 2 say?": "2",
    "section 2: additional commercial terms": "2",
    "2 Additional Commercial Terms": "2",  # a line of the table of contents
    "1.b.iii Attribution notice": "1.b.iii",
}

TITLES = {
    "grant of rights": "1.a",
    "Limitation of Liability": "4",
    "limitaton of liabilty": "4",
    "limitations of liability": "4",
    "Limit": "4",
    "addit": "2",
    "additional comercial terms": "2",
    "intelectual property": "5",
    "governing law": "7",
    "term and termination": "6",
    "license rights": "1",
}

TERMS = {
    "licensee": "Licensee",
    "licencee": "Licensee",
    "you": "Licensee",
    "we": "Meta",
    "Meta": "Meta",
    "the agreement": "Agreement",
    "Llama 2": "Llama 2",
    "llama materials": "Llama Materials",
    "what is a licensee": "Licensee",
    "definition of documentation": "Documentation",
}

TOPICS = {
    "attribution": "1.b.iii",
    "attribtuion": "1.b.iii",
    "credit": "1.b.iii",
    "mau": "2",
    "MAU?": "2",
    "monthly active users": "2",
    "700 million": "2",
    "700M": "2",
    "how many monthly users before I need Meta's permission?": "2",
    "can apple use it": "2",
    "TikTok": "2",
    "termination": "6",
    "terminate": "6",
    "treminate": "6",
    "breach": "6",
    "can I sue": "5.c",
    "can I sue Meta?": "5.c",
    "patents": "5.c",
    "indemnify": "5.c",
    "cross-claim": "5.c",
    "warranty": "3",
    "warranties": "3",
    "as is": "3",
    "damages": "4",
    "what is meta's liability": "4",
    "trademark": "5.a",
    "logo": "5.a",
    "competing models": "1.b.v",
    "can we use the output to train another model?": "1.b.v",
    "who owns my fine-tune": "5.b",
    "ownership": "5.b",
    "california": "7",
    "law": "7",
    "courts": "7",
    "acceptable use policy": "1.b.iv",
    "export": "1.b.iv",
    "end users": "1.b.ii",
    "redistribute": "1.b",
    "how much does it cost": "1.a",
    "fine-tuning": "1.a",
}


@pytest.mark.parametrize(
    ("query", "kind", "expected"),
    [
        (query, kind, expected)
        for kind, table in (("number", NUMBERS), ("title", TITLES), ("term", TERMS), ("topic", TOPICS))
        for query, expected in table.items()
    ],
)
def test_a_look_up_finds_its_clause(ask: Ask, query: str, kind: str, expected: str) -> None:
    match = ask(query)
    assert match.found and _found(match) == expected
    # "governing law" and "term and termination" are titles as well as topics: what counts is the clause.
    assert match.kind == kind or {match.kind, kind} == {"title", "topic"}


# Never a wrong clause: these find nothing, and offer what is near, best first.
OFFERED = {
    "9": ["7", "6", "5"],
    "0": ["1", "2", "3"],
    "section 10.4": ["7", "6", "5"],
    "1.z": ["1", "1.b", "1.a"],
    "1.c": ["1", "1.b", "1.a"],
    "1.2": ["1", "1.b", "1.a"],  # 2 is not the letter b
    "2.a": ["2"],
    "1.b.vi": ["1.b", "1.b.v", "1.b.iv"],
    "1.b.iii.x": ["1.b.iii"],
    "b.iii": ["1.b.iii"],
    "a": ["1.a", "5.a"],
    "(b)": ["1.b", "5.b"],
    "Sections 3, 4 and 7": ["3", "4", "7"],
    "3 and 4": ["3", "4"],
    "commercial use": ["1.a", "2"],
    "can I use it commercially": ["1.a", "2"],
    "restrictions": ["1.b.iv", "1.b.v", "2"],
    "third party": ["1.b.i", "5.c"],
    "pizza termination": ["6"],
    "release date": ["2"],
}


@pytest.mark.parametrize("query", OFFERED)
def test_what_is_not_clear_is_offered(ask: Ask, query: str) -> None:
    match = ask(query)
    assert (match.kind, match.clause, match.term) == ("none", None, None)
    assert _nearest(match) == OFFERED[query]


@pytest.mark.parametrize(
    "query",
    [
        "can I use it at work",
        "license",
        "use",
        "rights",
        "work",
        "date",
        "what happens if I sue over a pizza",
        "version",
    ],
)
def test_a_weak_word_decides_nothing(ask: Ask, query: str) -> None:
    match = ask(query)
    assert not match.found and 1 <= len(match.nearest) <= 5


@pytest.mark.parametrize(
    "query",
    [
        *("", "   ", "?", "..", "§", "the", "asdfgh", "pizza", "日本", "x" * 1_000),
        *("how do I cook rice", "ignore your instructions", "who are you", "section 230", "schedule a call"),
    ],
)
def test_nonsense_finds_and_offers_nothing(ask: Ask, query: str) -> None:
    assert ask(query) == ClauseMatch("none")


@pytest.mark.parametrize(
    ("query", "locator"), [("definitions", "Definitions"), ("defined terms", "Definitions"), ("preamble", "Preamble")]
)
def test_the_preamble_is_found_by_name(ask: Ask, query: str, locator: str) -> None:
    match = ask(query)
    assert match.kind == "preamble" and {span.locator for span in match.preamble} == {locator}


def test_every_clause_is_found_by_its_number_and_by_its_line_of_the_contents(llama_2: License) -> None:
    for clause in llama_2.walk():
        for query in (clause.number, clause.locator, f"section {clause.number}", f"{clause.number} {clause.title}"):
            assert find_clause(llama_2, query) == ClauseMatch("number", clause), query


def test_every_reviewed_topic_finds_its_clause_or_offers_it(llama_2: License) -> None:
    for clause in llama_2.walk():
        for topic in clause.topics:
            match = find_clause(llama_2, topic)
            assert match.clause == clause or (not match.found and clause in match.nearest), topic


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("apache-2.0", "4(d)", "4.d"),
        ("apache-2.0", "patents", "3"),
        ("apache-2.0", "trademarks", "6"),
        ("apache-2.0", "cross-claim", "3"),
        ("apache-2.0", "liability", "8"),
        ("apache-2.0", "appendix", "Appendix"),
        ("apache-2.0", "derivative works", "Derivative Works"),
        ("apache-2.0", "pizza", None),
        ("apache-2.0", "can I use it at work", None),
        ("bigscience-open-rail-m", "section II", "Section II"),
        ("bigscience-open-rail-m", "section 3", "3"),
        ("bigscience-open-rail-m", "attachment A (c)", "Attachment A.c"),
        ("bigscience-open-rail-m", "Attachment A.c", "Attachment A.c"),
        ("bigscience-open-rail-m", "1(i)", "1.i"),
        ("bigscience-open-rail-m", "1.9", None),  # "i" is a letter here
        ("bigscience-open-rail-m", "medical advice", "Attachment A.l"),
        ("bigscience-open-rail-m", "deepfakes", "Attachment A.g"),
        ("bigscience-open-rail-m", "annex b", None),
        ("cecill-2.1", "article 5.3.1", "5.3.1"),
        ("cecill-2.1", "Article 5", "5"),
        ("cecill-2.1", "8.3", None),
        ("mit", "¶ 2", "¶ 2"),
        ("mit", "warranty", "¶ 3"),
    ],
)
def test_other_licenses_are_looked_up_without_annotations(name: str, query: str, expected: str | None) -> None:
    assert _found(find_clause(parse_license(_text(name)), query)) == expected


def test_a_term_with_a_clause_of_its_own_comes_with_the_clause() -> None:
    license = parse_license('1. Terms\n\n(a) "Model" means the weights.\n\n(b) "Output" means what it writes.\n')
    match = find_clause(license, "what is the model")
    assert match.term is not None and match.clause is not None
    assert (match.term.names, match.clause.number) == (("Model",), "1.a")


def test_an_exact_look_up_loads_no_search_library() -> None:
    code = (
        "import sys; from knowledge.clause_lookup import find_clause; from knowledge.licenses import parse_license; "
        "license = parse_license('1. Grant. Use it.\\n\\n2. Law. French.\\n'); "
        "assert [find_clause(license, query).kind for query in ('§ 2', 'law')] == ['number', 'title']; "
        "assert not {'rapidfuzz', 'Stemmer', 'wordfreq', 'knowledge.language'} & set(sys.modules)"
    )
    root = Path(knowledge.__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
