"""How refusals are read that have a Reason: the rows of a table in docs/outcomes.md, each of which is a call in
tests/asterisk/test_sipp_reasons.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from ivr.calls import HungUp, Outcome, Reason
from ivr.hep.reason_header import reasons
from ivr.outcomes import Trust, believed, classify, meaning, telling


@dataclass(frozen=True, slots=True)
class Refusal:
    """early: what came before it; status: its first line without the version; reason: its Reason headers, in one."""

    early: str
    status: str
    reason: str = ""

    @property
    def sip(self) -> int:
        return int(self.status[:3])

    def outcome(self, trust: Trust) -> Outcome:
        """What becomes of the call on a trunk with that order of trust."""
        reason = believed(telling(reasons(self.reason)), self.sip, trust)
        return classify(HungUp(0, self.sip, reason=reason), answered=False, alerted=self.early != "")


RINGING = "180 Ringing"
REFUSALS: Sequence[Refusal] = (
    Refusal("", "503 Service Unavailable", "Q.850;cause=17"),
    Refusal(RINGING, "500 Server Internal Error", 'Q.850;cause=17;text="User busy"'),
    Refusal(RINGING, "480 Temporarily Unavailable", "Q.850;cause=19"),
    Refusal("", "480 Temporarily Unavailable", "Q.850;cause=19"),
    Refusal(RINGING, "480 Temporarily Unavailable", "Q.850;cause=17"),
    Refusal("", "480 Temporarily Unavailable", "Q.850;cause=20"),
    Refusal("", "480 Temporarily Unavailable", "Q.850;cause=41"),
    Refusal("", "480 Temporarily Unavailable", "Q.850;cause=23"),
    Refusal("", "486 Busy Here", "Q.850;cause=34"),
    Refusal(RINGING, "603 Decline", "Q.850;cause=17"),
    Refusal(RINGING, "603 Decline", "Q.850;cause=21"),
    Refusal("", "404 Not Found", "Q.850;cause=1"),
    Refusal("", "404 Not Found", "Q.850;cause=3"),
    Refusal("", "403 Forbidden", "Q.850;cause=55"),
    Refusal("", "502 Bad Gateway", "Q.850;cause=27"),
    Refusal("", "488 Not Acceptable Here", "Q.850;cause=88"),
    Refusal(RINGING, "487 Request Terminated", "Q.850;cause=19"),
    Refusal("", "480 Temporarily Unavailable", "SIP;cause=486"),
    Refusal("", "480 Temporarily Unavailable", "SIP;cause=302"),
    Refusal("", "503 Service Unavailable", "SIP;cause=603, Q.850;cause=18"),
    Refusal(RINGING, "486 Busy Here", "Q.850;cause=16"),
    Refusal("", "503 Service Unavailable", "Q.850;cause=31"),
    Refusal(RINGING, "603 Decline", "Q.850;cause=999"),
    Refusal("", "503 Service Unavailable", "Preemption;cause=1"),
    Refusal("", "503 Service Unavailable"),
    Refusal("", "302 Moved Temporarily", "Q.850;cause=17"),
)


def meanings() -> Iterator[Sequence[str]]:
    """What the causes of a Reason mean, by outcome; last those that say nothing."""
    found: dict[str, dict[str, list[int]]] = {}
    for protocol, causes in (("Q.850", range(1, 128)), ("SIP", range(100, 700))):
        for cause in causes:
            meant = meaning(Reason(protocol, cause))
            found.setdefault(meant.value if meant else "", {}).setdefault(protocol, []).append(cause)
    nothing = found.pop("")
    for outcome, told in found.items():
        yield _spans(told["Q.850"]), _spans(told.get("SIP", [])) or "–", f"`{outcome}`"
    yield _spans(nothing["Q.850"]), "all others", "nothing: the status goes"


def _spans(numbers: Sequence[int]) -> str:
    """
    >>> _spans([1, 2, 3, 7, 8])
    '1 to 3, 7, 8'
    """
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{each[0]} to {each[-1]}" if len(each) > 2 else ", ".join(map(str, each)) for each in spans)


def rows() -> Iterator[Sequence[str]]:
    """A refusal, and its outcome for each order of trust."""
    for each in REFUSALS:
        told = (f"`{each.early or '–'}`", f"`{each.status}`", f"`{each.reason or '–'}`")
        yield (*told, *(f"`{each.outcome(trust).value}`" for trust in get_args(Trust)))
