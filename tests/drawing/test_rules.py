from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from drawing.rules import FOLDER, LINE_FAULTS, OUR_FAILURES, TRIES, BadRules, CallOutcome, Rules, versions

DEMO = (FOLDER / "demo-1.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", versions())
def test_every_version_loads(version: str) -> None:
    rules = Rules.load(version)
    assert rules.version == version
    assert all(each.source and each.valid_from for each in rules.sources.values())
    assert set(rules.unreached_tries) == TRIES


def test_what_the_two_are_for() -> None:
    demo, real = Rules.load("demo-1"), Rules.load("gd-1")
    assert (demo.witness_required, real.witness_required) == (False, True)
    assert real.unseal_lead_s == 1800
    assert real.calling.confirm_s >= 2  # docs/lines.md: what a line delivers late of one press has come by then
    assert (real.calling.per_minute, real.calling.per_hour, real.calling.per_day) == (1, 5, 20)
    assert max(demo.calling.pause_s.values()) < 10
    assert (demo.retention.recording_days, real.retention.recording_days) == (7, 180)
    assert "待主管部门确认" in real.sources["retention"].source


def test_a_version_without_the_previews_numbers_is_as_strict_as_the_newest() -> None:
    old, new = Rules.load("gd-1").preview, Rules.load("gd-2").preview
    assert old == new
    assert new.minimum >= 40  # docs/security.md: fewer would let a thousand previews tell who is in the pool
    assert (Rules.load("demo-1").preview, Rules.load("bench-1").preview) == (old, old)
    assert Rules.load("gd-2").sources["preview"].valid_from > Rules.load("gd-1").sources["preview"].valid_from


def test_hours_and_numbers() -> None:
    real, demo = Rules.load("gd-1").calling, Rules.load("demo-1").calling
    assert [real.may_ring(time(hour)) for hour in (7, 8, 20, 21)] == [False, True, True, False]
    assert demo.may_ring(time(23, 59))
    assert real.allows("13800138000")
    for number in ("138001380001", "+8613800138000", "110", "00861380013800", "13800138000;x"):
        assert not real.allows(number) or number.startswith("0")


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("outcome", sorted(TRIES))
def test_unreached_after_exactly_the_tries(version: str, outcome: CallOutcome) -> None:
    rules = Rules.load(version)
    needed = rules.unreached_tries[outcome]
    assert rules.unreached_after([outcome] * needed, 0)
    assert not rules.unreached_after([outcome] * (needed - 1), 0)


def test_mixed_outcomes_count_together_and_a_hold_ends() -> None:
    rules = Rules.load("gd-1")
    mixed = ["busy", "no_answer", "voicemail", "rejected"]
    assert not rules.unreached_after(mixed, 0)
    assert rules.unreached_after([*mixed, "no_key"], 0)
    assert not rules.unreached_after(["busy"], rules.hold_s - 1)
    assert rules.unreached_after(["busy"], rules.hold_s)


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("outcome", ["interrupted", "cancelled"])
def test_our_own_failures_never_make_anybody_unreached(version: str, outcome: str) -> None:
    rules = Rules.load(version)
    assert not rules.unreached_after([outcome] * 50, 10**6)
    assert not rules.unreached_after([], 10**6)


WITH_LINE_FAULTS = {"bench-3", "demo-4", "demo-5", "gd-3"}


def test_which_versions_end_a_pick_for_the_line() -> None:
    assert {version for version in versions() if Rules.load(version).line_faults is not None} == WITH_LINE_FAULTS


@pytest.mark.parametrize("version", sorted(set(versions()) - WITH_LINE_FAULTS))
@pytest.mark.parametrize("outcome", sorted(LINE_FAULTS))
def test_versions_before_count_faults_of_the_line_for_nothing(version: str, outcome: CallOutcome) -> None:
    """Old draws stay verifiable: what was unreached stays so, and nothing else is."""
    rules = Rules.load(version)
    assert not rules.unreached_after([outcome] * 50, 10**6)
    assert rules.hold_from([outcome] * 50) is None
    assert not rules.unreached_after([outcome] * 50 + ["busy"], rules.hold_s - 1)
    assert rules.unreached_after([outcome, "busy"], rules.hold_s)


@pytest.mark.parametrize("version", sorted(WITH_LINE_FAULTS))
@pytest.mark.parametrize("outcome", sorted(LINE_FAULTS))
def test_faults_of_the_line_end_a_pick_by_number_or_time(version: str, outcome: CallOutcome) -> None:
    rules = Rules.load(version)
    enough = rules.line_faults or 0
    assert rules.unreached_after([outcome] * enough, 0)
    assert not rules.unreached_after([outcome] * (enough - 1), rules.hold_s - 1)
    assert rules.unreached_after([outcome], rules.hold_s)
    assert rules.unreached_after(["interrupted", *[outcome] * (enough - 1), "busy", outcome], 0)
    assert not rules.unreached_after([outcome] * enough + ["accepted"], 10**6)


def test_all_faults_of_the_line_count_together_and_no_try_with_them() -> None:
    rules = Rules.load("gd-3")
    mixed = [*sorted(LINE_FAULTS) * 3]
    assert not rules.unreached_after([*mixed, "busy", "busy"], 0)
    assert rules.unreached_after([*mixed, "busy", "busy", "no_media"], 0)
    assert rules.unreached_by_line([*mixed, "busy", "busy", "no_media"])
    assert not rules.unreached_by_line([*mixed, "busy", "busy", "busy"])
    assert rules.notice("details").used_up(["busy", "busy"])
    assert not rules.notice("details").used_up([*mixed, "busy"])


def test_the_time_runs_from_the_first_fault_of_the_line_when_there_was_no_try() -> None:
    rules = Rules.load("gd-3")
    assert rules.hold_from([]) is None
    assert rules.hold_from(["interrupted", "interrupted"]) is None
    assert rules.hold_from(["interrupted", "no_media", "line_dropped"]) == 1
    assert rules.hold_from(["interrupted", "no_media", "busy"]) == 0


@pytest.mark.parametrize("version", sorted(WITH_LINE_FAULTS))
def test_an_outage_does_not_use_the_pool_up(version: str) -> None:
    """A trunk that fails at once is tried for about as long as a busy telephone keeps its seat, whatever the number says."""
    rules = Rules.load(version)
    pauses = [rules.calling.pause_after(["trunk_failure"] * n) for n in range(1, rules.line_faults or 0)]
    assert sum(pauses) >= rules.hold_s / 2
    silent = [rules.calling.pause_after(["no_media"] * n) for n in range(1, 9)]
    rung = 1 + sum(sum(silent[:n]) <= rules.hold_s for n in range(1, 9))
    assert rung <= 8


def test_alarms_of_the_lines() -> None:
    for version in versions():
        lines = Rules.load(version).lines
        assert min(lines.keyless_calls, lines.no_media_calls) >= 1
    assert Rules.load("gd-2").lines == Rules.load("gd-3").lines


def test_what_a_line_did_is_no_try() -> None:
    assert LINE_FAULTS | {CallOutcome.INTERRUPTED, CallOutcome.CANCELLED} == OUR_FAILURES
    assert not LINE_FAULTS & TRIES


def test_a_decision_is_never_unreached() -> None:
    assert not Rules.load("demo-1").unreached_after(["busy"] * 9 + ["accepted"], 10**6)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("unseal_lead_s = 1800", "unseal_lead_s = -1", "sealing.unseal_lead_s must be at least 0"),
        ("unseal_lead_s = 1800", "", "sealing.unseal_lead_s must be int"),
        ("unseal_lead_s = 1800", "unseal_lead_s = true", "sealing.unseal_lead_s must be int"),
        ("busy = 3\n", "bussy = 3\n", "unreached.tries.busy must be int"),
        ("busy = 3\n", "busy = 3\nmoon = 1\n", "unreached.tries.moon must be left out"),
        ('version = "demo-1"', 'version = "demo-2"', "the file says version 'demo-2'"),
        ("valid_from = 2026-01-01", 'valid_from = "soon"', "valid_from must be date"),
        ('["00:00", "24:00"]', '["0", "24:00"]', "calling.hours must be two times"),
        ("share_digits = [8, 12]", "share_digits = [12, 8]", "share_digits must be 2 ascending"),
        ("'0\\d{9,11}'", "'(0'", "calling.allowed_numbers must be regular expressions"),
        ("[witness]", "[witness", "rules demo-1"),
        ("pause_s = 4\n", "pause_s = 4\nmoon = 1\n", "notices.moon must be left out"),
        ("tries = 2\n", "tries = 2\nmoon = 1\n", "notices.details.moon must be left out"),
        ("tries = 2\n", "tries = 0\n", "notices.details.tries must be at least 1"),
        ("recording_days = 7", "recording_days = 0", "retention.recording_days must be at least 1"),
        ("[retention]", "[keeping]", "retention must be dict"),
        ("hold_s = 120", "hold_s = 120\nextra = 1", "unreached.extra must be left out"),
    ],
)
def test_a_bad_file_says_where(old: str, new: str, says: str) -> None:
    assert old in DEMO
    with pytest.raises(BadRules, match="(?s)" + says.replace("[", r"\[")):
        Rules.parse(DEMO.replace(old, new), "demo-1")


def test_a_notice_is_tried_so_often_and_so_long() -> None:
    rules = Rules.load("demo-1")
    urging = rules.notice("urging")
    assert (urging.tries, urging.pause_s) == (rules.notice("").tries, rules.notice("").pause_s)
    assert (rules.notice("details").tries, rules.notice("unheard of")) == (2, rules.notice(""))
    assert not urging.used_up(["busy", "trunk_failure", "interrupted", "cancelled", "no_key"])
    assert urging.used_up(["busy", "no_key", "hung_up_early"])
    gather_at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert [urging.closed(gather_at + timedelta(minutes=m), gather_at) for m in (0, 30, 31)] == [False, False, True]
    assert not rules.notice("details").closed(gather_at + timedelta(days=9), gather_at)


def test_an_unknown_version_says_which_there_are() -> None:
    there_are = "bench-1, bench-2, bench-3, demo-1, demo-2, demo-3, demo-4, demo-5, gd-1, gd-2, gd-3"
    with pytest.raises(BadRules, match=f"no rules 'x'; there are: {there_are}"):
        Rules.load("x")


def test_a_version_is_no_path() -> None:
    assert (Path(FOLDER) / "../rules/demo-1.toml").exists()
    with pytest.raises(BadRules):
        Rules.load("../rules/demo-1")
