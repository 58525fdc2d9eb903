"""Secrets never get into a log: they are taken out of every line that is written, whoever wrote it."""

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.tokens import Tokens

HIDDEN = "[secret]"
_SHORTEST = 6
"""A shorter text is no token, and stands in words."""
_FORMS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+"  # Slack's tokens, of workspaces that installed the app too
    r"|(?<=Bearer )\S+|(?<=Bot )[\w-]+\.[\w.-]+"
    r"|(?<=://)[^/\s@]+(?=@)"  # a name and password in an address
    # What answers one interaction, and where one command is answered.
    r"|(?<=webhooks/)\d+/[\w-]{20,}|(?<=interactions/)\d+/[\w-]{20,}|(?<=hooks\.slack\.com/)\S+"
)


class Redaction:
    """Takes known secrets out of a text, and whatever has the form of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST}
        known |= {json.dumps(secret)[1:-1] for secret in known}
        self._known = sorted(known, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return _FORMS.sub(HIDDEN, text)


def secrets_of(settings: "Settings", tokens: "Tokens") -> list[str]:
    """Every secret that this process was given."""
    key = settings.models.api_key
    urls = [urlsplit(url) for url in (settings.model, settings.knowledge.chroma_url or "") if "@" in url]
    return [
        tokens.discord,
        tokens.slack_bot,
        tokens.slack_app,
        tokens.slack_signing_secret,
        tokens.slack_client_secret,
        key.get_secret_value() if key else "",
        *(url.password or "" for url in urls),
    ]
