"""`herald serve`: reads settings and tokens, and runs the adapters until it is told to stop."""

import asyncio
import logging
import sys
from collections.abc import Sequence

from bot import serve as serving
from bot.cli_setup import opened_app
from bot.errors import UsageError
from bot.faults import open_log
from bot.operations.logs import form_of, open_logs
from bot.operations.measures import Measures
from bot.redaction import Redaction, secrets_of
from bot.settings import load_settings
from bot.tokens import read_tokens

_log = logging.getLogger(__name__)


def serve(named: Sequence[str], model: str | None) -> None:
    """Run the platforms named, or all that have tokens; raises SettingsError and PlatformError."""
    unknown = [name for name in named if name not in serving.PLATFORMS]
    if unknown:
        raise UsageError(f"There is no platform {unknown[0]!r}; there are {' and '.join(serving.PLATFORMS)}.")
    settings, tokens = load_settings(model=model), read_tokens()
    platforms = serving.chosen_platforms(named, tokens, settings)
    redact, measures = Redaction(secrets_of(settings, tokens)), Measures()
    open_log(settings.data_dir, redact)
    form = form_of(settings.operations.logs, sys.stderr)
    say = _log.info if form == "json" else _say
    with open_logs(form, redact):
        asyncio.run(
            serving.serve(
                platforms,
                settings,
                tokens,
                lambda report: opened_app(settings, report, measures.wrote),
                say,
                measures,
            )
        )


def _say(line: str) -> None:
    print(line, flush=True)
