"""Answerer: retrieve, judge, prompt, generate, verify. Every sentence that it yields carries a verified citation."""

import asyncio
import time
import unicodedata
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from bot.answering.alignment import Synonyms
from bot.answering.answerability import Answerability, Judge
from bot.answering.citations import Claimed, SentenceStream, numbered, support
from bot.answering.courtesies import courtesy
from bot.answering.evidence import Found, choose, completion, leads_on, quoted
from bot.answering.followups import in_context
from bot.answering.patience import PAUSES, Patience
from bot.answering.prompts import REFUSAL, answer_turns, notes_on
from bot.errors import ModelAwayError, QuestionError
from bot.messages import Answer, Citation, Draft, Outcome, Question, Sentence, Status, Timings
from bot.models.base import ChatModel, SamplingOptions
from knowledge.documents import Document
from knowledge.errors import StoreAwayError
from knowledge.language import is_negated, names, numbers, stems
from knowledge.retrieval import Findings, Retriever

MAX_CHARACTERS = 1_000
_SEARCHED = 8
_MAX_SENTENCES = 4
_MAX_TOKENS = 120
_MAX_FAILURES, _MAX_FAILURES_CLOSELY = 2, 1
"""Sentences in a row that fail verification before the model is stopped: what follows seldom gets better."""
_NEW_WORDS = 0.2
"""The share of new words up to which a sentence repeats an earlier one."""

Event = Status | Draft | Answer
Cited = list[tuple[Sentence, Citation]]


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions from documents through a language model; safe for many questions at once.

    With `closely` the model's words are shown only where they are the source's own, as befits a very small model.
    """

    documents: Sequence[Document]
    retriever: Retriever
    model: ChatModel
    judge: Judge | Answerability
    synonyms: Synonyms
    clock: Callable[[], float] = time.perf_counter
    pauses: Sequence[float] = PAUSES
    closely: bool = False
    _by_id: dict[str, Document] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the documents by id."""
        object.__setattr__(self, "_by_id", {document.id: document for document in self.documents})

    @property
    def model_name(self) -> str:
        """The name of the language model."""
        return self.model.name

    async def stream(self, question: Question) -> AsyncGenerator[Event, None]:
        """Answer a question: statuses and drafts of verified sentences, then exactly one Answer.

        Closing the iterator cancels the model. Raises QuestionError, ModelError and StoreError; a server that is being
        restarted is waited for, for as long as `pauses` together.
        """
        watch = _Watch(self.clock)
        text = checked(question.text)
        if (reply := courtesy(text)) is not None:
            yield self._answer("unknown", [], watch, (reply,))
            return
        asked = await asyncio.to_thread(in_context, text, question.history, self.retriever.vocabulary)
        yield Status("searching")
        patience = Patience(self.pauses)
        ranked: Findings | None = None
        while ranked is None:
            try:
                ranked = await self.retriever.search(asked.text, _SEARCHED, asked.before, asked.answer)
            except StoreAwayError as error:
                yield Status("waiting")
                await patience.wait(error)
        watch.searched()
        # Judging and verifying compute, the synonyms with the embedding model: other questions are not to wait for it.
        if not await asyncio.to_thread(self.judge.answers, asked.standalone, ranked, self.retriever.vocabulary):
            yield self._answer("unknown", [], watch, (REFUSAL,))
            return
        yield Status("reading")
        found = choose(ranked, self._by_id, ranked.following)
        written: Cited = []
        if found.offered:
            async with aclosing(self._write(asked.standalone, found, written, patience)) as events:
                async for event in events:
                    watch.wrote(written)
                    yield event
        outcome: Outcome = "answered" if written else "quoted"
        rest = completion(written, found) if written else found.leading
        yield self._answer(outcome, [*written, *quoted(rest, self._by_id)], watch)

    async def _write(
        self, query: str, found: Found, written: Cited, patience: Patience
    ) -> AsyncGenerator[Status | Draft, None]:
        """Let the model write, from the beginning again where its server was restarted meanwhile."""
        while True:
            try:
                async with aclosing(self._attempt(query, found, written)) as events:
                    async for event in events:
                        yield event
                return
            except ModelAwayError as error:
                yield Status("waiting")
                await patience.wait(error)

    async def _attempt(self, query: str, found: Found, written: Cited) -> AsyncGenerator[Status | Draft, None]:
        """Let the model write, and add each sentence that its evidence supports to `written`."""
        queued, most_failures = self.model.waiting, _MAX_FAILURES_CLOSELY if self.closely else _MAX_FAILURES
        yield Status("queued", queued) if queued else Status("writing")
        sentences, failures = SentenceStream(), 0
        said = {sentence.text for sentence, _ in written}
        turns = answer_turns(query, [evidence.text for evidence in found.offered])
        async with aclosing(self.model.stream(turns, SamplingOptions(_MAX_TOKENS))) as pieces:
            async for piece in _then_end(pieces):
                if queued:
                    queued = 0
                    yield Status("writing")
                for claim in sentences.end() if piece is None else sentences.feed(piece):
                    if claim.text in said:  # in an attempt that was cut off
                        continue
                    if await self._verified(claim, query, found, written):
                        failures = 0
                        yield Draft(*numbered(written))
                    else:
                        failures += 1
                    if failures >= most_failures or len(written) >= _MAX_SENTENCES:
                        return

    async def _verified(self, claim: Claimed, query: str, found: Found, written: Cited) -> bool:
        """Keep a sentence if it says something new and the evidence supports it."""
        if leads_on(claim.text):
            return False
        citation = await asyncio.to_thread(
            support, claim, found.offered, len(found.leading), self._by_id, self.synonyms, self.closely, query
        )
        if citation is None or any(_repeats(claim.text, sentence.text) for sentence, _ in written):
            return False
        written.append((Sentence(claim.text, ()), citation))
        return True

    def _answer(self, outcome: Outcome, cited: Cited, watch: "_Watch", notes: tuple[str, ...] = ()) -> Answer:
        sentences, citations = numbered(cited)
        notes = notes or notes_on([self._by_id[source] for source in {citation.source for citation in citations}])
        return Answer(outcome, sentences, citations, self.model.name, watch.timings(bool(cited)), notes)


def checked(text: str) -> str:
    """The question as plain text on one line; raises QuestionError for one that is empty, too long or not text."""
    if any(unicodedata.category(character) == "Cs" for character in text) or "\N{REPLACEMENT CHARACTER}" in text:
        raise QuestionError("The question is not readable text: send it as UTF-8.")
    plain = " ".join("".join(map(_plain, text)).split())
    if not any(character.isalnum() for character in plain):
        raise QuestionError("The question is empty: ask something about the announcement or the license.")
    if len(plain) > MAX_CHARACTERS:
        raise QuestionError(f"The question has {len(plain):,} characters; shorten it to {MAX_CHARACTERS:,} at most.")
    return plain


def _plain(character: str) -> str:
    """A character as it is read: an invisible mark (of direction, a soft hyphen) is none, a control character a gap."""
    category = unicodedata.category(character)
    return "" if category == "Cf" else " " if category in ("Cc", "Co", "Zl", "Zp") else character


async def _then_end(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str | None, None]:
    """The pieces, then None: what is left is read the same way as what came."""
    async for piece in pieces:
        yield piece
    yield None


def _repeats(text: str, other: str) -> bool:
    """Whether a sentence has hardly a new word, and no new name, number or denial."""
    words, others = (set(stems(each)) for each in (text, other))
    facts, known = ({*names(each), *numbers(each), is_negated(each)} for each in (text, other))
    return len(words - others) <= _NEW_WORDS * len(words) and facts <= known


class _Watch:
    """The times of one question, in seconds from its start."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self._search = self._first = 0.0

    def searched(self) -> None:
        self._search = self._clock() - self._start

    def wrote(self, written: Cited) -> None:
        if written and not self._first:
            self._first = self._clock() - self._start

    def timings(self, said: bool) -> Timings:
        total = self._clock() - self._start
        return Timings(self._search, (self._first or total) if said else 0.0, total)
