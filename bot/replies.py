"""What commands answer with besides `Answer`: plain data that each adapter renders, and the words that all share."""

from dataclasses import dataclass

from bot.answering.prompts import NOT_LEGAL_ADVICE
from bot.messages import Answer, Draft, Sentence, Stage, Status

CAN_ANSWER = "Ask me what was announced about Llama 2, why Meta opens it, or what its license says."
QUOTED_LABEL = "In the sources' own words:"
STOPPED = "Stopped."


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: `value` is the argument it stands for, `label` is what is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """A clause by name; `key` is what `/license` takes to show it."""

    key: str
    locator: str
    title: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class LicenseContents:
    """The table of contents of one license."""

    source: str
    title: str
    lines: tuple[ClauseLine, ...]


@dataclass(frozen=True, slots=True)
class ContentsReply:
    """The tables of contents of all licenses, the governing one first."""

    licenses: tuple[LicenseContents, ...]
    notes: tuple[str, ...] = (NOT_LEGAL_ADVICE,)


@dataclass(frozen=True, slots=True)
class Definition:
    """A defined term with the exact text that defines it: `text == document.text[start:end]`."""

    names: tuple[str, ...]
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ClauseReply:
    """A clause, a definition or the preamble, byte for byte: `text == document.text[start:end]`.

    `definitions` are the terms that it uses and does not define itself; `also` is where other licenses answer the same.
    """

    source: str
    source_title: str
    number: str
    locator: str
    title: str
    text: str
    start: int
    end: int
    definitions: tuple[Definition, ...] = ()
    also: tuple[ClauseLine, ...] = ()
    notes: tuple[str, ...] = (NOT_LEGAL_ADVICE,)


@dataclass(frozen=True, slots=True)
class OfferReply:
    """Nothing, or not one thing, matches: what may have been meant. Each value is an argument of `command`."""

    message: str
    command: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class BriefPoint:
    """A point of the brief; its sentences cite the citations of the whole brief."""

    topic: str
    heading: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class ExplainReply:
    """The announcement in brief: the points, and all of them as one answer with its citations and notes."""

    title: str
    points: tuple[BriefPoint, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A document that Herald answers from; `problem` says why it cannot be read, if it cannot.

    `file` is a name without folders: fit to show in a channel.
    """

    id: str
    title: str
    kind: str
    file: str
    characters: int = 0
    governs: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SourcesReply:
    """All documents that Herald answers from."""

    entries: tuple[SourceEntry, ...]


@dataclass(frozen=True, slots=True)
class SourceSection:
    """A paragraph or clause in the reading copy."""

    locator: str
    text: str


@dataclass(frozen=True, slots=True)
class SourceReply:
    """One document, section by section, as a person reads it."""

    entry: SourceEntry
    sections: tuple[SourceSection, ...]


@dataclass(frozen=True, slots=True)
class PassageReply:
    """The section around a citation's quote, in the reading copy: `before`, the quote itself, `after`."""

    number: int
    title: str
    locator: str
    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """How a command is written (without its slash), and what it does."""

    usage: str
    summary: str


@dataclass(frozen=True, slots=True)
class HelpReply:
    """What can be asked and which commands there are."""

    lead: str
    examples: tuple[str, ...]
    commands: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True)
class AboutReply:
    """What Herald is; `statements` are whole sentences."""

    version: str
    model: str
    sources: tuple[str, ...]
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer that ended early, or never began: why, in words safe to show, and the verified sentences so far."""

    message: str
    draft: Draft | None = None


Reply = (
    ContentsReply
    | ClauseReply
    | OfferReply
    | ExplainReply
    | SourcesReply
    | SourceReply
    | PassageReply
    | HelpReply
    | AboutReply
)
Event = Status | Draft | Answer | Reply
"""Whatever running a command yields."""

_STAGES: dict[Stage, str] = {
    "loading": "Starting up",
    "queued": "Waiting for the model",
    "searching": "Searching the sources",
    "reading": "Reading",
    "writing": "Writing",
    "waiting": "A server that Herald needs is being restarted; waiting for it",
}


def status_text(status: Status) -> str:
    """A status in words: `Searching the sources…`, `2 questions ahead of yours…`."""
    if status.stage == "queued" and status.queue_position:
        plural = "question" if status.queue_position == 1 else "questions"
        return f"{status.queue_position} {plural} ahead of yours…"
    return f"{_STAGES[status.stage]}…"
