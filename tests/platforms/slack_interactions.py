"""What a user's click or input becomes: the action of an element, the values of a modal's fields."""

from tests.platforms.slack_text import Json, elements_of

_BUTTONS = {"positive": "positive_button", "negative": "negative_button"}


class CannotError(AssertionError):
    """The user could not do that in a Slack client: there is no such button, field or option."""


def action_of(blocks: list[Json], action_id: str, value: str | None, ts: str) -> Json:
    """The action of a click on an element; `value` picks among several, or what to choose in it."""
    for block in blocks:
        for element in elements_of(block):
            if element.get("action_id") == action_id and (found := _chosen(element, value)) is not None:
                return found | {
                    "type": element["type"],
                    "action_id": action_id,
                    "block_id": block["block_id"],
                    "action_ts": ts,
                }
    there = [str(element["action_id"]) for element in elements_of(blocks) if "action_id" in element]
    raise CannotError(f"there is no {action_id!r} with {value!r} to click; there is {there}")


def _chosen(element: Json, value: str | None) -> Json | None:
    kind = element["type"]
    if kind == "feedback_buttons":
        return _feedback(element, value)
    if kind in ("static_select", "radio_buttons", "overflow", "checkboxes"):
        options = [option for option in _options(element) if value in (option["value"], option["text"]["text"])]
        if not options:
            return None
        return {"selected_options": options} if kind == "checkboxes" else {"selected_option": options[0]}
    if kind == "plain_text_input":
        return {"value": value}
    if value not in (None, element.get("value"), _label(element)):
        return None
    return {name: element[name] for name in ("text", "value", "style", "icon") if name in element}


def _label(element: Json) -> str | None:
    text = element.get("text")
    return str(text["text"]) if isinstance(text, dict) else None


def _feedback(element: Json, value: str | None) -> Json | None:
    for short, name in _BUTTONS.items():
        button = element[name]
        if value in (short, button["value"], button["text"]["text"]):
            return {"text": button["text"], "value": button["value"]}
    return None


def _options(element: Json) -> list[Json]:
    groups = element.get("option_groups", [])
    return list(element.get("options", [])) + [option for group in groups for option in group["options"]]


def state_of(blocks: list[Json], values: dict[str, str]) -> Json:
    """A modal's state: each field's value by block_id and action_id, given by either; refused as a client would."""
    state: Json = {}
    left = dict(values)
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        given = [left.pop(name) for name in (block["block_id"], element["action_id"]) if name in left]
        value = given[0] if given else element.get("initial_value")
        if not value and not block.get("optional"):
            raise CannotError(f"the field {block['block_id']} needs a value")
        state[block["block_id"]] = {element["action_id"]: _field(element, value or None)}
    if left:
        raise CannotError(f"the modal has no fields {sorted(left)}")
    return state


def _field(element: Json, value: str | None) -> Json:
    if element["type"] == "plain_text_input":
        length = len(value or "")
        if value and not element.get("min_length", 0) <= length <= element.get("max_length", 3000):
            raise CannotError(f"the field {element['action_id']} takes no {length} characters")
        return {"type": "plain_text_input", "value": value}
    chosen = _chosen(element, value) if value else None
    if value and chosen is None:
        raise CannotError(f"the field {element['action_id']} has no option {value!r}")
    return {"type": element["type"]} | (chosen or {"selected_option": element.get("initial_option")})
