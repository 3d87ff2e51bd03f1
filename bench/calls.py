"""One conversation of about 2 s (answer, prompt, key, confirmation, key, receipt, hangup), held in three ways in one
run: (a) pure dialplan, (b) a bare aiohttp script, (c) this project with its database.

    script/bench calls [--rate 30] [--seconds 60] [--only a,b,c] [--json]
    script/bench calls --only c --rate 10 --talk 13         150 conversations at once
    script/bench calls --without-reasons                    what copying SIP for the carrier's Reason costs (docs/outcomes.md)
    script/bench calls --telephones sipp                    one SIPp plays them, which costs far less than a second Asterisk

CPU is what /proc says of each process while `seconds` pass, divided by the calls that ended then. Key to receipt: from
the end of the second key, as the far end sent it, to the moment in which whoever leads the call has begun the receipt.
A call fails when its telephone got no receipt. The machine's own noise is in all three alike: compare within one run.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from typing import get_args

import aiohttp
from rich.console import Console
from rich.table import Table

from asterisk.instance import authorization
from bench.telephony import cpu
from bench.telephony.ground import Ground, Kind, Load, ground
from bench.telephony.measured import Measured, Receipt, measured
from bench.telephony.project import project

NAMES = {"a": "pure dialplan", "b": "bare aiohttp script", "c": "this project"}
SCRIPTS = {"a": "bench.telephony.dialplan", "b": "bench.telephony.bare"}
LONGEST_CALL = 4.0  # seconds
COLUMNS = ("node", "far end", "python", "voice", "postgresql")


def both_ends(made: Ground) -> Mapping[str, float]:
    """CPU seconds of our Asterisk and of the telephones so far."""
    return {"node": cpu.own(made.node.pid), "far end": sum(map(cpu.own, made.telephones.pids))}


def used(before: Mapping[str, float], after: Mapping[str, float]) -> Mapping[str, float]:
    """What each has used between."""
    return {name: after[name] - before[name] for name in after}


async def of_script(which: str, load: Load, kind: Kind) -> Measured:
    """(a) or (b): a process that is given the rate."""
    async with ground(kind, load.talk, load.reasons) as made:
        node = made.node.settings
        script = await asyncio.create_subprocess_exec(
            sys.executable, "-m", SCRIPTS[which], node.ari_url, node.ari_user, node.ari_password, str(load.rate),
            str(load.ramp + load.seconds + 1), *made.sounds.values(), str(made.receipts),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await asyncio.sleep(load.ramp)
        first, before = time.time(), {**both_ends(made), "python": cpu.own(script.pid)}
        await asyncio.sleep(load.seconds)
        last, after = time.time(), {**both_ends(made), "python": cpu.own(script.pid)}
        said, _ = await script.communicate()
        if script.returncode:
            raise RuntimeError(f"{SCRIPTS[which]} failed")
        await all_over(made)
        receipts = [Receipt(float(at), who) for at, who in map(str.split, made.receipts.read_text().splitlines())]
        return measured(
            NAMES[which], load.rate, (first, last), made.telephones.log(), receipts, used(before, after), int(said),
            made.telephones.key_seconds,
        )  # fmt: skip


async def of_project(load: Load, kind: Kind) -> Measured:
    """(c)."""
    async with ground(kind, load.talk, load.reasons) as made, project(made, load) as running:
        first, before = time.time(), {**both_ends(made), **running.cpu()}
        await asyncio.sleep(load.seconds)
        last, after = time.time(), {**both_ends(made), **running.cpu()}
        await asyncio.sleep(LONGEST_CALL + load.talk)  # a worker that stops gives up what rings
        await running.stop()
        await all_over(made)
        await nothing_left(made)
        receipts, refused = await running.receipts(), await running.refused((first, last))
        return measured(
            NAMES["c"], load.rate, (first, last), made.telephones.log(), receipts, used(before, after), refused,
            made.telephones.key_seconds,
        )  # fmt: skip


async def nothing_left(made: Ground) -> None:
    """Raises RuntimeError while our Asterisk has a channel or a bridge."""
    node = made.node.settings
    headers = {"Authorization": authorization(node.ari_user, node.ari_password)}
    async with aiohttp.ClientSession(headers=headers) as session:
        for what in ("channels", "bridges"):
            async with session.get(f"{node.ari_url}/{what}") as reply:
                if left := await reply.json():
                    raise RuntimeError(f"{len(left)} {what} are left")


async def all_over(made: Ground) -> None:
    """No telephone is on the line any more. Raises RuntimeError, which says whether our Asterisk has a channel still, when one
    is for a minute."""
    try:
        async with asyncio.timeout(60):
            while on_the_line(made):
                await asyncio.sleep(0.2)
    except TimeoutError:
        await nothing_left(made)
        raise RuntimeError(f"{on_the_line(made)} telephones are on the line, and no channel of ours is") from None


def on_the_line(made: Ground) -> int:
    """How many telephones were called and have not noted the end of it."""
    log = made.telephones.log()
    return len({each.call for each in log} - {each.call for each in log if each.event == "ended"})


def ratios(found: Mapping[str, Measured]) -> dict[str, float]:
    """How (c) compares: its Python and its whole CPU."""
    said: dict[str, float] = {}
    for other in ("a", "b"):
        if "c" in found and other in found:
            said[f"c/{other} total"] = sum(found["c"].cpu_ms.values()) / sum(found[other].cpu_ms.values())
            said[f"c/{other} python"] = found["c"].python_ms / max(found[other].python_ms, 1e-9)
    return said


def table(found: Mapping[str, Measured]) -> Table:
    """One line for each way."""
    shown = Table(title="One call of about 2 s: CPU in ms per call, by process")
    shown.add_column("")
    heads = (*COLUMNS, "total", "calls", "calls/s", "at once", "failures", "key→receipt p50", "p99 ms", "call s")
    for head in heads:
        shown.add_column(head, justify="right")
    for which, each in found.items():
        shown.add_row(
            f"({which}) {each.name}",
            *(f"{each.cpu_ms[name]:.1f}" if name in each.cpu_ms else "–" for name in COLUMNS),
            f"{sum(each.cpu_ms.values()):.1f}", str(each.calls), f"{each.rate:.1f}", str(each.at_once), str(each.failures),
            f"{each.key_to_receipt_p50:.0f}", f"{each.key_to_receipt_p99:.0f}", f"{each.call_seconds:.2f}",
        )  # fmt: skip
    return shown


async def run(which: list[str], load: Load, kind: Kind = "asterisk") -> dict[str, Measured]:
    """One after the other, each on a ground of its own."""
    return {each: await (of_project(load, kind) if each == "c" else of_script(each, load, kind)) for each in which}


def main() -> int:
    """Exit status 1 when a call failed."""
    parser = argparse.ArgumentParser(prog="script/bench calls", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rate", type=float, default=30.0, help="calls per second")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each is measured")
    parser.add_argument("--talk", type=float, default=0.0, help="so many seconds longer each conversation lasts")
    parser.add_argument("--only", default="a,b,c", help="which of them, such as b,c")
    parser.add_argument("--telephones", choices=get_args(Kind), default="asterisk", help="who plays them")
    parser.add_argument("--without-reasons", action="store_true", help="the node does not copy its SIP to the worker")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    which = given.only.split(",")
    if unknown := set(which) - NAMES.keys():
        parser.error(f"--only takes a, b and c, not {', '.join(sorted(unknown))}")
    load = Load(given.rate, given.seconds, 5.0 + given.talk, given.talk, not given.without_reasons)
    found = asyncio.run(run(which, load, given.telephones))
    if given.json:
        print(json.dumps({"calls": {k: v.to_json() for k, v in found.items()}, "ratios": ratios(found)}, indent=1))
    else:
        console = Console(width=None if sys.stdout.isatty() else 150)
        console.print(table(found))
        console.print("   ".join(f"{name} {value:.2f}" for name, value in ratios(found).items()))
        for which, each in found.items():
            for call in each.failed:
                console.print(f"({which}) failed: {call}", highlight=False)
    return 1 if any(each.failures for each in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
