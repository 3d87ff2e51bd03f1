"""The audit's shell: reads the database in one snapshot, batch by batch, and tells each finding as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from db.blocking import BlockingTransaction, transaction
from db.queries import load
from db.rights import ROLES
from drawing import merkle
from drawing.audit import chains, definitions, guards, leaves, operations, rows
from drawing.audit.findings import Finding
from drawing.ledger import Leaf
from drawing.signature import checker
from drawing.transcript import EntryRow

Q = load(__package__ or "drawing.audit")
BATCH = 5000
SHOWN = 100
"""So many findings are kept for the administrator's page; all are told to whoever runs the audit."""
Tell = Callable[[Finding], None]


class NoSignatures(Exception):
    """The library that checks signatures is missing."""


@dataclass(slots=True)
class Result:
    """What an audit looked at, and how much it found."""

    started_at: datetime
    activities: int = 0
    entries: int = 0
    leaves: int = 0
    operations: int = 0
    findings: int = 0
    shown: list[Finding] = field(default_factory=list)


def audit(dsn: str, public_key: bytes, tell: Tell, *, batch: int = BATCH) -> Result:
    """Look at everything; `public_key` is the service's, as service.pub has it. Raises DatabaseError, ValueError for what is
    no public key, NoSignatures."""
    check = checker(public_key)
    if check is None:
        raise NoSignatures("the Python package cryptography is missing: signatures can't be checked")
    with transaction(dsn) as tx:
        tx.run(Q.one_snapshot)
        result = Result(tx.value(Q.now))

        def found(findings: Iterable[Finding]) -> None:
            for finding in findings:
                result.findings += 1
                if len(result.shown) < SHOWN:
                    result.shown.append(finding)
                tell(finding)

        found(guards.missing(row.name for row in tx.all(Q.guards_in_force, {"tables": list(guards.TABLES)})))
        found(definitions.changed(definitions.Definition(*row) for row in tx.all(Q.definitions)))
        granted = tx.all(Q.granted, {"roles": list(ROLES.values())})
        found(definitions.too_many(definitions.Granted(*row) for row in granted))
        found(_operations(tx, result, batch))
        found(_ledger(tx, result, batch))
        found(_activities(tx, result, check, batch))
    return result


def record(dsn: str, result: Result) -> None:
    """Note that an audit came to its end."""
    shown = json.dumps([[each.kind.value, each.where, each.text] for each in result.shown], ensure_ascii=False)
    with transaction(dsn) as tx:
        values = {each.name: getattr(result, each.name) for each in fields(result)}
        tx.run(Q.record_run, values | {"shown": shown})


def due(dsn: str, hour: int) -> bool:
    """Whether this night's audit is still to be made; `hour` is in China."""
    with transaction(dsn) as tx:
        return bool(tx.value(Q.night_due, {"hour": hour}))


def _batches(
    tx: BlockingTransaction, query: str, key: str, after: Any, batch: int, at: str = "next"
) -> Iterator[list[Any]]:
    """Pages by key: `after` is the first place for `next`, or what comes before it."""
    while page := tx.all(query, {at: after, "limit": batch}):
        yield page
        last = getattr(page[-1], key)
        after = last + 1 if at == "next" else last


def _operations(tx: BlockingTransaction, result: Result, batch: int) -> Iterator[Finding]:
    log = operations.LogCheck()
    for page in _batches(tx, Q.links, "seq", 0, batch):
        for row in page:
            yield from log.add(operations.Row(*row))
    result.operations = log.count
    yield from map(operations.cut, (row.seq for row in tx.all(Q.cut_links, {"limit": batch})))
    yield from map(operations.unchained, (row.id for row in tx.all(Q.unchained, {"limit": batch})))


def _ledger(tx: BlockingTransaction, result: Result, batch: int) -> Iterator[Finding]:
    given = tx.value(Q.has_given_heads)

    def heads(above: int, up_to: int) -> list[leaves.Given]:
        return [leaves.Given(*row) for row in tx.all(Q.given_heads, {"above": above, "up_to": up_to})] if given else []

    check = leaves.LedgerCheck()
    for page in _batches(tx, Q.leaves, "n", 0, batch):
        before = check.tree.size
        yield from check.add(map(_leaf, page), heads(before, before + len(page)))
        if check.tree.size != before + len(page):  # a gap: the rest can't be numbered
            break
    else:
        yield from check.too_large(heads(check.tree.size, 2**62))
    result.leaves = check.tree.size


def _leaf(row: Any) -> Leaf:
    return Leaf(row.n, row.kind, tuple(row.lots), row.hash)


def _activities(tx: BlockingTransaction, result: Result, check: chains.Check, batch: int) -> Iterator[Finding]:
    for page in _batches(tx, Q.activities, "id", "", batch, "after"):
        for row in page:
            yield from _activity(tx, result, check, row)
            result.activities += 1


def _activity(tx: BlockingTransaction, result: Result, check: chains.Check, activity: Any) -> Iterator[Finding]:
    key = {"activity": activity.id}
    raw = [EntryRow(*row) for row in tx.all(Q.entries, key)]
    result.entries += len(raw)
    entries, broken = chains.read_rows(activity.id, raw, check)
    yield from broken
    made = rows.Rows(
        activity.id,
        rows.ActivityRow(*tx.one(Q.whole, key)),
        [_draw(tx, activity.id, row) for row in tx.all(Q.draws, key)],
        _made(rows.PickRow, tx.all(Q.picks, key)),
        _made(rows.CallRow, tx.all(Q.calls, key)),
        [rows.ConditionRow(row.id, row._asdict()) for row in tx.all(Q.conditions, key)],
        [_leaf(row) for row in tx.all(Q.own_leaves, key)],
    )
    calls, changed = rows.known_calls(made)
    yield from changed
    if not broken:  # else whatever follows would only repeat it
        yield from chains.replay(activity.id, entries, calls)
        yield from rows.compare(entries, made)


def _draw(tx: BlockingTransaction, activity: str, row: Any) -> rows.DrawRow:
    roots = [bytes(each.root) for each in tx.all(Q.block_roots, {"activity": activity, "draw": row.no})]
    return rows.DrawRow(**row._asdict(), pool_root=merkle.root(roots).hex())


def _made(kind: Callable[..., Any], found: Sequence[Any]) -> list[Any]:
    return [kind(*row) for row in found]
