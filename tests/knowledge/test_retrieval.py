"""Finding passages: by meaning and by words, on the shipped documents and on a user's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.companions import off_topic_questions
from knowledge.contents import contents
from knowledge.documents import Document, KnownFollowUp, KnownQuestion, Snippet
from knowledge.embedding import Embedder, MiniLMEmbedder
from knowledge.errors import SourceError, StoreError
from knowledge.index import open_index
from knowledge.loading import Library
from knowledge.retrieval import Findings, HybridRetriever, open_retriever
from tests.fakes import WordHashEmbedder

TALK = "The mill was built of stone. The wheel turns at dawn.\n\nA ticket costs five pounds. Dogs are welcome."

Opened = Callable[..., HybridRetriever]


def retriever_of(documents: Sequence[Document], embedder: Embedder, folder: Path) -> HybridRetriever:
    """A retriever without the off-topic questions, which are thousands of keys."""
    passages, every = contents(documents)
    off_topic = set(off_topic_questions())
    keys = [key for key in every if key.text not in off_topic]
    return HybridRetriever(passages, keys, open_index(keys, embedder, folder=folder), embedder)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens a retriever on texts, with the word-hash embedder."""
    retrievers: list[HybridRetriever] = []

    def open_(*documents: Document) -> HybridRetriever:
        retrievers.append(retriever_of(documents, WordHashEmbedder(), tmp_path / "index"))
        return retrievers[-1]

    yield open_
    for retriever in retrievers:
        retriever.close()


@pytest.fixture(scope="module")
def herald(
    shipped: Library, minilm: MiniLMEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HybridRetriever]:
    """The shipped documents with the real embedding model, and without any reviewed question."""
    documents = [replace(document, questions=(), unanswered=()) for document in shipped.documents]
    retriever = retriever_of(documents, minilm, tmp_path_factory.mktemp("index"))
    yield retriever
    retriever.close()


def talk(text: str = TALK, **companions: object) -> Document:
    return Document("talk", "The mill", "text", text, **companions)  # type: ignore[arg-type]


def ids(found: Findings) -> list[str]:
    return [ranked.passage.id for ranked in found]


async def test_a_question_finds_the_sentence_that_answers_it(opened: Opened) -> None:
    found = await opened(talk()).search("what does a ticket cost in pounds", 3)
    assert found[0].passage.text == "A ticket costs five pounds."
    assert len(found) == 3


@pytest.mark.parametrize("query", ["tickt pouns", "TICKETS", "ticketing"])
async def test_typing_errors_are_forgiven(opened: Opened, query: str) -> None:
    found = await opened(talk()).search(query, 1)
    assert ids(found) == ["talk/p2/1"]


@pytest.mark.parametrize("query", ["", "   ", "???", "🦙", "zzxqy", "日本", "x" * 5_000])
async def test_a_question_without_known_words_is_no_fault(opened: Opened, query: str) -> None:
    found = await opened(talk()).search(query, 2)
    assert len(found) == 2
    assert all(ranked.lexical == 0 for ranked in found)


async def test_off_topic_questions_are_known_to_every_retriever(tmp_path: Path) -> None:
    retriever = open_retriever([talk()], WordHashEmbedder(), folder=tmp_path / "index")
    found = await retriever.search(off_topic_questions()[0], 1)
    assert found.unanswered == pytest.approx(1, abs=1e-5)
    retriever.close()


async def test_the_same_question_has_the_same_answer(opened: Opened) -> None:
    retriever = opened(talk())
    assert await retriever.search("mill", 4) == await retriever.search("mill", 4)


async def test_more_passages_than_there_are_is_all_of_them(opened: Opened) -> None:
    assert len(await opened(talk()).search("mill", 100)) == 4


async def test_a_known_question_finds_its_passage(opened: Opened) -> None:
    start = TALK.index("Dogs")
    known = KnownQuestion("May I bring my poodle?", start, start + 4)
    found = await opened(talk(questions=(known,))).search("may I bring my poodle", 1)
    assert ids(found) == ["talk/p2/2"]
    assert found.answered == pytest.approx(1, abs=1e-5)
    assert found.answered > found.unanswered


async def test_a_question_known_to_be_unanswered_stands_out(opened: Opened) -> None:
    found = await opened(talk(unanswered=("Who was the miller's wife?",))).search("who was the miller's wife", 1)
    assert found.unanswered == pytest.approx(1, abs=1e-5)
    assert found.vote < 0.5


class TestKnownFollowUps:
    COST, WHEEL = "A ticket costs five pounds.", "The wheel turns at dawn."

    def document(self, answer: str = "Dogs are welcome.", source: str = "talk") -> Document:
        start = TALK.index(self.COST)
        known = KnownFollowUp("and my poodle?", start, start + len(self.COST), Snippet(source, answer))
        unknown = KnownFollowUp("and the parrot?", start, start + len(self.COST), None)
        return talk(followups=(known, unknown))

    async def test_one_finds_its_answer_where_it_leans_on_what_was_said(self, opened: Opened) -> None:
        found = await opened(self.document()).search("and my poodle", 4, "What is the price?", f'"{self.COST}" [1]')
        assert ids(found)[0] == "talk/p2/2"
        assert found[0].followup == pytest.approx(0.6, abs=1e-5)
        assert found.answered > found.unanswered

    async def test_one_that_nothing_answers_tells_against_an_answer(self, opened: Opened) -> None:
        found = await opened(self.document()).search("and the parrot", 4, "What is the price?", f'"{self.COST}" [1]')
        assert found.unanswered > found.answered

    @pytest.mark.parametrize("answer", [f'"{WHEEL}" [1]', "I do not know that.", ""])
    async def test_it_says_nothing_after_anything_else(self, opened: Opened, answer: str) -> None:
        found = await opened(self.document()).search("and my poodle", 4, "What is the price?", answer)
        assert [ranked.followup for ranked in found] == [0.0] * 4
        assert found.answered == 0.0

    async def test_no_question_that_stands_alone_is_judged_by_it(self, opened: Opened) -> None:
        retriever = opened(self.document())
        assert "poodl" not in retriever.vocabulary.stems
        assert (await retriever.search("and my poodle", 4)).answered == 0.0

    def test_an_answer_that_is_not_in_its_document_is_an_error(self, opened: Opened) -> None:
        with pytest.raises(SourceError, match=r"'Cats are welcome\.' occurs 0 times in source 'talk', not once"):
            opened(self.document("Cats are welcome."))

    def test_one_that_another_document_answers_goes_with_it(self) -> None:
        _, keys = contents([self.document("Anything", source="left-out")])
        assert [key.text for key in keys if key.after] == ["and the parrot?"]


async def test_documents_in_other_scripts_are_found(opened: Opened) -> None:
    found = await opened(talk(), Document("ja", "文書", "text", "ラマは無料です。\n\n猫は寝る。")).search(
        "ラマは無料です", 1
    )
    assert ids(found) == ["ja/p1/1"]


async def test_a_closed_store_is_a_store_error(opened: Opened) -> None:
    retriever = opened(talk())
    retriever.close()
    with pytest.raises(StoreError):
        await retriever.search("mill", 1)


def test_the_vocabulary_has_the_words_of_passages_and_questions(opened: Opened) -> None:
    retriever = opened(talk(questions=(KnownQuestion("May I bring my poodle?", 0, 4),)))
    assert {"mill", "wheel", "poodl"} <= retriever.vocabulary.stems
    assert "zebra" not in retriever.vocabulary.stems
    assert "poodl" in retriever.vocabulary.questions("talk/p1/1")
    assert retriever.vocabulary.questions("talk/p2/2") == frozenset()


def test_a_question_belongs_to_the_passage_that_holds_most_of_its_span(shipped: Library) -> None:
    passages, keys = contents(shipped.documents)
    assigned = {(key.text, key.passage) for key in keys if key.kind == "question" and not key.after}
    known = [(document.id, question) for document in shipped.documents for question in document.questions]
    assert len(known) > 100
    for source, question in known:
        overlaps = {
            passage.id: min(passage.end, question.end) - max(passage.start, question.start)
            for passage in passages
            if passage.source == source
        }
        assert (question.text, max(overlaps, key=lambda passage: overlaps[passage])) in assigned
        assert max(overlaps.values()) > 0


def test_the_keys_of_the_shipped_documents_are_each_one_of_a_kind(shipped: Library) -> None:
    passages, keys = contents(shipped.documents)
    assert len({key.id for key in keys}) == len(keys)
    assert {key.passage for key in keys if key.kind == "sentence"} == {passage.id for passage in passages}
    assert {key.text for key in keys if key.kind == "unanswered"} >= set(off_topic_questions())


@pytest.mark.parametrize(
    ("query", "passage"),
    [
        ("Which companies cannot use it freely? Apple, Snap, TikTok?", "transcript/p10/1"),
        ("700 million monthly active users", "llama-2-license/2/1"),
        ("attribution notice in all copies", "llama-2-license/1.b.iii/1"),
        ("improve any other large language model", "llama-2-license/1.b.v/1"),
        ("qualcomm", "transcript/p13/1"),
    ],
)
async def test_the_real_model_finds_it_without_reviewed_questions(
    herald: HybridRetriever, query: str, passage: str
) -> None:
    assert passage in ids(await herald.search(query, 3))


def test_documents_without_a_sentence_are_one_clear_line(tmp_path: Path) -> None:
    headings = Document("empty", "Headings only", "markdown", "# One\n\n## Two\n")
    with pytest.raises(SourceError, match="hold no sentences to answer from"):
        open_retriever([headings], WordHashEmbedder(), folder=tmp_path)


async def test_the_question_alone_counts_more_than_with_what_was_said_before(opened: Opened) -> None:
    retriever = opened(talk())
    one = await retriever.search("a leash", 4)
    other = await retriever.search("the mill's wheel a leash", 4)
    both = await retriever.search("a leash", 4, before="the mill's wheel")
    scores = {ranked.passage.id: ranked.score for ranked in both}
    for ranked in one:
        opposite = next(found for found in other if found.passage.id == ranked.passage.id)
        assert scores[ranked.passage.id] == pytest.approx(0.6 * ranked.score + 0.4 * opposite.score)
