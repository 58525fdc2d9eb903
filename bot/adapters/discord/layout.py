"""What Herald sends at the end of an answer: messages of Components V2, within Discord's limits."""

from collections.abc import Iterable, Sequence
from typing import Any

from discord import ui

from bot.adapters.discord import buttons
from bot.adapters.discord.markdown import escape, paint
from bot.adapters.rendering import Line, render, render_closing, render_cut, render_sentences
from bot.messages import Answer, Citation, Draft
from bot.replies import Cut, ExplainReply, OfferReply, PassageReply, Reply
from bot.serving.splitting import split

Item = ui.Item[Any]

LONGEST_TEXT = 4_000
"""Characters in all texts of a message of Components V2."""
SENTENCES = 1_000
"""The component id of a text that holds an answer's sentences, by which they are read back; others count from 1."""
_NOTHING = "There is nothing to show."
_ROW = 5
_MOST_SOURCES = 25
_PAGE = 3_900
"""Room for a page of a long reply; the rest is for saying which page it is."""
_WRITING = 1_800
"""Room for a draft in a message of plain content, with its status below."""


def status_content(text: str, draft: Draft | None) -> str:
    """What is shown while an answer is written: the verified sentences so far, and what is going on."""
    if draft is None or not draft.sentences:
        return escape(text)
    sentences = paint(render_sentences(draft.sentences), _WRITING)
    shown = sentences[0] + (" …" if len(sentences) > 1 else "")
    return f"{shown}\n\n-# {escape(text)}"


def stop_view(key: str) -> ui.View:
    """The button under an answer that is being written."""
    return ui.View(timeout=None).add_item(buttons.StopButton(key))


def line_view(text: str) -> ui.LayoutView:
    """One line by itself."""
    return _view([ui.TextDisplay(split(escape(text), LONGEST_TEXT)[0])])


def answer_views(answer: Answer, key: str, *, votes: bool) -> list[ui.LayoutView]:
    """An answer: its sentences, then sources and notes; below them a button a source, and the votes."""
    rows = _rows([*_source_buttons(answer.citations), *(buttons.votes(key) if votes else ())])
    return _packed(render_sentences(answer.sentences), render_closing(answer), rows)


def cut_views(cut: Cut) -> list[ui.LayoutView]:
    """What there was of an answer when it ended early, and why it did."""
    citations = cut.draft.citations if cut.draft is not None else ()
    return _packed([], render_cut(cut), _rows(_source_buttons(citations)))


def reply_views(reply: Reply, calling: buttons.Calling, page: int = 0) -> list[ui.LayoutView]:
    """A page of a command's reply, with buttons that turn the pages; all of it where no button can carry the call."""
    pages = paint(render(reply), _PAGE) or [_NOTHING]
    if len(pages) > 1 and not calling.fits:
        return [_view([ui.TextDisplay(text), *_rows(_reply_buttons(reply, text))]) for text in pages]
    page = min(page, len(pages) - 1)
    items: list[Item] = [ui.TextDisplay(pages[page])]
    if len(pages) > 1:
        items += [ui.TextDisplay(f"-# Page {page + 1} of {len(pages)}"), *_rows(calling.turns(page, len(pages)))]
    return [_view([*items, *_rows(_reply_buttons(reply, pages[page]))])]


def passage_views(reply: PassageReply) -> list[ui.LayoutView]:
    """The whole passage behind a citation, with the quote in bold."""
    return [_view([ui.TextDisplay(piece)]) for piece in paint(render(reply), LONGEST_TEXT)]


def _packed(head: Iterable[Line], tail: Iterable[Line], rows: Sequence[Item]) -> list[ui.LayoutView]:
    """As few messages as hold the texts, the rows under the last one."""
    *before, last = paint(head, LONGEST_TEXT) or [""]
    first, *after = paint(tail, LONGEST_TEXT) or [""]
    messages: list[list[Item]] = [[ui.TextDisplay(text, id=SENTENCES)] for text in (*before, last) if text]
    if last and first and len(last) + len(first) <= LONGEST_TEXT:
        messages[-1] += [ui.Separator(), ui.TextDisplay(first)]
    elif first:
        messages.append([ui.TextDisplay(first)])
    messages += [[ui.TextDisplay(text)] for text in after]
    messages = messages or [[ui.TextDisplay(_NOTHING)]]
    messages[-1] += rows
    return [_view(items) for items in messages]


def _view(items: Iterable[Item]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def _reply_buttons(reply: Reply, shown: str) -> list[Item]:
    """What a reply offers to press: the things to choose, or the sources that are cited in what is shown."""
    if isinstance(reply, OfferReply):
        return buttons.offers(reply)
    if isinstance(reply, ExplainReply):
        return _source_buttons([it for it in reply.answer.citations if f"[{it.number}]" in shown])
    return []


def _source_buttons(citations: Sequence[Citation]) -> list[Item]:
    return [button for citation in citations[:_MOST_SOURCES] if (button := buttons.source(citation)) is not None]


def _rows(items: Sequence[Item]) -> list[Item]:
    return [ui.ActionRow(*items[at : at + _ROW]) for at in range(0, len(items), _ROW)]
