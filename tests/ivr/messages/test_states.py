"""How far a message came: every try and every receipt, from every state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.messages.states import (
    NotNow,
    Receipt,
    Refused,
    Retries,
    Settled,
    State,
    Submitted,
    Verdict,
    after_receipt,
    after_try,
)

RETRIES = Retries(3, (5, 60))


def test_the_labels() -> None:
    assert [state.label for state in State] == ["发送中", "已提交", "已送达", "失败"]


@pytest.mark.parametrize(
    ("verdict", "tries", "settled"),
    [
        (Submitted(), 1, Settled(State.SUBMITTED)),
        (Submitted(), 3, Settled(State.SUBMITTED)),
        (NotNow("away"), 1, Settled(State.SENDING, timedelta(seconds=5), error="away")),
        (NotNow("away"), 2, Settled(State.SENDING, timedelta(seconds=60), error="away")),
        (NotNow("away"), 3, Settled(State.SENDING, given_up=True, error="away")),
        (Refused("never"), 1, Settled(State.SENDING, given_up=True, error="never")),
    ],
)
def test_a_try(verdict: Verdict, tries: int, settled: Settled) -> None:
    assert after_try(verdict, tries, RETRIES) == settled


@given(st.sampled_from([Submitted(), NotNow("x"), Refused("x")]), st.integers(1, 9))
def test_no_try_ever_makes_it_delivered_or_failed(verdict: Verdict, tries: int) -> None:
    assert after_try(verdict, tries, RETRIES).state in (State.SENDING, State.SUBMITTED)


@given(st.sampled_from(State), st.lists(st.booleans(), min_size=1))
def test_receipts_in_any_order_say_delivered_if_one_does(state: State, told: list[bool]) -> None:
    arrived = state is State.DELIVERED
    for delivered in told:
        state = after_receipt(state, Receipt("", delivered, "")) or state
        arrived |= delivered
    assert state is (State.DELIVERED if arrived else State.FAILED)
