"""`herald serve`: reads settings and tokens, and runs the adapters until it is told to stop."""

import asyncio
from collections.abc import Sequence

from bot import serve as serving
from bot.cli_setup import opened_app
from bot.errors import UsageError
from bot.faults import open_log
from bot.settings import load_settings
from bot.tokens import read_tokens


def serve(named: Sequence[str], model: str | None) -> None:
    """Run the platforms named, or all that have tokens; raises SettingsError and PlatformError."""
    unknown = [name for name in named if name not in serving.PLATFORMS]
    if unknown:
        raise UsageError(f"There is no platform {unknown[0]!r}; there are {' and '.join(serving.PLATFORMS)}.")
    settings, tokens = load_settings(model=model), read_tokens()
    platforms = serving.chosen_platforms(named, tokens, settings)
    open_log(settings.data_dir)
    asyncio.run(serving.serve(platforms, settings, tokens, lambda report: opened_app(settings, report), _say))


def _say(line: str) -> None:
    print(line, flush=True)
