"""A call's evidence as canonical JSON can carry it (requirement K6): ids, times, codes, prompts and keys; no number, no name."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any

from drawing.transcript import stamp
from ivr.bridged import PairTrail
from ivr.calls import Gap, Heard, Media, OnHold, Outcome, Pressed, Reason, Talked, Trail


def moment(at: datetime | None) -> str | None:
    """RFC 3339 with milliseconds and +08:00, as in the transcript."""
    return None if at is None else stamp(at)


def trail_json(trail: Trail | PairTrail) -> str:
    """The whole call, as its row keeps it."""
    return json.dumps(trail, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Enum):
        return value.value
    return {field.name: getattr(value, field.name) for field in fields(value)}


def evidence(
    trail: Trail | PairTrail, *, activity: str, flow: str, who: str, attempt: int, outcome: Outcome
) -> dict[str, Any]:
    """What the hash in an `attempt` stands for; `who` is the pool id of an expert or the id of a witness."""
    matter = {"activity": activity, "attempt": attempt, "expert": who, "flow": flow, "outcome": outcome.value}
    if isinstance(trail, PairTrail):
        return matter | _pair(trail)
    return matter | _leg(trail)


def _pair(trail: PairTrail) -> dict[str, Any]:
    return {
        "call": trail.staff.channel,
        "joined": moment(trail.joined),
        "leg_expert": None if trail.expert is None else _leg(trail.expert),
        "leg_staff": _leg(trail.staff),
        "parted": moment(trail.parted),
        "recording": trail.recording,
    }


def _leg(trail: Trail) -> dict[str, Any]:
    given_up = {"given_up": True} if trail.given_up else {}
    return given_up | {
        "answered": moment(trail.answered),
        "by_us": trail.by_us,
        "call": trail.channel,
        "cause": trail.cause,
        "codec": trail.codec,
        "dialled": moment(trail.dialled),
        "early_media": moment(trail.early_media),
        "ended": moment(trail.ended),
        "ended_by": None if trail.ended_by is None else trail.ended_by.value,
        "heard": [_heard(prompt) for prompt in trail.heard],
        "holds": [_stretch(hold) for hold in trail.holds],
        "media": None if trail.media is None else _media(trail.media),
        "pressed": [_pressed(key) for key in trail.pressed],
        "reason": None if trail.reason is None else _reason(trail.reason),
        "ringing": moment(trail.ringing),
        "sip": trail.sip,
        "talked": [_stretch(talk) for talk in trail.talked],
        "trunk": trail.trunk,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"cause": reason.cause, "protocol": reason.protocol, "text": reason.text}


def _heard(prompt: Heard) -> dict[str, Any]:
    lost = {"lost_ms": prompt.lost_ms} if prompt.lost_ms else {}
    return {"at_ms": prompt.at_ms, "for_ms": prompt.for_ms, "prompt": prompt.prompt, "whole": prompt.whole} | lost


def _stretch(stretch: Talked | OnHold) -> dict[str, Any]:
    return {"at_ms": stretch.at_ms, "for_ms": stretch.for_ms, "whole": stretch.whole}


def _media(media: Media) -> dict[str, Any]:
    return {
        "received": media.received,
        "sent": media.sent,
        "unreceived": [_gap(gap) for gap in media.unreceived],
        "unsent": [_gap(gap) for gap in media.unsent],
        "watched_ms": media.watched_ms,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"at_ms": gap.at_ms, "for_ms": gap.for_ms}


def _pressed(key: Pressed) -> dict[str, Any]:
    return {"at_ms": key.at_ms, "held_ms": key.held_ms, "key": key.key, "step": key.step}
