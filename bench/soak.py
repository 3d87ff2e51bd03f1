"""Many short calls one after the other: whether memory and file descriptors stay as they are.

    script/bench soak [--calls 5000] [--rate 25] [--telephones sipp] [--json]

The project as in bench/calls (c). Each process is looked at ten times; caches and allocators have the first half to settle.
Exit status 1 when a call failed, something was left, or a process grew in the second half.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table

from bench.calls import LONGEST_CALL, all_over, nothing_left
from bench.telephony.ground import Kind, Load, ground
from bench.telephony.measured import measured
from bench.telephony.project import project

LOOKS = 10
GROWTH = 0.03  # of the memory in the middle
MORE_FILES = 8


@dataclass(frozen=True, slots=True)
class Look:
    """A process at one moment."""

    rss_mib: float
    files: int
    threads: int

    @classmethod
    def at(cls, pid: int) -> Look:
        status = Path(f"/proc/{pid}/status").read_text()
        numbers = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
        return cls(int(numbers["VmRSS"]) / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())), int(numbers["Threads"]))


@dataclass(frozen=True, slots=True)
class Soaked:
    """All looks at each process, and what became of the calls."""

    calls: int
    failed: Sequence[str]
    refused: int
    looks: Mapping[str, Sequence[Look]]

    @property
    def failures(self) -> int:
        return self.refused + len(self.failed)

    @property
    def grown(self) -> Sequence[str]:
        """The processes whose memory or files have not stayed as they were in the middle."""
        halves = ((name, looks[len(looks) // 2], looks[-1]) for name, looks in self.looks.items())
        return [
            name
            for name, middle, last in halves
            if last.rss_mib > middle.rss_mib * (1 + GROWTH) or last.files > middle.files + MORE_FILES
        ]


async def run(calls: int, rate: float, kind: Kind) -> Soaked:
    """The calls, at that rate."""
    load = Load(rate, calls / rate)
    async with ground(kind) as made, project(made, load) as running:
        pids = {"worker": running.worker.pid, "node": made.node.pid}
        pids |= {f"far end {n}": pid for n, pid in enumerate(made.telephones.pids, 1)}
        looks: dict[str, list[Look]] = {name: [] for name in pids}
        first = asyncio.get_running_loop().time()
        for _ in range(LOOKS):
            await asyncio.sleep(load.seconds / LOOKS)
            for name, pid in pids.items():
                looks[name].append(Look.at(pid))
        seconds = asyncio.get_running_loop().time() - first
        await asyncio.sleep(LONGEST_CALL)
        await running.stop()
        await all_over(made)
        await nothing_left(made)
        log = made.telephones.log()
        ended = [event.at for event in log if event.event == "ended"]
        window = (max(ended) - seconds, max(ended) - LONGEST_CALL)
        receipts, refused = await running.receipts(), await running.refused(window)
        found = measured("soak", rate, window, log, receipts, {}, refused, made.telephones.key_seconds)
        return Soaked(len(ended), found.failed, found.refused, looks)


def table(found: Soaked) -> Table:
    """A line for each process: first, middle and last look."""
    shown = Table(title=f"{found.calls} calls, {found.failures} failures: memory in MiB, open files, threads")
    for title in ("", "first", "middle", "last", "files", "threads", ""):
        shown.add_column(title, justify="left" if not title else "right")
    for name, looks in found.looks.items():
        first, middle, last = looks[0], looks[len(looks) // 2], looks[-1]
        shown.add_row(
            name, *(f"{each.rss_mib:.1f}" for each in (first, middle, last)), f"{first.files} → {last.files}",
            f"{first.threads} → {last.threads}", "grown" if name in found.grown else "",
        )  # fmt: skip
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench soak", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=25.0, help="calls per second")
    parser.add_argument("--telephones", choices=get_args(Kind), default="asterisk", help="who plays them")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    found = asyncio.run(run(given.calls, given.rate, given.telephones))
    if given.json:
        print(json.dumps(asdict(found), indent=1))
    else:
        console = Console(width=None if sys.stdout.isatty() else 120)
        console.print(table(found))
        for call in found.failed:
            console.print(f"failed: {call}", highlight=False)
    return 1 if found.failures or found.grown else 0


if __name__ == "__main__":
    sys.exit(main())
