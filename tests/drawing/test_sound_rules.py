"""声音准备: who waits for a voice, and for how long at most."""

from __future__ import annotations

import pytest

from drawing.sound_rules import LONGEST_SECONDS, Made, NodeSounds, Sounds, standing

AT_WORK, DONE, PLAIN = NodeSounds(Made.MAKING, 3.0), NodeSounds(Made.NATURAL, 9.0), NodeSounds(Made.PLAIN, 9.0)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([], None),
        ([DONE], Sounds.NATURAL),
        ([DONE, DONE], Sounds.NATURAL),
        ([DONE, AT_WORK], Sounds.MAKING),  # any of them may make the calls
        ([PLAIN, AT_WORK], Sounds.MAKING),
        ([PLAIN, DONE], Sounds.PLAIN),
        ([NodeSounds(None, 1.0)], Sounds.MAKING),
        ([NodeSounds(Made.MAKING, LONGEST_SECONDS)], Sounds.LATE),
        ([NodeSounds(None, LONGEST_SECONDS + 1)], Sounds.LATE),
        ([NodeSounds(Made.MAKING, LONGEST_SECONDS), AT_WORK], Sounds.MAKING),
        ([NodeSounds(Made.MAKING, -1.0)], Sounds.LATE),  # the clock was set back
        ([NodeSounds(None, None)], Sounds.LATE),  # nobody knows since when: nobody waits
    ],
)
def test_standing(nodes: list[NodeSounds], expected: Sounds | None) -> None:
    assert standing(nodes) is expected


def test_each_is_said_to_the_clerk() -> None:
    assert len({each.words for each in Sounds}) == len(Sounds)
