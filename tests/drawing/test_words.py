"""Whatever may happen in a draw has a word."""

from __future__ import annotations

import pytest

from drawing.lifecycle import Act, ActivityState, Role, allowed_acts
from drawing.lots import weak_share
from drawing.rules import CallOutcome
from drawing.seats import PickOutcome
from drawing.words import AFTER_SHORT, CALL_OUTCOMES, PICK_OUTCOMES, WEAK_SHARES


def test_every_outcome_has_a_word() -> None:
    assert set(CALL_OUTCOMES) >= {each.value for each in CallOutcome}
    assert set(PICK_OUTCOMES) == set(PickOutcome)


def test_every_way_on_from_a_short_draw_is_explained() -> None:
    """A print of what is open already leads nowhere."""
    assert set(AFTER_SHORT) == set(allowed_acts(ActivityState.SHORT, Role.HANDLER)) - {Act.PRINT}


@pytest.mark.parametrize(
    "digits", ["4829130a", "4829130", "4829130648291", "33333333", "23456789", "20261123", "48291306"]
)
def test_every_refusal_of_digits_has_its_reason(digits: str) -> None:
    reason = weak_share(digits, {"48291306"})
    assert reason is not None
    assert WEAK_SHARES[reason].endswith("。")
