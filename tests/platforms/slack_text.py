"""What Slack makes of text: entities, the mentions and links that it forms, and what a reader sees."""

import html
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_ENTITY = re.compile(r"<([^<>\n]+)>")
_MENTION = re.compile(r"(@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|![a-z]+(?:\^[^|]*)?)(?:\|.*)?\Z")
_TARGET = re.compile(r"((?:https?|mailto|tel|slack|ftp):[^|\s]+)(?:\|(.*))?\Z", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"!?\[([^\]\n]*)\]\(\s*<?([^\s)>]+)>?[^)\n]*\)")
_BARE_URL = re.compile(r"(?<![<|\w(])https?://[^\s<>|)\]]+", re.IGNORECASE)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def as_typed(text: str) -> str:
    """Text from a person's keyboard as events carry it: `&<>` escaped, URLs and @here made into entities."""
    escaped = re.sub(r"[&<>]", lambda found: _ESCAPES[found[0]], text)
    linked = re.sub(r"https?://[^\s&]+[^\s&.,;:!?)]", lambda found: f"<{found[0]}>", escaped)
    return re.sub(r"(?<!\S)@(here|channel|everyone)\b", r"<!\1>", linked)


def mentions_in(text: str) -> list[str]:
    """The entities by which mrkdwn or markdown would notify or name someone, such as `<@U1>` and `<!here>`.

    Those in code count too: Slack's clients differ, and a bot that escapes has none anywhere.
    """
    return [f"<{found[1]}>" for entity in _ENTITY.finditer(text) if (found := _MENTION.match(entity[1]))]


def links_in(text: str, *, markdown: bool = False) -> list[str]:
    """The addresses that Slack would make clickable, bare ones (outside code) included."""
    links = [found[1] for entity in _ENTITY.finditer(text) if (found := _TARGET.match(entity[1]))]
    if markdown:
        links += [found[2] for found in _MARKDOWN_LINK.finditer(_CODE.sub(" ", text))]
    return links + _BARE_URL.findall(_CODE.sub(" ", text))


def as_read(text: str) -> str:
    """Text as a reader sees it: entities resolved, labels in place of addresses."""
    return html.unescape(_ENTITY.sub(_label, text))


def _label(entity: re.Match[str]) -> str:
    target, _, label = entity[1].partition("|")
    return label or target


def texts_of(value: object, *, kind: str = "") -> Iterator[tuple[str, str]]:
    """Every (kind, text) in blocks, in reading order; kind is mrkdwn, plain_text, markdown or rich text's element."""
    if isinstance(value, list):
        for item in value:
            yield from texts_of(item, kind=kind)
    elif isinstance(value, dict):
        yield from _texts_of_object(value, kind)


def _texts_of_object(value: Json, kind: str) -> Iterator[tuple[str, str]]:
    name = value.get("type", "")
    if name in ("mrkdwn", "plain_text", "markdown"):
        yield name, str(value.get("text", ""))
    elif kind == "rich_text" and name in _RICH:
        yield name, _RICH[name](value)
    else:
        inner = "rich_text" if name == "rich_text" or kind == "rich_text" else ""
        for key in ("title", "text", "label", "fields", "elements", "element", "accessory", *_BUTTONS):
            yield from texts_of(value.get(key), kind=inner)
        if inner and name != "rich_text":
            yield "text", "\n"


_BUTTONS = ("positive_button", "negative_button", "placeholder", "options", "hint")
_RICH = {
    "text": lambda value: str(value.get("text", "")),
    "link": lambda value: str(value.get("text") or value.get("url", "")),
    "user": lambda value: f"<@{value.get('user_id')}>",
    "usergroup": lambda value: f"<!subteam^{value.get('usergroup_id')}>",
    "channel": lambda value: f"<#{value.get('channel_id')}>",
    "broadcast": lambda value: f"<!{value.get('range')}>",
    "emoji": lambda value: f":{value.get('name')}:",
}


def mentions_in_blocks(blocks: list[Json]) -> list[str]:
    """The mentions that blocks form; the text of rich text and plain text forms none, its elements do."""
    found: list[str] = []
    for kind, text in texts_of(blocks):
        if kind in ("mrkdwn", "markdown"):
            found += mentions_in(text)
        elif kind in ("user", "usergroup", "channel", "broadcast"):
            found.append(text)
    return found


def links_in_blocks(blocks: list[Json]) -> list[str]:
    """The addresses that blocks make clickable, buttons' included."""
    found: list[str] = []
    for kind, text in texts_of(blocks):
        if kind in ("mrkdwn", "markdown"):
            found += links_in(text, markdown=kind == "markdown")
    return found + [str(element["url"]) for element in elements_of(blocks) if element.get("url")]


def shown_in_blocks(blocks: list[Json]) -> str:
    """The blocks' text as a reader sees it: a line for each block's text, buttons included."""
    lines = []
    for block in blocks:
        separator = "" if block.get("type") == "rich_text" else "\n"
        lines.append(
            separator.join(text if kind == "text" else as_read(text) for kind, text in texts_of(block)).strip("\n")
        )
    return "\n".join(line for line in lines if line)


def elements_of(value: object) -> Iterator[Json]:
    """Every typed object inside blocks, in order: blocks, elements, buttons, rich text's parts."""
    if isinstance(value, list):
        for item in value:
            yield from elements_of(item)
    elif isinstance(value, dict):
        if "type" in value:
            yield value
        for inner in value.values():
            yield from elements_of(inner)
