"""Pools and activities for tests that need whole ones, in a real database."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.blocking import Value, transaction
from db.pool import Database
from db.vault import Signer, Vault
from drawing import activities
from drawing.activities import Lot, Notice, Plan
from drawing.call_ids import new_call_id
from drawing.chain import Custody
from drawing.eligibility import Condition, Mode
from drawing.lifecycle import ActivityState
from script.registering import Preregistered, preregister

SPECIALTIES = ("A0801", "A0101", "B0101")


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


def add_experts(dsn: str, vault: Vault, phones: Sequence[str], *, units: Sequence[str] = ()) -> None:
    """One expert per phone: Guangzhou, 工程施工 (A0801), each with a unit of their own unless `units` says otherwise."""
    rows: list[tuple[Value, ...]] = []
    for n, phone in enumerate(phones):
        card = f"44010419800101{n:04d}"
        rows.append(
            (
                vault.encrypt(f"专家{n}".encode(), "expert.name"),
                vault.encrypt(card.encode(), "expert.id_card"),
                vault.encrypt(phone.encode(), "expert.phone"),
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
    columns = (
        "name_enc", "id_card_enc", "phone_enc", "id_card_hash", "phone_hash", "name_hash", "residence", "willing",
        "specialties", "title", "qualifications", "authorities", "unit",
    )  # fmt: skip
    with transaction(dsn) as tx:
        tx.copy("expert", columns, rows)


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
        "rules": "demo-1",
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
        """INSERT INTO call (id, flow, activity, pick, expert, attempt, state, node, epoch, outcome, ended_at, staff_phone_enc)
           SELECT %(id)s, 'masked', p.activity, p.id, p.expert, 1, %(s)s::call_state, 'node', 1,
                  CASE %(s)s WHEN 'ended' THEN 'connected'::call_outcome END, CASE %(s)s WHEN 'ended' THEN now() END,
                  CASE %(s)s WHEN 'live' THEN 'x'::bytea END
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
