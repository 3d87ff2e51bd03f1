"""The two long steps of a draw, each one transaction in a process of its own: snapshot and commit, and the order.

Both begin with the activity's lock and look whether they are still wanted, so that two workers can't do one twice. They are
plain functions of their arguments, so that a process pool can run them: `commit_draw` and `order_draw`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from db.blocking import BlockingTransaction, transaction
from db.vault import Signer, Vault
from drawing import bulk, pool, transcript
from drawing.canonical import read
from drawing.chain import Q, head_of, row_of
from drawing.commit import Commit
from drawing.eligibility import Avoid, Condition, Mode
from drawing.ledger import lot_hash
from drawing.lifecycle import ActivityState
from drawing.lots import seed
from drawing.orders import PURPOSE as ORDER_PURPOSE
from drawing.rules import Rules
from drawing.transcript import Entry, EntryType
from drawing.witnesses import chosen_for_commit, unfit

ACTIVITY_KEY = "activity-key"
SYSTEM_SHARE = "system-share"
POOL_KEY = "pool-key"
POOL_BLOCK = "pool-block"
STANDING_BLOCK = "standing-block"
PROCESSES_FROM = 100_000  # experts; below, starting processes costs more than it saves


Made = TypeVar("Made")


class WitnessMissing(Exception):
    """These rules demand a witness, and the activity names none."""


class WitnessUnfit(WitnessMissing):
    """A witness may not witness any more: their number changed, or stands elsewhere in the activity."""


def commit_draw(dsn: str, master_key: Path, signing_key: Path, activity: str) -> bool:
    """Take the snapshot and write the commit of the activity's next draw; False when that is not wanted any more."""
    vault = Vault.open(master_key)
    with transaction(dsn) as tx:
        row = _locked(tx, activity)
        last = tx.one(Q.current_draw, {"activity": activity})
        if row is None or row.state != ActivityState.DRAWING.value or (last and not last.sealed_at):
            return False
        _commit(tx, vault, Signer.open(signing_key, vault), row, 1 if last is None else last.no + 1)
    return True


def _commit(tx: BlockingTransaction, vault: Vault, signer: Signer, row: Any, number: int) -> None:
    rules = Rules.load(row.rules)
    witnesses = _witnesses(tx, vault, row.id, rules)
    keys = pool.Keys(vault.decrypt(row.key_enc, ACTIVITY_KEY), os.urandom(32))
    conditions = tuple(_condition(each) for each in tx.all(Q.conditions, {"activity": row.id}))
    avoid = _avoid(tx.all(Q.avoided, {"activity": row.id}), keys.activity)
    picked = frozenset(each.pseudonym for each in tx.all(Q.pseudonyms, {"activity": row.id}))
    setting = bulk.Setting(keys, conditions, avoid, number, picked)
    snapshot = _snapshot(tx, row, rules, setting)
    system_share = os.urandom(32)
    lots = tuple(each.lot for each in tx.all(Q.lots, {"activity": row.id}))
    commit = Commit(
        activity=row.id,
        avoid=avoid,
        conditions=conditions,
        draw=number,
        counts=snapshot.counts,
        lots=lots,
        pool_root=snapshot.pool_root,
        pool_size=snapshot.size,
        previous=tuple(_last_about(tx, lot) for lot in lots),
        rules=rules.version,
        system_share_hash=sha256(system_share).hexdigest(),
        witnesses=witnesses,
    )
    entry = _append(tx, signer, row, EntryType.COMMIT, commit.to_json())
    secrets = {
        "system_share_enc": vault.encrypt(system_share, SYSTEM_SHARE),
        "pool_key_enc": vault.encrypt(keys.pool, POOL_KEY),
    }
    draw = {"activity": row.id, "no": number, "commit_hash": bytes.fromhex(entry.hash), "pool_size": snapshot.size}
    tx.run(Q.insert_draw, draw | secrets)
    _store(tx, vault, row.id, number, snapshot)
    _record_in_ledger(tx, "commit", lots, entry, row.id)
    tx.run(Q.wake, {"activity": row.id})


def _witnesses(tx: BlockingTransaction, vault: Vault, activity: str, rules: Rules) -> tuple[str, ...]:
    """Who may give the share; looked at once more, because numbers change. Those named before there was a register go on."""
    chosen = chosen_for_commit(tx, vault, activity)
    if rules.witness_required and not chosen:
        raise WitnessMissing(f"{activity}: 规则 {rules.version} 要求监督人见证，活动未选定监督人")
    if told := unfit([each for each in chosen if each.supervisor is not None]):
        raise WitnessUnfit(f"{activity}: 监督人须更换后才能继续（{told}）")
    return tuple(each.account for each in chosen)


def _snapshot(tx: BlockingTransaction, row: Any, rules: Rules, setting: bulk.Setting) -> bulk.Snapshot:
    period = tx.one(Q.period, {"activity": row.id, "travel": rules.travel_s})
    today: date = row.now.date()
    since = today.replace(year=today.year - rules.employment_years, day=min(today.day, 28))
    values = {"since": since, "from": period.busy_from, "to": period.busy_to}
    experts = (pool.Expert(*each) for each in tx.stream(Q.experts, values))
    return _with_processes(tx, lambda executor: bulk.snapshot(experts, setting, executor))


def _with_processes(tx: BlockingTransaction, work: Callable[[ProcessPoolExecutor | None], Made]) -> Made:
    """Worker processes only for a pool that is worth them; the planner's estimate is good enough to tell."""
    size = tx.value(Q.about_how_many)
    if size < PROCESSES_FROM:
        return work(None)
    with bulk.workers(os.cpu_count() or 1) as executor:
        return work(executor)


def _condition(row: Any) -> Condition:
    return Condition(
        id=row.id,
        mode=Mode(row.mode),
        regions=tuple(row.regions),
        main=tuple(row.main),
        backup=tuple(row.backup),
        titles=tuple(row.titles),
        qualifications=tuple(row.qualifications),
        authorities=tuple(row.authorities),
        seats=row.seats,
    )


def _avoid(rows: list[Any], activity_key: bytes) -> Avoid:
    """Keyed hashes of what is avoided; a person without 证件号 stands for everybody of that name."""
    units = {pool.unit_hash(activity_key, row.unit) for row in rows if row.unit is not None}
    cards = {card for row in rows for card in ([row.id_card_hash] if row.id_card_hash else row.same_name)}
    persons = {pool.person_hash(activity_key, card) for card in cards}
    return Avoid(persons=tuple(sorted(persons)), units=tuple(sorted(units)))


def _last_about(tx: BlockingTransaction, lot: str) -> str | None:
    found = tx.value(Q.last_about_lot, {"lot": lot_hash(lot)})
    return None if found is None else bytes(found).hex()


def _locked(tx: BlockingTransaction, activity: str) -> Any:
    tx.run(Q.lock_activity, {"activity": activity})
    return tx.one(Q.locked_activity, {"activity": activity})


def _append(tx: BlockingTransaction, signer: Signer, row: Any, kind: EntryType, body: dict[str, Any]) -> Entry:
    head, now = head_of(row), tx.value(Q.now)  # the snapshot took its time
    entry = transcript.append(head, now if head is None else max(now, head.at), kind, body, signer.sign)
    tx.run(Q.append_entry, row_of(row.id, entry))
    return entry


def _record_in_ledger(tx: BlockingTransaction, kind: str, lots: tuple[str, ...], entry: Entry, activity: str) -> None:
    tx.run(Q.lock_ledger)
    leaf = {"kind": kind, "lots": sorted(map(lot_hash, lots)), "hash": bytes.fromhex(entry.hash)}
    tx.run(Q.append_ledger, leaf | {"activity": activity, "seq": entry.seq})


def _store(tx: BlockingTransaction, vault: Vault, activity: str, draw: int, snapshot: bulk.Snapshot) -> None:
    sealed = ((activity, draw, n, vault.encrypt(data, POOL_BLOCK)) for n, data in enumerate(snapshot.pool_blocks))
    tx.copy("pool_block", ("activity", "draw", "n", "data"), sealed)
    _store_blocks(tx, vault, "standing_block", STANDING_BLOCK, activity, draw, snapshot.standing)


def _store_blocks(
    tx: BlockingTransaction,
    vault: Vault,
    table: str,
    purpose: str,
    activity: str,
    draw: int,
    blocks: dict[str, list[bytes]],
) -> None:
    rows = (
        (activity, draw, condition, n, vault.encrypt(data, purpose))
        for condition, all_of_it in blocks.items()
        for n, data in enumerate(all_of_it)
    )
    tx.copy(table, ("activity", "draw", "condition", "n", "data"), rows)


def order_draw(dsn: str, master_key: Path, activity: str) -> bool:
    """Compute and store the order of every condition from the witness's share; False when it is there already."""
    vault = Vault.open(master_key)
    with transaction(dsn) as tx:
        _locked(tx, activity)
        draw = tx.one(Q.current_draw, {"activity": activity})
        if draw is None or draw.witnessed_at is not None:
            return False
        share = tx.value(Q.share_entry, {"activity": activity})
        given = None if share is None else read(share)["share"]
        if given is None and tx.all(Q.witnesses, {"activity": activity}):
            return False
        drawn = seed(draw.commit_hash.hex(), vault.decrypt(draw.system_share_enc, SYSTEM_SHARE), given)
        _order(tx, vault, activity, draw.no, drawn)
        tx.run(Q.mark_ordered, {"activity": activity, "no": draw.no})
        tx.run(Q.wake, {"activity": activity})
    return True


def _order(tx: BlockingTransaction, vault: Vault, activity: str, draw: int, drawn: bytes) -> None:
    def of(executor: ProcessPoolExecutor | None) -> dict[str, list[bytes]]:
        return {
            condition: bulk.order(drawn, condition, standing, executor)
            for condition, standing in _standing(tx, vault, activity, draw)
        }

    _store_blocks(tx, vault, "order_block", ORDER_PURPOSE, activity, draw, _with_processes(tx, of))


def _standing(tx: BlockingTransaction, vault: Vault, activity: str, draw: int) -> Iterator[tuple[str, list[bytes]]]:
    for condition in tx.all(Q.conditions, {"activity": activity}):
        key = {"activity": activity, "draw": draw, "condition": condition.id}
        blocks = [vault.decrypt(row.data, STANDING_BLOCK) for row in tx.all(Q.standing_blocks, key)]
        yield condition.id, blocks
