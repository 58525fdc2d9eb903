"""Styled lines as Discord's Markdown: what users and documents say stays text, whatever it looks like.

A backslash takes the meaning from Markdown's own characters. What Discord reads past a backslash (mentions, invites,
custom emojis) gets a zero-width space. Links of documents stay links, in `<…>`, which keeps them from being previewed.
"""

import re
from collections.abc import Iterable

from bot.adapters.rendering import MARK_CLOSE, MARK_OPEN, Line, Span, clean, cut
from bot.serving.splitting import split, split_exact

LONGEST_THREAD_NAME = 100
_NO_NAME = "A question"
_BROKEN = "\u200b"
_LINK = re.compile(r"https?://[^\s<>\\`|*\[\]]+", re.IGNORECASE)
_INVITE = re.compile(
    r"(?P<host>(?:discord(?:app)?\.(?:gg|com/invite|me|io|li|link)|dsc\.gg|invite\.gg))(?=/)", re.IGNORECASE
)
_SPECIAL = re.compile(r"[\\*_~`|\[\]]")
_TAG = re.compile(r"<(?=[@#:/\w!])")
_AT_ALL = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
# What makes a heading, small print, a list or a quote of a line that begins with it.
_LINE_START = re.compile(r"^(\s*\d*)(#(?=#{0,2}\s)|-(?=[#\s])|\+(?=\s)|>(?=\s|>>\s)|(?<=\d)\.(?=\s))", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\*_~`|\[\]#+>.-])|<(https?://[^\s<>]+)>", re.IGNORECASE)
_FENCE = "```"
_CITED = re.compile(r"(?:\[\d+\])+")


def escape(text: str) -> str:
    """The text as Markdown that shows exactly it: no ping, no invite, no masked link, no formatting."""
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        parts += [_escape_words(text[end : match.start()]), _link(match.group())]
        end = match.end()
    return "".join([*parts, _escape_words(text[end:])])


def unescape(markdown: str) -> str:
    """The text that `escape` was given, for reading an answer of the bot back."""
    return _ESCAPED.sub(lambda match: match[1] or match[2], markdown.replace(_BROKEN, ""))


def exact(text: str, limit: int) -> list[str]:
    """Text that is to be read character by character, in pieces: as code blocks, which show even its white space.

    Discord has no way to write a fence inside of a code block: such text is escaped instead.
    """
    if _FENCE in text:
        return split(escape(text), limit)
    frame = len(_FENCE) * 2 + 2
    return [f"{_FENCE}\n{piece}\n{_FENCE}" for piece in split_exact(text, limit - frame)]


def paint(lines: Iterable[Line], limit: int) -> list[str]:
    """The lines as Markdown, in pieces of at most `limit` characters, each of them whole by itself."""
    pieces: list[str] = []
    for block in _blocks(lines):
        exactly = len(block) == 1 and block[0].exact
        parts = exact(block[0].text, limit) if exactly else split("\n".join(map(_painted, block)), limit)
        for part in parts:
            glue = "\n" if exactly or (pieces and pieces[-1].endswith(_FENCE)) else "\n\n"
            if pieces and len(pieces[-1]) + len(glue) + len(part) <= limit:
                pieces[-1] += glue + part
            else:
                pieces.append(part)
    return pieces


def thread_name(question: str) -> str:
    """A question as the name of a thread: one clean line, cut at a word."""
    return cut(_without_pings(clean(question)), LONGEST_THREAD_NAME) or _NO_NAME


def _blocks(lines: Iterable[Line]) -> Iterable[list[Line]]:
    """Lines that belong together: an empty line parts them, and exact text stands by itself."""
    block: list[Line] = []
    for line in lines:
        if (line.exact or not line.text.strip()) and block:
            yield block
            block = []
        if line.exact:
            yield [line]
        elif line.text.strip():
            block.append(line)
    if block:
        yield block


def _painted(line: Line) -> str:
    """A line in Markdown: small if it is dim as a whole, a quote or an item of a list if it is indented."""
    spans = [span for span in line.spans if span.text.strip()]
    text = "".join(map(_span, line.spans)).strip()
    styles = {span.style for span in spans}
    if styles == {"dim"}:
        return f"-# {text}"
    if styles == {"heading"}:
        return f"### {text}"
    if line.indent and styles == {"quote"}:
        return f"> {text}"
    if line.indent:
        return f"{' ' * max(0, line.indent - 2)}- {text}"
    return text


def _span(span: Span) -> str:
    text = span.text
    if span.style == "marker":
        return _marker(text)
    if span.style == "mark":
        text = text.removeprefix(MARK_OPEN).removesuffix(MARK_CLOSE)
        kept = text.strip()
        return escape(text).replace(escape(kept), f"**{escape(kept)}**") if kept else text
    return escape(text)


def _marker(text: str) -> str:
    """A citation's number as it is; what can be typed, a command or an id, as code."""
    typed = text.strip()
    if _CITED.fullmatch(typed) or not typed:
        return text
    return escape(text) if "`" in typed else text.replace(typed, f"`{_without_pings(typed)}`")


def _escape_words(text: str) -> str:
    text = _SPECIAL.sub(lambda match: "\\" + match.group(), _without_pings(text))
    return _LINE_START.sub(r"\1\\\2", text)


def _without_pings(text: str) -> str:
    """The text with a character that nobody sees inside of all mentions, tags and invites."""
    text = _INVITE.sub(lambda match: match["host"].replace(".", f"{_BROKEN}."), text)
    return _AT_ALL.sub(f"@{_BROKEN}", _TAG.sub(f"<{_BROKEN}", text))


def _link(link: str) -> str:
    """A link without a preview; one that invites or pings is broken, and so no link at all."""
    if _INVITE.search(link) or _AT_ALL.search(link):
        return _escape_words(link.replace("://", f":{_BROKEN}//"))
    closing = re.search(r"[.,;:!?)\]'\"”]*$", link)
    end = closing.start() if closing else len(link)
    return f"<{link[:end]}>{_escape_words(link[end:])}"
