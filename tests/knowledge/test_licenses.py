"""Parsing licenses: the Llama 2 license byte for byte, the ScanCode corpus by its invariants, and texts users write."""

import importlib.util
import textwrap
from pathlib import Path

import pytest

import knowledge
from knowledge.errors import SourceError
from knowledge.licenses import ClauseAnnotation, License, load_annotations, parse_license

ANNOTATIONS = Path(knowledge.__file__).parent / "documents" / "llama-2-license.toml"


def _folder() -> Path:
    package = importlib.util.find_spec("licensedcode")
    assert package is not None and package.submodule_search_locations
    return Path(next(iter(package.submodule_search_locations))) / "data" / "licenses"


def _text(path: Path) -> str:
    content = path.read_bytes().decode()
    return content[content.index("\n---", 3) + 4 :].lstrip("\n")


def _parse(name: str) -> License:
    return parse_license(_text(_folder() / f"{name}.LICENSE"))


@pytest.fixture(scope="module")
def llama_2() -> License:
    return parse_license(_text(_folder() / "llama-2-license-2023.LICENSE"), load_annotations(ANNOTATIONS))


def _numbers(license: License) -> list[str]:
    return [clause.number for clause in license.walk()]


def _printed(license: License, number: str) -> str:
    clause = license.clause(number)
    assert clause is not None
    return license.clause_text(clause)


# --- the Llama 2 license ---------------------------------------------------------------------------------------------

CONTENTS = [
    ("1", "License Rights and Redistribution", "document"),
    ("1.a", "Grant of Rights", "document"),
    ("1.b", "Redistribution and Use", "document"),
    ("1.b.i", "Copy of the agreement", "annotation"),
    ("1.b.ii", "Recipients of integrated products", "annotation"),
    ("1.b.iii", "Attribution notice", "annotation"),
    ("1.b.iv", "Compliance and acceptable use", "annotation"),
    ("1.b.v", "No improving other language models", "annotation"),
    ("2", "Additional Commercial Terms", "document"),
    ("3", "Disclaimer of Warranty", "document"),
    ("4", "Limitation of Liability", "document"),
    ("5", "Intellectual Property", "document"),
    ("5.a", "No trademark licenses", "annotation"),
    ("5.b", "Ownership of derivative works", "annotation"),
    ("5.c", "Litigation and indemnity", "annotation"),
    ("6", "Term and Termination", "document"),
    ("7", "Governing Law and Jurisdiction", "document"),
]

# The first and last words of every clause, read off the license by hand.
EDGES = {
    "1": (
        "1. License Rights and Redistribution. \n\n      a. Grant",
        "(excluding Llama 2 or \nderivative works thereof).",
    ),
    "1.a": ("a. Grant of Rights. You are granted", "modifications to the Llama \nMaterials."),
    "1.b": ("b. Redistribution and Use.  \n\n            i. If you", "derivative works thereof)."),
    "1.b.i": ("i. If you distribute or make", "copy of this Agreement to such \nthird party."),
    "1.b.ii": ("ii.  If you receive Llama Materials", "then Section 2 of this \nAgreement will not apply to you."),
    "1.b.iii": ("iii. You must retain in all copies", 'Meta Platforms, Inc. All Rights Reserved."'),
    "1.b.iv": ("iv. Your use of the Llama Materials", "incorporated by reference into \nthis Agreement."),
    "1.b.v": ("v. You will not use", "(excluding Llama 2 or \nderivative works thereof)."),
    "2": ("2. Additional Commercial Terms. If, on the", "expressly grants you \nsuch rights."),
    "3": ("3. Disclaimer of Warranty. UNLESS REQUIRED", "LLAMA MATERIALS AND ANY OUTPUT AND RESULTS."),
    "4": ("4. Limitation of Liability. IN NO EVENT", "POSSIBILITY OF \nANY OF THE FOREGOING."),
    "5": ("5. Intellectual Property.\n\n      a. No trademark", "use or distribution of the Llama Materials."),
    "5.a": ("a. No trademark licenses are granted", "redistributing the \nLlama Materials."),
    "5.b": ("b. Subject to Meta's ownership", "owner of such derivative works and modifications."),
    "5.c": ("c. If you institute litigation", "use or distribution of the Llama Materials."),
    "6": ("6. Term and Termination. The term", "survive the \ntermination of this Agreement."),
    "7": ("7. Governing Law and Jurisdiction. This", "any dispute arising out of this Agreement."),
}


def test_the_table_of_contents_is_the_licenses(llama_2: License) -> None:
    assert [(clause.number, clause.title, clause.title_source) for clause in llama_2.walk()] == CONTENTS
    assert [clause.depth for clause in llama_2.walk()] == [number.count(".") for number, _, _ in CONTENTS]


@pytest.mark.parametrize("number", EDGES)
def test_a_clause_runs_from_its_label_to_its_last_word(llama_2: License, number: str) -> None:
    first, last = EDGES[number]
    printed = _printed(llama_2, number)
    assert printed.startswith(first) and printed.endswith(last)
    assert llama_2.text.count(printed) == 1


def test_a_clause_is_printed_byte_for_byte(llama_2: License) -> None:
    assert _printed(llama_2, "1.b.iii") == (
        "iii. You must retain in all copies of the Llama Materials that you \n"
        'distribute the following attribution notice within a "Notice" text file distributed as a \n'
        'part of such copies: "Llama 2 is licensed under the LLAMA 2 Community License, \n'
        'Copyright (c) Meta Platforms, Inc. All Rights Reserved."'
    )
    assert _printed(llama_2, "2") == (
        "2. Additional Commercial Terms. If, on the Llama 2 version release date, the \n"
        "monthly active users of the products or services made available by or for Licensee, \n"
        "or Licensee's affiliates, is greater than 700 million monthly active users in the \n"
        "preceding calendar month, you must request a license from Meta, which Meta may \n"
        "grant to you in its sole discretion, and you are not authorized to exercise any of the \n"
        "rights under this Agreement unless or until Meta otherwise expressly grants you \n"
        "such rights."
    )


def test_a_clause_knows_its_own_words_label_and_locator(llama_2: License) -> None:
    clause = llama_2.clause("1.b")
    assert clause is not None
    assert llama_2.text[clause.start : clause.own_end] == "b. Redistribution and Use."
    assert (clause.label, clause.locator) == ("b.", "§ 1.b")


def test_the_preamble_is_all_that_stands_before_the_first_clause(llama_2: License) -> None:
    assert llama_2.title == "LLAMA 2 COMMUNITY LICENSE AGREEMENT"
    assert [span.locator for span in llama_2.preamble] == ["Preamble", *["Definitions"] * 6, "Preamble"]
    texts = [llama_2.text[span.start : span.end] for span in llama_2.preamble]
    assert texts[0].endswith("Release Date: July 18, 2023")
    assert texts[-1].startswith('By clicking "I Accept"') and texts[-1].endswith("bound by this Agreement.")


def test_the_defined_terms_have_their_whole_paragraphs(llama_2: License) -> None:
    assert [term.names for term in llama_2.terms] == [
        ("Agreement",),
        ("Documentation",),
        ("Licensee", "you"),
        ("Llama 2",),
        ("Llama Materials",),
        ("Meta", "we"),
    ]
    paragraphs = [llama_2.text[term.start : term.end] for term in llama_2.terms]
    assert all(term.formal for term in llama_2.terms)
    assert paragraphs[0] == (
        '"Agreement" means the terms and conditions for use, reproduction, distribution and \n'
        "modification of the Llama Materials set forth herein."
    )
    assert paragraphs[4] == (
        '"Llama Materials" means, collectively, Meta\'s proprietary Llama 2 and \n'
        "Documentation (and any portion thereof) made available under this Agreement."
    )
    assert paragraphs[1].endswith("libraries/llama-downloads/.") and paragraphs[3].endswith("llama-downloads/.")
    assert paragraphs[2].endswith("entering in this Agreement on their behalf.")
    assert paragraphs[5].endswith("(if you are located outside of the EEA or Switzerland).")


DEFINITIONS = {
    "1.a": ["Licensee", "Llama Materials", "Meta"],  # "Llama / Materials" across a line break
    "1.b.i": ["Agreement", "Licensee", "Llama Materials"],
    "1.b.iii": ["Licensee", "Llama 2", "Llama Materials", "Meta"],
    "1.b.iv": ["Agreement", "Licensee", "Llama Materials"],  # "Your use"
    "2": ["Agreement", "Licensee", "Llama 2", "Meta"],
    "3": ["Licensee", "Llama Materials"],  # "YOU", "THE / LLAMA MATERIALS"
    "4": ["Agreement", "Meta"],  # "META", "THIS / AGREEMENT"
    "6": ["Agreement", "Licensee", "Llama Materials", "Meta"],
    "7": ["Agreement"],
}


@pytest.mark.parametrize("number", DEFINITIONS)
def test_a_clause_lists_the_terms_it_uses(llama_2: License, number: str) -> None:
    clause = llama_2.clause(number)
    assert clause is not None
    assert [term.names[0] for term in llama_2.definitions_used(clause)] == DEFINITIONS[number]


# --- every license of the ScanCode data set --------------------------------------------------------------------------


def _check(license: License, name: str) -> None:
    text, numbers = license.text, _numbers(license)
    assert len(set(numbers)) == len(numbers), name
    position = 0
    preamble = [(span.start, span.end) for span in license.preamble]
    for start, end in [*preamble, *((clause.start, clause.end) for clause in license.clauses)]:
        assert not text[position:start].strip(), f"{name}: text outside any clause"
        position = end
    assert not text[position:].strip(), name
    for clause in license.walk():
        assert text[clause.start : clause.end].strip() == text[clause.start : clause.end] != "", name
        assert clause.start < clause.own_end <= clause.end and clause.title, name
        inside = clause.start
        for child in clause.children:
            assert inside <= child.start < child.end <= clause.end, f"{name}: {child.number}"
            inside = child.end
    for term in license.terms:
        assert any(word in text[term.start : term.end] for word in term.names[0].split()), name


def test_every_license_parses_with_consistent_spans() -> None:
    paths = sorted(_folder().glob("*.LICENSE"))
    assert len(paths) > 2_000
    for path in paths:
        _check(parse_license(_text(path)), path.name)


OPEN_RAIL_ATTACHMENT = [f"Attachment A.{letter}" for letter in "abcdefghijklm"]


def test_bigscience_open_rail_m() -> None:
    license = _parse("bigscience-open-rail-m")
    top = ["Section I", "1", *(f"1.{letter}" for letter in "abcdefghijkl"), "Section II", "2", "3", "Section III", "4"]
    rest = ["4.a", "4.b", "4.c", "5", "6", "Section IV", "7", "8", "9", "10", "11", "12", "Attachment A"]
    assert _numbers(license) == [*top, *rest, *OPEN_RAIL_ATTACHMENT]
    assert [clause.title for clause in license.clauses][-2:] == ["OTHER PROVISIONS", "Use Restrictions"]
    assert _printed(license, "1.i").startswith('(i) "You" (or "Your") means an individual')
    model = next(term for term in license.terms if term.names == ("Model",))
    assert license.text[model.start : model.end] == _printed(license, "1.d")


def test_bigcode_open_rail_m() -> None:
    license = _parse("bigcode-open-rail-m-v1")
    numbers = _numbers(license)
    assert [number for number in numbers if number.startswith("5")] == [
        "5", "5.1", "5.1.a", "5.1.b", "5.2", "5.2.a", "5.2.b", "5.2.c",
    ]  # fmt: skip
    assert numbers[-15:] == ["Attachment A", *(f"Attachment A.{letter}" for letter in "abcdefghijklmn")]
    assert "2" not in numbers and "4" in numbers  # this text lost the labels 2 and 3


def test_apache_2() -> None:
    license = _parse("apache-2.0")
    assert _numbers(license) == ["1", "2", "3", "4", "4.a", "4.b", "4.c", "4.d", "5", "6", "7", "8", "9", "Appendix"]
    assert _printed(license, "4.d").endswith("as modifying the License.")  # the paragraph after the list is clause 4's
    assert _printed(license, "4").endswith("the conditions stated in this License.")
    assert ("You", "Your") in [term.names for term in license.terms]
    assert ("control",) not in [term.names for term in license.terms]  # a quoted word that a line break put first


def test_llama_1() -> None:
    license = _parse("llama-license-2023")
    top = [clause.number for clause in license.clauses]
    assert top == [str(number) for number in range(1, 12)]
    assert [clause.number for clause in license.clauses[1].children] == ["2.a", "2.b", "2.c", "2.d", "2.e"]
    names = [term.names for term in license.terms]
    assert names[:5] == [("License",), ("Licensee", "you"), ("Meta", "we"), ("Software",), ("Documentation",)]


def test_creative_commons_nests_letters_in_digits_in_letters() -> None:
    numbers = _numbers(_parse("cc-by-4.0"))
    assert {"1.k", "2.a.1.a", "2.a.5.b", "2.b.3", "3.a.1.a.iv", "8.d"} <= set(numbers)


def test_gpl_3_starts_at_0_and_keeps_a_wrapped_reference_as_text() -> None:
    license = _parse("gpl-3.0")
    assert [clause.number for clause in license.clauses] == [str(number) for number in range(18)]
    assert "section\n    7.  This requirement modifies" in _printed(license, "5.b")
    assert _printed(license, "5.d").endswith("work need not make them do so.")  # "A compilation …" is clause 5's


# --- texts that users write ------------------------------------------------------------------------------------------


def _written(text: str) -> License:
    license = parse_license(textwrap.dedent(text).lstrip("\n"))
    _check(license, "written")
    return license


def test_markdown_with_sections_decimals_and_roman_numerals() -> None:
    license = _written("""
        # Acme Model License
        Version 2.0, released 1 May 2024

        **"Model"** means the weights.
        **“User”** or **“you”**: anyone who runs it.
        - **Output**: what the Model
          writes.

        ## 1. Grant

        You may use the Model under version
        2.0 or later, since
        2023. The rest follows from section
        2. Nothing else does.

        ### 1.1 Copies
        (a) keep this text;
        (b) credit Acme; and
        (c) do all of:
           (i) tell us,
           (ii) tell them.

        ### 1.2 Fees
        None. See 1.1 (a) and (b).

        ## 2. Termination

        We may end it on
        3. January 2025 or earlier.

        ## Article 3 - Law

        French law. Written 5. May 2024.

        ## Attachment A: Bad uses

        1. Harm.
        2. Spam.
        """)
    assert _numbers(license) == [
        "1", "1.1", "1.1.a", "1.1.b", "1.1.c", "1.1.c.i", "1.1.c.ii", "1.2", "2", "3",
        "Attachment A", "Attachment A.1", "Attachment A.2",
    ]  # fmt: skip
    assert [clause.title for clause in license.clauses] == ["Grant", "Termination", "Law", "Bad uses"]
    assert [term.names for term in license.terms] == [("Model",), ("User", "you"), ("Output",)]
    assert [span.locator for span in license.preamble] == ["Preamble", *["Definitions"] * 3]
    assert _printed(license, "2") == "## 2. Termination\n\nWe may end it on\n3. January 2025 or earlier."


def test_roman_sections_with_capital_letters_and_a_table_of_contents() -> None:
    license = _written("""
        TABLE OF CONTENTS

        I. Grant of Rights
        II. Restrictions

        I. Grant of Rights

        A. You may use the Software.
        B. You may share it.

        II. Restrictions

        A. No spying.
        B. No spam, including:
           1. mail;
           2. chat.
        """)
    assert _numbers(license) == ["I", "I.A", "I.B", "II", "II.A", "II.B", "II.B.1", "II.B.2"]
    assert license.clauses[0].title == "Grant of Rights"
    assert len(license.preamble) == 2


def test_numbering_that_begins_anew_in_each_part() -> None:
    license = _written("""
        Part 1 - General

        1. Scope. This covers the Work.
        2. Term. One year.

        Part 2 - Special

        1. Fees. None.
        2. Law. French law.
        """)
    assert _numbers(license) == ["Part 1", "Part 1.1", "Part 1.2", "Part 2", "Part 2.1", "Part 2.2"]


def test_two_clauses_of_one_number_stay_apart() -> None:
    license = _written("§ 1 Use\n\nYou may.\n\nArticle 1 - Law\n\nFrench.\n")
    assert _numbers(license) == ["1", "1 (2)"]


def test_a_text_without_numbering_becomes_paragraphs() -> None:
    license = _written("Do what you like.\n\nIn 2. fact, do it\ntwice. Version 2.0 too.\n\n\nBye.")
    assert [(clause.number, clause.locator) for clause in license.walk()] == [(f"¶ {n}", f"¶ {n}") for n in (1, 2, 3)]
    assert license.preamble == ()
    assert license.clauses[1].title == "In 2. fact, do it twice…"


def test_a_text_with_headings_only_becomes_its_sections() -> None:
    license = _written("# My License\n\nHello.\n\n## Grant\n\nUse it.\n\nAll of it.\n\n## Law\n\nFrench.")
    assert [clause.title for clause in license.walk()] == ["My License", "Grant", "Law"]
    assert _printed(license, "¶ 2") == "## Grant\n\nUse it.\n\nAll of it."


@pytest.mark.parametrize(
    "text", ["", "\n \n", "1.", "(a)", "##", "§", '"', "Section", "1. 1. 1. 1.", "**\n**", "a.\nb.\nc."]
)
def test_scraps_parse(text: str) -> None:
    _check(parse_license(text), text)


@pytest.mark.parametrize(
    "text", ["1. foo\n" * 20_000, '(the "Foo") bar.\n\n' * 10_000, '"Foo" means bar.\n\n' * 10_000, '"**(' * 50_000]
)
def test_a_monstrous_text_parses(text: str) -> None:
    _check(parse_license(text), text[:10])


def test_a_pronoun_in_capitals_is_used_but_the_country_is_not() -> None:
    license = _written('"Acme" or "we" means Acme.\n\n1. OUR rights. Fine.\n\n2. US law. It applies in the US.\n')
    first, second = license.clauses
    assert [term.names for term in license.definitions_used(first)] == [("Acme", "we")]
    assert license.definitions_used(second) == ()


# --- annotations -----------------------------------------------------------------------------------------------------


def test_an_annotation_never_replaces_the_documents_title() -> None:
    license = parse_license(
        "1. Grant. Use it.\n\n2. you may not sell.\n",
        [ClauseAnnotation("1", "Other"), ClauseAnnotation("2", "No sale")],
    )
    assert [(clause.title, clause.title_source) for clause in license.clauses] == [
        ("Grant", "document"),
        ("No sale", "annotation"),
    ]


def test_an_annotation_of_no_clause_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"clause '9'"):
        parse_license("1. Grant. Use it.\n\n2. Law. French.\n", [ClauseAnnotation("9")])


@pytest.mark.parametrize(
    "content",
    [
        "[[",
        "clause = 3",
        "clause = [3]",
        "[[clause]]\ntitle = 'x'",
        "[[clause]]\nnumber = 1",
        "[[clause]]\nnumber = '1'\ntopics = [1]",
        "[[clause]]\nnumber = '1'\ntopic = []",
    ],
)
def test_wrong_annotations_are_an_error_of_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "annotations.toml"
    path.write_text(content)
    with pytest.raises(SourceError) as raised:
        load_annotations(path)
    assert "\n" not in str(raised.value)


def test_missing_annotations_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        load_annotations(tmp_path / "none.toml")
