"""Facts that several tests speak about."""

from datetime import UTC, datetime, timedelta

from ivr.prompts import ConditionCount, InvitationFacts, WitnessFacts

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
MATTER = {"earlier": "2026-11-22T14:30:00+08:00", "ground": "流标"}
"""What any kind of call may say besides."""
