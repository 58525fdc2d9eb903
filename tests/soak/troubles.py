"""What goes wrong during a soak: connections, limits, duplicates, and processes that are killed and come back."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tests.platforms.discord_server import DiscordServer
from tests.platforms.slack_server import SlackServer
from tests.servers import Server
from tests.soak.on_slack import duplicated
from tests.soak.people import Crowd
from tests.soak.process import BotProcess
from tests.soak.tally import Tally

Trouble = Callable[[], Awaitable[None]]
_BACK_WITHIN = 60.0


class Troubles:
    """Makes trouble on both platforms, and with the processes."""

    def __init__(
        self,
        discord: DiscordServer,
        slack: SlackServer,
        bot: BotProcess,
        crowd: Crowd,
        tally: Tally,
        chance: random.Random,
    ) -> None:
        self._discord = discord
        self._slack = slack
        self._bot = bot
        self._crowd = crowd
        self.tally = tally
        self._chance = chance

    def of_platforms(self) -> list[Trouble]:
        """What the bot has to live through without losing anything."""
        return [
            self.drop_discord,
            self.drop_slack,
            self.repeat_on_discord,
            self.repeat_on_slack,
            self.throttle_discord,
            self.limit_slack,
            self.reconnect_discord,
            self.refresh_slack,
            self.fail_discord,
            self.fail_slack,
            self.end_discords_session,
        ]

    @property
    def restarts(self) -> tuple[Trouble, Trouble]:
        """What happens to the bot itself."""
        return self.kill_the_bot, self.restart_the_bot

    async def make(self, trouble: Trouble) -> None:
        """Make a trouble, and count it."""
        self.tally.troubles[getattr(trouble, "__name__", "").replace("_", " ").strip("<> ")] += 1
        await trouble()

    async def drop_discord(self) -> None:
        """The gateway's connection breaks; it is resumed, and what was missed is sent again."""
        self._discord.drop()

    async def reconnect_discord(self) -> None:
        """Discord asks the bot to connect again."""
        self._discord.reconnect()

    async def end_discords_session(self) -> None:
        """The session ends and nothing of it is sent again: people wait until the bot is shown as online."""
        async with self._away():
            self._discord.invalidate_session()
            await self._discord.until(lambda: not self._discord.online, _BACK_WITHIN)

    async def throttle_discord(self) -> None:
        """Discord asks to wait."""
        for match in ("PATCH ", "POST /channels", "POST /webhooks"):
            self._discord.throttle(match, self._chance.uniform(0.2, 1.0))

    async def fail_discord(self) -> None:
        """Discord's servers fail."""
        self._discord.fail("PATCH ", 503)

    async def repeat_on_discord(self) -> None:
        """Discord sends an event twice."""
        with suppress(IndexError):  # nothing was said yet in the session
            self._discord.repeat("MESSAGE_CREATE")

    async def drop_slack(self) -> None:
        """The socket breaks without a word."""
        await self._slack.drop_connections(abruptly=True)

    async def refresh_slack(self) -> None:
        """Slack asks the bot to connect again."""
        self._slack.disconnect("refresh_requested")

    async def limit_slack(self) -> None:
        """Slack asks to wait."""
        for method in ("chat.postMessage", "chat.update", "chat.startStream", "assistant.threads.setStatus"):
            self._slack.rate_limit(method, retry_after=1)

    async def fail_slack(self) -> None:
        """Slack's connections break in the middle of a call."""
        for method in ("chat.appendStream", "chat.stopStream", "chat.update"):
            self._slack.heal(method)  # no more than one at a time
            self._slack.drop_calls(method)

    async def repeat_on_slack(self) -> None:
        """Slack sends events twice."""
        for delivery in [it for it in self._slack.deliveries[-30:] if duplicated(it)][-3:]:
            self._slack.redeliver(delivery)

    async def kill_the_bot(self) -> None:
        """The bot crashes and is started again."""
        async with self._away():
            await self._bot.kill()
            await self._restarted()

    async def restart_the_bot(self) -> None:
        """The bot is told to stop, as for an update, and started again."""
        async with self._away():
            await self._bot.stop()
            await self._restarted()

    async def restart(self, server: Server) -> None:
        """A server that the bot needs crashes, and comes back after some seconds."""
        for one in self.tally.asked:
            one.troubled = one.troubled or one.ended is None
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(2)  # it takes so long to be noticed and started again
        server.start()
        await server.ready()

    async def _restarted(self) -> None:
        self.tally.samples.clear()
        await self._bot.start()

    @asynccontextmanager
    async def _away(self) -> AsyncIterator[None]:
        """Nobody asks anything new while the bot is away; what was asked before counts as hit by it."""
        self._crowd.there.clear()
        for one in self.tally.asked:
            one.troubled = one.troubled or one.ended is None
        try:
            yield
            await self._discord.until(lambda: self._discord.online, _BACK_WITHIN)
            await self._slack.connected(within=_BACK_WITHIN)
        finally:
            self._crowd.there.set()
