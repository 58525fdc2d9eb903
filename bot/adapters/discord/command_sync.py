"""Telling Discord of the commands, only when they have changed: the number of times is limited."""

import asyncio
import hashlib
import json
from pathlib import Path

from bot.adapters.discord.slash import Tree

_FILE = "discord_commands.json"


async def sync_if_changed(tree: Tree, application_id: int, folder: Path) -> bool:
    """Send the commands unless those that this application was sent last are the same; whether they were sent."""
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
    sent = await asyncio.to_thread(_read, folder)
    if sent.get(str(application_id)) == digest:
        return False
    await tree.sync()
    await asyncio.to_thread(_write, folder, sent | {str(application_id): digest})
    return True


def _read(folder: Path) -> dict[str, str]:
    """The digests by application; a file that cannot be read only means that the commands are sent again."""
    try:
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(folder: Path, digests: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FILE).write_text(json.dumps(digests), encoding="utf-8")
    except OSError:
        return
