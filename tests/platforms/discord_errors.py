"""The errors that Discord's API answers with, as exceptions that the REST routes raise.

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

_KNOWN: Mapping[int, tuple[int, str]] = {
    0: (404, "404: Not Found"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached the maximum number of follow-up messages."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "This thread is locked"),
}


class ApiError(Exception):
    """A refusal, with Discord's numeric code and the HTTP status that goes with it."""

    def __init__(
        self,
        code: int,
        *,
        status: int | None = None,
        message: str | None = None,
        errors: Json | None = None,
        excused: bool = False,
    ) -> None:
        known_status, known_message = _KNOWN.get(code, (400, "Invalid Form Body"))
        self.code = code
        self.status = status or known_status
        self.message = message or known_message
        self.errors = errors
        self.excused = excused
        """Whether a bot that keeps all rules can meet it too, as when a message has been deleted meanwhile."""
        super().__init__(f"{self.status} ({code}): {self.message} {flat(errors)}".rstrip())

    def body(self) -> Json:
        """The JSON that Discord sends with it."""
        body: Json = {"message": self.message, "code": self.code}
        return body | {"errors": self.errors} if self.errors else body


class Problems:
    """Gathers what is wrong with a form, each at its path, to be refused together as Discord does (50035)."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def add(self, path: Iterable[str | int], code: str, message: str) -> None:
        """Note one problem at a path such as ("components", 0, "label")."""
        node = self.errors
        for key in path:
            node = node.setdefault(str(key), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: Iterable[str | int], value: object, least: int, most: int) -> None:
        """Note a text that is missing, or shorter or longer than allowed."""
        if not isinstance(value, str):
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif len(value) > most:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif len(value.strip()) < least:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def count(self, path: Iterable[str | int], value: object, least: int, most: int) -> None:
        """Note a list that holds fewer or more things than allowed."""
        if not isinstance(value, list) or not least <= len(value) <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def refuse(self) -> None:
        """Raise the noted problems, if there are any."""
        if self.errors:
            raise ApiError(50035, message="Invalid Form Body", errors=self.errors)


def flat(errors: Json | None, path: str = "") -> str:
    """Nested errors in one line, as in "content: Must be 2000 or fewer in length."."""
    found = [f"{path}: {entry['message']}" for entry in (errors or {}).get("_errors", ())]
    for key, below in (errors or {}).items():
        if key != "_errors":
            found.append(flat(below, f"{path}.{key}" if path else key))
    return "; ".join(found)
