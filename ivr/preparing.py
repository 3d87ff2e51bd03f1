"""What a call needs before anybody's telephone rings: whom it is for, what it will say, and by which flow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from db.contexts import EXPERT_PHONE, STAFF_PHONE, SUPERVISOR_PHONE, WITNESS_PHONE, Context
from db.pool import Database
from db.queries import load
from drawing import chain, heads, person, supervisors
from drawing.canonical import read
from drawing.chain import Custody
from drawing.heads import Given
from drawing.lots import fingerprint, weak_share
from drawing.reference import reference
from drawing.rules import Rules
from drawing.transcript import parse_stamp, stamp
from ivr import masked, numbers
from ivr.calls import Flow
from ivr.dialplans import KINDS, PAIRS, WITNESS_SENT, Timings, Whom
from ivr.masked import PairConversation
from ivr.numbers import NumberRefused
from ivr.prompts import Language, Prompt
from ivr.prompts.facts import ConditionCount, InvitationFacts, WitnessFacts
from ivr.speech import Speech

Q = load("ivr")
_COMMITS_WITHIN = timedelta(hours=1)  # a row is seen once its transaction, or one before it, has committed


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a call will say, to whom, and by which flow; prepared before anybody's phone rings."""

    who: str  # pool id of an expert, or the id of a witness
    number: str
    flow: Flow
    media: Mapping[str, Sequence[str]]
    refused: str = ""  # why nothing may be dialled; then there is no number

    def __repr__(self) -> str:
        return f"<Conversation with {self.who}>"  # never the number

    @property
    def numbers(self) -> tuple[str, ...]:
        """What is dialled; none when it is refused."""
        return () if self.refused else (self.number,)


class UsedShares:
    """The digits that witnesses have given before, whoever gave them: read whole once, and then what has come since. What a call
    does not know yet is refused when it decides (drawing.decide.share)."""

    def __init__(self, db: Database) -> None:
        self._db, self._known, self._since = db, set[str](), ""  # as the transcript writes times

    async def used(self) -> Collection[str]:
        """All that are known by now."""
        rows = await self._db.all(chain.Q.shares_used, {"since": self._since})
        self._known.update(row.value for row in rows)
        self._since = max((stamp(parse_stamp(row.at) - _COMMITS_WITHIN) for row in rows), default=self._since)
        return self._known


class Preparer:
    """Loads what a call needs and has its prompts made: nothing is synthesised while somebody waits on the line."""

    def __init__(self, db: Database, custody: Custody, speech: Speech, timings: Timings) -> None:
        self._db, self._custody, self._speech, self._base = db, custody, speech, timings
        self._shares = UsedShares(db)

    async def prepare(self, call: Any) -> Conversation | PairConversation:
        """The conversation of a waiting call; raises NotBound for one whose pick does not lead to the person it is about, and
        NotYet while the natural voice is at work on it.
        """
        if call.flow in PAIRS:
            return await self._pair(call)
        match KINDS[call.flow].whom:
            case Whom.WITNESS:
                return await self._witness(call)
            case Whom.EXPERT:
                return await self._expert(call)
            case Whom.SUPERVISOR:
                return await self._number_check(call)

    async def _expert(self, call: Any) -> Conversation:
        kind = KINDS[call.flow]
        row = await self._db.one(Q.invitation, {"pick": call.pick})
        person.of(self._custody, row, call.activity, call.expert)  # nobody else's telephone rings
        known = InvitationFacts(
            gather_at=row.gather_at,
            district=place(row.district),
            duration=row.evaluation_end - row.evaluation_start,
            address=row.address,
            room=row.room,
            contact=row.contact,
            contact_phone=row.contact_phone,
            note=row.note,
            code=row.code,
        )
        (number,), refused = self._numbers((row.phone_enc, EXPERT_PHONE.at(row.expert), row.phone_hash))
        return Conversation(
            who=row.pseudonym,
            number=number,
            refused=refused,
            flow=kind.flow(self._timings(row.rules), no_share),
            media=await self._media(kind.says(known, call.matter, self._language(row.language))),
        )

    def _language(self, chosen: str) -> Language:
        """The person's, where there is a voice for it."""
        language = Language(chosen)
        return language if language in self._speech.languages else Language.MANDARIN

    async def _witness(self, call: Any) -> Conversation:
        row = await self._db.one(Q.witness_call, {"activity": call.activity, "witness": call.witness})
        used = await self._shares.used()
        kind = WITNESS_SENT if row.sent else KINDS[call.flow]
        context = WITNESS_PHONE.at(row.no)
        (number,), refused = self._numbers((row.phone_enc, context, row.phone_hash))
        return Conversation(
            who=call.witness,
            number=number,
            refused=refused,
            flow=kind.flow(self._timings(row.rules), partial(weak_prompt, used_before=used)),
            media=await self._media(kind.prompts(await self._receipt(read(row.body), row.hash, call.witness))),
        )

    async def _number_check(self, call: Any) -> Conversation:
        kind = KINDS[call.flow]
        row = await self._db.one(Q.number_check, {"call": call.id})
        code = supervisors.code(self._custody.vault, call.id)
        (number,), refused = self._numbers((row.phone_enc, SUPERVISOR_PHONE.at(row.id), row.phone_hash))
        return Conversation(
            who=f"supervisor {row.id}",
            number=number,
            refused=refused,
            flow=kind.flow(self._timings(call.rules), lambda digits: None if digits == code else "number_check_wrong"),
            media=await self._media(kind.prompts(None, self._language(row.language))),
        )

    async def _pair(self, call: Any) -> PairConversation:
        kind, vault, recorded = PAIRS[call.flow], self._custody.vault, bool(call.matter.get("record"))
        row = await self._db.one(Q.masked_call, {"call": call.id})
        expert = person.of(self._custody, row, call.activity, call.expert)
        said = kind.prompts(masked.facts(vault, row, expert, recorded), self._language(row.language))
        (number, staff), refused = self._numbers(
            (row.phone_enc, EXPERT_PHONE.at(row.expert), row.phone_hash),
            (row.staff_phone_enc, STAFF_PHONE.at(row.call), row.staff_phone_hash),
        )
        return PairConversation(
            who=row.pseudonym,
            number=number,
            staff=staff,
            refused=refused,
            flow=kind.flow(self._timings(row.rules), recorded),
            media={**await self._media(said), **masked.TONES},
        )

    async def _receipt(self, commit: Any, commit_hash: str, witness: str) -> WitnessFacts:
        head = await heads.receipt(self._db, commit["activity"], commit["draw"], Given.COMMIT, Given.CALL, witness)
        return WitnessFacts(
            activity=commit["activity"],
            draw=commit["draw"],
            pool_size=commit["pool_size"],
            eligible=tuple(ConditionCount(*commit["eligible"][c["id"]]) for c in commit["conditions"]),
            excluded=commit["excluded"],
            fingerprint=fingerprint(commit_hash),
            ledger_size=head.size,
            ledger_root=head.root,
        )

    def _timings(self, rules: str) -> Timings:
        calling = Rules.load(rules).calling
        return replace(self._base, ring_seconds=calling.ring_s, confirm_seconds=calling.confirm_s)

    def _numbers(self, *sealed: tuple[bytes, Context, bytes | None]) -> tuple[Sequence[str], str]:
        """The numbers, or none of them and why; each as ivr.numbers.opened takes it."""
        try:
            return [numbers.opened(self._custody.vault, *each) for each in sealed], ""
        except NumberRefused as error:
            return [""] * len(sealed), str(error)

    async def _media(self, wanted: Mapping[str, Prompt]) -> Mapping[str, Sequence[str]]:
        rendered = await self._speech.render_all(wanted, wait=False)
        return {name: [f"sound:{path}" for path in paths] for name, paths in rendered.items()}


WEAK: Mapping[str, str] = {
    "too_short": "witness_weak_length",
    "too_long": "witness_weak_length",
    "all_equal": "witness_weak_equal",
    "run": "witness_weak_run",
    "date": "witness_weak_date",
    "used_before": "witness_weak_used",
}


def weak_prompt(digits: str, used_before: Collection[str] = ()) -> str | None:
    """The prompt that says why these digits can't be used, or None."""
    reason = weak_share(digits, used_before)
    return None if reason is None else WEAK.get(reason, "witness_weak")


def no_share(digits: str) -> str | None:
    """For calls that ask for none."""
    return "witness_weak"


def place(region: str) -> str:
    """A region as it is said: without the province.

    >>> place("440104")
    '广州市越秀区'
    """
    return "".join(reference().region_path(region).split("-")[1:])
