"""Watching a demonstration's draw in the terminal: the board, and what is awaited, until something has happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.live import Live
from rich.text import Text

from db.pool import Database
from drawing.board import board
from drawing.lifecycle import ActivityState
from script.board import render, summary
from script.sample import RULES_TO_THE_END
from script.telling import Failed, console, step
from script.waiting import Phase, so_far, until

LIMIT = 15 * 60.0
SAID_EVERY = 30.0  # seconds; where no terminal shows that it goes on


async def watch(db: Database, activity: str, process: asyncio.subprocess.Process, log: Path) -> None:
    """The live board until the draw is sealed, with what is awaited."""
    loop = asyncio.get_running_loop()
    deadline, told, phase, began, said = loop.time() + LIMIT, "", Phase.FIXING, loop.time(), loop.time()
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while loop.time() < deadline:
            if process.returncode is not None:
                raise worker_ended(process, log)
            now = await board(db, activity, RULES_TO_THE_END.unseal_lead_s)
            if (current := Phase.of(now)) is not phase:
                phase, began = current, loop.time()
            awaited = () if now.sealed else so_far(phase, loop.time() - began)
            live.update(render(now, datetime.now(UTC), awaited, console.width))
            line = summary(now)
            if not console.is_terminal and (line != told or loop.time() - said > SAID_EVERY):
                told, said = line, loop.time()
                console.print(line, *awaited, sep="\n  ", soft_wrap=True)
            if now.state is ActivityState.ENDED and not now.sealed:
                raise Failed(
                    "席位未满即到预计评标结束时间：本机过于繁忙",
                    "预计评标结束 came before all seats had agreed: this machine is too busy for the demo's times",
                )
            if now.state is ActivityState.SHORT:
                raise Failed("符合条件的专家已用尽，席位未满", "the eligible were used up before the seats were filled")
            if now.sealed:
                return
            await asyncio.sleep(0.25)
    raise Failed(
        f"{LIMIT / 60:.0f} 分钟内未能封存",
        f"not sealed within {LIMIT / 60:.0f} minutes; the worker said:\n{log.read_text()[-2000:]}",
    )


def worker_ended(process: asyncio.subprocess.Process, log: Path) -> Failed:
    """What its log says last."""
    return Failed("呼叫程序已退出", f"the worker ended with code {process.returncode}:\n{log.read_text()[-2000:]}")


@dataclass(frozen=True)
class Awaited:
    """Something that the worker does by the clock, whoever looks at a page: how it is seen, and when it is due."""

    sql: str
    due: datetime
    chinese: str
    english: str


async def wait(db: Database, awaited: Awaited, activity: str, process: asyncio.subprocess.Process, log: Path) -> None:
    """Until it has happened, with a countdown."""
    step(awaited.chinese, awaited.english)
    loop = asyncio.get_running_loop()
    deadline, said = loop.time() + LIMIT, -SAID_EVERY
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while not await db.value(awaited.sql, {"activity": activity}):
            if process.returncode is not None:
                raise worker_ended(process, log)
            if loop.time() > deadline:
                raise Failed(f"等待 {LIMIT / 60:.0f} 分钟无果", f"waited in vain for {LIMIT / 60:.0f} minutes: {awaited.english}")
            lines = until("等待中", "Waiting", awaited.due, datetime.now(UTC))
            live.update(Text("  " + "\n  ".join(lines), style="cyan"))
            if not console.is_terminal and loop.time() - said > SAID_EVERY:
                said = loop.time()
                console.print("  " + " · ".join(lines), soft_wrap=True)
            await asyncio.sleep(0.25)
