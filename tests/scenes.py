"""Pools and activities for tests that need whole ones, in a real database."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from db.blocking import Value, transaction
from db.contexts import ACTIVITY_KEY, EXPERT_ID_CARD, EXPERT_NAME, EXPERT_PHONE, next_ids
from db.pool import Database
from db.vault import Signer, Vault
from drawing import activities, decide
from drawing.activities import Lot, Notice, Plan
from drawing.call_ids import new_call_id
from drawing.chain import Chain, Custody
from drawing.commit import Commit
from drawing.eligibility import Avoid, Condition, Mode
from drawing.lifecycle import ActivityState
from drawing.pool import Counts, pool_id
from drawing.transcript import EntryType
from script.registering import Preregistered, preregister

SPECIALTIES = ("A0801", "A0101", "B0101")
EXPERT_COLUMNS = (
    "id", "name_enc", "id_card_enc", "phone_enc", "id_card_hash", "phone_hash", "name_hash", "residence", "willing",
    "specialties", "title", "qualifications", "authorities", "unit",
)  # fmt: skip


@dataclass(frozen=True)
class Keys:
    """Key files of a test's own, and what they open."""

    master: Path
    signing: Path
    custody: Custody


@dataclass(frozen=True, slots=True)
class Scene(Plan):
    """A plan whose witnesses are put into the register with it."""

    people: Sequence[Preregistered] = ()


def make_keys(folder: Path) -> Keys:
    """A new master key and signing key."""
    vault = Vault.create(folder / "master.key")
    signer = Signer.create(folder / "service.key", vault)
    return Keys(folder / "master.key", folder / "service.key", Custody(vault, signer))


def add_experts(dsn: str, vault: Vault, phones: Sequence[str], *, units: Sequence[str] = (), cards: int = 0) -> None:
    """One expert per phone: Guangzhou, 工程施工 (A0801), each with a unit of their own unless `units` says otherwise. cards: the
    last digits of the first 证件号, for who adds more of them.
    """
    with transaction(dsn) as tx:
        ids = next_ids(tx, "expert", len(phones))
        tx.copy("expert", EXPERT_COLUMNS, _expert_rows(vault, ids, phones, units, cards))


def _expert_rows(
    vault: Vault, ids: Sequence[int], phones: Sequence[str], units: Sequence[str], cards: int
) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = []
    for n, (key, phone) in enumerate(zip(ids, phones, strict=True)):
        card = f"44010419800101{cards + n:04d}"
        rows.append(
            (
                key,
                vault.encrypt(f"专家{n}".encode(), EXPERT_NAME.at(key)),
                vault.encrypt(card.encode(), EXPERT_ID_CARD.at(key)),
                vault.encrypt(phone.encode(), EXPERT_PHONE.at(key)),
                vault.keyed_hash("id_card", card),
                vault.keyed_hash("phone", phone),
                vault.keyed_hash("name", f"专家{n}"),
                "440104",
                ["440100"],
                ["A0801"],
                "高级",
                [],
                [],
                units[n] if units else f"单位{n}",
            )
        )
    return rows


def condition(name: str = "c1", seats: int = 1, **changes: object) -> Condition:
    """A condition that every expert of `add_experts` meets."""
    values: Mapping[str, object] = {
        "id": name, "mode": Mode.RESIDENCE, "regions": ("440000",), "main": ("A08",), "backup": (), "titles": (),
        "qualifications": (), "authorities": (), "seats": seats,
    }  # fmt: skip
    return Condition(**{**values, **changes})  # type: ignore[arg-type]


def plan(
    conditions: Sequence[Condition],
    *,
    opens_in: timedelta = timedelta(days=1),
    gathers_in: timedelta | None = None,
    witnesses: Sequence[Preregistered] = (),
    **changes: object,
) -> Scene:
    """A ready activity whose result opens after `opens_in`, when its experts gather too if nothing else is said."""
    now = datetime.now(UTC)
    start = now + timedelta(minutes=30) + opens_in
    notice = Notice(
        venue="广东省公共资源交易中心",
        district="440104",
        address="广州市越秀区越华路118号",
        gather_at=now + (opens_in if gathers_in is None else gathers_in),
        contact="张工",
        contact_phone="02083186888",
    )
    values: dict[str, object] = {
        "name": "招标代理演示项目0617(一标段)",
        "lots": (Lot("440100-2026-0001-1", "招标代理演示项目0617", "一标段"),),
        "district": "440100",
        "bid_opening": start - timedelta(hours=1),
        "evaluation_start": start,
        "evaluation_end": start + timedelta(hours=3),
        "rules": "demo-2",
        "notices": (notice,),
        "conditions": tuple((each, 0) for each in conditions),
        "state": ActivityState.READY,
        "witnesses": tuple(each.account for each in witnesses),
        "people": tuple(witnesses),
    }
    return Scene(**{**values, **changes})  # type: ignore[arg-type]


def witness(phone: str = "13900000000") -> Preregistered:
    """The supervisor of a test."""
    return Preregistered("supervisor-1", "监督员", phone)


def standby(phone: str = "13900000024") -> Preregistered:
    """The stand-by (候补) of a test."""
    return Preregistered("supervisor-2", "候补员", phone)


async def make_activity(db: Database, vault: Vault, made: Plan) -> str:
    """Create it; its number."""
    for each in made.people if isinstance(made, Scene) else ():
        await preregister(db, vault, each)
    return await activities.create(db, vault, made)


def shift_times(dsn: str, activity: str, *, start: str, end: str = "3 hours") -> None:
    """Time passes: 预计评标开始 (集合时间 with it) and 预计评标结束 are these intervals from now. Only the owner of the
    tables, with the trigger taken off, can do that."""
    values = {"a": activity, "start": start, "end": end}
    with transaction(dsn.replace("user=expertline_service", "user=expertline_owner")) as tx:
        tx.run("ALTER TABLE activity DISABLE TRIGGER keep_evaluation_start")
        tx.run(
            "UPDATE activity SET evaluation_start = now() + %(start)s::interval, bid_opening = '2026-01-01',"
            " evaluation_end = now() + %(end)s::interval WHERE id = %(a)s",
            values,
        )
        tx.run("UPDATE notice SET gather_at = now() + %(start)s::interval WHERE activity = %(a)s", values)
        tx.run("ALTER TABLE activity ENABLE TRIGGER keep_evaluation_start")


def a_day_passes(dsn: str, activity: str) -> None:
    """Since the activity's draws were opened; as `shift_times`."""
    with transaction(dsn.replace("user=expertline_service", "user=expertline_owner")) as tx:
        tx.run("ALTER TABLE draw DISABLE TRIGGER keep_opening")
        tx.run("UPDATE draw SET unsealed_at = unsealed_at - interval '1 day' WHERE activity = %(a)s", {"a": activity})
        tx.run("ALTER TABLE draw ENABLE TRIGGER keep_opening")


async def add_picks(
    db: Database, custody: Custody, activity: str, outcomes: Mapping[int, str], ago: timedelta = timedelta()
) -> dict[int, int]:
    """Picks of condition c1 on the seats of their experts' numbers, as a draw would have left them `ago`, without its calls: rows,
    and what the transcript says of them, under a commit of the older form. Expert's number: the pick's id.
    """
    picks = {}
    async with db.transaction() as tx:
        row = await decide.lock(tx, activity)
        key, chain = custody.vault.decrypt(row.key_enc, ACTIVITY_KEY.at(activity)), Chain.of(tx, row, custody.signer)
        if chain.end is None:
            await chain.append(EntryType.COMMIT, _commit(activity, len(outcomes)).to_json())
        for expert, outcome in sorted(outcomes.items()):
            pseudonym = pool_id(key, expert)
            place: dict[str, Any] = {"condition": "c1", "seat": expert, "rank": expert - 1}
            await chain.append(EntryType.PICK, {**place, "expert": pseudonym, "passed": []})
            if outcome != "open":
                await chain.append(EntryType.OUTCOME, {"expert": pseudonym, "outcome": outcome, "rests_on": []})
            values = {**place, "activity": activity, "expert": expert, "pseudonym": pseudonym, "outcome": outcome, "ago": ago}
            picks[expert] = await tx.value(_PICK, values)
    return picks


async def close_pick(db: Database, custody: Custody, activity: str, pick: int, outcome: str) -> None:
    """Give a pick this outcome, whatever it had before, in its row and in the transcript."""
    async with db.transaction() as tx:
        chain = Chain.of(tx, await decide.lock(tx, activity), custody.signer)
        sql = """UPDATE pick SET outcome = %(outcome)s::pick_outcome, decided_at = clock_timestamp() WHERE id = %(pick)s
                 RETURNING pseudonym"""
        expert = await tx.value(sql, {"pick": pick, "outcome": outcome})
        await chain.append(EntryType.OUTCOME, {"expert": expert, "outcome": outcome, "rests_on": []})


_PICK = """
INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)
VALUES (%(activity)s, 1, %(condition)s, %(seat)s, %(expert)s, %(pseudonym)s, '{}', %(rank)s, to_char(%(expert)s, 'FM000000'),
        %(outcome)s::pick_outcome, CASE WHEN %(outcome)s <> 'open' THEN clock_timestamp() - %(ago)s END)
RETURNING id
"""


def _commit(activity: str, size: int) -> Commit:
    return Commit(
        activity=activity, avoid=Avoid(), conditions=(condition(seats=size),), draw=1, counts=Counts({"c1": [size, 0]}, {}),
        lots=("1",), pool_root="00" * 32, pool_size=size, previous=(None,), rules="demo-1", system_share_hash="00" * 32,
        witnesses=(),
    )  # fmt: skip


async def masked_call(db: Database, activity: str, expert: int = 1, state: str = "ended") -> str:
    """A masked call with this expert, who has agreed, as it stands in its row when it has ended (or is live); its id."""
    values = {"id": new_call_id(), "a": activity, "e": expert, "s": state}
    await db.run("INSERT INTO node (name) VALUES ('node') ON CONFLICT DO NOTHING")
    await db.run(
        """INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)
           SELECT %(a)s, 1, 'c1', %(e)s, %(e)s, 'p' || %(e)s, '{}', %(e)s, to_char(%(e)s, 'FM000000'), 'accepted', now()
           WHERE NOT EXISTS (SELECT FROM pick WHERE activity = %(a)s AND expert = %(e)s)""",
        values,
    )
    await db.run(
        """INSERT INTO call (id, flow, activity, pick, expert, attempt, state, node, epoch, outcome, ended_at, staff_phone_enc,
                             numbers)
           SELECT %(id)s, 'masked', p.activity, p.id, p.expert, 1, %(s)s::call_state, 'node', 1,
                  CASE %(s)s WHEN 'ended' THEN 'connected'::call_outcome END, CASE %(s)s WHEN 'ended' THEN now() END,
                  CASE %(s)s WHEN 'live' THEN 'x'::bytea END, '{}'
           FROM pick p WHERE p.activity = %(a)s AND p.expert = %(e)s""",
        values,
    )
    return str(values["id"])


def wav(seconds: float, loud: int = 7) -> bytes:
    """What the node records: 8 kHz, 16 bits; the same sample again and again."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setparams((1, 2, 8000, 0, "NONE", ""))
        made.writeframes(bytes([loud, 1]) * int(seconds * 8000))
    return file.getvalue()
