"""Herald on Discord; only this package knows discord.py."""

from bot.adapters.discord.adapter import DiscordAdapter

__all__ = ["DiscordAdapter"]
