"""One soak from start to end."""

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.platforms.discord_server import DiscordServer
from tests.platforms.slack_server import SlackServer
from tests.servers import Server, llama_server
from tests.soak.on_discord import OnDiscord
from tests.soak.on_slack import OnSlack
from tests.soak.people import WITHIN, Crowd
from tests.soak.process import BotProcess
from tests.soak.tally import Asked, Tally
from tests.soak.troubles import Troubles

_SAMPLED = 5.0  # seconds
_RESTARTS = (0.08, 0.14)
"""When the bot is killed, and when it is restarted, as shares of the whole: early, so that memory is seen for long."""


@dataclass(frozen=True)
class Plan:
    """How a soak is to be: its length, how many people on each platform, and whether a llama server is behind it."""

    minutes: float
    people: int = 3
    pause: float = 6.0
    llama: bool = False
    seed: int = 1
    every: float = 15.0
    """Seconds between two troubles."""
    index: Path | None = None
    """A data folder whose index is taken over, which saves a minute."""


async def soak(plan: Plan, folder: Path) -> Tally:
    """Run it in a folder; takes as long as the plan says, and until everything is answered."""
    tally, chance, began = Tally(), random.Random(plan.seed), time.monotonic()

    def asked(platform: str, way: str, text: str) -> Asked:
        tally.asked.append(one := Asked(platform, way, time.monotonic() - began, text))
        return one

    if plan.index is not None:
        shutil.copytree(plan.index / "index", folder / "data" / "index")
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(DiscordServer(heartbeat_interval=8))
        slack = await stack.enter_async_context(SlackServer())
        llama = await stack.enter_async_context(_llama(folder)) if plan.llama else None
        bot = BotProcess(folder, _variables(discord, slack, llama))
        stack.push_async_callback(bot.stop)
        await bot.start()
        crowd = Crowd(chance, asked)
        troubles = Troubles(discord, slack, bot, crowd, tally, chance)
        began = time.monotonic()
        await _live(
            plan,
            crowd,
            (OnDiscord(discord, plan.people, crowd.there), OnSlack(slack, plan.people, crowd.there)),
            troubles,
            bot,
            llama,
        )
        tally.seconds = time.monotonic() - began
        for one in tally.asked:
            one.close()
        await _sample(bot, tally)
        await bot.stop()
        bot.read_log(tally, [discord.token, slack.bot_token, slack.app_token])
        tally.violations = [*discord.violations, *slack.violations]
    return tally


async def _live(
    plan: Plan,
    crowd: Crowd,
    platforms: tuple[OnDiscord, OnSlack],
    troubles: Troubles,
    bot: BotProcess,
    llama: Server | None,
) -> None:
    """People ask and things go wrong for as long as the plan says; then everybody gets their answer."""
    people = [
        asyncio.create_task(crowd.live(user, platform.ways, plan.pause))
        for platform in platforms
        for user in platform.people
    ]
    crowd.there.set()
    background = [
        asyncio.create_task(_go_wrong(plan, troubles, llama)),
        asyncio.create_task(_watch(bot, troubles.tally)),
    ]
    await asyncio.wait([*people, *background], timeout=plan.minutes * 60, return_when=asyncio.FIRST_EXCEPTION)
    crowd.leave()
    for task in background:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*background)
    async with asyncio.timeout(3 * WITHIN):
        await asyncio.gather(*people)


async def _go_wrong(plan: Plan, troubles: Troubles, llama: Server | None) -> None:
    """One trouble after the other; the restarts of the bot at their times."""
    began = time.monotonic()
    restarts = [
        (share * plan.minutes * 60, trouble) for share, trouble in zip(_RESTARTS, troubles.restarts, strict=True)
    ]

    async def restart_the_llama_server() -> None:
        if llama is not None:
            await troubles.restart(llama)

    while True:
        for trouble in [*troubles.of_platforms(), *([restart_the_llama_server] if llama else [])]:
            await asyncio.sleep(plan.every)  # the pace of the troubles
            if restarts and time.monotonic() - began >= restarts[0][0]:
                await troubles.make(restarts.pop(0)[1])
            await troubles.make(trouble)


async def _watch(bot: BotProcess, tally: Tally) -> None:
    while True:
        await _sample(bot, tally)
        await asyncio.sleep(_SAMPLED)  # the pace of the samples


async def _sample(bot: BotProcess, tally: Tally) -> None:
    async with aiohttp.ClientSession() as client:
        if (found := await bot.sample(client)) is not None:
            sample, outcomes = found
            tally.samples.append(sample)
            tally.outcomes.clear()
            tally.outcomes.update({name: int(value) for name, value in outcomes.items()})


@asynccontextmanager
async def _llama(folder: Path) -> AsyncIterator[Server]:
    server = llama_server(folder)
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        await asyncio.to_thread(server.stop)


def _variables(discord: DiscordServer, slack: SlackServer, llama: Server | None) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": discord.token,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "HERALD_DISCORD__API_URL": discord.api_url,
        "HERALD_DISCORD__GATEWAY_URL": discord.gateway_url,
        "HERALD_SLACK__API_URL": slack.api_url,
        "HERALD_MODEL": llama.url if llama is not None else "smollm2-135m",
    }
