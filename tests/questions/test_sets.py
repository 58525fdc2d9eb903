"""The labelled question sets: their sizes, kinds and spans, and that the product knows none of their questions."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.evaluation.labels import Labelled, read_labels
from knowledge.companions import off_topic_questions
from knowledge.language import places
from knowledge.loading import Library

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HALVES = ("tune.jsonl", "test.jsonl")
OTHERS = ("development.jsonl", "unseen.jsonl", "unseen_followups.jsonl")
ALL = (*HALVES, *OTHERS, "generalise/questions.jsonl")
PAIRS = ("verification.jsonl", "verification_development.jsonl", "verification_unseen.jsonl")


@cache
def labels(name: str) -> Sequence[Labelled]:
    return read_labels(HERE / name)


def both() -> list[Labelled]:
    return [label for name in HALVES for label in labels(name)]


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower().replace("’", "'")))


class TestSizes:
    def test_at_least_three_hundred(self) -> None:
        kinds = Counter(label.kind for label in both())
        assert kinds["answerable"] >= 180
        assert kinds["unanswerable"] >= 100
        assert kinds["followup"] >= 20
        assert set(kinds) == {"answerable", "unanswerable", "followup"}

    def test_the_two_halves_are_about_as_large(self) -> None:
        tune, test = (len(labels(name)) for name in HALVES)
        assert 0.8 < tune / test < 1.25

    def test_both_sources_about_evenly(self) -> None:
        sources = Counter(label.gold[0].source for label in both() if label.kind == "answerable")
        assert set(sources) == {"transcript", "llama-2-license"}
        assert 0.75 < sources["transcript"] / sources["llama-2-license"] < 1.33

    def test_every_way_of_asking(self) -> None:
        styles = Counter(label.style for label in both() if label.kind == "answerable")
        assert set(styles) == {"formal", "chatty", "typo", "keyword", "indirect"}
        assert min(styles.values()) >= 30

    def test_half_of_the_unanswerable_are_near_misses(self) -> None:
        styles = Counter(label.style for label in both() if label.kind == "unanswerable")
        assert set(styles) == {"near-miss", "off-topic", "injection", "opinion", "code", "joke"}
        assert 0.45 < styles["near-miss"] / styles.total() < 0.6

    def test_sixty_on_documents_it_was_not_tuned_for(self) -> None:
        found = labels("generalise/questions.jsonl")
        assert Counter(label.answerable for label in found) == {True: 40, False: 20}

    def test_the_adversarial_pairs(self) -> None:
        pairs = rows("verification.jsonl")
        fluent = [sentence for row in rows("fluent.jsonl") for sentence in row["sentences"]]
        assert sum(not pair["supported"] for pair in pairs) >= 120
        assert sum(pair["supported"] for pair in pairs) + len(fluent) >= 120


class TestLabels:
    @pytest.mark.parametrize("name", ALL)
    def test_an_answerable_one_has_gold_and_facts(self, name: str) -> None:
        for label in labels(name):
            assert bool(label.gold) == bool(label.facts) == label.answerable, label.id
            assert all(group and all(group) for group in label.facts), label.id

    @pytest.mark.parametrize("name", ALL)
    def test_follow_ups_have_a_history_and_only_they(self, name: str) -> None:
        for label in labels(name):
            assert bool(label.history) == (label.kind == "followup"), label.id
            assert all(turn.role in ("user", "assistant") for turn in label.history), label.id

    @pytest.mark.parametrize("name", ALL)
    def test_gold_is_verbatim(self, name: str) -> None:
        sources = HERE / "generalise" / "sources.toml" if name.startswith("generalise") else None
        texts = {document.id: " ".join(document.text.split()) for document in Library.open(sources).documents}
        for label in labels(name):
            for gold in label.gold:
                assert " ".join(gold.text.split()) in texts[gold.source], label.id

    def test_the_passages_of_the_adversarial_pairs_are_verbatim(self, shipped: Library) -> None:
        texts = {document.id: document.text for document in shipped.documents}
        for pair in rows("verification.jsonl"):
            assert pair["passage"]["text"] in texts[pair["passage"]["source"]], pair["id"]

    def test_the_statements_are_about_the_documents_and_in_no_other_set(self, shipped: Library) -> None:
        texts = {document.id: document.text for document in shipped.documents}
        others = {plain(pair["sentence"]) for name in PAIRS for pair in rows(name)}
        told = [
            (row, plain(text)) for row in rows("statements.jsonl") for text in row["supported"] + row["unsupported"]
        ]
        assert len(told) > 8_000
        assert all(places(row["text"], texts[row["source"]]) for row in rows("statements.jsonl"))
        assert not others & {text for _, text in told}

    @pytest.mark.parametrize("name", [*ALL, *PAIRS, "fluent.jsonl"])
    def test_ids_are_unique(self, name: str) -> None:
        assert not [row_id for row_id, times in Counter(row["id"] for row in rows(name)).items() if times > 1]

    def test_ids_tell_the_halves_apart(self) -> None:
        assert not {label.id for label in labels(HALVES[0])} & {label.id for label in labels(HALVES[1])}


class TestTheSplit:
    def test_no_group_is_in_both_halves(self) -> None:
        tune, test = ({label.group for label in labels(name)} for name in HALVES)
        assert "" not in tune | test
        assert not tune & test

    def test_no_question_is_asked_twice(self) -> None:
        asked = Counter((plain(label.question), label.history) for name in ALL for label in labels(name))
        assert not [question for question, times in asked.items() if times > 1]


class TestSecrecy:
    """What the product knows was not written from the questions."""

    @staticmethod
    def product() -> Iterator[tuple[Path, str]]:
        for folder in ("bot", "knowledge"):
            for suffix in ("py", "toml", "json"):
                for path in (ROOT / folder).rglob(f"*.{suffix}"):
                    yield path.relative_to(ROOT), path.read_text(encoding="utf-8")

    @staticmethod
    def is_phrase(label: Labelled) -> bool:
        """Whether it may occur anywhere: keywords ("llama 2 version release date"), and follow-ups like "why not?"."""
        return label.style == "keyword" or (bool(label.history) and len(label.question.split()) <= 4)

    def test_no_question_of_a_set_is_a_known_question(self, shipped: Library) -> None:
        known = {plain(question.text) for document in shipped.documents for question in document.questions}
        known |= {plain(question) for document in shipped.documents for question in document.unanswered}
        known |= {plain(question) for question in off_topic_questions()}
        asked = {plain(label.question): label.id for name in ALL for label in labels(name) if not label.history}
        assert not {(asked[question], question) for question in asked.keys() & known}

    def test_no_follow_up_of_a_set_is_a_known_follow_up(self, shipped: Library) -> None:
        known = {plain(asked.text) for document in shipped.documents for asked in document.followups}
        asked = {plain(label.question) for name in ALL for label in labels(name) if label.history}
        assert len(known) > 1_000
        assert not asked & known

    def test_no_question_of_a_set_occurs_in_the_product(self) -> None:
        asked = {f" {plain(each.question)} ": each for name in ALL for each in labels(name) if not self.is_phrase(each)}
        found = {
            (label.id, path.as_posix())
            for path, text in self.product()
            for whole in [f" {plain(text)} "]
            for question, label in asked.items()
            if question in whole
        }
        assert not found

    def test_the_comparison_would_find_one(self) -> None:
        assert any("transcript" in plain(text) for _, text in self.product())
        assert plain("Who's  “the CEO”, then?") == plain("who s the CEO then")
