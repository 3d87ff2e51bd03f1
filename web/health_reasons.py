"""Whether this console can do its work (ready), and what of the whole service is impaired (degraded), each with its reasons.

Not ready: nothing can be saved, whichever page it is. Degraded: pages work, and something waits for a person or for a part that is
away; what waits is done when it is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from db.errors import DatabaseError, DiskFull, ReadOnly, Unavailable
from web.audits import Audit
from web.disks import Disk
from web.status import Health, Node

DATABASE_DISK = "database"
"""As `Disk.of` names it."""


class NotReady(Enum):
    """Why nothing can be saved, with a sentence for who watches."""

    DATABASE_AWAY = "database_away"
    DATABASE_READ_ONLY = "database_read_only"
    DATABASE_FULL = "database_full"
    DATABASE_REFUSES = "database_refuses"
    CONNECTIONS_BUSY = "connections_busy"


class Degraded(Enum):
    """What is impaired."""

    NO_WORKER = "no_worker"
    NODE_LOST = "node_lost"
    ASTERISK_AWAY = "asterisk_away"
    DIALLING_STOPPED = "dialling_stopped"
    TRUNKS_OFFLINE = "trunks_offline"
    TRUNK_ALARM = "trunk_alarm"
    CALLS_FAILING = "calls_failing"
    NAMES_REFUSED = "names_refused"
    DISK_FULL = "disk_full"
    DISK_LOW = "disk_low"
    CLOCK_SET = "clock_set"
    AUDIT_FINDINGS = "audit_findings"
    AUDIT_OVERDUE = "audit_overdue"


SENTENCES: Mapping[NotReady, str] = {
    NotReady.DATABASE_AWAY: "the database can't be reached, or does not answer in time",
    NotReady.DATABASE_READ_ONLY: "the database can be read only: it is a standby, or was set so",
    NotReady.DATABASE_FULL: "the database's disk is full",
    NotReady.DATABASE_REFUSES: "the database refuses what the console writes: see its log",
    NotReady.CONNECTIONS_BUSY: "the database answers, and all of the console's connections to it are busy",
}


def why_not_ready(error: DatabaseError | None, disks: Sequence[Disk]) -> Mapping[NotReady, str]:
    """error: what came of a write (db.probe.write); None: it went well.

    >>> [reason.value for reason in why_not_ready(ReadOnly("cannot execute UPDATE"), [])]
    ['database_read_only']
    >>> [reason.value for reason in why_not_ready(None, [Disk(("database", "uploads"), 3, 1000)])]
    ['database_full']
    """
    reasons = [] if error is None else [_of(error)]
    if any(disk.full and DATABASE_DISK in disk.of for disk in disks) and NotReady.DATABASE_FULL not in reasons:
        reasons.append(NotReady.DATABASE_FULL)
    return {reason: SENTENCES[reason] for reason in reasons}


def _of(error: DatabaseError) -> NotReady:
    match error:
        case ReadOnly():
            return NotReady.DATABASE_READ_ONLY
        case DiskFull():
            return NotReady.DATABASE_FULL
        case Unavailable():
            return NotReady.DATABASE_AWAY
        case _:
            return NotReady.DATABASE_REFUSES


def why_degraded(found: Health, audit: Audit, disks: Sequence[Disk]) -> Mapping[Degraded, str]:
    """Names of nodes and trunks, and numbers; nothing of a draw."""
    held = [node for node in found.nodes if node.held]
    alarms = {f"{each.node}/{each.name}": ", ".join(each.alarms) for each in found.trunks if each.alarms}
    said = {
        Degraded.NO_WORKER: "" if held else "no worker holds a node: nobody is called",
        Degraded.NODE_LOST: _each({node.name: "its worker is gone without letting go" for node in found.nodes if node.lost}),
        Degraded.ASTERISK_AWAY: _each({node.name: "its Asterisk is away" for node in held if node.asterisk_away_s is not None}),
        Degraded.DIALLING_STOPPED: _each({node.name: why for node in held if (why := node.dialling_stopped_why)}),
        Degraded.TRUNKS_OFFLINE: _each({node.name: "none of its trunks is online" for node in held if _is_cut_off(found, node)}),
        Degraded.TRUNK_ALARM: _each(alarms),
        Degraded.CALLS_FAILING: _counted(found.calls_failing, "calls wait after five failures of ours in a row"),
        Degraded.NAMES_REFUSED: _counted(found.names_refused, "activities have rows that do not fit their transcript"),
        Degraded.DISK_FULL: _little(disk for disk in disks if disk.full),
        Degraded.DISK_LOW: _little(disk for disk in disks if disk.low and not disk.full),
        Degraded.CLOCK_SET: _counted(len(found.clock_steps), "times a clock was set, within a day"),
        Degraded.AUDIT_FINDINGS: _counted(audit.findings, "findings of the last audit"),
        Degraded.AUDIT_OVERDUE: f"no audit came to its end within {audit.hours} hours" if audit.overdue else "",
    }
    return {reason: sentence for reason, sentence in said.items() if sentence}


def _is_cut_off(found: Health, node: Node) -> bool:
    trunks = [trunk.online for trunk in found.trunks if trunk.node == node.name]
    return bool(trunks) and all(online is False for online in trunks)


def _each(said: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {what}" for name, what in said.items())


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count else ""


def _little(disks: Iterable[Disk]) -> str:
    return "; ".join(f"the disk of {', '.join(disk.of)} has {disk.free_mib} MiB left" for disk in disks)
