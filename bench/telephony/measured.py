"""From what the telephones and the callers noted to one line of the table (pure)."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from asterisk.far_end import LoggedEvent


@dataclass(frozen=True, slots=True)
class Receipt:
    """When a caller began to play the receipt (seconds since the epoch), and to whom."""

    at: float
    number: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One of the three. CPU in ms per call, latencies in ms."""

    name: str
    rate_asked: float
    seconds: float
    calls: int
    at_once: int  # conversations at the same time, at most
    refused: int  # calls that never reached a telephone
    failed: Sequence[str]  # the telephones that got no receipt, and how far each call came
    cpu_ms: Mapping[str, float]
    key_to_receipt_p50: float
    key_to_receipt_p99: float
    call_seconds: float  # median, from the answer to the end

    @property
    def rate(self) -> float:
        """Calls ended per second."""
        return self.calls / self.seconds

    @property
    def failures(self) -> int:
        return self.refused + len(self.failed)

    @property
    def python_ms(self) -> float:
        """Our own Python processes but for the voice."""
        return self.cpu_ms.get("python", 0.0)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"rate": self.rate, "failures": self.failures, "total_cpu_ms": sum(self.cpu_ms.values())}


@dataclass(slots=True)
class _Call:
    number: str
    begun: float = 0.0
    answered: float = 0.0
    ended: float = 0.0
    pressed: float = 0.0  # the last key
    keys: int = 0

    def __str__(self) -> str:
        """Its times in seconds from its beginning.

        >>> str(_Call("13800000002", begun=100.0, answered=100.1, pressed=101.25, keys=2))
        '13800000002: answered at 0.10 s, key 2 at 1.25 s, no end'
        """
        ended = f"ended at {self.ended - self.begun:.2f} s" if self.ended else "no end"
        answered = f"answered at {self.answered - self.begun:.2f} s" if self.answered else "not answered"
        pressed = f"key {self.keys} at {self.pressed - self.begun:.2f} s" if self.keys else "no key"
        return f"{self.number}: {answered}, {pressed}, {ended}"


def measured(
    name: str,
    rate: float,
    window: tuple[float, float],
    log: Iterable[LoggedEvent],
    receipts: Sequence[Receipt],
    cpu: Mapping[str, float],
    refused: int,
    key_seconds: float,
) -> Measured:
    """`cpu`: seconds used within the window by each process; `refused`: calls that never reached a telephone;
    `key_seconds`: from `pressed` in the log to the key's end.
    """
    first, last = window
    calls = _calls(log)
    ended = [call for call in calls if first <= call.ended < last]
    delays, failed = _delays([call for call in calls if first <= call.begun < last], receipts, key_seconds)
    lengths = sorted(call.ended - call.answered for call in ended if call.answered)
    each = max(1, len(ended))
    return Measured(
        name, rate, last - first, len(ended), _most(calls, window), refused, tuple(map(str, failed)),
        {who: 1000 * used / each for who, used in cpu.items()},
        1000 * at(delays, 0.5), 1000 * at(delays, 0.99), at(lengths, 0.5),
    )  # fmt: skip


def _most(calls: Iterable[_Call], window: tuple[float, float]) -> int:
    """How many were answered and not ended at the same time, at most."""
    steps = sorted(
        (at, step) for call in calls if call.answered for at, step in ((call.answered, 1), (call.ended or math.inf, -1))
    )
    now, most = 0, 0
    for at, step in steps:
        now += step
        most = max(most, now) if window[0] <= at < window[1] else most
    return most


def at(ascending: Sequence[float], share: float) -> float:
    """The value below which that share lies; nan of nothing."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))] if ascending else float("nan")


def _calls(log: Iterable[LoggedEvent]) -> list[_Call]:
    calls: dict[str, _Call] = {}
    for event in log:
        call = calls.setdefault(event.call, _Call(event.number))
        match event.event:
            case "incoming":
                call.begun = event.at
            case "answered":
                call.answered = event.at
            case "pressed":
                call.pressed = event.at
                call.keys += 1
            case "ended":
                call.ended = event.at
    return list(calls.values())


def _delays(calls: Iterable[_Call], receipts: Sequence[Receipt], key_seconds: float) -> tuple[list[float], list[_Call]]:
    """From the second key's end to the receipt of each call, ascending, and the calls that had none."""
    heard: dict[str, list[float]] = defaultdict(list)
    for receipt in receipts:
        heard[receipt.number].append(receipt.at)
    delays, without = list[float](), list[_Call]()
    for call in calls:
        found = [each for each in heard[call.number] if call.pressed and call.pressed <= each <= (call.ended or each)]
        if found:
            delays.append(found[0] - call.pressed - key_seconds)
        else:
            without.append(call)
    return sorted(delays), without
