"""From a row of the outbox to what is sent: facts are read, and numbers opened, at the last moment only."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from db.contexts import EXPERT_PHONE, MAIL_ADDRESS, WITNESS_PHONE, Context
from db.pool import Database
from drawing import heads, person
from drawing.canonical import read
from drawing.chain import Custody
from drawing.heads import Given
from drawing.lots import fingerprint
from ivr import numbers
from ivr.messages import zh
from ivr.messages.kinds import Kind
from ivr.messages.outbox import Q
from ivr.numbers import NumberRefused
from ivr.prompts.facts import ConditionCount, InvitationFacts, WitnessFacts

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to go. Neither address nor text is ever shown or logged."""

    id: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    subject: str = ""


class Pointless(Exception):
    """What the message was to say is no longer so; the message says why."""


@dataclass(frozen=True, slots=True)
class Composer:
    """`published`: the one number that experts see (K5)."""

    db: Database
    custody: Custody
    published: str

    async def compose(self, row: Any) -> Letter:
        """The letter of a row; raises Pointless, and NotBound for a pick that does not lead to the person it is about."""
        kind = Kind(row.kind)
        if row.pick is not None:
            return await self._to_expert(row, kind)
        if row.witness is not None:
            return await (self._of_the_seal(row) if kind is Kind.SEAL_RECEIPT else self._to_witness(row))
        return await self._to_clerk(row, kind)

    async def _to_expert(self, row: Any, kind: Kind) -> Letter:
        found = await self.db.one(Q.expert_facts, {"pick": row.pick})
        person.of(self.custody, found, row.activity)  # nobody else is written to
        if why := pointless(kind, found):
            raise Pointless(why)
        facts = InvitationFacts(
            gather_at=found.gather_at, district=found.district, duration=None, address=found.address, room=found.room,
            contact=found.contact, contact_phone=found.contact_phone, note=found.note, code=found.code,
        )  # fmt: skip
        return Letter(row.id, self._number(found, EXPERT_PHONE.at(found.expert)), self._text(kind, facts))

    def _text(self, kind: Kind, facts: InvitationFacts) -> str:
        match kind:
            case Kind.DETAILS:
                return zh.details(facts)
            case Kind.ANNOUNCEMENT:
                return zh.announcement(facts, self.published)
            case Kind.TIME_CHANGED:
                return zh.time_changed(facts, self.published)
            case Kind.WITHDRAWAL:
                return zh.withdrawal(facts)
            case Kind.RELEASE:
                return zh.release(facts)
        raise ValueError(f"{kind.value} is not for experts")

    async def _to_witness(self, row: Any) -> Letter:
        values = {"activity": row.activity, "witness": row.witness, "draw": row.draw}
        found = await self.db.one(Q.witness_facts, values)
        if found is None:
            raise Pointless("本次抽取没有承诺，或监督人已经更换")
        commit = read(found.body)
        head = await heads.receipt(self.db, row.activity, row.draw, Given.COMMIT, Given.SMS, row.witness)
        facts = WitnessFacts(
            activity=commit["activity"],
            draw=commit["draw"],
            pool_size=commit["pool_size"],
            eligible=tuple(ConditionCount(*commit["eligible"][each["id"]]) for each in commit["conditions"]),
            excluded=commit["excluded"],
            fingerprint=fingerprint(found.hash),
            ledger_size=head.size,
            ledger_root=head.root,
        )
        return Letter(row.id, self._number(found, WITNESS_PHONE.at(found.no)), zh.witness_receipt(facts))

    async def _of_the_seal(self, row: Any) -> Letter:
        values = {"activity": row.activity, "witness": row.witness, "draw": row.draw}
        found = await self.db.one(Q.witness_facts, values)
        if found is None:
            raise Pointless("本次抽取没有承诺，或监督人已经更换")
        head = await heads.receipt(self.db, row.activity, row.draw, Given.SEAL, Given.SMS, row.witness)
        text = zh.seal_receipt(row.activity, row.draw, head.size, head.root)
        return Letter(row.id, self._number(found, WITNESS_PHONE.at(found.no)), text)

    async def _to_clerk(self, row: Any, kind: Kind) -> Letter:
        facts = await self.db.one(Q.draw_facts, {"activity": row.activity}, zh.DrawFacts)
        assert facts is not None
        mail = zh.draw_complete(facts) if kind is Kind.DRAW_COMPLETE else zh.draw_short(facts)
        context = MAIL_ADDRESS.at(row.activity, row.kind, row.matter)
        address = self.custody.vault.decrypt(bytes(row.address_enc), context).decode()
        return Letter(row.id, address, mail.text, mail.subject)

    def _number(self, found: Any, context: Context) -> str:
        try:
            return numbers.opened(self.custody.vault, found.phone_enc, context, found.phone_hash)
        except NumberRefused as error:
            LOG.error("a message is not sent: %s", error)
            raise Pointless("号码与登记的不符或密文无法解开，未发送") from None


def pointless(kind: Kind, found: Any) -> str | None:
    """Why nobody needs this message any more, or None."""
    match kind:
        case Kind.DETAILS | Kind.TIME_CHANGED if found.outcome != "accepted":
            return "专家已不参加"
        case Kind.DETAILS | Kind.TIME_CHANGED | Kind.ANNOUNCEMENT if not found.ahead:
            return "集合时间已过"
        case Kind.ANNOUNCEMENT if found.outcome != "open" or found.called:
            return "已经呼叫过该专家"
    return None
