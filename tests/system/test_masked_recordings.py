"""The recording of a masked call ends up sealed in the database and nowhere else, also when the worker dies on the way."""

from __future__ import annotations

import io
from hashlib import sha256

import numpy as np
import pytest

from drawing.recordings import KEPT
from ivr.collecting import seconds_of as length_of
from tests.system import audio
from tests.system.audio import Samples
from tests.system.masked import RECORDED, Masked, Scene
from tests.system.voices import TALK_SECONDS, seconds_of_both

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]
by_scene = pytest.mark.parametrize("scene", RECORDED, ids=lambda each: each.name)


def recorded(masked: Masked, scene: Scene) -> Samples:
    return audio.read(io.BytesIO(masked.plain[masked.calls[scene].id]))


@by_scene
def test_both_are_heard(masked: Masked, scene: Scene) -> None:
    """Scene.KILLED: of a call whose worker died in mid-talk; STAFF_LEAVES: it died when it had fetched the recording."""
    low, high = masked.sounds["voice-low"], masked.sounds["voice-high"]
    said = recorded(masked, scene)
    both = seconds_of_both(low, high, said)
    assert both >= TALK_SECONDS
    # the search tells voices apart, and one from two, but for a half second that is alike by chance
    assert seconds_of_both(low, masked.sounds["greeting"], said) < both / 2
    assert seconds_of_both(low, high, masked.heard[scene.staff]) < both / 2


@by_scene
def test_what_is_kept_of_it(masked: Masked, scene: Scene) -> None:
    call = masked.calls[scene].id
    kept, plain = masked.recordings[call], masked.plain[call]
    assert kept.sha256 == sha256(plain).hexdigest()
    assert kept.erased_at is None
    assert kept.n == scene.place + 1
    assert kept.seconds == pytest.approx(length_of(plain), abs=0.01)
    assert kept.seconds == pytest.approx(len(recorded(masked, scene)) / audio.RATE, abs=0.01)
    assert masked.entries[scene][0].recorded


@by_scene
def test_it_is_sealed(masked: Masked, scene: Scene) -> None:
    """Not a stretch of what was said stands in what is stored."""
    call = masked.calls[scene].id
    sealed, plain = masked.sealed[call], masked.plain[call]
    assert len(plain) < len(sealed) < len(plain) + 100
    loud = int(np.argmax(np.abs(recorded(masked, scene)))) * 2 + 44
    assert plain[loud : loud + 8] not in sealed
    assert b"WAVE" not in sealed


def test_only_what_was_to_be_recorded_is(masked: Masked) -> None:
    assert set(masked.recordings) == {masked.calls[scene].id for scene in RECORDED}
    assert not masked.entries[Scene.EXPERT_LEAVES][0].recorded
    assert masked.trail(Scene.STAFF_LEAVES)["recording"] == masked.calls[Scene.STAFF_LEAVES].id


def test_nothing_is_left_on_the_node(masked: Masked) -> None:
    assert masked.modes == (0o700, 0o700)
    assert masked.files == []


def test_that_it_was_kept_is_in_the_operation_log(masked: Masked) -> None:
    """With the hash: 操作记录 can't be changed."""
    noted = {row.remark: (row.actor, row.role) for row in masked.operations if row.act == KEPT}
    assert noted == {f"{call} {each.sha256}": ("system", "system") for call, each in masked.recordings.items()}
