"""The rules of what stands inside blocks: buttons, selects, inputs, images, and rich text's parts."""

from collections.abc import Callable

from tests.platforms.slack_check import Check
from tests.platforms.slack_text import Json

_BUTTON = (
    "text action_id url value style confirm accessibility_label agent_prompt agent_prompt_display visible_to_user_ids"
)
_STYLES = {"bold", "italic", "strike", "code", "highlight", "client_highlight", "unlink", "underline"}


def check_element(check: Check, element: Json, pointer: str, allowed: tuple[str, ...]) -> None:
    """An element of one of the allowed types."""
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        check.fault(pointer, f"unsupported type: {kind}")
        return
    check.string(element, "action_id", pointer, 255)
    ELEMENTS[kind](check, element, pointer)


def check_confirm(check: Check, element: Json, pointer: str) -> None:
    """The confirmation dialog of an element, when it has one."""
    confirm = element.get("confirm")
    if confirm is None:
        return
    at = f"{pointer}/confirm"
    check.only(confirm, at, "title text confirm deny style")
    check.text(confirm, "title", at, 100, plain=True, required=True)
    check.text(confirm, "text", at, 300, required=True)
    check.text(confirm, "confirm", at, 30, plain=True, required=True)
    check.text(confirm, "deny", at, 30, plain=True, required=True)


def _button(check: Check, element: Json, pointer: str) -> None:
    check.only(element, pointer, _BUTTON)
    check.text(element, "text", pointer, 75, plain=True, required=True)
    check.string(element, "url", pointer, 3000)
    check.string(element, "value", pointer, 2000)
    check.string(element, "accessibility_label", pointer, 75)
    check.one_of(element, "style", pointer, ("primary", "danger"))
    check_confirm(check, element, pointer)


def _feedback(check: Check, element: Json, pointer: str) -> None:
    check.only(element, pointer, "action_id positive_button negative_button")
    for name in ("positive_button", "negative_button"):
        button, at = element.get(name), f"{pointer}/{name}"
        if not isinstance(button, dict):
            check.fault(pointer, f"missing required field: {name}")
            continue
        check.only(button, at, "text value accessibility_label")
        check.text(button, "text", at, 75, plain=True, required=True)
        check.string(button, "value", at, 2000, required=True)
        check.string(button, "accessibility_label", at, 75)


def _icon_button(check: Check, element: Json, pointer: str) -> None:
    check.only(element, pointer, "icon text action_id value confirm accessibility_label visible_to_user_ids")
    check.one_of(element, "icon", pointer, ("trash",), required=True)
    check.text(element, "text", pointer, 75, plain=True, required=True)
    check.string(element, "value", pointer, 2000)
    check.string(element, "accessibility_label", pointer, 75)
    check_confirm(check, element, pointer)


def _options(check: Check, element: Json, pointer: str, name: str, limit: int, *, plain: bool) -> None:
    for at, option in check.items(element, name, pointer, limit):
        check.only(option, at, "text value description url")
        check.text(option, "text", at, 75, plain=plain, required=True)
        check.string(option, "value", at, 150, required=True)
        check.text(option, "description", at, 75, plain=plain)


def _select(check: Check, element: Json, pointer: str) -> None:
    check.only(element, pointer, "action_id options option_groups initial_option placeholder confirm focus_on_load")
    check.text(element, "placeholder", pointer, 150, plain=True)
    groups = check.items(element, "option_groups", pointer, 100, required=False)
    for at, group in groups:
        check.text(group, "label", at, 75, plain=True, required=True)
        _options(check, group, at, "options", 100, plain=True)
    if not groups or "options" in element:
        _options(check, element, pointer, "options", 100, plain=True)
    check_confirm(check, element, pointer)


def _choices(check: Check, element: Json, pointer: str) -> None:
    check.only(element, pointer, "action_id options initial_option initial_options confirm focus_on_load")
    _options(check, element, pointer, "options", 10, plain=False)


def _overflow(check: Check, element: Json, pointer: str) -> None:
    check.only(element, pointer, "action_id options confirm")
    _options(check, element, pointer, "options", 5, plain=True)


def _plain_text_input(check: Check, element: Json, pointer: str) -> None:
    known = "action_id initial_value multiline min_length max_length dispatch_action_config focus_on_load placeholder"
    check.only(element, pointer, known)
    check.text(element, "placeholder", pointer, 150, plain=True)
    check.integer(element, "min_length", pointer, 0, 3000)
    check.integer(element, "max_length", pointer, 1, 3000)


def check_image(check: Check, element: Json, pointer: str) -> None:
    """What an image block and an image element share."""
    if "image_url" not in element and "slack_file" not in element:
        check.fault(pointer, "missing required field: image_url")
    check.string(element, "image_url", pointer, 3000)
    check.string(element, "alt_text", pointer, 2000, required=True)


def _image(check: Check, element: Json, pointer: str) -> None:
    check.only(element, pointer, "image_url slack_file alt_text")
    check_image(check, element, pointer)


ELEMENTS: dict[str, Callable[[Check, Json, str], None]] = {
    "button": _button,
    "feedback_buttons": _feedback,
    "icon_button": _icon_button,
    "static_select": _select,
    "radio_buttons": _choices,
    "checkboxes": _choices,
    "overflow": _overflow,
    "plain_text_input": _plain_text_input,
    "image": _image,
}

_PARTS: dict[str, tuple[str, str]] = {
    "text": ("text", "text style"),
    "link": ("url", "url text style unsafe"),
    "user": ("user_id", "user_id style"),
    "usergroup": ("usergroup_id", "usergroup_id style"),
    "channel": ("channel_id", "channel_id style"),
    "broadcast": ("range", "range style"),
    "emoji": ("name", "name unicode style"),
    "date": ("timestamp", "timestamp format url fallback style"),
    "color": ("value", "value style"),
}
_RICH_FIELDS = {
    "rich_text_section": "elements",
    "rich_text_list": "elements style indent offset border",
    "rich_text_preformatted": "elements border language",
    "rich_text_quote": "elements border",
}


def check_rich_text(check: Check, element: Json, pointer: str) -> None:
    """One of the top elements of a rich_text block."""
    kind = element.get("type")
    if kind not in _RICH_FIELDS:
        check.fault(pointer, f"unsupported type: {kind}")
        return
    check.only(element, pointer, _RICH_FIELDS[kind])
    if kind == "rich_text_list":
        check.one_of(element, "style", pointer, ("bullet", "ordered"), required=True)
        check.integer(element, "indent", pointer, 0, 8)
    for at, part in check.items(element, "elements", pointer, 1000):
        if kind != "rich_text_list":
            _check_part(check, part, at)
        elif part.get("type") != "rich_text_section":
            check.fault(at, f"unsupported type: {part.get('type')}")
        else:
            check_rich_text(check, part, at)


def _check_part(check: Check, part: Json, pointer: str) -> None:
    kind = part.get("type")
    if kind not in _PARTS:
        check.fault(pointer, f"unsupported type: {kind}")
        return
    needed, known = _PARTS[kind]
    check.only(part, pointer, known)
    if kind != "date":
        check.string(part, needed, pointer, 100_000, required=True)
    if kind == "broadcast":
        check.one_of(part, "range", pointer, ("here", "channel", "everyone"))
    style = part.get("style", {})
    if not isinstance(style, dict) or not set(style) <= _STYLES:
        check.fault(f"{pointer}/style", "must be an object of known styles")
