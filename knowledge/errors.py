"""The errors of the knowledge layer: each message is one line, safe to show, and says what to do.

KnowledgeError
├── SourceError            a document is missing, empty, too large, unreadable, or not what its sha256 promises
│   └── UnknownSourceError     no document has that id (exit status 2)
├── ClauseError            no clause matches what was asked; the nearest ones are named (exit status 2)
├── EmbeddingError         the embedding weights are missing or not the published ones
└── StoreError             the index cannot be opened, read or written
    ├── StoreBusyError         another process is using it
    └── StoreAwayError         the server that holds it does not answer
"""


class KnowledgeError(Exception):
    """An error whose text is one line, fit to show to whoever asked."""

    exit_status = 1


class SourceError(KnowledgeError):
    """A document is missing, empty, too large, unreadable, or not what its sha256 promises."""


class UnknownSourceError(SourceError):
    """No document has that id."""

    exit_status = 2


class ClauseError(KnowledgeError):
    """No clause matches what was asked; `nearest` holds the numbers of the likeliest ones."""

    exit_status = 2

    def __init__(self, message: str, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.nearest = nearest


class EmbeddingError(KnowledgeError):
    """The embedding weights are missing or not the published ones."""


class StoreError(KnowledgeError):
    """The index cannot be opened, read or written."""


class StoreBusyError(StoreError):
    """Another process is using the index."""


class StoreAwayError(StoreError):
    """The server that holds the index does not answer: it is worth asking again."""
