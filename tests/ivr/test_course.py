"""Where calls stand: words for every step that a flow may begin, and nothing in them that says which key was pressed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from db.pool import Database
from drawing.board import Row, live_words
from drawing.seats import PickOutcome
from drawing.stages import STAGES, Stage
from drawing.words import CALL_STAGES
from ivr.calls import Answered, Digit, EarlyMedia, Event, Outcome, Played, Recorded, Ringing, Started
from ivr.course import stage_after
from ivr.dialplans import KINDS, WITNESS_SENT, Invitation, Kind, Timings
from ivr.preparing import WEAK
from script.flows import prompts_named

NOW, APART = datetime(2026, 11, 23, 9, 0, tzinfo=UTC), timedelta(seconds=20)
CONFIRM = {"1": "confirm_accept", "2": "confirm_decline", "9": "confirm_wrong_person"}


@pytest.mark.postgres
async def test_the_database_has_the_same_stages(db: Database) -> None:
    kept = await db.value("SELECT enum_range(null::call_stage)::text[]")
    assert kept == [each.value for each in Stage]


def test_every_stage_has_a_word_of_its_own() -> None:
    assert set(CALL_STAGES) == set(Stage)
    assert len(set(CALL_STAGES.values())) == len(Stage)


@pytest.mark.parametrize("kind", [*KINDS.values(), WITNESS_SENT], ids=[*KINDS, "witness_sent"])
def test_every_step_of_this_kind_of_call_has_its_stage(kind: Kind) -> None:
    assert prompts_named(kind) - STAGES.keys() == set()


def test_no_step_is_named_that_no_flow_begins() -> None:
    begun = {prompt for kind in (*KINDS.values(), WITNESS_SENT) for prompt in prompts_named(kind)}
    assert STAGES.keys() - begun - {*WEAK.values(), "witness_weak"} == set()


def test_which_key_is_to_be_confirmed_is_not_told() -> None:
    assert {STAGES[step] for step in STAGES if step.startswith("confirm_")} == {Stage.CONFIRMING}


def course(*events: Event) -> list[Stage | None]:
    """Where an invitation stands after each event."""
    flow, stage, stages = Invitation(Timings()), None, []
    for n, event in enumerate(events):
        for what in (event, *flow.receive(event, NOW + n * APART)):
            stage = stage_after(stage, what)
        stages.append(stage)
    return stages


def test_an_invitation_from_dialling_to_the_last_word() -> None:
    asked = (Started(), EarlyMedia(), Ringing(), EarlyMedia(), Answered(), Played("invitation"))
    agreed = (Digit("1", "invitation"), Digit("1", "confirm_accept"), Recorded())
    told = (Played("received_accept"), Played("details"))
    assert [each and each.value for each in course(*asked, *agreed, *told)] == [
        "dialling", "early_media", "ringing", "ringing", "inviting", "replying",
        "confirming", "confirming", "gathering", "gathering", "gathering",
    ]  # fmt: skip


@pytest.mark.parametrize("key", CONFIRM)
def test_until_it_is_decided_every_key_looks_alike(key: str) -> None:
    stages = course(Started(), Answered(), Digit(key, "invitation"), Played(CONFIRM[key]))
    assert stages[2:] == [Stage.CONFIRMING, Stage.CONFIRMING]


def test_late_and_repeated_news_of_the_network_change_nothing() -> None:
    for late in (Ringing(), EarlyMedia(), Answered()):
        assert stage_after(Stage.CONFIRMING, late) is Stage.CONFIRMING
    assert stage_after(None, Digit("1", "")) is None


def words(stages: Iterable[Stage | None], outcome: Outcome | None = None) -> list[str]:
    told = outcome.value if outcome else None
    return [live_words(Row(1, "c1", 1, PickOutcome.OPEN, 1, "live", told, None, stage=stage)) for stage in stages]


def test_the_words_of_a_row() -> None:
    undecided = words((None, Stage.DIALLING, Stage.RINGING, Stage.INVITING, Stage.CONFIRMING))
    assert undecided == ["正在呼叫", "拨号中", "响铃中", "通话中：正在听邀请", "通话中：等待确认"]
    decided = words((None, Stage.CONFIRMING, Stage.GATHERING), Outcome.ACCEPTED)
    assert decided == ["同意，仍在通话", "同意，仍在通话", "同意，正在播报集合信息"]
