"""Labelled questions: how they are read, and when an answer says what it must."""

from pathlib import Path

import pytest

from bot.errors import UsageError
from bot.evaluation.labels import Gold, Labelled, normalized, read_labels
from bot.messages import Turn

ROW = (
    '{"id": "q-1", "question": "Who?", "kind": "followup", "style": "chatty", "answerable": true, '
    '"history": [{"role": "user", "text": "What?"}], "gold": [{"source": "mill", "text": "Anna"}], '
    '"facts": [["Anna", "Ms Berg"], ["mill"]], "group": "mill-owner"}'
)


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_line_is_read_whole(tmp_path: Path) -> None:
    [label] = read_labels(written(tmp_path, ROW))
    assert label == Labelled(
        id="q-1",
        question="Who?",
        kind="followup",
        style="chatty",
        answerable=True,
        history=(Turn("user", "What?"),),
        gold=(Gold("mill", "Anna"),),
        facts=(("Anna", "Ms Berg"), ("mill",)),
        group="mill-owner",
    )


def test_little_is_enough_and_empty_lines_do_not_count(tmp_path: Path) -> None:
    lines = ("", '{"question": "Who?", "answerable": true}', "", '{"question": "Why?", "answerable": false}')
    first, second = read_labels(written(tmp_path, *lines))
    assert (first.id, first.kind, first.answerable) == ("2", "answerable", True)
    assert (second.id, second.kind, second.answerable) == ("4", "unanswerable", False)


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "7",
        '{"question": "Who?"}',
        '{"answerable": true}',
        '{"question": null, "answerable": true}',
        '{"question": "Who?", "answerable": true, "facts": ["Anna"]}',
        '{"question": "Who?", "answerable": true, "facts": "Anna"}',
        '{"question": "Who?", "answerable": true, "facts": [[7]]}',
        '{"question": "Who?", "answerable": true, "gold": ["Anna"]}',
        '{"question": "Who?", "answerable": true, "gold": [{"text": "Anna"}]}',
        '{"question": "Who?", "answerable": true, "history": ["What?"]}',
    ],
)
def test_a_wrong_line_is_named_in_one_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"labels\.jsonl, line 2: expected an object with question") as raised:
        read_labels(written(tmp_path, ROW, line))
    assert "\n" not in str(raised.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Cannot read .*none\.jsonl: No such file"):
        read_labels(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match=r"Cannot read .*: Is a directory"):
        read_labels(tmp_path)
    (tmp_path / "latin").write_bytes(b"\xe9")
    with pytest.raises(UsageError, match="it is not UTF-8"):
        read_labels(tmp_path / "latin")
    with pytest.raises(UsageError, match="holds no questions"):
        read_labels(written(tmp_path, "", " "))


class TestFacts:
    FACTS = (("Anna", "Ms Berg"), ("royalty-free", "free of charge"))
    LABEL = Labelled("q", "Who?", "answerable", "", True, facts=FACTS)

    @pytest.mark.parametrize(
        "text", ["anna says it's free of charge", "ROYALTY-\n FREE, as Ms  Berg says", "Anna: royalty-free"]
    )
    def test_one_of_each_group_is_said(self, text: str) -> None:
        assert self.LABEL.is_said(text)

    @pytest.mark.parametrize("text", ["", "Anna", "It's royalty-free."])
    def test_a_group_is_missing(self, text: str) -> None:
        assert not self.LABEL.is_said(text)

    def test_typography_does_not_matter(self) -> None:
        assert normalized("Meta’s  non-\n exclusive ‘grant’") == "meta's non-exclusive 'grant'"
