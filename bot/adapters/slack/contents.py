"""What is said in Slack: answers, replies and cut-off answers as the messages that show them."""

from collections.abc import Sequence

from bot.adapters.rendering import (
    Line,
    Span,
    plain,
    render,
    render_answer,
    render_closing,
    render_cut,
    render_sentences,
)
from bot.adapters.slack.blocks import (
    SHOW,
    Block,
    Content,
    button,
    buttons,
    feedback_buttons,
    pages,
    paint,
    source_buttons,
)
from bot.adapters.slack.table import as_typed
from bot.messages import Answer, Draft, Sentence
from bot.replies import ClauseReply, Cut, ExplainReply, HelpReply, OfferReply, Reply

Final = Answer | Reply | Cut
"""What a ticket ends with."""


def contents(final: Final, key: str = "", below: Sequence[Block] = ()) -> list[Content]:
    """The messages that show what a question or a command ended with; `key` is the answer's for feedback.

    `below` stands at the end, as the button that shares an answer.
    """
    match final:
        case Answer():
            spoken = plain(render_sentences(final.sentences))
            return pages([*paint(render_answer(final)), *_tools(final, key), *below], spoken)
        case Cut():
            sources = source_buttons(final.draft.citations) if final.draft else []
            return pages([*paint(render_cut(final)), *sources])
        case _:
            return pages([*reply_blocks(final), *below])


def reply_blocks(reply: Reply) -> list[Block]:
    """A reply with buttons for what it leads on to; they stand in messages and modals alike."""
    shown = as_typed(reply) if isinstance(reply, HelpReply) else reply
    return [*paint(render(shown)), *_choices(reply)]


def closing(final: Answer | Cut, shown: Sequence[Sentence], key: str) -> list[Content]:
    """What stands under the sentences that were streamed already."""
    if isinstance(final, Answer):
        return pages([*paint(render_closing(final)), *_tools(final, key)])
    rest = render_cut(final)[len(render_sentences(shown)) :]
    return pages([*paint(rest), *(source_buttons(final.draft.citations) if final.draft else [])])


def draft_content(draft: Draft, below: Sequence[Block] = ()) -> Content:
    """The sentences so far, as the first message that holds them."""
    lines = render_sentences(draft.sentences)
    first = pages(paint(lines), plain(lines))[0]
    return Content(first.text, (*first.blocks, *below))


def notice(text: str, below: Sequence[Block] = ()) -> Content:
    """A line of the bot's own."""
    return pages([*paint([Line((Span(text),))]), *below])[0]


def _tools(answer: Answer, key: str) -> list[Block]:
    return [*source_buttons(answer.citations), *([feedback_buttons(key)] if key else [])]


def _choices(reply: Reply) -> list[Block]:
    """Buttons for what a reply leads on to."""
    match reply:
        case OfferReply():
            calls = [(choice.label or choice.value, f"{reply.command} {choice.value}") for choice in reply.choices]
        case ClauseReply():
            calls = [(f"{line.locator} · {line.title}", f"license {line.key}") for line in reply.also]
        case ExplainReply():
            return source_buttons(reply.answer.citations)
        case _:
            return []
    return buttons([button(label, f"{SHOW}:{place}", call) for place, (label, call) in enumerate(calls)])
