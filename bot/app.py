"""The composition root: opens what answering needs, and hands it to whichever face asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.answering.answerability import Judge
from bot.answering.answerer import Answerer
from bot.answering.synonyms import WordSynonyms
from bot.models.base import ChatModel
from bot.models.catalog import ModelChoice, open_model, resolve
from bot.models.counted import CountedModel
from bot.settings import Settings
from knowledge.embedding import MiniLMEmbedder
from knowledge.loading import Library
from knowledge.retrieval import HybridRetriever, open_retriever

Report = Callable[[str, int, int], None]
Wrote = Callable[[], None]


@dataclass(frozen=True, slots=True)
class App:
    """What a face needs: the settings, the documents, and the answerer with its model."""

    settings: Settings
    library: Library
    answerer: Answerer
    model: ModelChoice


@asynccontextmanager
async def open_app(
    settings: Settings, report: Report = lambda what, done, total: None, wrote: Wrote | None = None
) -> AsyncIterator[App]:
    """Open documents, index and model, and close them in the end.

    `report` hears what takes time, and `wrote` is called for each piece of text that the model writes.
    Raises KnowledgeError and HeraldError, each with one line that says what to do.
    """
    library = Library.open(settings.knowledge.sources)
    choice = resolve(settings.model, settings.models_dir)
    model = _open_model(choice, settings)
    try:
        # The model loads on its own thread while the embedding library, the slowest part, is imported.
        start_early(model)
        report("Loading the search", 0, 0)
        retriever, embedder = await asyncio.to_thread(_open_search, settings, library, report)
        try:
            writer = model if wrote is None else CountedModel(model, wrote)
            closely = choice.entry is not None and not choice.entry.paraphrases
            answerer = Answerer(
                library.documents, retriever, writer, Judge.load(), WordSynonyms(embedder), closely=closely
            )
            yield App(settings, library, answerer, choice)
        finally:
            retriever.close()
    finally:
        await model.aclose()


def start_early(model: ChatModel) -> None:
    """Begin to load a model that loads in this process."""
    start = getattr(model, "start", None)
    if start is not None:
        start()


def _open_model(choice: ModelChoice, settings: Settings) -> ChatModel:
    models = settings.models
    given = {} if models.context_tokens is None else {"context_tokens": models.context_tokens}
    return open_model(
        choice,
        threads=models.threads,
        queue_limit=models.queue_limit,
        api_key=models.api_key.get_secret_value() if models.api_key else None,
        server_model=models.server_model,
        **given,
    )


def _open_search(settings: Settings, library: Library, report: Report) -> tuple[HybridRetriever, MiniLMEmbedder]:
    documents = library.documents
    embedder = MiniLMEmbedder()
    retriever = open_retriever(
        documents,
        embedder,
        folder=settings.index_dir,
        url=settings.knowledge.chroma_url,
        report=lambda done, total: report("Indexing", done, total),
    )
    return retriever, embedder
