"""Replies and answers as styled lines, the same for every platform. Pure: what is shown is decided here, not how.

A line is a paragraph of styled spans; `plain` joins lines without styles, each adapter paints them in its own way.
Control characters of models and documents never reach a terminal: `clean` takes them out of every span.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.messages import Answer, Citation, Sentence, markers
from bot.replies import (
    CAN_ANSWER,
    QUOTED_LABEL,
    AboutReply,
    ClauseReply,
    ContentsReply,
    Cut,
    ExplainReply,
    HelpReply,
    OfferReply,
    PassageReply,
    Reply,
    SourceReply,
    SourcesReply,
)

Style = Literal["", "heading", "marker", "quote", "dim", "mark", "warning"]

LONGEST_QUOTE = 220
# C0 but for tab and line feed, DEL and C1: terminals act on them. The direction marks could reorder what is read.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
MARK_OPEN, MARK_CLOSE = ">> ", " <<"
"""What stands around a marked quote; an adapter that marks in its own way takes it out."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in one style."""

    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, indented by so many columns; an `exact` one keeps its own line breaks and is never wrapped."""

    spans: tuple[Span, ...] = ()
    indent: int = 0
    exact: bool = False

    @property
    def text(self) -> str:
        """The words without their styles."""
        return "".join(span.text for span in self.spans)


def plain(lines: Iterable[Line]) -> str:
    """The lines as plain text, a paragraph a line, without a line break at the end."""
    return "\n".join((" " * line.indent + line.text).rstrip() if not line.exact else line.text for line in lines)


def clean(text: str) -> str:
    """The text without control characters, for which a terminal may do anything."""
    return _CONTROL.sub("", text)


def render_answer(answer: Answer) -> list[Line]:
    """An answer: its sentences with their markers, the citations below, then the notes."""
    return [*render_sentences(answer.sentences), *render_closing(answer)]


def render_sentences(sentences: Sequence[Sentence], before: Sequence[Sentence] = ()) -> list[Line]:
    """The sentences, a line each; those that follow `before` on the screen. Quotes stand under their label."""
    lines = []
    if any(sentence.quoted for sentence in sentences) and not any(sentence.quoted for sentence in before):
        lines.append(_line(QUOTED_LABEL, "dim"))
    return lines + [_sentence(sentence) for sentence in sentences]


def render_closing(answer: Answer) -> list[Line]:
    """What stands under an answer's sentences: citations and notes, or what can be answered instead."""
    if answer.outcome == "unknown":
        return [*(_line(note) for note in answer.notes), _line(CAN_ANSWER, "dim")]
    lines = _citations(answer.citations, answer.sentences)
    if answer.notes:
        lines += [Line(), *(_line(note, "dim") for note in answer.notes)]
    return lines


def render_cut(cut: Cut) -> list[Line]:
    """An answer that ended early: the verified sentences so far with their citations, then why it ended."""
    lines: list[Line] = []
    if cut.draft is not None and cut.draft.sentences:
        lines = [*render_sentences(cut.draft.sentences), *_citations(cut.draft.citations, cut.draft.sentences), Line()]
    return [*lines, _line(cut.message, "warning")]


def render(reply: Reply, caller: str = "/") -> list[Line]:
    """Any reply of a command; `caller` is what stands before a command's name where one is offered."""
    match reply:
        case ContentsReply():
            return _contents(reply)
        case ClauseReply():
            return _clause(reply, caller)
        case OfferReply():
            return _offer(reply, caller)
        case ExplainReply():
            return _explain(reply)
        case SourcesReply():
            return _sources(reply)
        case SourceReply():
            return _source(reply)
        case PassageReply():
            return _passage(reply)
        case HelpReply():
            return _help(reply)
        case AboutReply():
            return _about(reply)


def cut(text: str, longest: int) -> str:
    """The text on one line, cut at a word with `…` where it is longer."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    return (head[: head.rfind(" ")] if " " in head[longest // 2 :] else head).rstrip(" ,;:.") + "…"


def _line(text: str, style: Style = "", rest: str = "", *, indent: int = 0) -> Line:
    spans = (Span(clean(text), style), Span(clean(rest)))
    return Line(tuple(span for span in spans if span.text), indent)


def _sentence(sentence: Sentence, indent: int = 0) -> Line:
    text = f"“{sentence.text}”" if sentence.quoted else sentence.text
    spans = [Span(clean(text), "quote" if sentence.quoted else "")]
    if sentence.citations:
        spans += [Span(" "), Span(markers(sentence), "marker")]
    return Line(tuple(spans), indent)


def _citations(citations: Sequence[Citation], sentences: Sequence[Sentence]) -> list[Line]:
    """The citations below a blank line; a quote that is shown already is not said twice."""
    shown = {sentence.text for sentence in sentences if sentence.quoted}
    lines = [line for citation in citations for line in _citation(citation, quote=citation.reading not in shown)]
    return [Line(), *lines] if lines else []


def _citation(citation: Citation, *, quote: bool) -> list[Line]:
    number = Span(f"[{citation.number}]", "marker")
    head = Line((number, Span(clean(f" {citation.locator} · {citation.title}"), "dim")))
    if not quote:
        return [head]
    return [head, _line(f"“{cut(citation.reading, LONGEST_QUOTE)}”", "quote", indent=4)]


def _offer(reply: OfferReply, caller: str) -> list[Line]:
    call = f"{caller}{reply.command} "
    return [
        _line(reply.message),
        *(_line(call + choice.value, "marker", f"  {choice.label}", indent=2) for choice in reply.choices),
    ]


def _clause(reply: ClauseReply, caller: str) -> list[Line]:
    head = reply.title if reply.locator == reply.title else f"{reply.locator} · {reply.title}"
    lines = [_line(head, "heading"), _line(reply.source_title, "dim"), Line(), _exact(reply.text)]
    if reply.definitions:
        lines += [Line(), _line("Defined terms it uses", "heading")]
        for definition in reply.definitions:
            lines += [Line(), _exact(definition.text)]
    if reply.also:
        lines += [Line(), _line("See also:", "dim")]
        for line in reply.also:
            lines.append(_line(f"{caller}license {line.key}", "marker", f"  {line.locator} · {line.title}", indent=2))
    return [*lines, Line(), *(_line(note, "dim") for note in reply.notes)]


def _exact(text: str) -> Line:
    return Line((Span(clean(text)),), exact=True)


def _contents(reply: ContentsReply) -> list[Line]:
    lines: list[Line] = []
    for contents in reply.licenses:
        lines += [Line()] if lines else []
        lines.append(_line(contents.title, "heading"))
        for line in contents.lines:
            lines.append(_line(line.key, "marker", f"  {line.title}", indent=2 + 2 * line.depth))
    return [*lines, Line(), *(_line(note, "dim") for note in reply.notes)]


def _explain(reply: ExplainReply) -> list[Line]:
    lines: list[Line] = []
    for point in reply.points:
        lines += [Line()] if lines else []
        lines += [_line(point.heading, "heading"), *(_sentence(sentence) for sentence in point.sentences)]
    return lines + render_closing(reply.answer)


def _sources(reply: SourcesReply) -> list[Line]:
    lines: list[Line] = []
    for entry in reply.entries:
        lines.append(_line(entry.id, "marker", f"  {entry.title}"))
        if entry.problem:
            lines.append(_line(entry.problem, "warning", indent=4))
        else:
            facts = [entry.kind, f"{entry.characters:,} characters", entry.file]
            facts += ["has the last word"] if entry.governs else []
            lines.append(_line(" · ".join(facts), "dim", indent=4))
    return lines


def _source(reply: SourceReply) -> list[Line]:
    lines = [_line(reply.entry.title, "heading")]
    for section in reply.sections:
        lines += [Line(), _line(section.locator, "marker", f"  {section.text}")]
    return lines


def _passage(reply: PassageReply) -> list[Line]:
    head = Line((Span(f"[{reply.number}]", "marker"), Span(clean(f" {reply.locator} · {reply.title}"), "dim")))
    quote = Span(f"{MARK_OPEN}{clean(reply.quote)}{MARK_CLOSE}", "mark")
    return [head, Line(), Line((Span(clean(reply.before)), quote, Span(clean(reply.after))))]


def _help(reply: HelpReply) -> list[Line]:
    lines = [_line(reply.lead), *(_line(example, "quote", indent=2) for example in reply.examples), Line()]
    width = max(len(command.usage) for command in reply.commands) + 2
    return lines + [_line(f"/{it.usage.ljust(width)}", "marker", it.summary, indent=2) for it in reply.commands]


def _about(reply: AboutReply) -> list[Line]:
    lines = [_line(f"Herald {reply.version}", "heading"), *map(_line, reply.statements), Line()]
    if reply.model:
        lines.append(_line("Model: ", "dim", reply.model))
    return [*lines, _line("Sources: ", "dim", "; ".join(reply.sources))]
