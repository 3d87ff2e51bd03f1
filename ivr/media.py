"""Whether sound came through (线路无声): from counts of RTP packets and from holds, never from what was said.

The node is asked about once a second how many packets of a call went out and came in. Bounds of what that says:

- A packet that went out is not yet heard: it may be lost on the way, or the person may not listen. One that did not go out, or
  went to somebody who holds the line, was heard by nobody. So this takes away from what counts as heard and never adds to it.
- A packet that came in need not be speech: comfort noise and silence count. None at all for seconds is a line's fault where the
  carrier sends all the time, as telephone networks do; `sends_silence` says whether this one does.
- What happens between two looks is known to about a second, and of a call that ends before the first one nothing is known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ivr.calls import Gap, Outcome, Trail

LEAST_PACKETS = 5.0
"""Packets a second while a prompt sounds, of the 50 that G.711 has (17 with frames of 60 ms). Fewer are none: comfort noise of ours
alone, or what a busy node still gets out."""
SHORTEST_SOUND = 0.3
"""Seconds of a prompt between two looks, below which nothing is concluded from the packets that went out."""
SHORTEST_GAP_MS = 2_000
"""A shorter time without a packet that comes in is jitter, or the wait for a look."""
UNHEARD_MS = 1_000
"""So much of our prompts must be lost before a call is without sound."""
CUT_OFF_MS = 5_000
"""So long to its end nobody could hear us."""
WATCHED_MS = 3_000
"""So long a call must have been looked at before it counts that nothing came in at all."""
STOPPED_MS = 8_000
"""So long to the end of a call nothing came in, after something had."""
LATEST_LOOK_MS = 2_500
"""Before the end of a call; what the last look found holds to the end."""

_DOUBTFUL = frozenset({Outcome.NO_KEY, Outcome.WRONG_KEYS, Outcome.HUNG_UP_EARLY, Outcome.DELIVERED})
"""What a call without sound looks like. A decision stands: its keys came."""

Span = tuple[float, float]
"""From and until, as ticks of the monotonic clock in seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a call: RTP packets sent and received so far. asked and told: the tick when the node was asked, and when its
    answer was there; it counted at some moment between them.
    """

    asked: float
    told: float
    sent: int
    received: int


def unsent(samples: Sequence[Sample], sounding: Sequence[Span], until: float) -> list[Span]:
    """When a prompt was played and its packets did not go out; what the last look found goes on to `until`.

    >>> looks = [Sample(n, n, packets, 0) for n, packets in enumerate((0, 50, 51, 52, 100))]
    >>> unsent(looks, [(0.0, 4.0)], 4.5)
    [(1, 3)]
    """
    looks, missing = [], False
    for one, two in pairwise(samples):
        missing = _is_unsent(one, two, sounding, before=missing)
        looks.append((one, two, missing))
    return _extended(_joined(looks), samples, until)


def unreceived(samples: Sequence[Sample], until: float) -> list[Span]:
    """When no packet came in; what the last look found goes on to `until`.

    >>> looks = [Sample(n, n, 0, packets) for n, packets in enumerate((0, 50, 50, 50, 50))]
    >>> unreceived(looks, 4.5)
    [(1, 4.5)]
    """
    gaps = _joined((a, b, a.received == b.received) for a, b in pairwise(samples))
    return _extended(gaps, samples, until)


def overlap(span: Span, others: Iterable[Span]) -> float:
    """How many seconds of it lie in the others, which may overlap each other.

    >>> overlap((0.0, 10.0), [(1.0, 3.0), (2.0, 4.0), (9.0, 12.0)])
    4.0
    """
    seconds, reached = 0.0, span[0]
    for other in sorted(others):
        begin, end = max(other[0], reached), min(other[1], span[1])
        if end > begin:
            seconds, reached = seconds + end - begin, end
    return seconds


def concluded(outcome: Outcome, trail: Trail, *, sends_silence: bool = True) -> Outcome:
    """The outcome that the flow has found, or NO_MEDIA where it was found in a call without sound in a direction.

    sends_silence: whether the carrier goes on sending while the person is silent.
    """
    if outcome not in _DOUBTFUL or trail.answered is None or trail.ended is None:
        return outcome
    lasted = round((trail.ended - trail.answered).total_seconds() * 1000)
    silent = _is_unheard(outcome, trail) or _is_cut_off(outcome, trail, lasted)
    deaf = sends_silence and _is_deaf(outcome, trail, lasted)
    return Outcome.NO_MEDIA if silent or deaf else outcome


def _is_unheard(outcome: Outcome, trail: Trail) -> bool:
    """Most of what we said went to nobody; or that notice did which counts as delivered."""
    lost, heard = sum(each.lost_ms for each in trail.heard), sum(each.for_ms for each in trail.heard)
    if outcome is Outcome.DELIVERED and lost >= UNHEARD_MS and not trail.pressed:
        told = max(trail.heard, key=lambda each: each.for_ms + each.lost_ms).prompt
        return not any(each.prompt == told and each.whole for each in trail.heard)
    return lost >= UNHEARD_MS and lost >= heard


def _is_cut_off(outcome: Outcome, trail: Trail, lasted: int) -> bool:
    """To the end nobody could hear us, and no key came since: held, or nothing went out."""
    if outcome is Outcome.DELIVERED:
        return False
    gaps = [Gap(each.at_ms, each.for_ms) for each in trail.holds if not each.whole]
    gaps += [gap for gap in (trail.media.unsent if trail.media else ()) if gap.until_ms >= lasted - LATEST_LOOK_MS]
    return any(gap.for_ms >= CUT_OFF_MS and not _pressed_since(trail, gap.at_ms) for gap in gaps)


def _is_deaf(outcome: Outcome, trail: Trail, lasted: int) -> bool:
    """Nothing came in, neither sound nor keys: from the beginning, or, where a key was waited for, to the end."""
    media = trail.media
    if media is None or media.watched_ms < WATCHED_MS:
        return False
    if not media.received:
        return not _pressed_since(trail, 0)
    if outcome is Outcome.DELIVERED or not media.unreceived:
        return False
    last = media.unreceived[-1]
    stopped = last.for_ms >= STOPPED_MS and last.until_ms >= lasted - LATEST_LOOK_MS
    return stopped and not _pressed_since(trail, last.at_ms)


def _pressed_since(trail: Trail, at_ms: int) -> bool:
    """A key proves that its direction works, whichever way it came."""
    return any(each.at_ms >= at_ms for each in trail.pressed)


def _is_unsent(one: Sample, two: Sample, sounding: Sequence[Span], *, before: bool) -> bool:
    """Between the first answer and the second question the node counted at least so much. before: nothing went out until then,
    which goes on while nothing is played either and not even a packet of comfort noise goes out.
    """
    seconds = overlap((one.told, two.asked), sounding)
    if seconds < SHORTEST_SOUND:
        return before and two.sent == one.sent
    return two.sent - one.sent < LEAST_PACKETS * seconds


def _extended(spans: list[Span], samples: Sequence[Sample], until: float) -> list[Span]:
    """The same, but one that lasts at the last look lasts until `until`."""
    if spans and spans[-1][1] == samples[-1].told < until:
        return [*spans[:-1], (spans[-1][0], until)]
    return spans


def _joined(looks: Iterable[tuple[Sample, Sample, bool]]) -> list[Span]:
    spans: list[Span] = []
    for one, two, missing in looks:
        if missing and spans and spans[-1][1] == one.told:
            spans[-1] = (spans[-1][0], two.told)
        elif missing:
            spans.append((one.told, two.told))
    return spans
