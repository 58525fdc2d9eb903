"""Styled lines as Block Kit, within Slack's limits. Rich text is used throughout: in it, no text is ever markup."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bot.adapters.rendering import MARK_CLOSE, MARK_OPEN, Line, Span, Style, cut
from bot.adapters.slack.text import mrkdwn
from bot.messages import Citation
from bot.serving.splitting import split, split_exact
from bot.source_reading import span_key

Block = dict[str, Any]
"""A block or an element of one, as Slack takes it."""

SOURCE, SHOW, ASK, SHARE, STOP, FEEDBACK = "source", "show", "ask", "share", "stop", "feedback"
"""What clicks are called by; where there may be several in a block, a colon and a number follow."""

_BLOCK_TEXT = 2_800
"""Characters in a block: 3,000 are allowed in a section, and readers fold longer ones."""
_PAGE_TEXT = 11_000
"""Characters in a message: more than about 13,000 are refused (measured, not documented)."""
_PAGE_BLOCKS = 48
_VIEW_BLOCKS = 98
_LABEL, _TITLE, _VALUE = 75, 24, 2_000
_FALLBACK = 700
"""Characters of a message's `text`, which notifications show; escaped, they stay below the 4,000 of chat.update."""
_BUTTONS = 5
_CONTEXT_ELEMENTS = 10

_STYLES: dict[Style, dict[str, bool]] = {
    "heading": {"bold": True},
    "marker": {"bold": True},
    "mark": {"bold": True},
    "quote": {"italic": True},
}


@dataclass(frozen=True, slots=True)
class Content:
    """What one message holds; `text` stands in for the blocks in notifications."""

    text: str
    blocks: tuple[Block, ...]


def paint(lines: Iterable[Line]) -> list[Block]:
    """Lines as blocks, a new one after each blank line; dim lines become small print, exact ones preformatted text."""
    blocks: list[Block] = []
    for kind, group in groupby(lines, key=_kind):
        if kind == "exact":
            blocks += [_preformatted(piece) for line in group for piece in split_exact(line.text, _BLOCK_TEXT)]
        elif kind == "dim":
            blocks += _small_print(group)
        elif kind == "rich":
            blocks += _paragraphs(group)
    return blocks


def pages(blocks: Sequence[Block], text: str = "") -> list[Content]:
    """Blocks as the messages that they fit in; `text` is the first one's, by default each has its own words."""
    found: list[list[Block]] = [[]]
    for block in blocks:
        page = found[-1]
        full = sum(map(_size, page)) + _size(block) > _PAGE_TEXT or len(page) >= _PAGE_BLOCKS
        if page and full:
            found.append([block])
        else:
            page.append(block)
    texts = [text, *("" for _ in found[1:])]
    return [
        Content(mrkdwn(cut(given or _words(page), _FALLBACK)), tuple(page))
        for given, page in zip(texts, found, strict=True)
        if page
    ]


def modal(title: str, blocks: Sequence[Block], **rest: object) -> Block:
    """A modal view; what does not fit is said to be left out."""
    shown = list(blocks[:_VIEW_BLOCKS])
    if len(blocks) > len(shown):
        shown += paint([Line((Span("The rest is too long to be shown here.", "dim"),))])
    close = {"type": "plain_text", "text": "Close"}
    return {"type": "modal", "title": plain(title, _TITLE), "close": close, "blocks": shown, **rest}


def plain(text: str, longest: int = _LABEL) -> Block:
    """A plain text object, cut to its limit; no colons in it become emoji."""
    return {"type": "plain_text", "text": cut(text, longest) or " ", "emoji": False}


def button(label: str, action_id: str, value: str, **rest: object) -> Block:
    """A button."""
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": value[:_VALUE], **rest}


def buttons(elements: Sequence[Block]) -> list[Block]:
    """Buttons in rows."""
    rows = [elements[start : start + _BUTTONS] for start in range(0, len(elements), _BUTTONS)]
    return [{"type": "actions", "elements": list(row)} for row in rows]


def source_buttons(citations: Iterable[Citation]) -> list[Block]:
    """A button for the whole passage behind each citation; it carries what it needs, for ever."""
    return buttons([button(f"[{it.number}] {it.locator}", f"{SOURCE}:{it.number}", span_key(it)) for it in citations])


def feedback_buttons(key: str) -> Block:
    """Thumbs up and down under an answer."""
    up = {"text": plain("Good answer"), "value": f"up {key}", "accessibility_label": "This answer helped"}
    down = {"text": plain("Bad answer"), "value": f"down {key}", "accessibility_label": "This answer did not help"}
    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": up,
        "negative_button": down,
    }
    return {"type": "context_actions", "elements": [element]}


def _kind(line: Line) -> str:
    if line.exact:
        return "exact"
    if not line.text.strip():
        return "blank"
    return "dim" if all(span.style == "dim" for span in line.spans) and not line.indent else "rich"


def _preformatted(text: str) -> Block:
    return _rich_text("rich_text_preformatted", [{"type": "text", "text": text}])


def _rich_text(kind: str, elements: list[Block]) -> Block:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": elements}]}


def _small_print(lines: Iterable[Line]) -> Iterator[Block]:
    pieces = [piece for line in lines for piece in split(line.text, _BLOCK_TEXT // 2)]
    for start in range(0, len(pieces), _CONTEXT_ELEMENTS):
        some = pieces[start : start + _CONTEXT_ELEMENTS]
        yield {"type": "context", "elements": [plain(piece, len(piece)) for piece in some]}


def _paragraphs(lines: Iterable[Line]) -> Iterator[Block]:
    """Lines in as few blocks as they fit in."""
    elements: list[Block] = []
    size = 0
    for line in lines:
        for part in _parts(line):
            if elements and size + len(part.text) > _BLOCK_TEXT:
                yield _closed(elements)
                elements, size = [], 0
            elements.append(_element(part))
            size += len(part.text)
    if elements:
        yield _closed(elements)


def _parts(line: Line) -> Iterator[Span]:
    """A line's spans in pieces that fit a block; the last one ends the line."""
    spans = [Span(" " * line.indent), *line.spans] if line.indent else line.spans
    parts = [Span(piece, span.style) for span in spans for piece in _pieces(span) if piece]
    yield from parts[:-1]
    yield Span(f"{parts[-1].text}\n", parts[-1].style)


def _pieces(span: Span) -> list[str]:
    text = span.text
    if span.style == "mark":  # bold marks it already
        text = text.removeprefix(MARK_OPEN).removesuffix(MARK_CLOSE)
    return [text] if len(text) < _BLOCK_TEXT else split(text, _BLOCK_TEXT - 1)


def _element(span: Span) -> Block:
    style = _STYLES.get(span.style)
    element: Block = {"type": "text", "text": span.text}
    return element | {"style": style} if style else element


def _closed(elements: list[Block]) -> Block:
    """A section of rich text; the end of its last line is the section's own."""
    elements[-1]["text"] = elements[-1]["text"].removesuffix("\n") or " "
    return _rich_text("rich_text_section", elements)


def _size(block: Block) -> int:
    return sum(len(text) for text in _texts(block))


def _words(blocks: Sequence[Block]) -> str:
    return " ".join(text for block in blocks if block["type"] in ("rich_text", "context") for text in _texts(block))


def _texts(value: object) -> Iterator[str]:
    """All text inside a block, in order."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        if isinstance(text := value.get("text"), str):
            yield text
        for inner in value.values():
            yield from _texts(inner)
