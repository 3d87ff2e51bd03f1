"""What a call's row keeps of it, of our calls and of those from outside."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.calls import EndedBy, Trail
from ivr.evidence import trail_json


@pytest.mark.parametrize("ended_by", EndedBy)
def test_who_ended_it_can_be_written(ended_by: EndedBy) -> None:
    """A call from outside is written by the same function: its row stayed open for ever when its trail could not be."""
    at = datetime(2026, 11, 30, 9, tzinfo=UTC)
    trail = replace(Trail("c", "t"), ended_by=ended_by, ended=at)
    told = json.loads(trail_json(trail))
    assert (told["ended_by"], told["ended"]) == (ended_by.value, "2026-11-30T17:00:00.000+08:00")
