"""What a message says and whom it pings, read from its content, embeds and components."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.platforms.discord_errors import Json

TEXT_DISPLAY = 10
_PINGS = re.compile(r"<@!?(?P<user>\d+)>|<@&(?P<role>\d+)>|@(?P<all>everyone|here)")


def walk(components: Sequence[Json]) -> Iterator[Json]:
    """Every component, nested ones and accessories included, in reading order."""
    for component in components:
        yield component
        yield from walk(component.get("components", ()))
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                yield from walk([component[key]])


def written(content: str, embeds: Sequence[Json], components: Sequence[Json]) -> str:
    """All that can be read, a line for each piece; the labels of buttons are not text."""
    pieces = [content]
    for embed in embeds:
        pieces += [embed.get("title", ""), embed.get("description", "")]
        pieces += [f"{field['name']}\n{field['value']}" for field in embed.get("fields", ())]
        pieces.append(embed.get("footer", {}).get("text", ""))
    pieces += [part["content"] for part in walk(components) if part["type"] == TEXT_DISPLAY]
    return "\n".join(piece for piece in pieces if piece)


def pings(text: str, allowed: Mapping[str, Any] | None, replied_to: int | None) -> frozenset[str]:
    """Whom the text would ping: user and role ids, "everyone", "here"; without allowed_mentions everything counts.

    It assumes a bot that may mention everyone, and reads code blocks too: a text that pings nobody here pings nobody.
    """
    found = set()
    for match in _PINGS.finditer(text):
        kind = str(match.lastgroup)
        if _may_ping(kind, match[kind], allowed):
            found.add(match[kind])
    if replied_to is not None and (allowed is None or allowed.get("replied_user")):
        found.add(str(replied_to))
    return frozenset(found)


def _may_ping(kind: str, target: str, allowed: Mapping[str, Any] | None) -> bool:
    if allowed is None:
        return True
    named = {"user": "users", "role": "roles", "all": "everyone"}[kind]
    return named in allowed.get("parse", ()) or target in map(str, allowed.get(named) or ())
