"""Discord's refusals of the bot as PlatformErrors, which say which switch to set."""

import aiohttp
import discord

from bot.errors import PlatformError

PORTAL = "https://discord.com/developers/applications"
BAD_TOKEN = f"Discord does not accept DISCORD_TOKEN: copy it anew from {PORTAL}, your application, Bot, Reset Token."
NO_CONTENT = (
    "HERALD_DISCORD__MESSAGE_CONTENT (or an answer-all channel) needs the Message Content Intent: switch it on at "
    f"{PORTAL}, your application, Bot."
)
_BANNED = "Discord refuses this address for now, after too many faulty requests; wait some minutes, then start again."


def platform_error(error: Exception) -> PlatformError | None:
    """What an error of starting or running the bot means; None if it is no refusal."""
    match error:
        case discord.LoginFailure():
            return PlatformError(BAD_TOKEN)
        case discord.PrivilegedIntentsRequired():
            return PlatformError(NO_CONTENT)
        case discord.ConnectionClosed():
            # 4004 is a token that was reset while the bot ran; the others would come back on each try.
            return PlatformError(BAD_TOKEN if error.code == 4004 else f"Discord closed the connection ({error.code}).")
        case discord.HTTPException():
            banned = error.status == 429
            return PlatformError(_BANNED if banned else f"Discord refuses the bot: {error.status} {error.text[:100]}")
        case discord.GatewayNotFound() | aiohttp.ClientError() | OSError() | TimeoutError():
            return PlatformError(f"Discord cannot be reached ({type(error).__name__}): check the network or the proxy.")
    return None
