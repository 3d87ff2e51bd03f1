"""What script/server does with parts that end."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from script import server
from script.server import Part

FORKS = """
import os, sys, time
if os.fork() == 0:
    with open(sys.argv[1], "a") as told:
        told.write(f"{os.getpid()}\\n")
time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def children(told: Path, count: int) -> list[int]:
    """The children's ids, once so many have been started."""
    while True:
        lines = told.read_text().splitlines() if told.exists() else []
        if len(lines) >= count:
            return [int(line) for line in lines]
        await asyncio.sleep(0.01)


async def test_what_a_killed_part_has_forked_ends_before_it_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kamailio's children keep its ports; it could not start beside them."""
    monkeypatch.setattr(server, "AGAIN_AFTER", 0.0)
    told = tmp_path / "children"
    part = Part("a part", ("-c", FORKS, str(told)))
    keeping = asyncio.create_task(part.keep())
    try:
        (first,) = await children(told, 1)
        assert part.process is not None
        os.kill(part.process.pid, 9)
        _, second = await children(told, 2)
        async with asyncio.timeout(60):
            while alive(first):
                await asyncio.sleep(0.01)
        assert alive(second)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        if part.process is not None:
            server.end_group(part.process.pid)
            await part.process.wait()
