"""One vocabulary of outcomes, in code and in the database; and every kind of call has its rules."""

from __future__ import annotations

import pytest

from db.pool import Database
from drawing.rules import HEARD, CallOutcome, Rules, versions
from drawing.words import CALL_OUTCOMES
from ivr.calls import Outcome
from ivr.dialplans import EVERY_KIND, Again


@pytest.mark.postgres
async def test_the_database_has_the_same_outcomes(db: Database) -> None:
    kept = await db.value("SELECT enum_range(null::call_outcome)::text[]")
    assert sorted(kept) == sorted(each.value for each in Outcome)


def test_the_rules_speak_of_these_outcomes() -> None:
    ours = {each.value for each in Outcome}
    assert {each.value for each in CallOutcome} <= ours
    assert ours >= HEARD
    assert not HEARD & set(CallOutcome)
    assert set(CALL_OUTCOMES) == ours - {"share_given"}


@pytest.mark.parametrize("version", versions())
def test_the_rules_name_kinds_that_there_are(version: str) -> None:
    repeated = {name for name, kind in EVERY_KIND.items() if kind.again is not Again.BY_DRAW}
    assert set(Rules.load(version).notices) <= repeated | {""}
