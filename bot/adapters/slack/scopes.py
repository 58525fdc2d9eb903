"""What the app asks of Slack: scopes and events, the least that serve; `manifest.yaml` asks for the same."""

SCOPES: dict[str, str] = {
    "app_mentions:read": "hear mentions",
    "assistant:write": "the agent view with its suggested prompts",
    "channels:history": "follow-ups in its threads in public channels",
    "chat:write": "answer",
    "commands": "slash commands and the message shortcut",
    "groups:history": "follow-ups in its threads in private channels",
    "im:history": "hear direct messages",
}
"""The bot's scopes, each with what it is for."""

EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
)
"""The events that it listens to."""


def missing_scopes(granted: frozenset[str]) -> tuple[str, ...]:
    """The scopes that a token lacks; none if it is not known which it has."""
    return tuple(scope for scope in SCOPES if scope not in granted) if granted else ()
