from datetime import UTC, datetime, timedelta

import pytest

from ivr.ari.evidence import TALKED_KEPT, Evidence
from ivr.ari.line import Line, channel_id, is_ours
from ivr.calls import Heard, Pressed, Talked

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHANNEL = channel_id("0" * 32)


def answered() -> Evidence:
    """The answer is at tick 100."""
    kept = Evidence(CHANNEL, "carrier")
    kept.note_dialled(NOW)
    kept.note_ringing(NOW + timedelta(seconds=1))
    kept.note_answered(NOW + timedelta(seconds=5), 100.0)
    return kept


def test_what_was_heard_and_how_far() -> None:
    kept = answered()
    kept.sounding("invitation", 100.1)
    kept.silent(103.1)
    kept.sounding("confirm_accept", 103.2)
    kept.silent(105.2, whole=True)
    assert kept.trail(106.0).heard == (
        Heard("invitation", 100, 3000, False),
        Heard("confirm_accept", 3200, 2000, True),
    )


def test_what_sounds_at_this_moment_is_told_but_not_ended() -> None:
    kept = answered()
    kept.sounding("invitation", 100.0)
    assert kept.trail(101.5).heard == (Heard("invitation", 0, 1500, False),)
    assert kept.trail(102.0).heard == (Heard("invitation", 0, 2000, False),)


@pytest.mark.parametrize(
    ("let_go", "held_ms", "step"),
    [
        (101.0, 120, "invitation"),
        (102.05, 120, "invitation"),  # let go after the confirm began, but it went down before
        (102.15, 120, "confirm"),
        (104.0, 2500, "invitation"),
        (100.05, 100, ""),
    ],
)
def test_a_key_belongs_to_the_step_in_which_it_went_down(let_go: float, held_ms: int, step: str) -> None:
    kept = answered()
    kept.begin("invitation", 100.0)
    kept.begin("confirm", 102.0)
    assert kept.key("1", let_go, held_ms) == step
    down = round((let_go - 100) * 1000) - held_ms
    assert kept.trail(110.0).pressed == (Pressed("1", down, held_ms, step),)


def test_talk() -> None:
    kept = answered()
    kept.talked(101.5, 1200)
    kept.talked(109.0, 3000)
    assert kept.trail(110.0).talked == (Talked(300, 1200), Talked(6000, 3000))


@pytest.mark.parametrize(
    ("until", "for_ms", "talked"),
    [
        (99.9, 5000, ()),  # music while it rang
        (102.0, 5000, (Talked(0, 2000),)),  # that went on after the answer
        (103.0, 0, ()),
        (103.0, -20, ()),  # silence that Asterisk took for the end of talk
    ],
)
def test_talk_is_what_sounded_after_the_answer(until: float, for_ms: int, talked: tuple[Talked, ...]) -> None:
    kept = answered()
    kept.talked(until, for_ms)
    assert kept.trail(110.0).talked == talked


def test_talk_before_any_answer_is_nobodys() -> None:
    kept = Evidence(CHANNEL, "carrier")
    kept.talked(101.0, 500)
    assert kept.trail(110.0).talked == ()


def test_talk_that_the_call_ends_in() -> None:
    kept = answered()
    kept.talk_began(101.0)
    kept.talked(102.0, 1000)
    kept.talk_began(103.0)
    assert kept.trail(104.0).talked == (Talked(1000, 1000),)
    kept.note_ended(NOW + timedelta(seconds=10), 105.0, 16, 0, by_us=False)
    assert kept.trail(200.0).talked == (Talked(1000, 1000), Talked(3000, 2000, whole=False))


def test_a_noisy_line_does_not_fill_the_evidence() -> None:
    kept = answered()
    for n in range(TALKED_KEPT * 2):
        kept.talked(101.0 + n, 100)
    assert len(kept.trail(999.0).talked) == TALKED_KEPT


def test_the_end() -> None:
    kept = answered()
    kept.sounding("details", 101.0)
    kept.note_ended(NOW + timedelta(seconds=9), 104.0, 16, 0, by_us=True)
    trail = kept.trail(200.0)
    assert (trail.cause, trail.by_us, trail.ended) == (16, True, NOW + timedelta(seconds=9))
    assert trail.heard == (Heard("details", 1000, 3000, False),)


def test_only_the_first_answer_and_ringing_count() -> None:
    kept = answered()
    kept.note_answered(NOW + timedelta(seconds=50), 150.0)
    kept.note_ringing(NOW + timedelta(seconds=50))
    trail = kept.trail(160.0)
    assert (trail.ringing, trail.answered) == (NOW + timedelta(seconds=1), NOW + timedelta(seconds=5))


def test_a_key_before_the_answer_is_counted_back_from_it() -> None:
    kept = Evidence(CHANNEL, "carrier")
    assert kept.key("1", 98.0, 500) == ""
    kept.note_answered(NOW, 100.0)
    assert kept.trail(103.0).pressed == (Pressed("1", -2500, 500, ""),)


def test_a_key_of_a_call_without_an_answer_is_counted_back_from_its_end() -> None:
    kept = Evidence(CHANNEL, "carrier")
    kept.key("1", 98.0, 500)
    kept.note_ended(NOW, 99.0, 19, 480, by_us=False)
    assert kept.trail(103.0).pressed == (Pressed("1", -1500, 500, ""),)


@pytest.mark.parametrize(
    ("number", "trunk"),
    [
        ("138 0013", "carrier"),
        ("", "carrier"),
        ("1@evil", "carrier"),
        ("13800138000", "a/b"),
        ("1" * 33, "c"),
    ],
)
def test_what_can_t_be_dialled_is_refused_without_being_named(number: str, trunk: str) -> None:
    with pytest.raises(ValueError, match=r"number|trunk") as refused:
        Line(CHANNEL, number, trunk, "02012345678")
    assert not number or number not in str(refused.value)


def test_the_number_is_in_no_repr() -> None:
    line = Line(CHANNEL, "13800138000", "carrier", "02012345678")
    assert "13800138000" not in repr(line)
    assert line.endpoint == "PJSIP/13800138000@carrier"


@pytest.mark.parametrize("token", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32])
def test_ids_are_of_one_kind(token: str) -> None:
    with pytest.raises(ValueError, match="32 hex"):
        channel_id(token)
    assert not is_ours(token)
