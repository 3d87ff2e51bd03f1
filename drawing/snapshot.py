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
from db.contexts import (
    ACTIVITY_KEY,
    AVOIDED_NAME,
    NAME_BLOCK,
    ORDER_BLOCK,
    POOL_BLOCK,
    POOL_KEY,
    STANDING_BLOCK,
    SYSTEM_SHARE,
    Column,
)
from db.vault import Signer, Vault, confirm_blocking
from drawing import bulk, earlier_draws, naming, person, pool
from drawing.binding import NotBound
from drawing.bodies import FACTS
from drawing.canonical import read
from drawing.chain import Custody, Q, end_of, fixed, following, leaf_row, row_of
from drawing.commit import Commit
from drawing.eligibility import Avoid, Condition, Mode
from drawing.identities import SealedIdentities, Unopened
from drawing.ledger import COMMIT
from drawing.lifecycle import ActivityState
from drawing.lots import seed
from drawing.normal_forms import normal_name
from drawing.rules import Rules
from drawing.transcript import Entry, EntryType
from drawing.witnesses import chosen_for_commit, unfit

PROCESSES_FROM = 100_000  # experts; below, starting processes costs more than it saves


Made = TypeVar("Made")


class WitnessMissing(Exception):
    """These rules demand a witness, and the activity names none."""


class WitnessUnfit(WitnessMissing):
    """A witness may not witness any more: their number changed, or stands elsewhere in the activity."""


def commit_draw(dsn: str, master_key: Path, signing_key: Path, activity: str) -> bool:
    """Take the snapshot and write the commit of the activity's next draw; False when that is not wanted any more.

    Raises WitnessMissing; Unopened, bulk.MissedName or NotBound, with an alarm in 操作记录, when the pool can't be fixed as it
    should be: who can't be opened is not left out, because then nobody would know.
    """
    vault = Vault.open(master_key)
    custody = Custody(vault, Signer.open(signing_key, vault))
    try:
        with transaction(dsn) as tx:
            confirm_blocking(vault, tx)
            row = _locked(tx, activity)
            last = tx.one(Q.current_draw, {"activity": activity})
            if row is None or row.state != ActivityState.DRAWING.value or (last and not last.sealed_at):
                return False
            _commit(tx, custody, SealedIdentities(master_key, vault.former_opens), row, 1 if last is None else last.no + 1)
    except Unopened as error:
        _alarm(dsn, activity, f"编号 {error.number} 的专家，其加密的姓名或证件号不能打开，须先修复")
        raise
    except bulk.MissedName as error:
        _alarm(dsn, activity, f"编号 {error.number} 的专家与回避人员同名，却未按姓名找到：姓名的哈希值被改动，须先修复")
        raise
    except NotBound as error:
        _alarm(dsn, activity, f"此前活动的参评专家或回避人员：{error}")
        raise
    return True


def _alarm(dsn: str, activity: str, why: str) -> None:
    with transaction(dsn) as tx:
        tx.run(Q.note_alarm, person.alarm_values(activity, f"不能固定专家池：{why}"))


def _commit(
    tx: BlockingTransaction, custody: Custody, identities: SealedIdentities, row: Any, number: int
) -> None:
    rules = Rules.load(row.rules)
    vault = custody.vault
    witnesses = _witnesses(tx, vault, row.id, rules)
    keys = pool.Keys(vault.decrypt(row.key_enc, ACTIVITY_KEY.at(row.id)), os.urandom(32))
    conditions = tuple(_condition(each) for each in tx.all(Q.conditions, {"activity": row.id}))
    naming.check_earlier(tx, custody, [each.earlier for each in tx.all(Q.activities_before, {"activity": row.id})])
    avoided = tx.all(Q.avoided, {"activity": row.id})
    avoid = _avoid(avoided, keys.activity)
    picked = frozenset(each.pseudonym for each in tx.all(Q.pseudonyms, {"activity": row.id}))
    setting = bulk.Setting(keys, conditions, avoid, number, picked, identities, _same_names(vault, avoided))
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
        previous=_previous(tx, row.id, number, lots),
        rules=rules.version,
        system_share_hash=sha256(system_share).hexdigest(),
        witnesses=witnesses,
        others=earlier_draws.explanations(tx, row.id) if number == 1 else (),
        facts=FACTS,
    )
    entry = _append(tx, custody.signer, row, EntryType.COMMIT, commit.to_json())
    secrets = {
        "system_share_enc": vault.encrypt(system_share, SYSTEM_SHARE.at(row.id, number)),
        "pool_key_enc": vault.encrypt(keys.pool, POOL_KEY.at(row.id, number)),
    }
    draw = {"activity": row.id, "no": number, "commit_hash": bytes.fromhex(entry.hash), "pool_size": snapshot.size}
    tx.run(Q.insert_draw, draw | secrets | {"opens_lead_s": int(rules.unseal_lead_s)})
    _store(tx, vault, row.id, number, snapshot)
    _record_in_ledger(tx, lots, entry, row.id, number)
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


def _same_names(vault: Vault, rows: list[Any]) -> frozenset[str]:
    """Names that stand for everybody of that name, as they are sealed: whoever can write keyed hashes changes none of them."""
    if vault.former_opens:  # their hashes may be of an older form until db.reseal has finished
        return frozenset()
    by_name = (row for row in rows if row.name_enc is not None and row.id_card_hash is None)
    return frozenset(normal_name(person.opened(vault, row.name_enc, AVOIDED_NAME.at(row.id)).decode()) for row in by_name)


def _previous(tx: BlockingTransaction, activity: str, number: int, lots: tuple[str, ...]) -> tuple[str | None, ...]:
    """For each 标段 the ledger's last entry about it or one that may be the same; a supplement follows this chain's own seal."""
    if number == 1:
        return tuple(earlier_draws.last_about(tx, lots))
    seal = bytes(tx.value(Q.last_of_activity, {"activity": activity})).hex()
    return (seal,) * len(lots)


def _locked(tx: BlockingTransaction, activity: str) -> Any:
    tx.run(Q.lock_activity, {"activity": activity})
    return tx.one(Q.locked_activity, {"activity": activity})


def _append(tx: BlockingTransaction, signer: Signer, row: Any, kind: EntryType, body: dict[str, Any]) -> Entry:
    now = tx.value(Q.now)  # the snapshot took its time
    entry, reading = following(row.id, end_of(row), now, kind, body, signer)
    tx.run(Q.append_entry, row_of(row.id, entry, reading))
    return entry


def _record_in_ledger(tx: BlockingTransaction, lots: tuple[str, ...], entry: Entry, activity: str, draw: int) -> None:
    tx.run(Q.lock_ledger)
    last = tx.one(Q.last_leaf)
    leaves = tx.all(Q.ledger) if last is not None and last.peaks is None else ()
    leaf, head = leaf_row(last, leaves, COMMIT, lots, entry.hash)
    tx.run(Q.append_ledger, leaf | {"activity": activity, "seq": entry.seq})
    tx.run(Q.fix_head, fixed(head, activity, draw, COMMIT))


def _store(tx: BlockingTransaction, vault: Vault, activity: str, draw: int, snapshot: bulk.Snapshot) -> None:
    blocks = (
        (activity, draw, n, block.first, block.root, vault.encrypt(block.data, POOL_BLOCK.at(activity, draw, n)))
        for n, block in enumerate(snapshot.blocks)
    )
    tx.copy("pool_block", ("activity", "draw", "n", "first", "root", "data"), blocks)
    names = (
        (activity, draw, first, vault.encrypt(data, NAME_BLOCK.at(activity, draw, first)))
        for first, data in snapshot.names
    )
    tx.copy("name_block", ("activity", "draw", "first", "data"), names)
    _store_blocks(tx, vault, STANDING_BLOCK, activity, draw, snapshot.standing)


def _store_blocks(
    tx: BlockingTransaction, vault: Vault, column: Column, activity: str, draw: int, blocks: dict[str, list[bytes]]
) -> None:
    rows = (
        (activity, draw, condition, n, vault.encrypt(data, column.at(activity, draw, condition, n)))
        for condition, all_of_it in blocks.items()
        for n, data in enumerate(all_of_it)
    )
    tx.copy(column.table, (*column.key, column.column), rows)


def order_draw(dsn: str, master_key: Path, activity: str) -> bool:
    """Compute and store the order of every condition from the witness's share; False when it is there already."""
    vault = Vault.open(master_key)
    with transaction(dsn) as tx:
        confirm_blocking(vault, tx)
        _locked(tx, activity)
        draw = tx.one(Q.current_draw, {"activity": activity})
        if draw is None or draw.witnessed_at is not None:
            return False
        share = tx.value(Q.share_entry, {"activity": activity})
        given = None if share is None else read(share)["share"]
        if given is None and tx.all(Q.witnesses, {"activity": activity}):
            return False
        system_share = vault.decrypt(draw.system_share_enc, SYSTEM_SHARE.at(activity, draw.no))
        drawn = seed(draw.commit_hash.hex(), system_share, given)
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

    _store_blocks(tx, vault, ORDER_BLOCK, activity, draw, _with_processes(tx, of))


def _standing(tx: BlockingTransaction, vault: Vault, activity: str, draw: int) -> Iterator[tuple[str, list[bytes]]]:
    for condition in tx.all(Q.conditions, {"activity": activity}):
        key = {"activity": activity, "draw": draw, "condition": condition.id}
        rows = enumerate(tx.all(Q.standing_blocks, key))
        blocks = [vault.decrypt(row.data, STANDING_BLOCK.at(activity, draw, condition.id, n)) for n, row in rows]
        yield condition.id, blocks
