"""What an answer is worth, and the table over many."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evaluation.labels import Gold, Labelled
from bot.evaluation.scores import Score, gold_spans, outcomes, score, table
from bot.messages import Answer, Citation, Outcome, Sentence, Timings
from knowledge.chunking import passages_of
from knowledge.documents import Document

MILL = Document("mill", "The mill", "text", "The mill opens at nine.\n\nAnna Berg owns the mill.\n")
PASSAGES = passages_of(MILL)
WHO = Labelled("q-1", "Who owns it?", "answerable", "formal", True, (), (Gold("mill", "Anna Berg owns"),), (("Anna",),))
NEVER = Labelled("q-2", "Who built it?", "unanswerable", "near-miss", False)


def citing(passage: int, text: str = "Anna owns it.", outcome: Outcome = "answered", shift: int = 0) -> Answer:
    cited = PASSAGES[passage]
    quote = MILL.text[cited.start : cited.end]
    citation = Citation(1, "mill", "The mill", "¶ 1", quote, cited.start + shift, cited.end, cited.id, quote)
    return Answer(outcome, (Sentence(text, (1,)),), (citation,), "scripted", Timings(0, 0, 0))


REFUSED = Answer("unknown", (), (), "scripted", Timings(0, 0, 0))


def scored(label: Labelled, answer: Answer, *order: int, seconds: float = 1.0) -> Score:
    return score(label, answer, [PASSAGES[place] for place in order], {"mill": MILL}, seconds)


class TestScore:
    def test_right_and_cited(self) -> None:
        right = scored(WHO, citing(1), 1, 0)
        assert right.correct_and_cited
        assert (right.rank, right.cited, right.exact_quotes, right.failure) == (1, (True,), 1, "")

    def test_right_but_citing_something_else(self) -> None:
        wrong = scored(WHO, citing(0), 0, 1)
        assert (wrong.correct, wrong.correct_and_cited) == (True, False)
        assert wrong.failure.startswith("cites the wrong passage (")
        assert "2" in wrong.failure

    def test_the_right_passage_was_not_found(self) -> None:
        failure = scored(WHO, citing(0), 0).failure
        assert failure.startswith("cites the wrong passage (")
        assert "0" not in failure

    def test_a_fact_is_missing(self) -> None:
        assert scored(WHO, citing(1, "She owns it."), 1).failure == "lacks a fact"

    def test_a_false_refusal(self) -> None:
        assert scored(WHO, REFUSED, 1).failure == "refused an answerable question"

    def test_a_quote_that_is_not_its_span(self) -> None:
        assert scored(WHO, citing(1, shift=1), 1).exact_quotes == 0

    def test_an_unanswerable_question(self) -> None:
        assert scored(NEVER, REFUSED).failure == ""
        assert scored(NEVER, citing(1), 1).failure == "answered an unanswerable question"

    def test_gold_that_is_in_no_document_counts_for_nothing(self) -> None:
        lost = replace(WHO, gold=(Gold("mill", "Bert"), Gold("other", "Anna Berg owns")))
        assert (scored(lost, citing(1), 1).rank, scored(lost, citing(1), 1).cited) == (0, (False,))

    def test_gold_is_found_whatever_its_white_space(self) -> None:
        wrapped = replace(WHO, gold=(Gold("mill", "Anna\n  Berg owns"),))
        assert scored(wrapped, citing(1), 1).cited == scored(WHO, citing(1), 1).cited == (True,)

    def test_gold_is_found_wherever_it_stands(self) -> None:
        document = Document("mill", "The mill", "text", "Non-\ntransferable. Later, non- transferable.")
        label = replace(WHO, gold=(Gold("mill", "on-transferable"),))
        assert gold_spans(label, {"mill": document}) == [("mill", 1, 17), ("mill", 27, 43)]


class TestTable:
    SCORES = (
        scored(WHO, citing(1), 1, 0, seconds=1.0),
        scored(WHO, citing(0), 0, 1, seconds=2.0),
        scored(WHO, REFUSED, 1, seconds=3.0),
        scored(replace(WHO, kind="followup"), citing(1), 1, seconds=4.0),
        scored(NEVER, REFUSED, seconds=5.0),
        scored(replace(NEVER, style="joke"), citing(1), seconds=6.0),
    )

    def test_each_measure_is_over_its_questions(self) -> None:
        values = {name: value for name, (value, _, _) in table(self.SCORES).items()}
        assert values == {
            "retrieval hit@1": 3 / 4,
            "retrieval hit@3": 1.0,
            "retrieval hit@5": 1.0,
            "correct": 2 / 3,
            "correct and cited": 1 / 3,
            "follow-ups correct and cited": 1.0,
            "citation hit": 2 / 3,
            "citation precision": 2 / 3,
            "refusal on unanswerable": 1 / 2,
            "refusal on near misses": 1.0,
            "false refusal": 1 / 4,
            "quotes equal to their span": 1.0,
            "seconds, median": 3.5,
            "seconds, 95th percentile": 6.0,
        }

    def test_a_measure_without_questions_is_left_out(self) -> None:
        assert set(table(self.SCORES[4:5])) == {
            "refusal on unanswerable", "refusal on near misses", "seconds, median", "seconds, 95th percentile",
        }  # fmt: skip
        assert table([]) == {}

    def test_outcomes(self) -> None:
        assert outcomes(self.SCORES) == pytest.approx({"answered": 4 / 6, "quoted": 0, "unknown": 2 / 6})

    def test_it_can_be_repeated(self) -> None:
        assert table(self.SCORES) == table(self.SCORES)

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from(SCORES), min_size=1, max_size=40))
    def test_an_interval_is_around_its_value(self, scores: list[Score]) -> None:
        for name, (value, low, high) in table(scores).items():
            assert low <= value <= high, name
