"""`python -m web SETTINGS.toml`: the console's process.

It speaks no TLS: it listens on loopback, or behind a proxy that the settings name. Exit codes: 0 stopped by a signal; 1
something is missing, the message says what; 2 wrong arguments.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.logs import start_logging
from db.settings_file import SettingsRefused
from web.app import create_app
from web.settings import Settings
from web.slow_clients import HEAD_SECONDS, allow_many_connections

LOG = logging.getLogger("web")
GRACE_SECONDS = 5.0  # for requests under way when it is told to stop


class PortTaken(Exception):
    """Nothing can listen where the settings say."""


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; requests under way are answered first."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = runner_of(create_app(settings))
    await runner.setup()
    try:
        await _listen(runner, settings)
        LOG.info("the console is at %s", settings.public_url or f"http://{_host(settings)}:{settings.port}/")
        if settings.development.identities:
            LOG.warning("development identities are on: anybody on this machine may log in as anybody")
        await stop.wait()
    finally:
        await runner.cleanup()


def runner_of(app: web.Application) -> web.AppRunner:
    """With what protects every console from slow clients."""
    # aiohttp's "keep-alive" runs from the connection too, until a request's head is whole
    return web.AppRunner(app, shutdown_timeout=GRACE_SECONDS, access_log=None, keepalive_timeout=HEAD_SECONDS)


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise PortTaken(
            f"can't listen on {_host(settings)} port {settings.port} ({error.strerror or error}): "
            "stop what uses it, or set another port in the settings"
        ) from None


def _host(settings: Settings) -> str:
    return f"[{settings.host}]" if ":" in settings.host else settings.host


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    start_logging()
    allow_many_connections()
    if len(arguments) != 1:
        print("usage: python -m web SETTINGS.toml", file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(Settings.read(Path(arguments[0]))))
    except DatabaseError as error:
        return _tell(f"{error}; see whether PostgreSQL runs and whether dsn in {arguments[0]} is right")
    except (SettingsRefused, PortTaken, KeyFileRefused) as error:
        return _tell(str(error))
    return 0


def _tell(message: str) -> int:
    print(f"web: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
