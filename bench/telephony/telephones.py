"""What every telephone of the bench does, whoever plays it: it rings, answers, and presses 2 twice."""

from typing import Protocol, Self

from asterisk.far_end import LoggedEvent
from asterisk.settings import Trunk

TRUNK = "carrier"
# bench-1 lets a key confirm at once, but for what counts as one press in two pieces (Timings.key_guard); and a busy machine
# says a key up to 0.2 s late.
ANSWER_AFTER, PRESS_AFTER, PRESS_AGAIN_AFTER = 0.1, 0.2, 0.7
QUIET = 0.1  # before a key: SendDTMF is quiet for so long before its first digit (Asterisk's main/app.c)
HOLD = 0.12  # a key is down so long (asterisk.far_end.Press)


class Telephones(Protocol):
    """All telephones behind one trunk; `async with` starts them and ends them."""

    @property
    def trunk(self) -> Trunk:
        """Where our Asterisk reaches them."""

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes that play them, to measure them."""

    @property
    def key_seconds(self) -> float:
        """From `pressed` in the log to the key's end."""

    def log(self) -> tuple[LoggedEvent, ...]:
        """What they have done so far: incoming, answered, pressed, ended."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...
