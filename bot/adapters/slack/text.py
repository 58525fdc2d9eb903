"""Slack's text: what people typed as plain text, and plain text so that Slack makes nothing of it."""

import re

_ENTITY = re.compile(r"<([^<>]+)>")
_LINKED = re.compile(r"\b(https?|mailto|tel|slack|ftp):(?=\S)|\b(www)\.(?=\S)", re.IGNORECASE)
_FORMATTING = re.compile(r"[\\`*_~]|\](?=[(:])|(?<=\])\(|^\s*(?:[#>|+-]|\d+[.)])|!(?=\[)", re.MULTILINE)
_JOINER = "\u2060"
"""A word joiner has no width; what it stands in is no address and no mention any more."""


def plain_text(text: str, bot_user: str = "") -> str:
    """A message as its author reads it: entities and links resolved, mentions of the bot left out."""
    resolved = _ENTITY.sub(lambda entity: _resolved(entity[1], bot_user), text)
    for escaped, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        resolved = resolved.replace(escaped, character)
    return resolved.strip()


def mentions(text: str) -> set[str]:
    """The ids of the users whom a message mentions."""
    return {entity[1:].partition("|")[0] for entity in _ENTITY.findall(text) if entity.startswith("@")}


def mrkdwn(text: str) -> str:
    """Plain text for a `text` field: no part of it becomes a mention or a link."""
    text = _LINKED.sub(lambda match: f"{match[0][:-1]}{_JOINER}{match[0][-1]}", text.replace("@", f"@{_JOINER}"))
    for character, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, escaped)
    return text


def markdown(text: str) -> str:
    """Plain text as standard Markdown, which streams take: nothing in it is formatting, a mention or a link."""
    return mrkdwn(_FORMATTING.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", text))


def _resolved(entity: str, bot_user: str) -> str:
    target, _, label = entity.partition("|")
    if target == f"@{bot_user}":
        return ""
    if target.startswith("@"):
        return f"@{label or 'someone'}"
    if target.startswith("#"):
        return f"#{label or 'channel'}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    return label or target.removeprefix("mailto:")
