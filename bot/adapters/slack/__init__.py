"""Herald on Slack."""

from bot.adapters.slack.adapter import SlackAdapter

__all__ = ["SlackAdapter"]
