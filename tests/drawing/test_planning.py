"""What must hold before a draw, at its edges."""

from __future__ import annotations

import pytest

from drawing import planning
from drawing.lifecycle import ActivityState, NotAllowed


def test_only_a_draft_or_a_rejected_activity_is_edited() -> None:
    for state in ActivityState:
        if state in (ActivityState.DRAFT, ActivityState.REJECTED):
            planning.editable(state)
        else:
            with pytest.raises(NotAllowed, match=state.label):
                planning.editable(state)


@pytest.mark.parametrize(
    ("text", "found"),
    [("演示集团大楼", True), ("演示 集团", True), ("演示集　团", True), ("（演示）集团", True), ("", False)],
)
def test_a_name_is_found_however_it_is_spaced(text: str, found: bool) -> None:
    assert bool(planning.names_in({"note": text}, ["演示集团"])) == found


def test_a_very_short_name_is_not_looked_for() -> None:
    assert not planning.names_in({"address": "广州市"}, ["广州"])


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ((2, 2, 1, 0), ""),
        ((2, 2, 2, 1), "没有抽取条件"),
        ((2, 1, 1, 0), "应等于拟抽取专家人数 2"),
        ((2, 0, 0, 0), "请先新增语音通知"),
    ],
)
def test_what_is_missing(values: tuple[int, int, int, int], missing: str) -> None:
    told = planning.missing(*values)
    assert missing in told
    assert bool(told) == bool(missing)
