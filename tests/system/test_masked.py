"""Masked calls for real: staff and experts are telephones of the far end, all at once; and what each hears."""

from __future__ import annotations

import json

import pytest

from drawing.masked import Reached
from tests.system.masked import TALKED, Masked, Scene
from tests.system.voices import TALK_SECONDS, seconds_of

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]


@pytest.mark.parametrize(
    ("scene", "outcome", "reached"),
    [
        (Scene.EXPERT_LEAVES, "connected", Reached.TALKED),
        (Scene.STAFF_LEAVES, "connected", Reached.TALKED),
        (Scene.KILLED, "interrupted", Reached.UNKNOWN),
        (Scene.REFUSED, "rejected", Reached.EXPERT),
        (Scene.BUSY, "busy", Reached.EXPERT),
        (Scene.NO_ANSWER, "no_answer", Reached.EXPERT),
        (Scene.GAVE_UP, "cancelled", Reached.EXPERT),
        (Scene.VOICEMAIL, "no_key", Reached.EXPERT),
        (Scene.ANNOUNCEMENT, "unreachable", Reached.EXPERT),
        (Scene.STAFF_BUSY, "busy", Reached.STAFF),
        (Scene.STAFF_SILENT, "no_key", Reached.STAFF),
        (Scene.LATE, "cancelled", Reached.UNKNOWN),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_it_comes_to(masked: Masked, scene: Scene, outcome: str, reached: Reached) -> None:
    assert masked.calls[scene].outcome == outcome, masked.trail(scene)
    (entry,) = masked.entries[scene]
    assert (entry.outcome, entry.reached) == (outcome, reached)
    if scene is Scene.LATE:
        return
    evidence = json.loads(masked.calls[scene].evidence)
    assert (evidence["flow"], evidence["outcome"], evidence["call"]) == ("masked", outcome, masked.calls[scene].id)


@pytest.mark.parametrize("scene", TALKED, ids=lambda each: each.name)
def test_each_hears_the_other(masked: Masked, scene: Scene) -> None:
    low, high = masked.sounds["voice-low"], masked.sounds["voice-high"]
    assert seconds_of(high, masked.heard[scene.staff]) >= TALK_SECONDS
    assert seconds_of(low, masked.heard[scene.expert]) >= TALK_SECONDS
    assert seconds_of(low, masked.heard[scene.staff]) == 0  # and not themselves
    assert seconds_of(high, masked.heard[scene.expert]) == 0


@pytest.mark.parametrize("scene", [each for each in Scene if each not in TALKED], ids=lambda each: each.name)
def test_who_is_not_joined_hears_nothing_of_the_other(masked: Masked, scene: Scene) -> None:
    """No voice, no voicemail's greeting, no announcement of the network."""
    for name in ("voice-high", "greeting", "announcement"):
        assert seconds_of(masked.sounds[name], masked.heard[scene.staff]) == 0, name
    assert seconds_of(masked.sounds["voice-low"], masked.heard[scene.expert]) == 0


def test_the_search_for_a_greeting_finds_one(masked: Masked) -> None:
    greeting = masked.sounds["greeting"]
    assert seconds_of(greeting, greeting) > 3
    assert seconds_of(masked.sounds["voice-high"], greeting) == 0


@pytest.mark.parametrize(
    ("scene", "gone_first"), [(Scene.EXPERT_LEAVES, "expert"), (Scene.STAFF_LEAVES, "staff")], ids=["expert", "staff"]
)
def test_the_end_of_either_ends_both(masked: Masked, scene: Scene, gone_first: str) -> None:
    trail = masked.trail(scene)
    ended = {side: trail[side]["by_us"] for side in ("staff", "expert")}
    assert ended == {"staff": gone_first == "expert", "expert": gone_first == "staff"}
    (entry,) = masked.entries[scene]
    assert entry.talked_s >= TALK_SECONDS


def test_the_call_log_tells_how_far_it_went(masked: Masked) -> None:
    refused = masked.trail(Scene.REFUSED)
    assert [each["key"] for each in refused["expert"]["pressed"]][:1] == ["2"]
    assert refused["staff"]["heard"][0]["prompt"] == "masked_staff"
    assert refused["staff"]["heard"][-1]["prompt"] == "masked_refused"
    assert (refused["joined"], refused["parted"], refused["recording"]) == (None, None, None)
    assert masked.trail(Scene.BUSY)["expert"]["sip"] == 486
    assert masked.trail(Scene.STAFF_BUSY)["expert"] is None


def test_who_asked_is_in_the_operation_log(masked: Masked) -> None:
    asked = {row.remark: (row.actor, row.role, row.act) for row in masked.operations if row.act == "masked_call"}
    assert asked == {call.id: ("经办人甲", "handler", "masked_call") for call in masked.calls.values()}


def test_nothing_is_left(masked: Masked) -> None:
    assert not masked.channels
    assert not masked.bridges
