"""One run of real calls, kept for many small tests: what was written, said, pressed and heard of every call.

listen(call).hears("invitation").presses("1").hears("confirm_accept").presses("1").hears("received_accept")
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from asterisk.far_end import LoggedEvent
from db.contexts import EXPERT_PHONE, WITNESS_PHONE
from tests.system import audio
from tests.system.audio import Match, Samples

if TYPE_CHECKING:  # it has the fixtures, which need this
    from tests.system.conftest import Stack

NEAR = 0.3
"""Seconds that evidence and recording may differ."""
LATE = 2.5
"""Seconds by which a starved machine may begin and stop a sound later than it says; prompts that are stopped last longer."""

Prompts = Mapping[str, Samples]


@dataclass(frozen=True, eq=False)
class Call:
    """A call as the database has it, and as its telephone heard it."""

    id: str
    flow: str
    attempt: int
    outcome: str | None
    pick: int | None
    evidence: Mapping[str, Any]
    """What the transcript's hash stands for: up to the decision."""
    trail: Mapping[str, Any]
    """The whole call."""
    decided: float
    """When the decision was committed, in seconds after the answer; 0 without one."""
    after: float
    """Seconds from the end of the attempt before to the time it was due again; 0 for the first."""
    log: tuple[LoggedEvent, ...] = ()
    recording: Samples = field(default_factory=lambda: audio.SILENCE)

    @property
    def codes(self) -> tuple[int, int]:
        """Q.850 and SIP."""
        return self.trail["cause"], self.trail["sip"]

    @property
    def keys(self) -> str:
        return "".join(pressed["key"] for pressed in self.trail["pressed"])

    def match(self, prompt: Samples, after: float = 0.0) -> Match:
        return audio.find(self.recording, prompt, after)


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody with a telephone, what became of their pick, and their calls in turn."""

    phone: str
    pick: str
    code: str
    calls: Sequence[Call]
    prompts: Prompts


@dataclass
class Listener:
    """Goes along a call's recording and its evidence at once; what differs fails."""

    call: Call
    prompts: Prompts
    _at: float = 0.0
    _heard: int = 0
    _pressed: int = 0
    _last: Match | None = None

    def hears(self, *names: str) -> Listener:
        """These prompts in turn, each as far as the evidence says."""
        for name in names:
            written = self.call.trail["heard"][self._heard]
            assert written["prompt"] == name, self.call.trail["heard"]
            match = self.call.match(self.prompts[name], max(0.0, self._at - NEAR))
            assert match.found, (name, match)
            began, lasted = written["at_ms"] / 1000, written["for_ms"] / 1000
            assert abs(match.at - began) < LATE, (name, match, written)
            noticed_late = max(0.0, began - match.at)  # by a busy worker: that much less is in the evidence
            assert match.heard - noticed_late - NEAR < lasted < match.length + match.pause + 2 * LATE, (name, match, written)
            assert match.whole or not written["whole"], (name, match, written)
            self._at, self._last = match.end, match
            self._heard += 1
        return self

    def whole(self) -> Listener:
        """The last one to its last word."""
        assert self._last is not None
        assert self._last.whole, self._last
        assert self.call.trail["heard"][self._heard - 1]["whole"]
        return self

    def partly(self) -> Listener:
        """The last one not to its end."""
        assert self._last is not None
        assert not self._last.whole, self._last
        assert not self.call.trail["heard"][self._heard - 1]["whole"]
        return self

    def presses(self, keys: str) -> Listener:
        """These keys next, in the step of the last prompt; what was heard stops with the last of them."""
        for key in keys:
            pressed = self.call.trail["pressed"][self._pressed]
            assert pressed["key"] == key, self.call.trail["pressed"]
            assert pressed["step"] == self.call.trail["heard"][self._heard - 1]["prompt"], pressed
            self._pressed += 1
        return self

    def stops(self) -> Listener:
        """Sound stops when the last key is let go: no more of the prompt is heard than till then, and LATE."""
        assert self._last is not None
        began = self.call.trail["heard"][self._heard - 1]["at_ms"]
        pressed = self.call.trail["pressed"][self._pressed - 1]
        released = (pressed["at_ms"] + pressed["held_ms"] - began) / 1000
        assert self._last.heard < released + LATE, (self._last, pressed)
        return self

    def ends(self) -> Listener:
        """Nothing else was heard or pressed."""
        assert self._heard == len(self.call.trail["heard"]), self.call.trail["heard"]
        assert self._pressed == len(self.call.trail["pressed"]), self.call.trail["pressed"]
        return self


CALLS = """
SELECT c.id, c.flow, c.activity, c.expert, c.witness, c.attempt, c.outcome::text AS outcome, c.pick, c.evidence, c.trail,
       p.outcome::text AS became, p.code,
       extract(epoch FROM c.not_before)::float8 AS due, extract(epoch FROM c.ended_at)::float8 AS ended,
       extract(epoch FROM c.decided_at)::float8 AS decided,
       e.phone_enc AS expert_phone, w.no AS chosen, w.phone_enc AS witness_phone
FROM call c LEFT JOIN pick p ON p.id = c.pick LEFT JOIN expert e ON e.id = c.expert
     LEFT JOIN witness w ON w.activity = c.activity AND w.id = c.witness
WHERE c.state = 'ended' AND c.dialled_at IS NOT NULL AND c.flow <> 'number_check' ORDER BY c.dialled_at
"""


async def people(stack: Stack, prompts: Mapping[str | None, Prompts]) -> dict[str, Person]:
    """Everybody who was called, by number; `prompts` by 验证码 (None: the witness's)."""
    vault, log = stack.keys.custody.vault, stack.telephone_log()
    rows: dict[str, list[Any]] = {}
    for row in await stack.db.all(CALLS):
        context = EXPERT_PHONE.at(row.expert) if row.expert_phone else WITNESS_PHONE.at(row.chosen)
        sealed = bytes(row.expert_phone or row.witness_phone)
        rows.setdefault(vault.decrypt(sealed, context).decode(), []).append(row)
    return {
        phone: Person(phone, own[0].became, own[0].code, _calls(stack, phone, own, log), prompts[own[0].code])
        for phone, own in rows.items()
    }


def _calls(stack: Stack, phone: str, rows: Sequence[Any], log: Sequence[LoggedEvent]) -> list[Call]:
    """The telephone's calls in turn are the database's in turn."""
    by_call: dict[str, list[LoggedEvent]] = {}
    for event in log:
        if event.number == phone:
            by_call.setdefault(event.call, []).append(event)
    heard = [tuple(events) for events in by_call.values()]
    assert len(heard) >= len(rows), f"{len(rows)} calls, {len(heard)} rang"
    return [
        Call(
            row.id, row.flow, row.attempt, row.outcome, row.pick, json.loads(row.evidence), row.trail,
            row.decided - _answered(row.trail) if row.decided else 0.0,
            row.due - before.ended if before else 0.0, events, _recording(stack, phone, events[0].call),
        )
        for before, row, events in zip([None, *rows], rows, heard, strict=False)
    ]  # fmt: skip


def _answered(trail: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(trail["answered"]).timestamp()


def _recording(stack: Stack, phone: str, call: str) -> Samples:
    path = stack.far_end.settings.recordings / f"{phone}-{call}.wav"
    return audio.read(path) if path.exists() else audio.SILENCE
