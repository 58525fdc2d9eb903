"""Documents from files and packages: what a user's `sources.toml` adds, and one clear line for what is wrong."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.companions import off_topic_questions
from knowledge.documents import Document, Snippet
from knowledge.errors import SourceError, UnknownSourceError
from knowledge.loading import MAX_BYTES, Library, Source, load_document, read_sources

ENTRY = '[[source]]\nid = "notes"\ntitle = "Our notes"\nkind = "text"\nfile = "notes.txt"\n'

Write = Callable[..., Path]


@pytest.fixture
def sources(tmp_path: Path) -> Write:
    """Writes a `sources.toml` beside a document, by default one line of text."""

    def write(toml: str = ENTRY, *, text: str | bytes | None = "Hello there.\n", name: str = "notes.txt") -> Path:
        if text is not None:
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "sources.toml").write_text(toml, encoding="utf-8")
        return tmp_path / "sources.toml"

    return write


def ids(library: Library) -> list[str]:
    return [source.id for source in library.sources]


def loaded(folder: Path, text: str | bytes) -> Document:
    (folder / "notes.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_document(Source("notes", "Our notes", "text", folder / "notes.txt"))


def reading(document: Document) -> str:
    return document.read(0, len(document.text)).text


def problem(path: Path) -> str:
    """What opening the library and reading all of it complains about: one line."""
    with pytest.raises(SourceError) as error:
        _ = Library.open(path).documents
    message = str(error.value)
    assert "\n" not in message
    return message


# --- what a sources.toml adds ---------------------------------------------------------------------------------------


def test_the_shipped_documents_are_the_transcript_and_the_license(shipped: Library) -> None:
    assert ids(shipped) == ["transcript", "llama-2-license"]
    transcript, license_ = shipped.documents
    assert transcript.text.startswith("Mark Zuckerberg and Meta Just Changed Artificial Intelligence Forever.")
    assert license_.text.startswith("LLAMA 2 COMMUNITY LICENSE AGREEMENT")
    assert license_.governs
    assert not transcript.governs


def test_a_document_of_the_user_stands_beside_the_shipped_ones(sources: Write) -> None:
    library = Library.open(sources())
    assert ids(library) == ["transcript", "llama-2-license", "notes"]
    assert library.document("notes").text == "Hello there.\n"
    assert library.document("notes").title == "Our notes"


def test_shipped_false_leaves_the_users_documents_alone(sources: Write) -> None:
    assert ids(Library.open(sources("shipped = false\n" + ENTRY))) == ["notes"]


def test_shipped_true_is_the_default(sources: Write) -> None:
    assert ids(Library.open(sources("shipped = true\n" + ENTRY))) == ids(Library.open(sources()))


def test_paths_count_from_the_sources_file(sources: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sources()
    monkeypatch.chdir("/")
    assert Library.open(path).document("notes").text == "Hello there.\n"


def test_a_path_may_begin_in_the_home_folder(sources: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    sources(ENTRY.replace("notes.txt", "~/notes.txt"))
    assert Library.open(Path("~/sources.toml")).document("notes").text == "Hello there.\n"


def test_an_absolute_path_stays(sources: Write, tmp_path: Path) -> None:
    path = sources(ENTRY.replace('"notes.txt"', f"'{tmp_path / 'notes.txt'}'"))
    assert Library.open(path).document("notes").text == "Hello there.\n"


def test_a_document_may_come_from_an_installed_package(sources: Write) -> None:
    entry = '[[source]]\nid = "mit"\ntitle = "MIT"\nkind = "license"\npackage = "licensedcode"\n'
    path = sources(entry + 'resource = "data/licenses/mit.LICENSE"\n')
    assert Library.open(path).document("mit").text.startswith("Permission is hereby granted")


def test_an_unknown_document_names_those_there_are(shipped: Library) -> None:
    with pytest.raises(UnknownSourceError) as error:
        shipped.document("memo")
    assert str(error.value) == "No source is called 'memo'. There are: transcript, llama-2-license."


def test_a_sources_file_may_begin_with_a_byte_order_mark(sources: Write) -> None:
    assert ids(Library.open(sources("\ufeffshipped = false\n" + ENTRY))) == ["notes"]


def test_off_topic_questions_are_there() -> None:
    assert len(off_topic_questions()) > 100
    assert all(question.strip() for question in off_topic_questions())


# --- what is wrong with a sources.toml ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("", "expected [[source]] entries with id, title, kind and file"),
        ("source = 3\n", "expected [[source]] entries"),
        ("source = [3]\n", "each source is a [[source]] table"),
        (ENTRY + "[extra]\n", "expected [[source]] entries with id, title, kind and file; not known: extra"),
        (ENTRY + 'author = "me"\n', "source 'notes': needs id, title, kind and file (or package and resource)"),
        (ENTRY + 'author = "me"\n', "not known: author"),
        (ENTRY.replace('title = "Our notes"\n', ""), "missing: title"),
        (ENTRY.replace('id = "notes"\n', ""), "source '?': needs id"),
        (ENTRY.replace('file = "notes.txt"\n', ""), "needs id, title, kind and file (or package and resource)"),
        (ENTRY.replace('file = "notes.txt"', 'package = "licensedcode"'), "needs id, title, kind and file"),
        (ENTRY.replace('"text"', '"pdf"'), "kind 'pdf' is none of transcript, license, markdown, text"),
        (ENTRY.replace('"notes"', '"my notes"'), "the id 'my notes' may only have letters, digits, '.', '_' and '-'"),
        (ENTRY.replace("Our notes", " "), "the title is empty; give it one"),
        (ENTRY + ENTRY, "the id 'notes' is taken; give each source an id of its own"),
        (ENTRY.replace('"notes"', '"transcript"'), "the id 'transcript' is taken"),
        ('shipped = "false"\n' + ENTRY, "shipped is true or false, without quotes, not 'false'"),
        (ENTRY + 'governs = "yes"\n', "governs is true or false, without quotes, not 'yes'"),
        (ENTRY.replace("]]", "]"), "is not valid TOML"),
        (ENTRY.replace('"Our notes"', '"Our notes'), "line 3"),
    ],
)
def test_a_wrong_entry_is_reported(sources: Write, toml: str, says: str) -> None:
    message = problem(sources(toml))
    assert says in message
    assert "sources.toml" in message


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (ENTRY.replace("notes.txt", "gone.txt"), "No such file or directory; correct its path in sources.toml"),
        (ENTRY.replace("notes.txt", "."), "is no file; name one file a source in sources.toml"),
        (ENTRY.replace("notes.txt", "notes.txt/x"), "Not a directory; correct its path in sources.toml"),
        (ENTRY.replace("notes.txt", r"a\u0000b"), "correct its path in sources.toml"),
        (ENTRY.replace("notes.txt", "/dev/zero"), "is no file; name one file a source"),
        (ENTRY.replace('file = "notes.txt"', 'package = "no_such"\nresource = "a"'), "pip install it"),
        (ENTRY.replace('file = "notes.txt"', 'package = "no.such"\nresource = "a"'), "pip install it"),
        (ENTRY.replace('file = "notes.txt"', 'package = ""\nresource = "a"'), "pip install it"),
        (ENTRY.replace('file = "notes.txt"', 'package = "licensedcode"\nresource = "a"'), "correct its path"),
        (ENTRY + 'corrections = "gone.toml"\n', "Cannot read"),
        (ENTRY + 'questions = "gone.toml"\n', "No such file or directory; make that file, or name another"),
    ],
)
def test_a_source_that_cannot_be_read_is_reported(sources: Write, toml: str, says: str) -> None:
    assert says in problem(sources(toml))


def test_a_missing_sources_file_is_reported(tmp_path: Path) -> None:
    message = problem(tmp_path / "gone.toml")
    assert (
        message == f"Cannot read {tmp_path / 'gone.toml'}: No such file or directory; make that file, or name another."
    )


def test_a_sources_file_that_is_a_folder_is_reported(tmp_path: Path) -> None:
    assert "Is a directory" in problem(tmp_path)


def test_a_sources_file_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_bytes(b"\xff\xfe")
    assert "is not valid TOML" in problem(tmp_path / "sources.toml")


@pytest.mark.parametrize("text", [b"", b" \n\t\n", b"\xef\xbb\xbf", "…—\n".encode()])
def test_an_empty_document_is_reported(sources: Write, text: bytes) -> None:
    assert "notes.txt is empty; write its text, or take it out of sources.toml" in problem(sources(text=text))


@pytest.mark.parametrize("text", ["hé".encode("latin-1"), "hello".encode("utf-16"), b"%PDF-1.7\n\xe2\xe3"])
def test_a_document_that_is_not_utf8_is_reported(sources: Write, text: bytes) -> None:
    message = problem(sources(text=text))
    assert "is not UTF-8 text (byte " in message
    assert "save it as UTF-8" in message


def test_a_document_over_the_limit_is_reported_without_reading_it(sources: Write, tmp_path: Path) -> None:
    path = sources()
    os.truncate(tmp_path / "notes.txt", MAX_BYTES + 1)
    assert "notes.txt is over 20 MB; split it" in problem(path)


def test_the_right_sha256_is_accepted_in_any_case(sources: Write) -> None:
    digest = hashlib.sha256(b"Hello there.\n").hexdigest()
    path = sources(ENTRY + f'sha256 = "{digest.upper()}"\n')
    assert Library.open(path).document("notes").text == "Hello there.\n"


def test_a_changed_document_is_reported(sources: Write) -> None:
    digest = hashlib.sha256(b"Hello there.\n").hexdigest()
    message = problem(sources(ENTRY + f'sha256 = "{digest}"\n', text="Hello here.\n"))
    assert "is not the text that its sha256 in sources.toml promises; restore the file" in message


def test_no_home_folder_to_find_a_path_in_is_reported(sources: Write) -> None:
    path = sources(ENTRY.replace("notes.txt", "~nobody-of-this-name/notes.txt"))
    assert "there is no home folder that ~ stands for; write the whole path" in problem(path)


def test_one_broken_document_does_not_hide_the_others(sources: Write) -> None:
    library = Library.open(sources(ENTRY, text=None))
    assert library.document("llama-2-license").title == "Llama 2 Community License Agreement"
    with pytest.raises(SourceError):
        library.document("notes")


def test_questions_must_have_their_answer_in_the_text(sources: Write, tmp_path: Path) -> None:
    (tmp_path / "questions.toml").write_text('[[passage]]\nsource = "notes"\ntext = "Bye"\nquestions = ["Who?"]\n')
    message = problem(sources(ENTRY + 'questions = "questions.toml"\n'))
    assert "'Bye' occurs 0 times in source 'notes', not once" in message


def test_questions_know_the_span_that_answers_them(sources: Write, tmp_path: Path) -> None:
    (tmp_path / "questions.toml").write_text(
        '[[passage]]\nsource = "notes"\ntext = "Hello there"\nquestions = ["Who?", "What?"]\n'
        '[[passage]]\nsource = "other"\ntext = "nothing"\nquestions = ["Not mine?"]\n'
    )
    document = Library.open(sources(ENTRY + 'questions = "questions.toml"\n', text="Oh. Hello\n there!")).document(
        "notes"
    )
    assert [question.text for question in document.questions] == ["Who?", "What?"]
    assert {document.text[question.start : question.end] for question in document.questions} == {"Hello\n there"}


def test_follow_ups_know_what_they_lean_on_and_what_answers_them(sources: Write, tmp_path: Path) -> None:
    (tmp_path / "followups.toml").write_text(
        '[[said]]\nsource = "notes"\ntext = "Hello there"\nunanswered = ["Since when?"]\n'
        '[[said.answered]]\nsource = "other"\ntext = "Bob."\nquestions = ["Who says so?"]\n'
        '[[said]]\nsource = "other"\ntext = "nothing"\nunanswered = ["Not mine?"]\n'
    )
    document = Library.open(sources(ENTRY + 'followups = "followups.toml"\n', text="Oh. Hello\n there!")).document(
        "notes"
    )
    assert [(asked.text, asked.answer) for asked in document.followups] == [
        ("Who says so?", Snippet("other", "Bob.")),
        ("Since when?", None),
    ]
    assert {document.text[asked.start : asked.end] for asked in document.followups} == {"Hello\n there"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('source = "notes"\n', "each [[said]] needs source, text"),
        ('source = "notes"\ntext = "Bye"\n', "'Bye' occurs 0 times in source 'notes', not once"),
        (
            'source = "notes"\ntext = "Hello"\n[[said.answered]]\nsource = "notes"\n',
            "each [[said.answered]] needs questions, source, text",
        ),
    ],
)
def test_a_wrong_follow_up_is_told(sources: Write, tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "followups.toml").write_text(f"[[said]]\n{table}")
    assert message in problem(sources(ENTRY + 'followups = "followups.toml"\n', text="Hello"))


def test_read_sources_says_whether_the_shipped_ones_stay(sources: Write) -> None:
    assert read_sources(sources("shipped = false\n" + ENTRY))[1] is False


# --- how texts are read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"one\r\ntwo\r\n\r\nthree", "one\ntwo\n\nthree"),
        (b"one\rtwo", "one\ntwo"),
        (b"\xef\xbb\xbfone", "one"),
        ("日本語 🦙".encode(), "日本語 🦙"),
    ],
)
def test_line_ends_and_byte_order_marks_are_made_plain(tmp_path: Path, raw: bytes, text: str) -> None:
    assert loaded(tmp_path, raw).text == text


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("one\ntwo", "one two"),
        ("open-\nsource", "open-source"),
        ("seven\u00a0hundred", "seven hundred"),
        ("a  b\tc \n\n d", "a b c d"),
        ("**not** marked", "**not** marked"),
    ],
)
def test_white_space_reads_as_one_space(tmp_path: Path, text: str, reads: str) -> None:
    assert reading(loaded(tmp_path, text)) == reads


MARKED = [
    ("## A *heading*", "A heading"),
    ("some **strong** and __strong__ words", "some strong and strong words"),
    ("_so_ and *so*", "so and so"),
    ("a [link](https://example.com/a 'title') here", "a link here"),
    ("![a picture](b.png)", "a picture"),
    ("call `load_all(*args)`", "call load_all(*args)"),
    ("- one\n- two\n  - three", "one two three"),
    ("> quoted\n> words", "quoted words"),
    ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ("an array[0] (of numbers)", "an array[0] (of numbers)"),
]


@pytest.mark.parametrize(("text", "reads"), MARKED)
def test_markdown_reads_without_its_marks(tmp_path: Path, text: str, reads: str) -> None:
    assert reading(_markdown(tmp_path, text)) == reads


def _markdown(folder: Path, text: str) -> Document:
    (folder / "notes.md").write_text(text, encoding="utf-8")
    return load_document(Source("notes", "Our notes", "markdown", folder / "notes.md"))


def test_a_license_in_a_markdown_file_reads_without_marks_too(tmp_path: Path) -> None:
    (tmp_path / "terms.md").write_text("1. **Grant**. You may [use](x) it.", encoding="utf-8")
    document = load_document(Source("terms", "Terms", "license", tmp_path / "terms.md"))
    assert reading(document) == "1. Grant. You may use it."


BIG = {
    "prose": "The quick brown fox jumps over the lazy dog, and it never stops.\n" * 76_000,
    "list": "- **item** of a [list](url)\n" * 40_000,
    "brackets": "[a" * 500_000,
    "stars": "*a" * 500_000,
    "dots": "." * 1_000_000 + "a",
    "spaces": " " * 1_000_000 + "a",
}


@pytest.mark.parametrize("name", BIG)
def test_megabytes_are_read_in_seconds(tmp_path: Path, name: str) -> None:
    started = time.perf_counter()
    document = _markdown(tmp_path, BIG[name])
    assert len(reading(document)) > 0
    assert time.perf_counter() - started < 30  # a quadratic reading takes hours
