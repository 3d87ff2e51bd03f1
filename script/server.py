"""Keep the parts of a server running: started in order, stopped in reverse, one that dies is started
again."""

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass

from asterisk.folders import state_folder
from db.cluster import Cluster, ClusterError
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.migrate import MigrationRefused
from script.install import choices_of, install

STOP_LIMIT = 30.0
"""Seconds for a part to end by itself; the worker lets a call finish what it says."""
AGAIN_AFTER = 2.0
FIRST_TRIES = 3
"""So often may a part end within its first seconds before the server gives up and says so."""


@dataclass
class Part:
    """A program of the server."""

    name: str
    arguments: tuple[str, ...]
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        say(f"{self.name}: starting")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *self.arguments, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
        )

    async def stop(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        say(f"{self.name}: stopping")
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(STOP_LIMIT):
                await self.process.wait()
        except TimeoutError:
            say(f"{self.name}: did not stop within {STOP_LIMIT:.0f} s, ended by force")
            end_group(self.process.pid)
            await self.process.wait()

    async def keep(self) -> None:
        """Start it again whenever it ends; returns only when it can't stay up."""
        loop, short = asyncio.get_running_loop(), 0
        while short < FIRST_TRIES:
            if self.process is None:
                await self.start()
            assert self.process is not None
            began = loop.time()
            code = await self.process.wait()
            end_group(self.process.pid)
            short = short + 1 if loop.time() - began < 5 else 0
            say(f"{self.name}: ended with code {code}; starting it again")
            self.process = None
            await asyncio.sleep(AGAIN_AFTER)
        say(f"{self.name}: ends as soon as it starts; giving up. What it said stands above.")


def end_group(leader: int) -> None:
    """Kill what is left of a part. Processes that Kamailio has forked outlive it when it is killed, and keep its ports."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def say(text: str) -> None:
    sys.stderr.write(f"[server] {text}\n")


async def serve(parts: list[Part]) -> int:
    """Run until a signal (0) or until a part can't be kept up (1)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keepers: set[asyncio.Task[object]] = set()
    for part in parts:
        await part.start()
        keepers.add(asyncio.create_task(part.keep()))
    asked = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({asked, *keepers}, return_when=asyncio.FIRST_COMPLETED)
    for task in (asked, *keepers):
        task.cancel()
    await asyncio.gather(asked, *keepers, return_exceptions=True)
    for part in reversed(parts):
        await part.stop()
    return 0 if asked in done else 1


def main() -> int:
    state = state_folder()
    cluster = Cluster(state / "postgres")
    try:
        say("PostgreSQL: starting")
        cluster.start()
    except ClusterError as error:
        say(str(error))
        return 1
    try:
        installed = install(state, cluster.dsn_prefix, choices_of(os.environ))
        return asyncio.run(
            serve([
                Part("Asterisk", ("-m", "asterisk", "node")),
                *([Part("SIP front", ("-m", "asterisk", "front"))] if os.environ.get("EXPERTLINE_FRONT_PORTS") else []),
                Part("worker", ("-m", "ivr", str(installed.ivr_settings))),
                Part("console", ("-m", "web", str(installed.web_settings))),
                Part("auditor", ("-m", "drawing.audit", str(installed.audit_settings), "--nightly")),
            ])
        )  # fmt: skip
    except (DatabaseError, MigrationRefused, KeyFileRefused, ValueError) as error:
        say(str(error))
        return 1
    finally:
        say("PostgreSQL: stopping")
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
