"""The JSON that Slack sends to an app: events, commands, shortcuts, clicks and submitted views."""

import copy

from tests.platforms.slack_text import Json
from tests.platforms.slack_world import APP_ID, Channel, Message, Team, User, View

VERIFICATION_TOKEN = "verification-token"


def event_body(team: Team, event: Json, event_id: str, event_time: int) -> Json:
    """The envelope that the Events API puts around an event."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team.id,
                "user_id": team.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def message_event(message: Message, parent: Message | None) -> Json:
    """A message event; `parent` is the thread's root, if the message is a reply."""
    event = message.as_json() | {
        "channel": message.channel.id,
        "channel_type": message.channel.kind,
        "event_ts": message.ts,
    }
    event.setdefault("blocks", _typed_blocks(message))
    if not message.by_app:
        event["client_msg_id"] = f"client-{message.ts}"
    if parent:
        event["parent_user_id"] = parent.user
    return event


def mention_event(message: Message) -> Json:
    """The app_mention event of a message that names the bot."""
    event = message_event(message, None)
    event.pop("channel_type")
    return event | {"type": "app_mention"}


def _typed_blocks(message: Message) -> list[Json]:
    text = {"type": "text", "text": message.text}
    section = {"type": "rich_text_section", "elements": [text]}
    return [{"type": "rich_text", "block_id": f"typed-{message.ts}", "elements": [section]}]


def command_body(user: User, channel: Channel, command: str, text: str, trigger_id: str, response_url: str) -> Json:
    """A slash command's form."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": user.team.id,
        "team_domain": user.team.name,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.kind == "im" else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def interaction(kind: str, user: User, trigger_id: str) -> Json:
    """What all interactive payloads have in common."""
    team = user.team
    return {
        "type": kind,
        "token": VERIFICATION_TOKEN,
        "api_app_id": APP_ID,
        "team": {"id": team.id, "domain": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.id},
        "trigger_id": trigger_id,
    }


def shortcut_body(user: User, message: Message, callback_id: str, trigger_id: str, response_url: str, ts: str) -> Json:
    """A message shortcut."""
    return interaction("message_action", user, trigger_id) | {
        "callback_id": callback_id,
        "action_ts": ts,
        "message_ts": message.ts,
        "message": message.as_json(),
        "channel": _channel(message.channel),
        "response_url": response_url,
    }


def message_click(user: User, message: Message, action: Json, trigger_id: str, response_url: str) -> Json:
    """A click on a message's element; of an ephemeral message, Slack does not send the message along."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel.id,
        "is_ephemeral": bool(message.ephemeral_to),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body = interaction("block_actions", user, trigger_id) | {
        "container": container,
        "channel": _channel(message.channel),
        "response_url": response_url,
        "state": {"values": {}},
        "actions": [action],
    }
    return body if message.ephemeral_to else body | {"message": message.as_json()}


def view_click(user: User, view: View, action: Json, trigger_id: str) -> Json:
    """A click on an element of a modal or a Home tab."""
    return interaction("block_actions", user, trigger_id) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view, {}),
        "actions": [action],
    }


def view_event(kind: str, user: User, view: View, values: Json, trigger_id: str) -> Json:
    """A view_submission or a view_closed."""
    rest: Json = {"is_cleared": False} if kind == "view_closed" else {"response_urls": []}
    return interaction(kind, user, trigger_id) | {"view": view_json(view, values)} | rest


def view_json(view: View, values: Json) -> Json:
    """A view as Slack returns it and sends it."""
    team = view.user.team
    optional = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "title": None,
        "close": None,
        "submit": None,
    }
    return (
        optional
        | {"clear_on_close": False, "notify_on_close": False}
        | copy.deepcopy(view.view)
        | {
            "id": view.id,
            "team_id": team.id,
            "app_id": APP_ID,
            "app_installed_team_id": team.id,
            "bot_id": team.bot_id,
            "hash": view_hash(view),
            "state": {"values": values},
            "previous_view_id": view.previous_id,
            "root_view_id": view.root_id,
        }
    )


def view_hash(view: View) -> str:
    """What tells one version of a view from the next."""
    return f"{len(view.history)}.{view.id}"


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": "directmessage" if channel.kind == "im" else channel.name}
