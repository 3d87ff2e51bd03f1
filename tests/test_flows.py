"""The diagrams of docs/flows.md miss nothing: who walks a flow of two legs hears all its prompts, and comes to an end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from ivr.bridged import To
from ivr.calls import Outcome, Play
from ivr.dialplans import PAIRS
from ivr.prompts import MaskedFacts, masked
from ivr.prompts.zh_masked import RINGING
from script.diagrams import END, add, diagram, label, merged
from script.pairs import came_to, walked


@cache
def all_steps() -> list[tuple[Any, Any, Sequence[Any], Any]]:
    """Of the call between an expert and the staff."""
    return list(walked(PAIRS["masked"]))


def test_every_prompt_is_heard_on_the_way() -> None:
    heard = {each.command.prompt for _, _, commands, _ in all_steps() for each in commands
             if isinstance(each, To) and isinstance(each.command, Play)}  # fmt: skip
    assert heard == {*masked(MaskedFacts(1, recorded=False)), RINGING}


def test_every_end_has_an_outcome() -> None:
    found = {came_to(after, commands) for _, _, commands, after in all_steps() if after.parting}
    assert found >= {each.value for each in (Outcome.CONNECTED, Outcome.REJECTED, Outcome.BUSY, Outcome.NO_KEY, Outcome.CANCELLED)}


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["silence", "1"], "1, silence"),
        (["*", "3"], "3 or *"),
        (["0", "7", "#", "silence"], "another key, silence"),
        ([*"1237890"], "a digit"),
    ],
)
def test_keys_come_first_and_those_without_a_meaning_are_one(labels: list[str], shown: str) -> None:
    assert label(labels) == shown


def test_states_that_lead_to_the_same_are_one_box() -> None:
    edges: dict[tuple[str, str], list[str]] = {}
    for state in ("menu", "wrong_key"):
        add(edges, state, "details", "1")
        add(edges, state, END, "2")
    drawn = diagram(merged(edges))
    assert 'state "menu / wrong_key" as menu' in drawn
    assert "menu --> details : 1" in drawn
    assert "wrong_key -->" not in drawn
