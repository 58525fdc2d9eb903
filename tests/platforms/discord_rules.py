"""Which messages Discord accepts: sizes, the rules of Components V2, embeds, allowed mentions, thread names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.platforms.discord_components import MOST_STORED, Path, check_components, stored_size
from tests.platforms.discord_errors import ApiError, Json, Problems
from tests.platforms.discord_text import pings
from tests.platforms.discord_world import COMPONENTS_V2, EPHEMERAL, Attachment, Message

_SENDABLE_FLAGS = COMPONENTS_V2 | 1 << 2 | 1 << 12
_EMBED_TEXTS = (("title", 256), ("description", 4096))
_LEGACY = ("content", "embeds", "poll", "sticker_ids")
ARCHIVE_AFTER = frozenset({60, 1440, 4320, 10080})
LARGEST_FILE = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message is to say, checked; `flags` has no bits that a bot cannot set."""

    content: str
    embeds: list[Json]
    components: list[Json]
    attachments: list[Attachment]
    flags: int
    allowed_mentions: Mapping[str, Any] | None
    nonce: str | None

    def pings(self, text: str, replied_to: int | None) -> frozenset[str]:
        """Whom this text would ping, if sent with the draft's allowed mentions."""
        return pings(text, self.allowed_mentions, replied_to)


def check_message(
    payload: Json, files: Sequence[Attachment] = (), edited: Message | None = None, *, interaction: bool = False
) -> Draft:
    """The draft in a request's body, merged over the message that it edits; raises ApiError if Discord would."""
    problems = Problems()
    flags = _flags(problems, payload, edited, interaction=interaction)
    _check_content(problems, payload)
    if flags & COMPONENTS_V2:
        _check_v2_only(problems, payload, edited)
    if payload.get("components"):
        check_components(problems, payload["components"], v2=bool(flags & COMPONENTS_V2))
    _check_embeds(problems, payload.get("embeds") or [])
    _check_allowed_mentions(problems, payload.get("allowed_mentions"))
    nonce = payload.get("nonce")
    problems.length(("nonce",), str(nonce or ""), 0, 25)
    problems.refuse()
    draft = Draft(
        content=str(_merged(payload, "content", edited.content if edited else "") or "").strip(),
        embeds=list(_merged(payload, "embeds", edited.embeds if edited else []) or []),
        components=list(_merged(payload, "components", edited.components if edited else []) or []),
        attachments=_attachments(payload, files, edited),
        flags=flags,
        allowed_mentions=payload.get("allowed_mentions"),
        nonce=None if nonce is None else str(nonce),
    )
    _refuse_extremes(draft, payload)
    return draft


def _merged(payload: Json, key: str, before: object) -> Any:
    return payload.get(key, before)


def _flags(problems: Problems, payload: Json, edited: Message | None, *, interaction: bool) -> int:
    wanted = None if payload.get("flags") is None else int(payload["flags"])
    settable = _SENDABLE_FLAGS | (EPHEMERAL if interaction else 0)
    if edited is None:
        return (wanted or 0) & settable
    if wanted is None:
        return edited.flags
    if edited.v2 and not wanted & COMPONENTS_V2:
        problems.add(("flags",), "MESSAGE_FLAGS_INVALID", "The IS_COMPONENTS_V2 flag cannot be removed")
    return edited.flags | (wanted & _SENDABLE_FLAGS)


def _check_content(problems: Problems, payload: Json) -> None:
    content = payload.get("content")
    if content is not None and not isinstance(content, str):
        problems.add(("content",), "STRING_TYPE_CONVERT", "Could not interpret as string.")
    elif content is not None:
        problems.length(("content",), content, 0, 2000)


def _check_v2_only(problems: Problems, payload: Json, edited: Message | None) -> None:
    """A message with the flag has none of the old fields; an edit that adds the flag must empty them."""
    for key in _LEGACY:
        before = getattr(edited, key, None) if edited is not None else None
        if payload.get(key, before):
            message = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            problems.add((key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)


def _check_embeds(problems: Problems, embeds: list[Json]) -> None:
    problems.count(("embeds",), embeds, 0, 10)
    total = sum(_check_embed(problems, index, embed) for index, embed in enumerate(embeds))
    if total > 6000:
        problems.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_embed(problems: Problems, index: int, embed: Json) -> int:
    """The characters of an embed that count for the 6,000."""
    path = ("embeds", index)
    texts: list[tuple[Path, str, int, int]] = [((name,), embed.get(name) or "", 0, most) for name, most in _EMBED_TEXTS]
    texts.append((("footer", "text"), (embed.get("footer") or {}).get("text") or "", 0, 2048))
    texts.append((("author", "name"), (embed.get("author") or {}).get("name") or "", 0, 256))
    fields = embed.get("fields") or []
    problems.count((*path, "fields"), fields, 0, 25)
    for place, entry in enumerate(fields):
        texts.append((("fields", place, "name"), entry.get("name") or "", 1, 256))
        texts.append((("fields", place, "value"), entry.get("value") or "", 1, 1024))
    for below, text, least, most in texts:
        problems.length((*path, *below), text, least, most)
    return sum(len(text) for _, text, _, _ in texts)


def _check_allowed_mentions(problems: Problems, allowed: Mapping[str, Any] | None) -> None:
    for kind in ("users", "roles"):
        named = (allowed or {}).get(kind) or []
        if named and kind in (allowed or {}).get("parse", ()):
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems.add(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
        problems.count(("allowed_mentions", kind), list(named), 0, 100)


def _attachments(payload: Json, files: Sequence[Attachment], edited: Message | None) -> list[Attachment]:
    if any(len(file.data) > LARGEST_FILE for file in files):
        raise ApiError(40005)
    before = edited.attachments if edited else []
    if "attachments" not in payload or not edited:
        return [*before, *files]
    kept = {str(entry.get("id")) for entry in payload["attachments"]}
    return [*(file for file in before if str(file.id) in kept), *files]


def _refuse_extremes(draft: Draft, payload: Json) -> None:
    says = draft.content or draft.embeds or draft.components or draft.attachments
    if not (says or payload.get("poll") or payload.get("sticker_ids")):
        raise ApiError(50006)
    if draft.flags & COMPONENTS_V2 and not draft.components:
        raise ApiError(50006)
    if stored_size(draft.components) > MOST_STORED:
        raise ApiError(0, status=500, message=f"The texts take more than {MOST_STORED} bytes")


def check_thread(payload: Json) -> tuple[str, int]:
    """The name and the minutes until archiving of a thread to be started or changed."""
    problems = Problems()
    problems.length(("name",), payload.get("name"), 1, 100)
    minutes = payload.get("auto_archive_duration") or 1440
    if minutes not in ARCHIVE_AFTER:
        message = f"Value must be one of {sorted(ARCHIVE_AFTER)}."
        problems.add(("auto_archive_duration",), "BASE_TYPE_CHOICES", message)
    problems.refuse()
    return str(payload["name"]).strip(), int(minutes)
