"""Which application commands Discord accepts, which choices an autocomplete may offer, and what a user can call."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.platforms.discord_errors import ApiError, Json, Problems

SLASH, USER_COMMAND, MESSAGE_COMMAND = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER = 1, 2, 3, 4, 5, 10
MOST_COMMANDS = {SLASH: 100, USER_COMMAND: 15, MESSAGE_COMMAND: 15}
CONTEXTS, INSTALLS = frozenset({0, 1, 2}), frozenset({0, 1})
_PYTHON_TYPES: Mapping[int, type | tuple[type, ...]] = {
    STRING: str,
    INTEGER: int,
    BOOLEAN: bool,
    NUMBER: (int, float),
}
Path = tuple[str | int, ...]


def check_commands(payload: Sequence[Json]) -> None:
    """Raise ApiError if Discord would refuse this list of commands."""
    problems = Problems()
    kinds = Counter(command.get("type", SLASH) for command in payload)
    for kind, count in kinds.items():
        if count > MOST_COMMANDS.get(kind, 0):
            raise ApiError(
                30032, message=f"Maximum number of application commands reached ({MOST_COMMANDS.get(kind)})."
            )
    names = Counter((command.get("type", SLASH), command.get("name")) for command in payload)
    for index, command in enumerate(payload):
        if names[command.get("type", SLASH), command.get("name")] > 1:
            message = "Application command names must be unique"
            problems.add((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        _check_command(problems, (index,), command)
    problems.refuse()


def _check_command(problems: Problems, path: Path, command: Json) -> None:
    if command.get("type", SLASH) == SLASH:
        _check_name(problems, (*path, "name"), command.get("name"))
        problems.length((*path, "description"), command.get("description"), 1, 100)
        _check_options(problems, (*path, "options"), command.get("options") or [])
        if _size(command) > 8000:
            problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
    else:
        problems.length((*path, "name"), command.get("name"), 1, 32)
        if command.get("description"):
            message = "Context menu commands cannot have description"
            problems.add((*path, "description"), "APPLICATION_COMMAND_CONTEXT_DESCRIPTION", message)
    for key, known in (("contexts", CONTEXTS), ("integration_types", INSTALLS)):
        values = command.get(key)
        if values is not None and (not values or not known.issuperset(values)):
            problems.add((*path, key), "BASE_TYPE_CHOICES", f"Value must be some of {sorted(known)}.")


def _check_name(problems: Problems, path: Path, name: object) -> None:
    """`^[-_'\\p{L}\\p{N}]{1,32}$`, in lower case."""
    known = isinstance(name, str) and all(char in "-_'" or unicodedata.category(char)[0] in "LN" for char in name)
    if not known or not 1 <= len(str(name)) <= 32 or str(name) != str(name).lower():
        message = "Command name is invalid: 1 to 32 lower-case letters, digits, - and _"
        problems.add(path, "APPLICATION_COMMAND_INVALID_NAME", message)


def _check_options(problems: Problems, path: Path, options: list[Json]) -> None:
    problems.count(path, options, 0, 25)
    if len({option.get("name") for option in options}) < len(options):
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option names must be unique")
    nested = [option.get("type") in (SUBCOMMAND, GROUP) for option in options]
    if any(nested) and not all(nested):
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands and options are exclusive")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        message = "Required options must be placed before non-required options"
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
    for index, option in enumerate(options):
        _check_option(problems, (*path, index), option)


def _check_option(problems: Problems, path: Path, option: Json) -> None:
    _check_name(problems, (*path, "name"), option.get("name"))
    problems.length((*path, "description"), option.get("description"), 1, 100)
    kind = option.get("type")
    if kind not in range(1, 12):
        problems.add((*path, "type"), "BASE_TYPE_CHOICES", "This field must be one of 1 to 11.")
    if kind in (SUBCOMMAND, GROUP):
        _check_options(problems, (*path, "options"), option.get("options") or [])
    choices = option.get("choices") or []
    _check_choices(problems, (*path, "choices"), choices, str if kind == STRING else (int, float))
    if option.get("autocomplete") and (choices or kind not in (STRING, INTEGER, NUMBER)):
        message = "Autocomplete needs a text or number option without choices"
        problems.add((*path, "autocomplete"), "APPLICATION_COMMAND_AUTOCOMPLETE", message)
    if not 0 <= option.get("min_length", 0) <= 6000 or not 1 <= option.get("max_length", 6000) <= 6000:
        problems.add((*path, "max_length"), "NUMBER_TYPE_MAX", "Lengths are 0 to 6000.")


def _check_choices(problems: Problems, path: Path, choices: list[Json], kind: type | tuple[type, ...]) -> None:
    problems.count(path, choices, 0, 25)
    for index, choice in enumerate(choices):
        problems.length((*path, index, "name"), choice.get("name"), 1, 100)
        value = choice.get("value")
        if isinstance(value, str):
            problems.length((*path, index, "value"), value, 1, 100)
        if not isinstance(value, kind):
            problems.add((*path, index, "value"), "BASE_TYPE_BAD", "The value must have the type of the option")


def check_suggestions(choices: object) -> None:
    """Raise ApiError if Discord would refuse what an autocomplete offers."""
    problems = Problems()
    problems.count(("data", "choices"), choices, 0, 25)
    problems.refuse()
    _check_choices(problems, ("data", "choices"), list(choices), (str, int, float))  # type: ignore[call-overload]
    problems.refuse()


def _size(command: Json) -> int:
    texts = [str(command.get(key) or "") for key in ("name", "description", "value")]
    below = [*(command.get("options") or ()), *(command.get("choices") or ())]
    return sum(map(len, texts)) + sum(map(_size, below))


def find_command(commands: Sequence[Json], kind: int, name: str, context: int, installs: frozenset[int]) -> Json:
    """The synced command that a user sees in a place; AssertionError says why there is none."""
    for command in commands:
        if command["type"] == kind and command["name"] == name:
            contexts = command.get("contexts")
            offered = contexts is None or context in contexts
            assert offered, f"{name!r} is not offered in context {context}, only in {contexts}"
            types = command.get("integration_types") or [0]
            assert installs.intersection(types), f"{name!r} is not offered to this installation, only to {types}"
            return command
    synced = sorted(command["name"] for command in commands)
    raise AssertionError(f"no command {name!r} has been synced; there are {synced}")


def chosen_options(command: Json, path: Sequence[str], values: Mapping[str, Any], focused: str = "") -> list[Json]:
    """The options of an interaction, checked as the Discord app does before it lets a user send them."""
    known = {option["name"]: option for option in command.get("options") or ()}
    if path:
        below = known.get(path[0])
        assert below, f"{command['name']!r} has no sub-command {path[0]!r}"
        inner = chosen_options(below, path[1:], values, focused)
        return [{"name": path[0], "type": below["type"], "options": inner}]
    assert values.keys() <= known.keys(), f"unknown options: {values.keys() - known.keys()}"
    if not focused:
        missing = [name for name, option in known.items() if option.get("required") and name not in values]
        assert not missing, f"the options {missing} are required"
    return [_chosen(known[name], value, focused=name == focused) for name, value in values.items()]


def _chosen(option: Json, value: object, *, focused: bool) -> Json:
    kind = option["type"]
    chosen: Json = {"name": option["name"], "type": kind, "value": value}
    if focused:
        assert option.get("autocomplete"), f"{option['name']!r} has no autocomplete"
        return chosen | {"focused": True, "value": str(value)}
    wanted = _PYTHON_TYPES.get(kind, (str, int))
    assert isinstance(value, wanted), f"{option['name']!r} takes {wanted}, not {value!r}"
    if kind == STRING:
        # The app refuses a text of other length; spaces around it are cut off.
        chosen["value"] = text = re.sub(r"^\s+|\s+$", "", str(value))
        assert (option.get("min_length") or 1) <= len(text) <= option.get("max_length", 6000), (
            f"length of {text[:40]!r}"
        )
    choices = [choice["value"] for choice in option.get("choices") or ()]
    assert not choices or value in choices, f"{value!r} is not one of {choices}"
    return chosen
