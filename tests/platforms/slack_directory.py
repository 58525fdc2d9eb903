"""The methods that look things up or connect the app: auth, conversations, users, OAuth, Socket Mode's address."""

import re
from collections.abc import Callable

from tests.platforms.slack_agents import METHODS as AGENT_METHODS
from tests.platforms.slack_chat import METHODS as CHAT_METHODS
from tests.platforms.slack_faults import SlackError
from tests.platforms.slack_streams import METHODS as STREAM_METHODS
from tests.platforms.slack_text import Json
from tests.platforms.slack_views import METHODS as VIEW_METHODS
from tests.platforms.slack_web_api import Call, Method
from tests.platforms.slack_world import APP_ID, Channel, Message, User

_HISTORY = ("channels:history", "groups:history", "im:history")
_READ = ("channels:read", "groups:read", "im:read")


def methods(socket_url: Callable[[], str]) -> dict[str, Method]:
    """Every method that this Slack has; `socket_url` makes an address for one Socket Mode connection."""

    def connections_open(call: Call) -> Json:
        """apps.connections.open."""
        return {"url": socket_url()}

    own = {"apps.connections.open": Method(connections_open, (), None, "app")}
    return own | _LOOKUPS | CHAT_METHODS | STREAM_METHODS | AGENT_METHODS | VIEW_METHODS


def auth_test(call: Call) -> Json:
    """auth.test: without bot_id and user_id, an app does not know its own messages."""
    team = call.team
    return {
        "url": f"https://{team.name}.slack.com/",
        "team": team.name,
        "user": "herald",
        "team_id": team.id,
        "user_id": team.bot_user_id,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Json:
    """api.test: echoes its arguments, fails on demand."""
    if "error" in call.args:
        raise SlackError(str(call.args["error"]))
    return {"args": call.args}


def oauth_access(call: Call) -> Json:
    """oauth.v2.access: each code once."""
    options = call.platform.options
    if call.args.get("client_id") != options.client_id:
        raise SlackError("invalid_client_id")
    if call.args.get("client_secret") != options.client_secret:
        raise SlackError("bad_client_secret")
    team = call.platform.oauth_codes.pop(str(call.args.get("code", "")), None)
    if team is None:
        raise SlackError("invalid_code")
    team.installed = True
    installer = next(user for user in call.platform.world.users.values() if user.team is team)
    return {
        "access_token": team.bot_token,
        "token_type": "bot",
        "scope": ",".join(sorted(team.scopes)),
        "bot_user_id": team.bot_user_id,
        "app_id": APP_ID,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": installer.id},
    }


def replies(call: Call) -> Json:
    """conversations.replies: the root first, then the replies, in pages."""
    channel = call.channel()
    call.need("ts")
    found = call.platform.world.thread(channel, str(call.args["ts"]))
    if not found:
        raise SlackError("thread_not_found")
    page = _page(call, _between(call, found), 1000)
    for message in page["messages"]:
        # Only here a root says that it is one: as an event it was a message like any other.
        if message["ts"] == call.args["ts"] and len(found) > 1:
            message |= {"thread_ts": message["ts"], "reply_count": len(found) - 1}
    return page


def history(call: Call) -> Json:
    """conversations.history: the channel's own messages, the newest first."""
    channel = call.channel()
    own = [message for message in call.platform.world.messages if message.channel is channel and not message.deleted]
    roots = [message for message in own if message.thread_ts in (None, message.ts)]
    return _page(call, _between(call, roots)[::-1], 100)


def _between(call: Call, found: list[Message]) -> list[Message]:
    oldest, latest = str(call.args.get("oldest") or "0"), str(call.args.get("latest") or "9" * 20)
    inclusive = str(call.args.get("inclusive", "0")).lower() in ("1", "true")
    if not all(re.fullmatch(r"\d+(\.\d+)?", bound) for bound in (oldest, latest)):
        raise SlackError("invalid_ts_oldest", f"not time stamps: {oldest}, {latest}")
    low, high = float(oldest), float(latest)
    inside = [message for message in found if low < float(message.ts) < high]
    return [message for message in found if low <= float(message.ts) <= high] if inclusive else inside


def _page(call: Call, found: list[Message], default: int) -> Json:
    try:
        limit, start = int(call.args.get("limit") or default), int(call.args.get("cursor") or 0)
    except ValueError:
        raise SlackError("invalid_limit", "limit and cursor must be what Slack gave") from None
    if not 1 <= limit <= 1000:
        raise SlackError("invalid_limit", f"a limit of {limit}")
    page = [message.as_json() for message in found[start : start + limit]]
    more = start + limit < len(found)
    cursor = str(start + limit) if more else ""
    return {"messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor}}


def channel_info(call: Call) -> Json:
    """conversations.info."""
    return {"channel": _channel_json(call.channel(member=False))}


def open_dm(call: Call) -> Json:
    """conversations.open, for one user."""
    if call.args.get("channel"):
        return {"channel": _channel_json(call.channel())}
    call.need("users")
    user = call.platform.world.users.get(str(call.args["users"]))
    if user is None or user.team is not call.team:
        raise SlackError("user_not_found")
    return {"channel": _channel_json(call.platform.world.dm(user))}


def _channel_json(channel: Channel) -> Json:
    if channel.kind == "im" and channel.user:
        return {"id": channel.id, "is_im": True, "user": channel.user.id, "is_channel": False}
    return {
        "id": channel.id,
        "name": channel.name,
        "is_im": False,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_private": channel.kind == "group",
        "is_member": channel.bot_is_member,
    }


def user_info(call: Call) -> Json:
    """users.info."""
    call.need("user")
    if call.args["user"] == call.team.bot_user_id:
        return {"user": {"id": call.team.bot_user_id, "team_id": call.team.id, "name": "herald", "is_bot": True}}
    user = call.platform.world.users.get(str(call.args["user"]))
    if user is None or user.team is not call.team:
        raise SlackError("user_not_found")
    return {"user": _user_json(user)}


def _user_json(user: User) -> Json:
    profile = {"display_name": user.name, "real_name": user.name.title()}
    return {"id": user.id, "team_id": user.team.id, "name": user.name, "is_bot": False, "profile": profile}


def team_info(call: Call) -> Json:
    """team.info."""
    return {"team": {"id": call.team.id, "name": call.team.name, "domain": call.team.name}}


def bot_info(call: Call) -> Json:
    """bots.info."""
    if call.args.get("bot") not in (None, call.team.bot_id):
        raise SlackError("bot_not_found")
    return {"bot": {"id": call.team.bot_id, "app_id": APP_ID, "user_id": call.team.bot_user_id, "name": "herald"}}


_LOOKUPS = {
    "api.test": Method(api_test, (), None, "none"),
    "auth.test": Method(auth_test, (), None),
    "oauth.v2.access": Method(oauth_access, (), 4, "none"),
    "conversations.replies": Method(replies, _HISTORY, 3),
    "conversations.history": Method(history, _HISTORY, 3),
    "conversations.info": Method(channel_info, _READ, 3),
    "conversations.open": Method(open_dm, ("im:write",), 3),
    "users.info": Method(user_info, ("users:read",), 4),
    "team.info": Method(team_info, ("team:read",), 3),
    "bots.info": Method(bot_info, ("users:read",), 3),
}
