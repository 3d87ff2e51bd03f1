"""Draws go on while somebody floods the node from outside.

    script/bench flood [--rate 5] [--seconds 20] [--packets 10000] [--invites 2000] [--without-reasons] [--json]

The same calls three times: in quiet; with so many packets a second from an address that is no trunk's; with so many INVITEs,
forged as from the trunk's own address, spread over the time. All stays on loopback and ends after `seconds`. Key to receipt as
in bench/calls. `ports` and `MB`: the most that Asterisk had at once; `log`: what it wrote meanwhile; `a caller`: for how long
somebody who calls in the middle of it has to try until the line answers.

Fails (exit status 1) when a call failed, when the p99 is over 250 ms, when a call could have found no port, and when the log grew
beyond its ceiling.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from asterisk.log_reader import CEILING, KEPT
from bench.calls import LONGEST_CALL, all_over, both_ends, nothing_left, used
from bench.telephony.attacker import BURST
from bench.telephony.caller import until_answered
from bench.telephony.ground import Ground, Load, ground
from bench.telephony.measured import Measured, measured
from bench.telephony.project import Project, project

AIM_P99_MS = 250.0
PATIENCE = 90.0
"""Seconds for which the caller goes on trying."""
STRANGER, TRUNK = "127.0.0.2", "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Attack:
    """Who sends what: packets of a kind, so many a second."""

    name: str
    kind: str = ""
    source: str = ""
    rate: float = 0.0


@dataclass(slots=True)
class Most:
    """The most that Asterisk had at once."""

    megabytes: float = 0.0
    ports: int = 0

    async def watch(self, made: Ground) -> None:
        """Until it is cancelled."""
        while True:
            self.megabytes = max(self.megabytes, resident(made.node.pid) / 2**20)
            self.ports = max(self.ports, ports_taken(made))
            await asyncio.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Row:
    """One of the three."""

    attack: Attack
    calls: Measured
    sent: int
    megabytes: float
    ports: int
    all_ports: int
    log_bytes: int
    caller_seconds: float | None

    @property
    def wrong(self) -> list[str]:
        """What is over its aim, in words."""
        found = [f"{self.calls.failures} calls failed: {'; '.join(self.calls.failed)}"] if self.calls.failures else []
        if self.calls.key_to_receipt_p99 > AIM_P99_MS:
            found.append(f"key to receipt p99 {self.calls.key_to_receipt_p99:.0f} ms, over {AIM_P99_MS:.0f}")
        if self.ports > self.all_ports / 2:
            found.append(f"{self.ports} of {self.all_ports} ports for media were taken")
        if self.log_bytes > 2 * (KEPT + 1) * CEILING:
            found.append(f"{self.log_bytes} bytes of logs")
        if self.caller_seconds is None:
            found.append(f"a caller heard no answer within {PATIENCE:.0f} s")
        return found


def resident(pid: int) -> int:
    """Bytes of memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024


def ports_taken(made: Ground) -> int:
    """UDP ports of the node's range that somebody has."""
    rtp = made.node.settings.rtp
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return sum(rtp.first <= int(line.split()[1].rpartition(":")[2], 16) <= rtp.last for line in lines)


def log_bytes(made: Ground) -> int:
    """Of all files of its log."""
    return sum(path.stat().st_size for path in (made.node.settings.folder / "log").iterdir())


async def attacked(attack: Attack, load: Load) -> Row:
    """A new node with calls on it, and the attack for as long as they are measured."""
    async with ground("sipp", load.talk, load.reasons) as made, project(made, load) as running:
        most, logged = Most(), log_bytes(made)
        watching = asyncio.create_task(most.watch(made))
        calling = asyncio.create_task(_caller(made, load))
        try:
            first, before = time.time(), {**both_ends(made), **running.cpu()}
            sent = await _attack(attack, made, load.seconds)
            last, after = time.time(), {**both_ends(made), **running.cpu()}
            caller = await calling
        finally:
            for task in (watching, calling):
                task.cancel()
        found = await _calls(attack, load, made, running, (first, last), used(before, after))
        all_ports = made.node.settings.rtp.last - made.node.settings.rtp.first + 1
        return Row(attack, found, sent, most.megabytes, most.ports, all_ports, log_bytes(made) - logged, caller)


async def _caller(made: Ground, load: Load) -> float | None:
    await asyncio.sleep(load.seconds / 2)
    return await until_answered(made.node.settings.sip_port, TRUNK, PATIENCE)


async def _attack(attack: Attack, made: Ground, seconds: float) -> int:
    """How many packets were sent."""
    if not attack.kind:
        await asyncio.sleep(seconds)
        return 0
    packets = round(attack.rate * seconds)
    sender = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.telephony.attacker", str(made.node.settings.sip_port), attack.source, attack.kind,
        str(attack.rate), str(packets), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await sender.communicate()
    if sender.returncode or float(said.split()[1]) > seconds * 1.2 + BURST:
        raise RuntimeError(f"the attacker could not send {packets} packets in {seconds:.0f} s: {said.decode()}")
    return packets


async def _calls(
    attack: Attack, load: Load, made: Ground, running: Project, window: tuple[float, float], cpu: Mapping[str, float]
) -> Measured:
    await asyncio.sleep(LONGEST_CALL)
    await running.stop()
    await all_over(made)
    await nothing_left(made)
    receipts, refused = await running.receipts(), await running.refused(window)
    return measured(
        attack.name, load.rate, window, made.telephones.log(), receipts, cpu, refused, made.telephones.key_seconds
    )


def table(rows: list[Row]) -> Table:
    """One line for each."""
    shown = Table(title="Calls while the node is flooded")
    shown.add_column("")
    heads = (
        "packets",
        "calls",
        "failures",
        "key→receipt p50",
        "p99 ms",
        "node CPU %",
        "MB",
        "ports",
        "log kB",
        "a caller, s",
    )
    for head in heads:
        shown.add_column(head, justify="right")
    for row in rows:
        calls = row.calls
        shown.add_row(
            row.attack.name, f"{row.sent:,}", str(calls.calls), str(calls.failures), f"{calls.key_to_receipt_p50:.0f}",
            f"{calls.key_to_receipt_p99:.0f}", f"{calls.cpu_ms['node'] * calls.calls / calls.seconds / 10:.0f}",
            f"{row.megabytes:.0f}", f"{row.ports} of {row.all_ports}", f"{row.log_bytes / 1000:.0f}",
            "–" if row.caller_seconds is None else f"{row.caller_seconds:.1f}",
        )  # fmt: skip
    return shown


async def run(load: Load, packets: float, invites: int) -> list[Row]:
    """One after the other, each on a node of its own."""
    attacks = (
        Attack("quiet"),
        Attack(f"{packets:,.0f} packets/s of a stranger's", "strangers", STRANGER, packets),
        Attack(f"{invites:,} forged INVITEs", "forged", TRUNK, invites / load.seconds),
    )
    return [await attacked(attack, load) for attack in attacks]


def main() -> int:
    """Exit status 1 when something is over its aim."""
    parser = argparse.ArgumentParser(prog="script/bench flood", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rate", type=float, default=5.0, help="calls per second")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each is measured and flooded")
    parser.add_argument("--packets", type=float, default=10_000.0, help="a second, of a stranger's")
    parser.add_argument("--invites", type=int, default=2_000, help="in all, forged as from the trunk's address")
    parser.add_argument("--without-reasons", action="store_true", help="the node does not copy its SIP to the worker")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    rows = asyncio.run(run(Load(given.rate, given.seconds, reasons=not given.without_reasons), given.packets, given.invites))
    if given.json:
        print(json.dumps([asdict(row) | {"wrong": row.wrong} for row in rows], indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 150).print(table(rows))
        for row in rows:
            for each in row.wrong:
                print(f"{row.attack.name}: {each}")
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
