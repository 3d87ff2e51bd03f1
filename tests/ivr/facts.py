"""Facts that several tests speak about."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ivr.dialplans import KINDS, Whom
from ivr.prompts import ConditionCount, InvitationFacts, Language, MaskedFacts, Prompt, WitnessFacts, masked

INVITATION = InvitationFacts(
    gather_at=datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
    district="广州市越秀区",
    duration=timedelta(hours=2, minutes=30),
    address="广州市越秀区越华路118号3楼",
    room="1203",
    contact="张工",
    contact_phone="18088888888",
    note="请戴口罩，8:30前签到，2人一桌",
    code="482913",
)
WITNESS = WitnessFacts(
    activity="CQSQ202611230001",
    draw=2,
    pool_size=20000,
    eligible=(ConditionCount(152, 2), ConditionCount(40)),
    fingerprint="4830 8909 6701 3139 9393",
    ledger_size=12,
    ledger_root="0c1aab2d6edee7c3",
    excluded={"suspended": 12, "avoided_unit": 3},
)
MATTER = {"earlier": "2026-11-22T14:30:00+08:00", "ground": "流标", "leave": True}
"""What any kind of call may say besides."""
TO_EXPERTS = tuple(kind for kind in KINDS.values() if kind.whom is Whom.EXPERT)
KINDS_HEARD = (*(kind.name for kind in TO_EXPERTS), "masked")
"""Every kind of call that an expert hears."""


def told(kind: str, language: Language, known: InvitationFacts = INVITATION) -> Mapping[str, Prompt]:
    """All prompts of a kind of call to an expert, with every fact that it may have."""
    if kind == "masked":
        return masked(MaskedFacts(3, recorded=True), language)
    return KINDS[kind].says(known, MATTER, language)
