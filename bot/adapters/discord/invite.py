"""The least that Herald needs on a server, and the link that asks for it."""

import discord

NEEDED: dict[str, str] = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "create_public_threads": "Create Public Threads",
    "read_message_history": "Read Message History",
}
"""Each permission by discord.py's name, with the name that Discord shows."""


def invite_link(application_id: int) -> str:
    """The link that adds the bot to a server, with the least permissions."""
    permissions = discord.Permissions(**dict.fromkeys(NEEDED, True))
    return discord.utils.oauth_url(application_id, permissions=permissions, scopes=("bot", "applications.commands"))


def missing_permissions(granted: discord.Permissions) -> list[str]:
    """What is missing of it, as Discord names it."""
    return [shown for name, shown in NEEDED.items() if not (granted.administrator or getattr(granted, name))]
