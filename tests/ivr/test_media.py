"""Sound that did not come through, from counts of packets and holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ivr.ari.evidence import Evidence
from ivr.ari.line import channel_id
from ivr.calls import Gap, Heard, Media, OnHold, Outcome, Pressed, Trail
from ivr.media import Sample, concluded, overlap, unreceived, unsent

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DOUBTFUL = [Outcome.NO_KEY, Outcome.WRONG_KEYS, Outcome.HUNG_UP_EARLY, Outcome.DELIVERED]
BOTH_WAYS = Media(1000, 1500, 29_000)
KEY = Pressed("5", 9_000, 100, "invitation")


def trail(
    seconds: float = 30.0,
    *,
    heard: Sequence[Heard] = (Heard("invitation", 100, 20_000, True),),
    media: Media | None = BOTH_WAYS,
    holds: Sequence[OnHold] = (),
    pressed: Sequence[Pressed] = (),
) -> Trail:
    ended = NOON + timedelta(seconds=seconds)
    return Trail(
        "c", "carrier", answered=NOON, ended=ended, heard=tuple(heard), media=media, holds=tuple(holds), pressed=tuple(pressed)
    )


def lost(played: int, gone: int, prompt: str = "invitation") -> Heard:
    return Heard(prompt, 100, played - gone, gone < 500, gone)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_call_with_sound_both_ways_is_what_the_flow_found(outcome: Outcome) -> None:
    assert concluded(outcome, trail()) is outcome
    assert concluded(outcome, trail(media=None)) is outcome
    assert concluded(outcome, Trail("c", "carrier")) is outcome


@pytest.mark.parametrize(
    "silent",
    [
        trail(heard=[lost(20_000, 20_000)]),
        trail(heard=[lost(20_000, 11_000)]),
        trail(heard=[lost(20_000, 20_000), lost(10_000, 6_000, "no_key")]),
        trail(3.0, heard=[lost(2_000, 2_000)], media=Media(0, 0, 2_000)),
        trail(media=Media(1000, 0, 29_000)),
        trail(4.0, heard=[Heard("invitation", 100, 3_800, False)], media=Media(190, 0, 3_000)),
    ],
)
@pytest.mark.parametrize("outcome", Outcome)
def test_without_sound_in_a_direction_it_is_the_line(outcome: Outcome, silent: Trail) -> None:
    """But for what keys have decided."""
    assert concluded(outcome, silent) is (Outcome.NO_MEDIA if outcome in DOUBTFUL else outcome)


@pytest.mark.parametrize(
    "enough",
    [
        trail(heard=[lost(20_000, 9_000)]),
        trail(heard=[lost(20_000, 20_000), Heard("no_key", 21_000, 21_000, True)]),
        trail(0.9, heard=[Heard("invitation", 100, 700, False)], media=None),
        trail(2.5, heard=[lost(900, 900)], media=Media(0, 0, 2_000)),
        trail(2.5, heard=[Heard("invitation", 100, 2_000, False)], media=Media(100, 0, 2_000)),
        trail(media=Media(1000, 0, 29_000), pressed=[KEY]),
        trail(holds=[OnHold(2_000, 6_000)]),
        trail(holds=[OnHold(26_000, 4_000, whole=False)]),
        trail(holds=[OnHold(5_000, 25_000, whole=False)], pressed=[KEY]),
        trail(media=Media(1000, 900, 29_000, unreceived=(Gap(5_000, 9_000),))),
        trail(media=Media(1000, 900, 29_000, unreceived=(Gap(23_000, 7_000),))),
        trail(media=Media(1000, 400, 29_000, unreceived=(Gap(8_500, 21_500),)), pressed=[KEY]),
    ],
)
@pytest.mark.parametrize("outcome", [Outcome.NO_KEY, Outcome.HUNG_UP_EARLY])
def test_what_was_heard_and_could_be_answered_is_the_persons(outcome: Outcome, enough: Trail) -> None:
    assert concluded(outcome, enough) is outcome


@pytest.mark.parametrize(
    "cut",
    [
        trail(holds=[OnHold(22_000, 8_000, whole=False)]),
        trail(holds=[OnHold(2_000, 3_000), OnHold(15_000, 15_000, whole=False)]),
        trail(media=Media(1000, 1500, 29_000, unsent=(Gap(23_000, 6_000),))),
        trail(media=Media(1000, 300, 29_000, unreceived=(Gap(6_000, 24_000),))),
        trail(media=Media(1000, 600, 29_000, unreceived=(Gap(9_100, 20_000),)), pressed=[KEY]),
    ],
)
def test_who_could_not_answer_any_more_loses_no_try(cut: Trail) -> None:
    assert concluded(Outcome.NO_KEY, cut) is Outcome.NO_MEDIA
    assert concluded(Outcome.DELIVERED, cut) is Outcome.DELIVERED  # it was heard before


def test_a_carrier_that_sends_nothing_in_silence_is_judged_by_what_we_send_alone() -> None:
    for came in (trail(media=Media(1000, 0, 29_000)), trail(media=Media(1000, 300, 29_000, unreceived=(Gap(6_000, 24_000),)))):
        assert concluded(Outcome.NO_KEY, came, sends_silence=False) is Outcome.NO_KEY
    assert concluded(Outcome.NO_KEY, trail(heard=[lost(20_000, 20_000)]), sends_silence=False) is Outcome.NO_MEDIA


def test_a_notice_is_delivered_only_if_it_was_heard_whole_once() -> None:
    bye = Heard("goodbye", 22_000, 900, True)
    assert concluded(Outcome.DELIVERED, trail(heard=[lost(20_000, 4_000, "details"), bye])) is Outcome.NO_MEDIA
    asked_again = trail(heard=[lost(20_000, 4_000, "details"), bye], pressed=[KEY])
    assert concluded(Outcome.DELIVERED, asked_again) is Outcome.DELIVERED
    again = Heard("details", 30_000, 20_000, True)
    assert concluded(Outcome.DELIVERED, trail(heard=[lost(20_000, 4_000, "details"), again, bye])) is Outcome.DELIVERED
    assert concluded(Outcome.DELIVERED, trail(heard=[lost(20_000, 300, "details"), bye])) is Outcome.DELIVERED


def samples(*counts: tuple[int, int]) -> list[Sample]:
    """A second apart; an answer takes a tenth of it."""
    return [Sample(n, n + 0.1, sent, received) for n, (sent, received) in enumerate(counts)]


def test_what_did_not_go_out_while_a_prompt_was_played() -> None:
    looks = samples((0, 0), (0, 0), (0, 0), (45, 0), (46, 0), (47, 0))
    assert unsent(looks, [(0.2, 3.3)], 6.0) == [(0.1, 2.1)]
    assert unsent(looks, [(0.2, 5.0)], 6.0) == [(0.1, 2.1), (3.1, 6.0)]
    assert unsent(looks, [], 6.0) == []


def test_nothing_goes_out_between_prompts_either() -> None:
    looks = samples((0, 0), (0, 0), (0, 0), (0, 0), (0, 0))
    assert unsent(looks, [(0.2, 1.0), (4.5, 4.9)], 5.0) == [(0.1, 5.0)]
    kept_alive = samples((0, 0), (0, 0), (1, 0), (2, 0), (3, 0))
    assert unsent(kept_alive, [(0.2, 1.0)], 5.0) == [(0.1, 1.1)]


def test_a_slow_look_takes_no_sound_away() -> None:
    """The node counted at some moment between question and answer; on a busy machine these are seconds apart."""
    looks = [Sample(0.0, 0.0, 0, 0), Sample(1.0, 4.0, 20, 20), Sample(5.0, 5.1, 70, 70)]
    assert unsent(looks, [(0.1, 5.0)], 5.1) == []


def test_what_did_not_come_in() -> None:
    assert unreceived(samples((0, 0), (0, 50), (0, 50), (0, 100)), 4.0) == [(1.1, 2.1)]
    assert unreceived(samples((0, 50), (0, 50), (0, 50)), 4.0) == [(0.1, 4.0)]
    assert overlap((0.0, 1.0), []) == 0.0


def answered() -> Evidence:
    kept = Evidence(channel_id("0" * 32), "carrier")
    kept.note_answered(NOON, 100.0)
    kept.note_media(Sample(100.0, 100.0, 0, 0))
    return kept


def test_what_was_played_while_held_was_not_heard() -> None:
    kept = answered()
    kept.sounding("invitation", 100.0)
    kept.held(104.0)
    kept.held(104.2)  # said twice
    kept.resumed(107.0)
    kept.silent(110.0, whole=True)
    kept.sounding("no_key", 111.0)
    kept.silent(113.0, whole=True)
    kept.held(113.5)
    kept.note_ended(NOON, 120.0, 16, 0, False)
    found = kept.trail(120.0)
    assert found.heard == (Heard("invitation", 0, 7_000, False, 3_000), Heard("no_key", 11_000, 2_000, True))
    assert found.holds == (OnHold(4_000, 3_000), OnHold(13_500, 6_500, whole=False))


def test_what_did_not_go_out_was_not_heard() -> None:
    kept = answered()
    kept.sounding("invitation", 100.2)
    for second in range(1, 5):
        kept.note_media(Sample(100.0 + second, 100.0 + second, 0 if second < 3 else 50 * second, 40 * second))
    kept.silent(104.2, whole=True)
    kept.note_ended(NOON, 104.5, 16, 0, False)
    found = kept.trail(104.5)
    assert found.heard == (Heard("invitation", 200, 2_200, False, 1_800),)
    assert found.media == Media(200, 160, 4_000, unsent=(Gap(0, 2_000),))


def test_early_media_is_no_sound_of_the_call() -> None:
    kept = Evidence(channel_id("0" * 32), "carrier")
    kept.note_answered(NOON, 100.0)
    kept.note_media(Sample(100.0, 100.1, 3, 400))
    kept.note_media(Sample(101.1, 101.1, 53, 400))
    assert kept.trail(101.1).media == Media(50, 0, 1_100)


def test_before_the_first_look_nothing_is_known() -> None:
    assert answered().trail(100.5).media is None
