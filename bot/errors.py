"""Herald's errors: each carries one line that is safe to show and says what to do.

HeraldError
├── UsageError                 the request itself is wrong (exit status 2)
│   ├── QuestionError              empty, too long, or not text
│   └── UnknownModelError          no model has that name
├── SettingsError              settings are wrong; lists every problem by name
├── ModelError                 the language model cannot answer
│   ├── ModelFileError             the file is missing, truncated or no GGUF
│   ├── ModelBusyError             too many questions are waiting
│   ├── ModelServerError           the server is not there or answers with an error
│   │   └── ModelAwayError                 the server was there before, or says that it is starting
│   └── ModelTimeoutError          the server stopped sending
├── BusyError                  the asker, or everybody together, asks more than can be answered
├── PlatformError              Discord or Slack refuses the bot; says which switch to set
├── JournalError               the journal cannot be opened, read or written
├── DownloadError              a model could not be fetched whole
└── ServerError                an unexpected fault; details are in the log

The knowledge layer has its own tree (`knowledge.errors.KnowledgeError`), with messages under the same rule.
"""

from knowledge.errors import KnowledgeError


class HeraldError(Exception):
    """An error whose text is one line, fit to show to whoever asked."""

    exit_status = 1


class UsageError(HeraldError):
    """The request itself is wrong."""

    exit_status = 2


class QuestionError(UsageError):
    """A question is empty, too long, or not text."""


class UnknownModelError(UsageError):
    """No model has that name."""


class SettingsError(HeraldError):
    """Settings are wrong; the message lists every problem by name."""


class ModelError(HeraldError):
    """The language model cannot answer."""


class ModelFileError(ModelError):
    """A model file is missing, truncated or no GGUF."""


class ModelBusyError(ModelError):
    """Too many questions are waiting for the model."""


class ModelServerError(ModelError):
    """A model server is not there, or answers with an error."""


class ModelAwayError(ModelServerError):
    """A model server was there before, or says that it is starting: it is worth asking again."""


class ModelTimeoutError(ModelError):
    """A model server stopped sending."""


class BusyError(HeraldError):
    """The asker, or everybody together, asks more than can be answered now."""


class PlatformError(HeraldError):
    """A chat platform refuses the bot; the message says which switch to set."""


class JournalError(HeraldError):
    """The journal cannot be opened, read or written; an answer does not depend on it."""


class DownloadError(HeraldError):
    """A model could not be fetched whole."""


class ServerError(HeraldError):
    """An unexpected fault; the details are in the log."""


SHOWABLE = (HeraldError, KnowledgeError)
"""The errors whose text may be shown as it is."""


def exit_status(error: BaseException) -> int:
    """The process's exit status for an error: 2 for wrong usage, else 1."""
    return getattr(error, "exit_status", 1)
