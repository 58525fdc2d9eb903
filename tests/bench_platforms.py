"""Measures how quickly the chat platforms' adapters react while questions wait: `python -m tests.bench_platforms`.

The real client talks to the local server of `tests/platforms`, and the embedded default model answers. Not a test.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.adapters.opening import Opening, Report
from bot.app import App, open_app
from bot.serving.desk import Desk
from bot.settings import load_settings
from bot.tokens import Tokens

WAITING = 20
TRIES = 5
QUESTIONS = (
    "What is the announcement about?",
    "Who is left out by the license?",
    "What must a copy carry with it?",
    "Where does the computing happen today?",
)

Row = tuple[str, str]
Measure = Callable[[Desk, Path], Coroutine[Any, Any, list[Row]]]


def main(named: Sequence[str]) -> None:
    """Measure the platforms named, or all, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(named, Path(folder)))
    print("| what | measured |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")


async def measure(named: Sequence[str], folder: Path) -> list[Row]:
    """The rows of the platforms named, or of all."""
    rows: list[Row] = []
    async with open_app(load_settings(model="smollm2-135m", data_dir=folder)) as app:
        for platform, measured in PLATFORMS.items():
            if not named or platform in named:
                async with _desk(app) as desk:
                    rows += await measured(desk, folder)
    return rows


@asynccontextmanager
async def _desk(app: App) -> AsyncIterator[Desk]:
    @asynccontextmanager
    async def opened(report: Report) -> AsyncIterator[App]:
        yield app

    async with Opening(opened) as opening:
        yield Desk(app.library, opening, app.settings.serving, parallel=1)


async def _discord(desk: Desk, folder: Path) -> list[Row]:
    from bot.adapters.discord import DiscordAdapter
    from bot.settings import DiscordSettings
    from tests.platforms.discord_server import DiscordServer  # before the adapter: it quiets discord.py's import

    async with DiscordServer() as server:
        there = DiscordSettings(api_url=server.api_url, gateway_url=server.gateway_url)
        settings = load_settings(data_dir=folder, discord=there)
        adapter = DiscordAdapter(desk, settings, Tokens(discord=server.token), lambda line: None)
        running = asyncio.create_task(adapter.run())
        await server.until(lambda: server.online and server.commands, within=20)
        people = [server.add_user(f"Person {number}", server.guild) for number in range(WAITING)]
        for number, person in enumerate(people):
            server.slash(person, server.general, "ask", question=QUESTIONS[number % len(QUESTIONS)])
        await server.until(lambda: desk.waiting == WAITING, within=20)
        acknowledged, shown = [], []
        for number in range(TRIES):
            before = desk.waiting
            asker = server.add_user(f"Late {number}", server.guild)
            asked = server.slash(asker, server.general, "ask", question=QUESTIONS[0])
            await server.until(lambda asked=asked: asked.acknowledged_after is not None, within=20)  # type: ignore[misc]
            acknowledged.append(asked.acknowledged_after or 0.0)
            mentioned = server.say(asker, server.general, QUESTIONS[1], mention=True)
            thread = await server.until(lambda mentioned=mentioned: mentioned.thread, within=20)  # type: ignore[misc]
            assert thread is not None
            (status, *_) = await server.until(lambda thread=thread: server.replies(thread), within=20)  # type: ignore[misc]
            shown.append(status.versions[0].at - mentioned.created)
            # The next try is at another moment of the model's work.
            await server.until(lambda before=before: desk.waiting < before + 2, within=60)  # type: ignore[misc]
        await server.until(lambda: desk.waiting == 0, within=600)
        await adapter.aclose()
        await running
        if server.violations:
            raise SystemExit("\n".join(server.violations))
    return _rows("Discord", {"slash command acknowledged": acknowledged, "status after a mention": shown})


async def _slack(desk: Desk, folder: Path) -> list[Row]:
    from bot.adapters.slack import SlackAdapter
    from bot.settings import SlackSettings
    from tests.platforms.slack_server import SlackServer

    async with SlackServer() as slack:
        settings = load_settings(data_dir=folder, slack=SlackSettings(api_url=slack.api_url))
        tokens = Tokens(slack_bot=slack.bot_token, slack_app=slack.app_token)
        adapter = SlackAdapter(desk, settings, tokens, lambda line: None)
        running = asyncio.create_task(adapter.run())
        await slack.connected()
        for number in range(WAITING):
            slack.dm(slack.add_user(f"person{number}"), QUESTIONS[number % len(QUESTIONS)])
        await slack.until(lambda: desk.waiting == WAITING, within=20)
        acknowledged, shown = [], []
        for number in range(TRIES):
            before = desk.waiting
            asker = slack.add_user(f"late{number}")
            asked = await slack.acked(slack.slash(asker, "general", "/ask", QUESTIONS[0]), within=20)
            acknowledged.append(asked.acked_after or 0.0)
            mentioned = slack.mention(asker, "general", QUESTIONS[1])
            said = slack.now()
            await slack.until(lambda mentioned=mentioned: slack.status(mentioned), within=20)  # type: ignore[misc]
            shown.append(next(it.at for it in slack.statuses if it.thread_ts == mentioned.ts) - said)
            # The next try is at another moment of the model's work.
            await slack.until(lambda before=before: desk.waiting < before + 2, within=60)  # type: ignore[misc]
        await desk.drain()
        await desk.idle()
        await adapter.aclose()
        await running
        if slack.violations:
            raise SystemExit("\n".join(slack.violations))
    return _rows("Slack", {"slash command acknowledged": acknowledged, "status after a mention": shown})


def _rows(platform: str, seconds: dict[str, list[float]]) -> list[Row]:
    return [
        (
            f"{platform}: {what} while {WAITING} or more questions wait, median and slowest of {len(times)}",
            f"{statistics.median(times):.3f} s, {max(times):.3f} s",
        )
        for what, times in seconds.items()
    ]


PLATFORMS: dict[str, Measure] = {"discord": _discord, "slack": _slack}

if __name__ == "__main__":
    main(sys.argv[1:])
