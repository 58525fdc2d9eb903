"""The local port of a running bot: /healthz, /readyz and /metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from aiohttp import web

from bot.errors import SettingsError
from bot.operations.measures import Measures
from bot.operations.readiness import Readiness
from bot.settings import OperationsSettings

_CLOSING = 1.0  # seconds
_METRICS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


@asynccontextmanager
async def open_health(settings: OperationsSettings, measures: Measures, readiness: Readiness) -> AsyncIterator[str]:
    """Answer on the port that is set; yields its address, "" if none is set. Raises SettingsError if it is taken."""
    if settings.port is None:
        yield ""
        return
    runner = web.AppRunner(_pages(measures, readiness), access_log=None, shutdown_timeout=_CLOSING)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            reason = error.strerror or type(error).__name__
            raise SettingsError(
                f"HERALD_OPERATIONS__PORT: {where} cannot be listened on ({reason}); set another."
            ) from error
        host, port = runner.addresses[0][:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        await runner.cleanup()


def _pages(measures: Measures, readiness: Readiness) -> web.Application:
    async def alive(request: web.Request) -> web.Response:
        # That this is answered shows that the event loop turns: it is the one that serves the platforms.
        return web.json_response({"alive": True})

    async def ready(request: web.Request) -> web.Response:
        checks = await readiness.checks()
        is_ready = all(check.ok for check in checks.values())
        told = {"ready": is_ready} | {name: asdict(check) for name, check in checks.items()}
        return web.json_response(told, status=200 if is_ready else 503)

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=await asyncio.to_thread(measures.text), headers=_METRICS)

    pages = web.Application()
    pages.router.add_get("/healthz", alive)
    pages.router.add_get("/readyz", ready)
    pages.router.add_get("/metrics", metrics)
    return pages
