"""Who witnesses an activity: chosen by the terminal's reviewer from the register, replaced with a reason, fixed by each commit.

A number that stands elsewhere in the activity is refused: whoever draws would witness themselves. It is looked at again at the
start and before each commit, because numbers change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from db.blocking import BlockingTransaction
from db.contexts import STAFF_PHONE, WITNESS_NAME, WITNESS_PHONE
from db.pool import Database, Transaction
from db.vault import Vault
from drawing import supervisors
from drawing.people import people as opened_people
from drawing.planning import Refused, confirm, gathering_faults
from drawing.supervisors import Q, Supervisor
from drawing.witness_rules import UNFIT, Known, called, conflict

FIELDS = ("supervisor", "standby")
"""Of the reviewer's form, in the order of the witnesses' positions."""
NEEDED = "请选择监督人：本活动的规则要求监督人见证。"
FIXED = "抽取已固定专家池，本次抽取的见证人已写入承诺，不能更换。第一监督人联系不上时，系统会呼叫候补监督人。"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A witness of an activity. `fault`: why they may not witness any more, or nothing."""

    account: str
    supervisor: int | None
    position: int
    name: str = field(repr=False)
    unit: str | None
    fault: str

    @property
    def role(self) -> str:
        """监督人 or 候补监督人."""
        return called(self.position)


async def chosen(db: Database | Transaction, vault: Vault, activity: str) -> list[Chosen]:
    """Who witnesses it now, in the order in which they are called."""
    rows = await db.all(Q.chosen, {"activity": activity})
    return _judged(vault, rows, await db.all(Q.known_numbers, {"activity": activity}) if rows else [])


def chosen_for_commit(tx: BlockingTransaction, vault: Vault, activity: str) -> list[Chosen]:
    """The same in the process that commits."""
    values = {"activity": activity}
    return _judged(vault, tx.all(Q.chosen, values), tx.all(Q.known_numbers, values))


def unfit(witnesses: Sequence[Chosen]) -> str:
    """What is wrong with them, or nothing."""
    return "；".join(f"{each.role}{each.fault}" for each in witnesses if each.fault)


async def choose(
    tx: Transaction, vault: Vault, activity: str, terminal: str, wanted: Mapping[str, int | None], reason: str = ""
) -> str:
    """Choose anew: by field, registrations of the terminal (None: nobody). Who they are, for 操作记录. The caller holds the
    activity's lock and has written `reason` there. Raises Refused at the fields.
    """
    if await tx.value(Q.fixed, {"activity": activity}):
        raise Refused({"": FIXED})
    known = _known(vault, await tx.all(Q.known_numbers, {"activity": activity}))
    found, faults = dict[str, Supervisor](), dict[str, str]()
    for name, number in wanted.items():
        if number:
            with gathering_faults(faults):
                found[name] = await _usable(tx, vault, terminal, number, name, known)
    first, standby = found.get(FIELDS[0]), found.get(FIELDS[1])
    if wanted.get(FIELDS[1]) and not wanted.get(FIELDS[0]):
        faults[FIELDS[0]] = "请先选择监督人，再选择候补监督人。"
    if standby is not None and first is not None and standby.account == first.account:
        faults[FIELDS[1]] = "候补监督人须是另一人。"
    confirm(faults)
    await tx.run(Q.replace_witnesses, {"activity": activity, "reason": reason})
    people = [each for each in (first, standby) if each is not None]
    for position, each in enumerate(people, start=1):
        await insert(tx, vault, activity, each, position)
    return "；".join(f"{called(position)} {each.account}" for position, each in enumerate(people, start=1))


async def insert(tx: Transaction, vault: Vault, activity: str, who: Supervisor, position: int) -> None:
    """One of the register, with the number that is verified now."""
    no = int(await tx.value(Q.next_witness))
    values = {
        "no": no,
        "activity": activity,
        "id": who.account,
        "supervisor": who.id,
        "position": position,
        "name_enc": vault.encrypt(who.name.encode(), WITNESS_NAME.at(no)),
        "phone_enc": vault.encrypt(who.phone.encode(), WITNESS_PHONE.at(no)),
        "phone_hash": who.phone_hash,
    }
    await tx.run(Q.insert_witness, values)


async def name_registered(tx: Transaction, vault: Vault, activity: str, accounts: Sequence[str]) -> None:
    """The same for an activity that is entered whole, by their accounts; raises LookupError where none is registered."""
    for position, account in enumerate(accounts, start=1):
        found = [each for each in await supervisors.supervisors(tx, vault, account=account) if each.usable]
        if not found:
            raise LookupError(f"no verified supervisor {account}")
        await insert(tx, vault, activity, found[0], position)


async def replaced(db: Database, vault: Vault, activity: str) -> list[tuple[Any, str]]:
    """Who witnessed it before (rows of `replaced`), each with their name."""
    rows = await db.all(Q.replaced, {"activity": activity})
    return [(row, vault.decrypt(bytes(row.name_enc), WITNESS_NAME.at(row.no)).decode()) for row in rows]


async def replaced_of(db: Database, account: str) -> list[Any]:
    """Where this supervisor was replaced lately, with when and why."""
    return await db.all(Q.replaced_of, {"witness": account})


async def _usable(
    tx: Transaction, vault: Vault, terminal: str, number: int, name: str, known: Sequence[Known]
) -> Supervisor:
    found = await supervisors.supervisors(tx, vault, terminal=terminal, number=number)
    if not found or not found[0].active:
        raise Refused({name: "请从本抽取终端的监督人登记册中选择。"})
    if not found[0].usable:
        raise Refused({name: "该监督人的电话尚未通过系统呼叫核验，不能选择。"})
    if await tx.value(supervisors.Q.experts_number, {"phone_hash": found[0].phone_hash}):
        raise Refused({name: f"该监督人的{UNFIT['expert']}，不能见证。"})
    if told := conflict(found[0].phone, known):
        raise Refused({name: f"该监督人的{told}，不能见证本活动。请选择其他监督人。"})
    return found[0]


def _judged(vault: Vault, rows: Sequence[Any], numbers: Sequence[Any]) -> list[Chosen]:
    known = _known(vault, numbers)
    return [_one(vault, row, known) for row in rows]


def _one(vault: Vault, row: Any, known: Sequence[Known]) -> Chosen:
    name = vault.decrypt(bytes(row.name_enc), WITNESS_NAME.at(row.no)).decode()
    phone = vault.decrypt(bytes(row.phone_enc), WITNESS_PHONE.at(row.no)).decode()
    fault = conflict(phone, known) if row.unfit is None else UNFIT[row.unfit]
    return Chosen(row.id, row.supervisor, row.position, name, row.unit, fault)


def _known(vault: Vault, rows: Sequence[Any]) -> list[Known]:
    return [each for row in rows for each in _of_activity(vault, row)]


def _of_activity(vault: Vault, row: Any) -> list[Known]:
    """监督人员信息 are the clerk's fields and no ground; a 进场 = 否 notice names the supervisor as the manual asks for."""
    which = "本活动" if row.own else "同一单位其他活动"
    people = opened_people(vault, row.id, row.people_enc)
    found = [] if people is None else [(people.phone, f"{which}经办人")]
    found += [] if row.contact is None else [(row.contact, f"{which}项目联系人")]
    found += [(each, f"{which}语音通知联系人") for each in row.notices] if row.on_site else []
    for call, sealed in zip(row.staff_calls, row.staff, strict=True):
        found.append((vault.decrypt(bytes(sealed), STAFF_PHONE.at(call)).decode(), f"{which}虚拟呼叫的工作人员"))
    return [Known(number, whose) for number, whose in found]
