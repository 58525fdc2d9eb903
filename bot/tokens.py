"""The platforms' secrets, read from the environment only, and never shown."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.settings import Settings

NAMES = ("DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_SECRET")
"""The variables that hold them, in the order of the fields of `Tokens`."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the platforms gave to know the bot by; its representation shows none of it."""

    discord: str = field(default="", repr=False)
    slack_bot: str = field(default="", repr=False)
    slack_app: str = field(default="", repr=False)
    slack_signing_secret: str = field(default="", repr=False)
    slack_client_secret: str = field(default="", repr=False)

    def missing(self, platform: str, settings: Settings) -> tuple[str, ...]:
        """The names of the variables that a platform still needs."""
        if platform == "discord":
            needed = {"DISCORD_TOKEN": self.discord}
        elif settings.slack.transport == "socket":
            needed = {"SLACK_BOT_TOKEN": self.slack_bot, "SLACK_APP_TOKEN": self.slack_app}
        elif settings.slack.client_id:
            needed = {
                "SLACK_CLIENT_SECRET": self.slack_client_secret,
                "SLACK_SIGNING_SECRET": self.slack_signing_secret,
            }
        else:
            needed = {"SLACK_BOT_TOKEN": self.slack_bot, "SLACK_SIGNING_SECRET": self.slack_signing_secret}
        return tuple(name for name, value in needed.items() if not value)


def read_tokens(environment: Mapping[str, str] = os.environ) -> Tokens:
    """The secrets that are set; white space around them is none of them."""
    return Tokens(*(environment.get(name, "").strip() for name in NAMES))
