"""The reviewed corrections: each traceable to its one raw span, the transcript itself unchanged."""

import hashlib
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import knowledge
from knowledge.documents import Document
from knowledge.errors import SourceError
from knowledge.loading import Library, Source, load_document
from knowledge.reading import smallest_edits

DOCUMENTS = Path(knowledge.__file__).parent / "documents"
CORRECTIONS: list[dict[str, Any]] = tomllib.loads((DOCUMENTS / "corrections.toml").read_text(encoding="utf-8"))[
    "correction"
]
KINDS = {"misheard", "missing word", "split word", "capitals", "punctuation"}
SHA256 = "37458f6e7518b0b29d3d149fe02138edc804a596c1794c32b3b1b609ef7b11b6"


@pytest.fixture(scope="module")
def transcript() -> Document:
    return Library.open().document("transcript")


def corrected(text: str, corrections: list[dict[str, Any]]) -> str:
    """The text with each correction put in its place, the last one first so that places stay what they are."""
    for correction in sorted(corrections, key=lambda correction: text.index(correction["raw"]), reverse=True):
        start = text.index(correction["raw"])
        text = text[:start] + correction["reading"] + text[start + len(correction["raw"]) :]
    return " ".join(text.split())


def test_the_transcript_is_the_text_as_it_was_given(transcript: Document) -> None:
    content = (DOCUMENTS / "transcript.txt").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256
    assert transcript.text == content.decode()


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda correction: str(correction["raw"]))
def test_a_correction_names_one_place_and_why(correction: dict[str, Any], transcript: Document) -> None:
    assert transcript.text.count(correction["raw"]) == 1
    assert correction["raw"] != correction["reading"]
    assert correction["kind"] in KINDS


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda correction: str(correction["raw"]))
def test_a_correction_reads_as_it_says_and_leads_back(correction: dict[str, Any], transcript: Document) -> None:
    start = transcript.text.index(correction["raw"])
    end = start + len(correction["raw"])
    copy = transcript.read(start, end)
    raw_start, raw_end = copy.raw_span(0, len(copy.text))
    assert " ".join(copy.text.split()) == " ".join(correction["reading"].split())
    assert start <= raw_start <= raw_end <= end


def test_corrections_stand_in_document_order_and_apart(transcript: Document) -> None:
    places = [(transcript.text.index(c["raw"]), len(c["raw"])) for c in CORRECTIONS]
    assert all(start + length <= following for (start, length), (following, _) in pairwise(places))


def test_the_whole_transcript_reads_with_all_corrections(transcript: Document) -> None:
    copy = transcript.read(0, len(transcript.text))
    assert " ".join(copy.text.split()) == corrected(transcript.text, CORRECTIONS)


def test_no_number_changes(transcript: Document) -> None:
    digits = [character for character in transcript.text if character.isdigit()]
    read = [character for character in transcript.read(0, len(transcript.text)).text if character.isdigit()]
    assert read == digits


@pytest.mark.parametrize("wrong", ["Ilama", "Alc ompany", "openai", "Chatgbt", "Metacam", "aoina", "fora ", "  "])
def test_known_recognition_errors_are_not_read(wrong: str, transcript: Document) -> None:
    assert wrong not in transcript.read(0, len(transcript.text)).text


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_span_of_the_reading_copy_leads_to_raw_text_that_reads_so(data: st.DataObject) -> None:
    document = load_transcript()
    copy = document.read(0, len(document.text))
    start = data.draw(st.integers(0, len(copy.text) - 1))
    end = data.draw(st.integers(start + 1, len(copy.text)))
    raw_start, raw_end = copy.raw_span(start, end)
    assert 0 <= raw_start <= raw_end <= len(document.text)
    assert copy.text[start:end] in document.read(raw_start, raw_end).text


_loaded: list[Document] = []


def load_transcript() -> Document:
    """The transcript, loaded once: hypothesis runs a test many times."""
    if not _loaded:
        _loaded.append(Library.open().document("transcript"))
    return _loaded[0]


def write(folder: Path, text: str, corrections: str) -> Source:
    (folder / "talk.txt").write_text(text, encoding="utf-8")
    (folder / "corrections.toml").write_text(corrections, encoding="utf-8")
    return Source("talk", "Talk", "transcript", folder / "talk.txt", corrections=folder / "corrections.toml")


def entry(raw: str, reading: str) -> str:
    return f'[[correction]]\nraw = "{raw}"\nreading = "{reading}"\n'


@pytest.mark.parametrize(
    ("corrections", "says"),
    [
        (entry("lama", "llama"), "'lama' occurs 2 times in source 'talk', not once"),
        (entry("alpaca", "Alpaca"), "'alpaca' occurs 0 times in source 'talk', not once"),
        (entry("big lama", "tall lama") + entry("a big", "a huge"), "overlap; join them"),
        ('[[correction]]\nraw = "big"\n', "each [[correction]] needs raw, reading"),
        ("[[correction]\n", "is not valid TOML"),
    ],
)
def test_a_wrong_correction_is_reported(tmp_path: Path, corrections: str, says: str) -> None:
    with pytest.raises(SourceError) as error:
        load_document(write(tmp_path, "a big lama and a lama", corrections))
    assert says in str(error.value)
    assert "corrections.toml" in str(error.value)


def test_a_correction_beside_a_line_end_keeps_the_line_end_readable(tmp_path: Path) -> None:
    source = write(tmp_path, "one thing\n so another", entry("thing", "thing,"))
    document = load_document(source)
    assert document.read(0, len(document.text)).text == "one thing, so another"


@pytest.mark.parametrize(
    ("raw", "reading", "edits"),
    [
        ("model now", "model. Now,", [(5, 5, "."), (6, 9, "Now,")]),
        ("Metacam one", "Meta can. One", [(4, 7, " can."), (8, 9, "O")]),
        ("operates scale so they", "operates at scale. So", [(9, 14, "at scale."), (15, 22, "So")]),
        ("Alc ompany", "AI company", [(1, 4, "I c")]),
        ("same", "same", []),
    ],
)
def test_a_correction_is_cut_down_to_what_changes(raw: str, reading: str, edits: list[tuple[int, int, str]]) -> None:
    made = smallest_edits(0, raw, reading)
    document = Document("d", "D", "transcript", raw, edits=tuple(made))
    assert document.read(0, len(raw)).text == reading
    assert [(edit.start, edit.end, edit.reading) for edit in made] == edits
