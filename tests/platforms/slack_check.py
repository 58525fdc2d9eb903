"""The tool that the rules are written with: it collects what is wrong, each fault with Slack's JSON pointer to it."""

from collections.abc import Collection
from typing import Any

from tests.platforms.slack_text import Json


class Check:
    """Faults found in one payload, in the words and with the pointers that Slack answers."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fault(self, pointer: str, what: str) -> None:
        """Notes that `what` is wrong at `pointer`."""
        self.faults.append(f"[ERROR] {what} [json-pointer:{pointer}]")

    def only(self, value: Json, pointer: str, allowed: str) -> None:
        """No fields but those in `allowed` (words); `type` is always one of them."""
        for name in sorted(set(value) - {"type", *allowed.split()}):
            self.fault(pointer, f"no more than the known fields allowed: {name}")

    def string(self, value: Json, name: str, pointer: str, limit: int, *, required: bool = False) -> None:
        """A string of 1 to `limit` characters."""
        found = value.get(name)
        at = f"{pointer}/{name}"
        if found is None:
            if required:
                self.fault(pointer, f"missing required field: {name}")
        elif not isinstance(found, str):
            self.fault(at, "must be a string")
        elif not found:
            self.fault(at, "must be more than 0 characters")
        elif len(found) > limit:
            self.fault(at, f"must be less than {limit + 1} characters")

    def text(
        self, value: Json, name: str, pointer: str, limit: int, *, plain: bool = False, required: bool = False
    ) -> None:
        """A text object; `plain` ones must be plain_text."""
        if name not in value:
            if required:
                self.fault(pointer, f"missing required field: {name}")
            return
        self.text_object(value[name], f"{pointer}/{name}", limit, plain=plain)

    def text_object(self, found: Any, pointer: str, limit: int, *, plain: bool = False) -> None:
        """A text object by itself."""
        if not isinstance(found, dict) or found.get("type") not in ("plain_text", "mrkdwn"):
            self.fault(pointer, "must be a text object")
            return
        if plain and found["type"] != "plain_text":
            self.fault(f"{pointer}/type", "must be plain_text")
        self.only(found, pointer, "text emoji" if found["type"] == "plain_text" else "text verbatim")
        self.string(found, "text", pointer, limit, required=True)

    def one_of(
        self, value: Json, name: str, pointer: str, allowed: Collection[object], *, required: bool = False
    ) -> None:
        """One of the allowed values."""
        if name not in value:
            if required:
                self.fault(pointer, f"missing required field: {name}")
        elif value[name] not in allowed:
            self.fault(f"{pointer}/{name}", f"must be one of {sorted(map(str, allowed))}")

    def integer(self, value: Json, name: str, pointer: str, low: int, high: int) -> None:
        """A whole number between the two."""
        found = value.get(name)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high):
            self.fault(f"{pointer}/{name}", f"must be an integer from {low} to {high}")

    def items(
        self, value: Json, name: str, pointer: str, limit: int, *, required: bool = True
    ) -> list[tuple[str, Json]]:
        """The objects of a list of 1 to `limit`, each with its pointer."""
        found = value.get(name)
        at = f"{pointer}/{name}"
        if found is None:
            if required:
                self.fault(pointer, f"missing required field: {name}")
            return []
        if not isinstance(found, list):
            self.fault(at, "must be an array")
            return []
        if not found:
            self.fault(at, "no less than 1 items allowed")
        if len(found) > limit:
            self.fault(at, f"no more than {limit} items allowed")
        for number, item in enumerate(found):
            if not isinstance(item, dict):
                self.fault(f"{at}/{number}", "must be an object")
        return [(f"{at}/{number}", item) for number, item in enumerate(found) if isinstance(item, dict)]
