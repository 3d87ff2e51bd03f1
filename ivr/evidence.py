"""A call's evidence as canonical JSON can carry it (requirement K6): ids, times, codes, prompts and keys; no number, no name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drawing.transcript import stamp
from ivr.calls import Heard, Outcome, Pressed, Trail


def moment(at: datetime | None) -> str | None:
    """RFC 3339 with milliseconds and +08:00, as in the transcript."""
    return None if at is None else stamp(at)


def evidence(trail: Trail, *, activity: str, flow: str, who: str, attempt: int, outcome: Outcome) -> dict[str, Any]:
    """What the hash in an `attempt` stands for; `who` is the pool id of an expert or the id of a witness."""
    return {
        "activity": activity,
        "answered": moment(trail.answered),
        "attempt": attempt,
        "by_us": trail.by_us,
        "call": trail.channel,
        "cause": trail.cause,
        "dialled": moment(trail.dialled),
        "early_media": moment(trail.early_media),
        "ended": moment(trail.ended),
        "expert": who,
        "flow": flow,
        "heard": [_heard(prompt) for prompt in trail.heard],
        "outcome": outcome.value,
        "pressed": [_pressed(key) for key in trail.pressed],
        "ringing": moment(trail.ringing),
        "sip": trail.sip,
        "trunk": trail.trunk,
    }


def _heard(prompt: Heard) -> dict[str, Any]:
    return {"at_ms": prompt.at_ms, "for_ms": prompt.for_ms, "prompt": prompt.prompt, "whole": prompt.whole}


def _pressed(key: Pressed) -> dict[str, Any]:
    return {"at_ms": key.at_ms, "held_ms": key.held_ms, "key": key.key, "step": key.step}
