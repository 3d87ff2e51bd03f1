"""The register of supervisors (监督人登记册): who may witness, each with a telephone that was verified by a call.

The call asks for a code that stands on the supervisor's own page, so it proves both that the number reaches that person and
that the account is theirs. Every function that changes something works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db.contexts import SUPERVISOR_NAME, SUPERVISOR_PHONE
from db.errors import Conflict
from db.pool import Database, Transaction
from db.queries import load
from db.vault import Vault
from drawing.call_ids import new_call_id
from drawing.chain import Q as COMMON
from drawing.decide import NOTHING_SHOWN, Evidence, NotOurs, Showed
from drawing.phone_numbers import NoNumber, understood
from drawing.planning import Refused, confirm
from drawing.rules import Rules

Q = load("drawing", "supervisors.sql")
CODE_DIGITS = 6
CHECKS_AN_HOUR = 5
"""Calls about one number that may be asked for within an hour."""
VERIFIED, DENIED = "verified", "wrong_person"
"""What such a call is to come to, and what it comes to when somebody else answers (ivr.calls.Outcome)."""
ACT_VERIFIED, ACT_DENIED = "核验监督人电话", "监督人电话被否认"


class NotThere(LookupError):
    """No such registration, or not one of theirs."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a reviewer types of a supervisor; `language` as ivr.calls.Language."""

    name: str = field(repr=False)
    unit: str
    phone: str = field(repr=False)
    language: str = "cmn"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A registration, opened. `call`: the last one about the number."""

    id: int
    terminal: str
    account: str
    unit: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    phone_hash: bytes = field(repr=False)
    language: str
    active: bool
    verified_at: datetime | None
    call: str | None
    call_state: str | None
    call_outcome: str | None
    called_at: datetime | None

    @property
    def usable(self) -> bool:
        """Whether a reviewer may choose them."""
        return self.active and self.verified_at is not None

    @property
    def checking(self) -> bool:
        """Whether the call that verifies the number is still to come, or under way."""
        return self.call_state in ("waiting", "live")

    @property
    def denied(self) -> bool:
        """Whether whoever answered last said that the number is not this supervisor's."""
        return self.verified_at is None and self.call_outcome == DENIED


async def register(tx: Transaction, vault: Vault, terminal: str, account: str, details: Details, rules: str) -> int:
    """Register a supervisor and have the number called; the caller knows that the account is a supervisor's. Raises Refused."""
    number = int(await tx.value(Q.next_supervisor))
    values = await _sealed(tx, vault, number, details, rules)
    try:
        await tx.run(Q.register, {"id": number, "terminal": terminal, "account": account, **values})
    except Conflict as error:
        raise Refused(_TAKEN.get(error.name, {"": "登记册刚刚有变动，请刷新后再试。"})) from None
    await ask(tx, number, rules)
    return number


async def change(tx: Transaction, vault: Vault, terminal: str, number: int, details: Details, rules: str) -> bool:
    """Change a registration; whether the number is another one, which is called, and counts once verified. Raises Refused."""
    row = await _locked(tx, terminal, number)
    values = await _sealed(tx, vault, number, details, rules)
    renewed: bool = bytes(row.phone_hash) != values["phone_hash"]
    try:
        await tx.run(Q.change, {"id": number, **values})
    except Conflict as error:
        raise Refused(_TAKEN.get(error.name, {"": "登记册刚刚有变动，请刷新后再试。"})) from None
    if renewed and row.active:
        await tx.run(Q.drop_number_checks, {"id": number})
        await ask(tx, number, rules, again=True)
    return renewed


async def set_active(tx: Transaction, terminal: str, number: int, active: bool) -> None:
    """停用 or 启用. Raises Refused when another registration has taken the place meanwhile."""
    await _locked(tx, terminal, number)
    try:
        await tx.run(Q.set_active, {"id": number, "active": active})
    except Conflict as error:
        raise Refused({"": next(iter(_TAKEN[error.name].values()))}) from None
    if not active:
        await tx.run(Q.drop_number_checks, {"id": number})


async def supervisors(
    db: Database | Transaction,
    vault: Vault,
    *,
    terminal: str | None = None,
    account: str | None = None,
    number: int | None = None,
) -> list[Supervisor]:
    """A terminal's register, or an account's registrations; the active ones first."""
    rows = await db.all(Q.supervisors, {"terminal": terminal, "account": account, "id": number})
    return [_opened(vault, row) for row in rows]


async def supervisor(db: Database | Transaction, vault: Vault, terminal: str, number: int) -> Supervisor:
    """One of a terminal's; raises NotThere."""
    found = await supervisors(db, vault, terminal=terminal, number=number)
    if not found:
        raise NotThere
    return found[0]


# --- the call that verifies the number ----------------------------------------------------------------------------


async def ask(tx: Transaction, number: int, rules: str, *, again: bool = False) -> None:
    """Have the number called. Raises Refused while a call is open (unless `again`: then that one stays) or after too many."""
    lately = await tx.one(Q.asked_lately, {"id": number})
    if lately.hour >= CHECKS_AN_HOUR:
        raise Refused({"": f"一小时内最多呼叫核验 {CHECKS_AN_HOUR} 次，请稍后再试。"})
    values = {"id": number, "call": new_call_id(), "attempt": lately.next, "rules": rules}
    if not await tx.run(Q.ask_number_check, values) and not again:
        raise Refused({"": "核验呼叫正在进行，请接听电话并按提示输入本页的核验码。"})
    await tx.run(COMMON.wake, {"activity": ""})


async def ask_for_own(tx: Transaction, account: str, number: int, rules: str) -> None:
    """The same for the supervisor whose number it is. Raises NotThere, Refused."""
    row = await tx.one(Q.lock_supervisor, {"id": number})
    if row is None or row.account != account or not row.active:
        raise NotThere
    if row.verified_by is not None:
        raise Refused({"": "您的电话已经核验，无需再次呼叫。"})
    await ask(tx, number, rules)


def code(vault: Vault, call: str) -> str:
    """核验码 of such a call: derived from its id, so that no row holds it."""
    return f"{int.from_bytes(vault.keyed_hash('number_check', call)[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """A call that verifies a number, as its worker holds it."""

    id: str
    epoch: int


async def decide(tx: Transaction, call: NumberCheck, outcome: str, facts: Mapping[str, Any]) -> None:
    """The person has typed the code (VERIFIED), or confirmed that the number is not theirs (DENIED); raises NotOurs when the call
    is no longer ours, or the register has another number by now.
    """
    values = {"call": call.id, "epoch": call.epoch, "outcome": outcome}
    row = await tx.one(Q.decide_number_check, values | Evidence.of(facts).parameters())
    if row is None:
        if not await tx.value(Q.decided_so, values):
            raise NotOurs
        return
    if outcome == VERIFIED and not await tx.run(
        Q.verify, {"call": call.id, "id": row.supervisor, "number": row.number}
    ):
        raise NotOurs
    act = ACT_VERIFIED if outcome == VERIFIED else ACT_DENIED
    told = {"actor": "system", "role": "system", "act": act, "activity": None}
    await tx.run(COMMON.log_operation, told | {"remark": f"登记 {row.supervisor}，呼叫 {call.id}"})


async def end_call(
    tx: Transaction, call: NumberCheck, outcome: str, facts: Mapping[str, Any], trail: str, showed: Showed = NOTHING_SHOWN
) -> None:
    """The line is known to be gone; what was decided before stays."""
    values = {"call": call.id, "epoch": call.epoch, "outcome": outcome, "trail": trail, **showed.parameters()}
    await tx.run(Q.end_number_check, values | Evidence.of(facts).parameters())


# --- inside -------------------------------------------------------------------------------------------------------

_TAKEN: Mapping[str, Mapping[str, str]] = {
    "one_registration": {"account": "该账号在本抽取终端已有登记，请编辑原登记，或先停用。"},
    "one_telephone_one_supervisor": {"phone": "该电话已登记在另一名监督人名下，每名监督人须使用本人的电话。"},
}


async def _locked(tx: Transaction, terminal: str, number: int) -> Any:
    row = await tx.one(Q.lock_supervisor, {"id": number})
    if row is None or row.terminal != terminal:
        raise NotThere
    return row


async def phone_faults(db: Database | Transaction, vault: Vault, typed: str, rules: str) -> dict[str, str]:
    """Why a supervisor can't be called at this number, or nothing."""
    try:
        phone = understood(typed).digits
    except NoNumber as fault:
        return {"phone": f"{fault}。"}
    if not Rules.load(rules).calling.allows(phone):
        return {"phone": "电话不在可呼叫的号码范围内，请填写完整的手机号码或带区号的固定电话。"}
    if await db.value(Q.experts_number, {"phone_hash": vault.keyed_hash("phone", phone)}):
        return {"phone": "该电话是专家库中专家的号码，不能作为监督人的电话。"}
    return {}


async def locked(tx: Transaction, vault: Vault, terminal: str, number: int) -> Supervisor:
    """A registration of this terminal with its row locked; raises NotThere."""
    await _locked(tx, terminal, number)
    return (await supervisors(tx, vault, terminal=terminal, number=number))[0]


async def _sealed(tx: Transaction, vault: Vault, number: int, details: Details, rules: str) -> dict[str, Any]:
    confirm(await phone_faults(tx, vault, details.phone, rules))
    phone = understood(details.phone).digits
    hashed = vault.keyed_hash("phone", phone)
    return {
        "unit": details.unit,
        "language": details.language,
        "name_enc": vault.encrypt(details.name.encode(), SUPERVISOR_NAME.at(number)),
        "phone_enc": vault.encrypt(phone.encode(), SUPERVISOR_PHONE.at(number)),
        "phone_hash": hashed,
    }


def _opened(vault: Vault, row: Any) -> Supervisor:
    return Supervisor(
        id=row.id, terminal=row.terminal, account=row.account, unit=row.unit,
        name=vault.decrypt(bytes(row.name_enc), SUPERVISOR_NAME.at(row.id)).decode(),
        phone=vault.decrypt(bytes(row.phone_enc), SUPERVISOR_PHONE.at(row.id)).decode(),
        phone_hash=bytes(row.phone_hash), language=row.language, active=row.active, verified_at=row.verified_at,
        call=row.call, call_state=row.call_state, call_outcome=row.call_outcome, called_at=row.called_at,
    )  # fmt: skip
