"""Keep the parts of a server running: one server per state folder, calls end before anything else does.

    script/server          until SIGTERM, SIGINT (Ctrl-C) or SIGHUP. SIGQUIT (Ctrl-\\): calls that are on the line are cut off

A part that ends is started again, PostgreSQL too, and no part ends another one. Told to stop, it first lets the worker end its
calls, while all the others go on; then it stops Asterisk, the console, and PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from asterisk.folders import state_folder
from db.cluster import Cluster, ClusterError
from script import held_signals
from script.parts import CARRIER, HURRY, Database, Part, StaysDown, end_left, say
from script.state_lock import Locked, locked

STOPS_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Asked:
    """What signals have asked for. `stop`: end in order; `at_once`: wait for no call."""

    def __init__(self) -> None:
        self.stop, self.at_once = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOPS_ON:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
                loop.add_signal_handler(number, self._stop, number)
        loop.add_signal_handler(signal.SIGQUIT, self._at_once)
        for number in held_signals.waiting():  # sent while all this was imported
            if signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._at_once() if number is signal.SIGQUIT else self._stop(number)
        held_signals.let_go()

    def _stop(self, number: signal.Signals) -> None:
        if self.stop.is_set():
            say(f"{number.name}: stopping already; calls that are on the line end first. {HURRY.format(os.getpid())}")
        else:
            say(f"{number.name}: stopping")
        self.stop.set()

    def _at_once(self) -> None:
        say("SIGQUIT: stopping at once; who is on the line is cut off")
        self.stop.set()
        self.at_once.set()


def parts_of(state: Path, environment: Mapping[str, str]) -> list[Part]:
    """The parts of a server, in the order in which they are stopped."""
    front = [Part("SIP front", ("-m", "asterisk", "front"), needed=True)] if environment.get("EXPERTLINE_FRONT_PORTS") else []
    return [
        Part("worker", ("-m", "ivr", str(state / "ivr.toml")), needed=True, has_calls=True),
        Part("auditor", ("-m", "drawing.audit", str(state / "audit.toml"), "--nightly")),
        Part(CARRIER, ("-m", "asterisk", "node"), needed=True),
        *front,
        Part("console", ("-m", "web", str(state / "web.toml"))),
    ]


async def serve(state: Path, parts: list[Part], database: Database, asked: Asked) -> int:
    """Until a signal (0), or until something can't be started (1)."""
    installing = Part("install", ("-m", "script.install"), environment={"EXPERTLINE_OWNER_DSN": database.dsn_prefix})
    for part in (*parts, installing):
        part.state, part.at_once = state, asked.at_once
    if asked.stop.is_set():
        return 0
    try:
        await database.start()
    except ClusterError as error:
        say(str(error))
        return 1
    keeping = asyncio.create_task(database.keep())
    try:
        await end_left([*parts, installing], state)
        if asked.stop.is_set():
            return 0
        if await installing.once(asked.stop):
            return 0 if asked.stop.is_set() else 1
        return await keep(parts, asked)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await database.stop()


async def keep(parts: list[Part], asked: Asked) -> int:
    """Start all, and keep them until a signal (0) or until one that is needed does not come up (1); stop them in order."""
    told = asyncio.create_task(asked.stop.wait())
    keepers = [asyncio.create_task(part.keep()) for part in reversed(parts)]
    code = 0
    try:
        await asyncio.wait([told, *keepers], return_when=asyncio.FIRST_COMPLETED)
        for keeper in keepers:
            if keeper.done():
                keeper.result()
    except StaysDown as error:
        say(str(error))
        code = 1
    finally:
        told.cancel()
        for part in parts:
            await part.stop()
        await asyncio.gather(*keepers, return_exceptions=True)
    return code


async def run(state: Path) -> int:
    """0: stopped by a signal; 1: not started, and why."""
    asked = Asked()
    try:
        with locked(state):
            return await serve(state, parts_of(state, os.environ), Database(Cluster(state / "postgres")), asked)
    except (Locked, OSError) as error:
        say(str(error))
        return 1


async def _whole_run(state: Path) -> int:
    """After it nothing runs any more: another signal changes no exit code."""
    try:
        return await run(state)
    finally:
        held_signals.hold()


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="script/server", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.parse_args()
    return asyncio.run(_whole_run(state_folder().absolute()))


if __name__ == "__main__":
    sys.exit(main())
