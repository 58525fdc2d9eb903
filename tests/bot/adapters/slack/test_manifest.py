"""The app manifest: what Slack's published rules ask of it, and that it says what the code does.

The rules are those of docs.slack.dev/reference/app-manifest and of the schema in github.com/slackapi/manifest-schema.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.slack.doctor import MANIFEST
from bot.adapters.slack.installations import REDIRECT_PATH
from bot.adapters.slack.scopes import EVENTS, SCOPES
from bot.adapters.slack.table import HERALD, OWN, SHORTCUTS, SLASH
from bot.adapters.slack.transport import EVENTS_PATH
from bot.commands import EXAMPLES
from tests.platforms.slack_platform import EVENTS as KNOWN_EVENTS
from tests.platforms.slack_platform import SCOPES as KNOWN_SCOPES

Json = dict[str, Any]

TEXT = MANIFEST.read_text(encoding="utf-8")
RULES: Json = {
    "_metadata": {"major_version": int, "minor_version": int},
    "display_information": {
        "name": (1, 35),
        "description": (1, 140),
        "long_description": (175, 4000),
        "background_color": (4, 7),
    },
    "features": {
        "app_home": {"home_tab_enabled": bool, "messages_tab_enabled": bool, "messages_tab_read_only_enabled": bool},
        "bot_user": {"display_name": (1, 80), "always_online": bool},
        "agent_view": {
            "agent_description": (1, 300),
            "suggested_prompts": [4, {"title": (1, 4000), "message": (1, 4000)}],
        },
        "slash_commands": [
            50,
            {"command": (2, 32), "description": (1, 2000), "usage_hint": (1, 1000), "should_escape": bool},
        ],
        "shortcuts": [10, {"name": (1, 24), "type": (1, 10), "callback_id": (1, 255), "description": (1, 150)}],
    },
    "oauth_config": {"scopes": {"bot": [255, (1, 50)]}},
    "settings": {
        "event_subscriptions": {"bot_events": [100, (1, 50)]},
        "interactivity": {"is_enabled": bool},
        "org_deploy_enabled": bool,
        "socket_mode_enabled": bool,
        "token_rotation_enabled": bool,
    },
}
"""What each field may hold: fields, a list of at most so many, text of a length from and to, or a type."""


@pytest.fixture(scope="module")
def manifest() -> Json:
    found: Json = yaml.safe_load(TEXT)
    return found


def problems(value: object, rule: Any, at: str = "") -> list[str]:
    """Where a value breaks the rules."""
    if isinstance(rule, dict):
        if not isinstance(value, dict):
            return [f"{at} is no table"]
        unknown = [f"{at}/{name} is no field" for name in value if name not in rule]
        return unknown + [
            it for name, inner in rule.items() if name in value for it in problems(value[name], inner, f"{at}/{name}")
        ]
    if isinstance(rule, list):
        most, inner = rule
        if not isinstance(value, list) or not 1 <= len(value) <= most or len({str(it) for it in value}) < len(value):
            return [f"{at} is no list of 1 to {most} different ones"]
        return [it for place, each in enumerate(value) for it in problems(each, inner, f"{at}/{place}")]
    if isinstance(rule, tuple):
        low, high = rule
        return [] if isinstance(value, str) and low <= len(value) <= high else [f"{at} is no text of {low} to {high}"]
    return [] if type(value) is rule else [f"{at} is no {rule.__name__}"]


def test_it_keeps_the_published_rules(manifest: Json) -> None:
    assert problems(manifest, RULES) == []
    assert set(manifest["features"]) == set(RULES["features"])
    assert re.fullmatch(r"#[0-9a-f]{6}", manifest["display_information"]["background_color"])
    assert {shortcut["type"] for shortcut in manifest["features"]["shortcuts"]} == {"message"}
    assert all(command["command"].startswith("/") for command in manifest["features"]["slash_commands"])


def test_the_rules_find_what_is_wrong() -> None:
    wrong = {"display_information": {"name": "x" * 36, "colour": "red"}, "settings": {"socket_mode_enabled": "yes"}}
    assert problems(wrong, RULES) == [
        "/display_information/colour is no field",
        "/display_information/name is no text of 1 to 35",
        "/settings/socket_mode_enabled is no bool",
    ]


def test_its_commands_are_those_of_the_table(manifest: Json) -> None:
    commands = {it["command"]: it for it in manifest["features"]["slash_commands"]}
    assert tuple(commands) == SLASH
    for command in OWN:
        assert commands[f"/{command.name}"]["description"] == command.summary
        assert command.argument is not None
        assert commands[f"/{command.name}"]["usage_hint"] == f"[{command.argument.name}]"
    assert commands[HERALD]["usage_hint"] == "help | about"


def test_its_shortcuts_and_prompts_are_those_of_the_code(manifest: Json) -> None:
    shortcuts = {it["callback_id"]: it["name"] for it in manifest["features"]["shortcuts"]}
    assert shortcuts == {callback_id: command.shortcut for callback_id, command in SHORTCUTS.items()}
    prompts = [it["message"] for it in manifest["features"]["agent_view"]["suggested_prompts"]]
    assert prompts == list(EXAMPLES)


def test_its_scopes_and_events_are_those_that_the_code_uses(manifest: Json) -> None:
    assert manifest["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)
    assert set(SCOPES) <= KNOWN_SCOPES and set(EVENTS) <= KNOWN_EVENTS


def test_it_is_set_up_as_the_bot_runs_by_default(manifest: Json) -> None:
    assert manifest["settings"]["socket_mode_enabled"] and manifest["settings"]["interactivity"]["is_enabled"]
    assert not manifest["settings"]["token_rotation_enabled"]
    home = manifest["features"]["app_home"]
    assert home["home_tab_enabled"] and home["messages_tab_enabled"] and not home["messages_tab_read_only_enabled"]
    assert EVENTS_PATH in TEXT and REDIRECT_PATH in TEXT


def test_it_is_installed_with_the_package() -> None:
    root = Path(__file__).parents[4]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["setuptools"]["package-data"]["bot"]
    assert MANIFEST in [path for pattern in shipped for path in (root / "bot").glob(pattern)]
