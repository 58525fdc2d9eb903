"""Which components Discord accepts in messages and modals.

Limits: https://docs.discord.com/developers/components/reference.
"""

from collections.abc import Callable, Mapping, Sequence

from tests.platforms.discord_errors import Json, Problems
from tests.platforms.discord_text import TEXT_DISPLAY, walk

Path = tuple[str | int, ...]
ROW, BUTTON, STRING_SELECT, TEXT_INPUT, SECTION, THUMBNAIL = 1, 2, 3, 4, 9, 11
GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, UPLOAD = 12, 13, 14, 17, 18, 19
SELECTS = frozenset({3, 5, 6, 7, 8})
_IN_CONTAINER = frozenset({ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR})
_IN_LABEL = SELECTS | {TEXT_INPUT, UPLOAD, 21, 22, 23}
LINK, PREMIUM = 5, 6
MOST_COMPONENTS, MOST_TEXT, MOST_STORED = 40, 4_000, 10_170


def check_components(problems: Problems, components: object, *, v2: bool) -> None:
    """Note what is wrong with a message's components."""
    if not isinstance(components, list) or not all(isinstance(part, dict) for part in components):
        problems.add(("components",), "BASE_TYPE_BAD", "Components must be a list of objects")
        return
    if v2:
        _check_totals(problems, components)
    else:
        problems.count(("components",), components, 0, 5)
    _check_children(problems, ("components",), components, _IN_CONTAINER | {CONTAINER} if v2 else frozenset({ROW}))
    check_unique(problems, components)


def stored_size(components: Sequence[Json]) -> int:
    """The bytes that Discord stores of the texts; above MOST_STORED it answers 500 (discord-api-docs issue 8554)."""
    texts = [part["content"] for part in walk(components) if part["type"] == TEXT_DISPLAY]
    return sum(len(text.encode()) + 12 for text in texts)


def check_unique(problems: Problems, components: Sequence[Json]) -> None:
    """Note custom ids and ids that occur twice."""
    for key in ("custom_id", "id"):
        seen = set()
        for part in walk(components):
            value = part.get(key)
            if value and value in seen:
                message = f"Component {key} cannot be duplicated: {value}"
                problems.add(("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
            seen.add(value)


def _check_totals(problems: Problems, components: list[Json]) -> None:
    parts = list(walk(components))
    if len(parts) > MOST_COMPONENTS:
        message = f"The total number of components ({len(parts)}) exceeds {MOST_COMPONENTS}"
        problems.add(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", message)
    total = sum(len(part.get("content") or "") for part in parts if part.get("type") == TEXT_DISPLAY)
    if total > MOST_TEXT:
        message = f"The total displayable text size ({total}) exceeds {MOST_TEXT}"
        problems.add(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)


def _check_children(problems: Problems, path: Path, children: Sequence[Json], allowed: frozenset[int]) -> None:
    for index, part in enumerate(children):
        here = (*path, index)
        kind = part.get("type")
        if kind not in allowed:
            message = f'Value of field "type" must be one of {sorted(allowed)}, not {kind}.'
            problems.add((*here, "type"), "UNION_TYPE_CHOICES", message)
        else:
            _CHECKS[kind](problems, here, part)


def _check_row(problems: Problems, path: Path, part: Json) -> None:
    children = part.get("components") or []
    selects = [child for child in children if child.get("type") in SELECTS]
    if selects and len(children) > 1:
        problems.add((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A row holds one select, or buttons")
    problems.count((*path, "components"), children, 1, 5)
    _check_children(problems, (*path, "components"), children, SELECTS | {BUTTON})


def _check_button(problems: Problems, path: Path, part: Json) -> None:
    style, label = part.get("style"), part.get("label")
    if style not in range(1, 7):
        problems.add((*path, "style"), "BASE_TYPE_CHOICES", "This field must be one of 1 to 6.")
    if label is not None:
        problems.length((*path, "label"), label, 0, 80)
    if not label and not part.get("emoji") and style != PREMIUM:
        problems.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI", "A button must have a label or an emoji")
    if style == LINK:
        _check_link(problems, path, part)
    elif style != PREMIUM:
        _check_custom_id(problems, path, part)
        if part.get("url"):
            problems.add((*path, "url"), "BUTTON_COMPONENT_URL", "Only link buttons have a url")


def _check_link(problems: Problems, path: Path, part: Json) -> None:
    problems.length((*path, "url"), part.get("url"), 1, 512)
    if not str(part.get("url")).startswith(("http://", "https://", "discord://")):
        problems.add((*path, "url"), "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('discord', 'http', 'https').")
    if part.get("custom_id"):
        problems.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID", "A link button has no custom_id")


def _check_custom_id(problems: Problems, path: Path, part: Json) -> None:
    problems.length((*path, "custom_id"), part.get("custom_id"), 1, 100)


def _check_select(problems: Problems, path: Path, part: Json) -> None:
    _check_custom_id(problems, path, part)
    problems.length((*path, "placeholder"), part.get("placeholder") or "", 0, 150)
    if not 0 <= int(part.get("min_values", 1)) <= 25 or not 1 <= int(part.get("max_values", 1)) <= 25:
        problems.add((*path, "max_values"), "NUMBER_TYPE_MAX", "min_values is 0 to 25, max_values 1 to 25.")
    if part.get("type") != STRING_SELECT:
        return
    options = part.get("options") or []
    problems.count((*path, "options"), options, 1, 25)
    for index, option in enumerate(options):
        for name, least in (("label", 1), ("value", 1), ("description", 0)):
            value = option.get(name) if least else option.get(name) or ""
            problems.length((*path, "options", index, name), value, least, 100)
    if len({option.get("value") for option in options}) < len(options):
        problems.add((*path, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The values must be unique")


def _check_section(problems: Problems, path: Path, part: Json) -> None:
    problems.count((*path, "components"), part.get("components"), 1, 3)
    _check_children(problems, (*path, "components"), part.get("components") or [], frozenset({TEXT_DISPLAY}))
    accessory = part.get("accessory")
    if not isinstance(accessory, dict):
        problems.add((*path, "accessory"), "BASE_TYPE_REQUIRED", "This field is required")
    elif accessory.get("type") not in (BUTTON, THUMBNAIL):
        problems.add((*path, "accessory"), "UNION_TYPE_CHOICES", "An accessory is a button or a thumbnail")
    else:
        _CHECKS[accessory["type"]](problems, (*path, "accessory"), accessory)


def _check_text(problems: Problems, path: Path, part: Json) -> None:
    problems.length((*path, "content"), part.get("content"), 1, MOST_TEXT)


def _check_media(problems: Problems, path: Path, part: Json) -> None:
    problems.length((*path, "media", "url"), (part.get("media") or {}).get("url"), 1, 2048)
    problems.length((*path, "description"), part.get("description") or "", 0, 1024)


def _check_gallery(problems: Problems, path: Path, part: Json) -> None:
    items = part.get("items") or []
    problems.count((*path, "items"), items, 1, 10)
    for index, item in enumerate(items):
        _check_media(problems, (*path, "items", index), item)


def _check_file(problems: Problems, path: Path, part: Json) -> None:
    if not str((part.get("file") or {}).get("url")).startswith("attachment://"):
        problems.add((*path, "file", "url"), "URL_TYPE_INVALID_SCHEME", "A file must be an attachment:// reference")


def _check_separator(problems: Problems, path: Path, part: Json) -> None:
    if part.get("spacing", 1) not in (1, 2):
        problems.add((*path, "spacing"), "BASE_TYPE_CHOICES", "This field must be one of (1, 2).")


def _check_container(problems: Problems, path: Path, part: Json) -> None:
    problems.count((*path, "components"), part.get("components"), 1, MOST_COMPONENTS)
    _check_children(problems, (*path, "components"), part.get("components") or [], _IN_CONTAINER)
    if not 0 <= (part.get("accent_color") or 0) <= 0xFFFFFF:
        problems.add((*path, "accent_color"), "NUMBER_TYPE_MAX", "A colour is 0 to 0xFFFFFF.")


def check_modal(problems: Problems, modal: Json) -> None:
    """Note what is wrong with a modal."""
    problems.length(("data", "custom_id"), modal.get("custom_id"), 1, 100)
    problems.length(("data", "title"), modal.get("title"), 1, 45)
    components = modal.get("components") or []
    problems.count(("data", "components"), components, 1, 5)
    for index, part in enumerate(components):
        path = ("data", "components", index)
        if part.get("type") == ROW:
            problems.count((*path, "components"), part.get("components"), 1, 1)
            for child in part.get("components") or []:
                _check_input(problems, (*path, "components", 0), child, labelled=False)
        elif part.get("type") == LABEL:
            _check_label(problems, path, part)
        elif part.get("type") != TEXT_DISPLAY:
            problems.add((*path, "type"), "UNION_TYPE_CHOICES", "A modal holds rows, labels and text displays")
    check_unique(problems, components)


def _check_label(problems: Problems, path: Path, part: Json) -> None:
    problems.length((*path, "label"), part.get("label"), 1, 45)
    problems.length((*path, "description"), part.get("description") or "", 0, 100)
    child = part.get("component") or {}
    if child.get("type") not in _IN_LABEL:
        problems.add((*path, "component", "type"), "UNION_TYPE_CHOICES", "A label holds one input")
    elif child["type"] == TEXT_INPUT:
        _check_input(problems, (*path, "component"), child, labelled=True)
    else:
        _check_custom_id(problems, (*path, "component"), child)


def _check_input(problems: Problems, path: Path, part: Json, *, labelled: bool) -> None:
    if part.get("type") != TEXT_INPUT:
        problems.add((*path, "type"), "UNION_TYPE_CHOICES", "A row of a modal holds a text input")
        return
    _check_custom_id(problems, path, part)
    if not labelled:
        problems.length((*path, "label"), part.get("label"), 1, 45)
    if part.get("style") not in (1, 2):
        problems.add((*path, "style"), "BASE_TYPE_CHOICES", "This field must be one of (1, 2).")
    problems.length((*path, "placeholder"), part.get("placeholder") or "", 0, 100)
    problems.length((*path, "value"), part.get("value") or "", 0, 4000)
    if not 0 <= (part.get("min_length") or 0) <= 4000 or not 1 <= (part.get("max_length") or 4000) <= 4000:
        problems.add((*path, "max_length"), "NUMBER_TYPE_MAX", "min_length is 0 to 4000, max_length 1 to 4000.")


_CHECKS: Mapping[int, Callable[[Problems, Path, Json], None]] = {
    ROW: _check_row,
    BUTTON: _check_button,
    SECTION: _check_section,
    TEXT_DISPLAY: _check_text,
    THUMBNAIL: _check_media,
    GALLERY: _check_gallery,
    FILE: _check_file,
    SEPARATOR: _check_separator,
    CONTAINER: _check_container,
    **dict.fromkeys(SELECTS, _check_select),
}
