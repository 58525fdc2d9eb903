"""Slack's rules for the blocks and the sizes of messages, streams, modals and Home tabs.

Each function returns the faults of what it is given, in Slack's words; the numbers are from docs.slack.dev, except
MESSAGE_TEXT, which developers measured (github.com/slackapi/bolt-js/issues/2509).
"""

from collections.abc import Callable
from typing import Any

from tests.platforms.slack_check import Check
from tests.platforms.slack_elements import check_element, check_image, check_rich_text
from tests.platforms.slack_text import Json, texts_of

POST_TEXT = 40_000
UPDATE_TEXT = 4_000
MARKDOWN_TEXT = 12_000
MESSAGE_TEXT = 13_200
SURFACES = ("message", "modal", "home")

_ACTIONS = ("button", "static_select", "overflow", "radio_buttons", "checkboxes")
_ACCESSORIES = (*_ACTIONS, "image")
_INPUTS = ("plain_text_input", "static_select", "radio_buttons", "checkboxes")


def block_faults(blocks: Any, surface: str = "message", pointer: str = "/blocks") -> list[str]:
    """What is wrong with blocks on a surface: "message", "modal" or "home"."""
    check = Check()
    if not isinstance(blocks, list):
        check.fault(pointer, "must be an array")
        return check.faults
    limit = 50 if surface == "message" else 100
    if len(blocks) > limit:
        check.fault(pointer, f"no more than {limit} items allowed")
    for number, block in enumerate(blocks):
        _check_block(check, block, f"{pointer}/{number}", surface)
    _check_unique(check, [block for block in blocks if isinstance(block, dict)], "block_id", pointer)
    return check.faults


def markdown_length(blocks: list[Json]) -> int:
    """The characters of a message's markdown blocks together."""
    return sum(len(text) for kind, text in texts_of(blocks) if kind == "markdown")


def text_length(blocks: list[Json]) -> int:
    """The characters of all text in a message's blocks."""
    return sum(len(text) for _, text in texts_of(blocks))


def view_faults(view: Any, allowed: tuple[str, ...]) -> list[str]:
    """What is wrong with a view whose type has to be one of those allowed ("modal", "home")."""
    check = Check()
    if not isinstance(view, dict) or view.get("type") not in allowed:
        check.fault("/view/type", f"must be one of {list(allowed)}")
        return check.faults
    check.string(view, "private_metadata", "/view", 3000)
    check.string(view, "callback_id", "/view", 255)
    check.string(view, "external_id", "/view", 255)
    shared = "blocks private_metadata callback_id external_id"
    if view["type"] == "modal":
        check.only(view, "/view", f"{shared} title close submit clear_on_close notify_on_close submit_disabled")
        check.text(view, "title", "/view", 24, plain=True, required=True)
        check.text(view, "close", "/view", 24, plain=True)
        check.text(view, "submit", "/view", 24, plain=True)
        _check_submit(check, view)
    else:
        check.only(view, "/view", shared)
    if "blocks" not in view:
        check.fault("/view", "missing required field: blocks")
    return check.faults + block_faults(view.get("blocks", []), view["type"], "/view/blocks")


def chunk_faults(chunks: Any) -> list[str]:
    """What is wrong with the chunks of a stream."""
    check = Check()
    if not isinstance(chunks, list):
        return ["[ERROR] must be an array [json-pointer:/chunks]"]
    for number, chunk in enumerate(chunks):
        at = f"/chunks/{number}"
        kind = chunk.get("type") if isinstance(chunk, dict) else None
        if kind == "markdown_text":
            check.only(chunk, at, "text")
            if not isinstance(chunk.get("text"), str) or not chunk["text"]:
                check.fault(at, "missing required field: text")
        elif kind == "task_update":
            check.only(chunk, at, "id title status details output sources")
            check.string(chunk, "id", at, 255, required=True)
            check.string(chunk, "title", at, 256, required=True)
            check.one_of(chunk, "status", at, ("pending", "in_progress", "complete", "error"), required=True)
        elif kind == "plan_update":
            check.only(chunk, at, "title")
            check.string(chunk, "title", at, 256, required=True)
        elif kind == "blocks":
            check.faults += block_faults(chunk.get("blocks"), pointer=f"{at}/blocks")
        else:
            check.fault(at, f"unsupported type: {kind}")
    return check.faults


def _check_submit(check: Check, view: Json) -> None:
    blocks = view.get("blocks")
    inputs = [block for block in blocks if isinstance(block, dict) and block.get("type") == "input"] if blocks else []
    if inputs and "submit" not in view:
        check.fault("/view", "missing required field: submit (a modal with input blocks needs it)")


def _check_unique(check: Check, items: list[Json], name: str, pointer: str) -> None:
    seen: set[str] = set()
    for item in items:
        value = item.get(name)
        if isinstance(value, str) and value in seen:
            check.fault(pointer, f"`{name}` must be unique: {value}")
        if isinstance(value, str):
            seen.add(value)


def _check_block(check: Check, block: Any, pointer: str, surface: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str) or kind not in _BLOCKS:
        check.fault(pointer, f"unsupported type: {kind}")
        return
    if surface not in _SURFACES.get(kind, SURFACES):
        check.fault(pointer, f"unsupported type: {kind} (not in a {surface})")
    known, rule = _BLOCKS[kind]
    check.only(block, pointer, f"block_id {known}")
    check.string(block, "block_id", pointer, 255)
    rule(check, block, pointer)


def _section(check: Check, block: Json, pointer: str) -> None:
    if "text" not in block and "fields" not in block:
        check.fault(pointer, "missing required field: text")
    check.text(block, "text", pointer, 3000)
    for at, item in check.items(block, "fields", pointer, 10, required=False):
        check.text_object(item, at, 2000)
    if isinstance(accessory := block.get("accessory"), dict):
        check_element(check, accessory, f"{pointer}/accessory", _ACCESSORIES)


def _markdown(check: Check, block: Json, pointer: str) -> None:
    check.string(block, "text", pointer, MARKDOWN_TEXT, required=True)


def _header(check: Check, block: Json, pointer: str) -> None:
    check.text(block, "text", pointer, 150, plain=True, required=True)


def _divider(check: Check, block: Json, pointer: str) -> None:
    """A divider has nothing that could be wrong."""


def _context(check: Check, block: Json, pointer: str) -> None:
    for at, element in check.items(block, "elements", pointer, 10):
        if element.get("type") == "image":
            check_element(check, element, at, ("image",))
        else:
            check.text_object(element, at, 2000)


def _elements(limit: int, allowed: tuple[str, ...]) -> Callable[[Check, Json, str], None]:
    def rule(check: Check, block: Json, pointer: str) -> None:
        elements = check.items(block, "elements", pointer, limit)
        for at, element in elements:
            check_element(check, element, at, allowed)
        _check_unique(check, [element for _, element in elements], "action_id", pointer)

    return rule


def _input(check: Check, block: Json, pointer: str) -> None:
    check.text(block, "label", pointer, 2000, plain=True, required=True)
    check.text(block, "hint", pointer, 2000, plain=True)
    if not isinstance(element := block.get("element"), dict):
        check.fault(pointer, "missing required field: element")
    else:
        check_element(check, element, f"{pointer}/element", _INPUTS)


def _image_block(check: Check, block: Json, pointer: str) -> None:
    check_image(check, block, pointer)
    check.text(block, "title", pointer, 2000, plain=True)


def _rich_text(check: Check, block: Json, pointer: str) -> None:
    for at, element in check.items(block, "elements", pointer, 1000):
        check_rich_text(check, element, at)


_BLOCKS: dict[str, tuple[str, Callable[[Check, Json, str], None]]] = {
    "section": ("text fields accessory expand", _section),
    "markdown": ("text", _markdown),
    "header": ("text", _header),
    "divider": ("", _divider),
    "context": ("elements", _context),
    "actions": ("elements", _elements(25, _ACTIONS)),
    "context_actions": ("elements", _elements(5, ("feedback_buttons", "icon_button"))),
    "input": ("label element hint optional dispatch_action", _input),
    "image": ("image_url slack_file alt_text title", _image_block),
    "rich_text": ("elements", _rich_text),
}
_SURFACES = {"markdown": ("message",), "context_actions": ("message",)}
