"""What the fictitious telephones of script/demo heard: which of the far end's files belongs to which call (pure).

A file is named after the number dialled and the second in which the telephone rang (docs/far-end.md). There is nothing like it
on a server: telephones keep what they hear to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

_NAME = re.compile(r"(?P<number>\d+)-(?P<second>\d+)\.\d+\.wav")
_SLACK = timedelta(seconds=2)
"""Two processes write down the time, and one of them whole seconds."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an activity that was dialled. n: of 第 N 位专家; None: a witness's."""

    id: str
    number: str
    n: int | None
    dialled_at: datetime
    ended_at: datetime | None
    outcome: str | None

    def __repr__(self) -> str:
        return f"<Call {self.id}>"  # never the number


def heard(call: Call, files: Sequence[Path]) -> Path | None:
    """The first recording that a telephone of this number began during the call.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 23, 2, tzinfo=UTC)
    >>> call = Call("a", "13800000023", 1, at, at + timedelta(minutes=1), "accepted")
    >>> heard(call, [Path(f"13800000023-{int(at.timestamp()) + after}.7.wav") for after in (-60, 1, 90)]).name
    '13800000023-1795399201.7.wav'
    """
    found = []
    for path in files:
        name = _NAME.fullmatch(path.name)
        if name and name["number"].endswith(call.number.lstrip("0+")):
            at = datetime.fromtimestamp(int(name["second"]), call.dialled_at.tzinfo)
            if call.dialled_at - _SLACK <= at and (call.ended_at is None or at <= call.ended_at + _SLACK):
                found.append((at, path))
    return min(found)[1] if found else None
