"""Slack's errors: what each means for an answer, and what it tells the operator to do."""

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import PlatformError

TROUBLE = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
"""What a call may raise where Slack refuses it, or cannot be reached."""

GONE = frozenset({"thread_not_found", "message_not_found", "invalid_thread_ts"})
"""What an answer hangs on was deleted."""

NOT_ALLOWED = frozenset(
    "access_denied cannot_reply_to_message channel_not_found ekm_access_denied is_archived is_inactive"
    " messages_tab_disabled missing_scope no_permission not_in_channel restricted_action"
    " restricted_action_non_threadable_channel restricted_action_read_only_channel"
    " restricted_action_thread_only_channel user_not_in_channel".split()
)
"""The bot may not write there."""

STOPPED_BY_USER = "stopped_by_user"
TOO_MUCH = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})

_WHERE = "in the app's settings at api.slack.com/apps"
_ADVICE = {
    "not_authed": f"copy it again from OAuth & Permissions {_WHERE}",
    "invalid_auth": f"copy it again from OAuth & Permissions {_WHERE} (an app token: from Basic Information)",
    "token_revoked": f"install the app to the workspace again {_WHERE}, and copy the new token",
    "token_expired": f"switch off token rotation {_WHERE}, install the app again, and copy the new token",
    "account_inactive": f"install the app to the workspace again {_WHERE}, and copy the new token",
    "not_allowed_token_type": "a bot token begins with xoxb-, an app token with xapp-; they may be mixed up",
    "not_in_channel": "invite the bot to the channel: /invite @Herald",
}


def code(error: BaseException) -> str:
    """Slack's name of an error; empty if it is none of Slack's."""
    data = _data(error)
    return str(data.get("error") or "")


def platform_error(error: BaseException, what: str) -> PlatformError:
    """An error as one line for the operator; `what` is the token or the call that Slack did not accept."""
    found = code(error)
    if not found:
        return PlatformError(f"Slack cannot be reached ({type(error).__name__}): check the network, then try again.")
    if found == "missing_scope":
        needed = _data(error).get("needed") or "a scope"
        if needed == "connections:write":
            return PlatformError(f"SLACK_APP_TOKEN lacks {needed}: make another under Basic Information {_WHERE}.")
        return PlatformError(
            f"The app lacks {needed} (missing_scope): add it under OAuth & Permissions {_WHERE}, and install it again."
        )
    advice = _ADVICE.get(found)
    return PlatformError(f"Slack does not accept {what} ({found}){f': {advice}' if advice else ''}.")


def _data(error: BaseException) -> dict[str, object]:
    response = error.response if isinstance(error, SlackApiError) else None
    data = getattr(response, "data", response)
    return data if isinstance(data, dict) else {}
