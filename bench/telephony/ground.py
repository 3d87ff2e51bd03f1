"""What all three conversations stand on: a node, a far end whose telephones press 2 twice, and three sounds.

Every telephone declines, because then all three end in the same way (the receipt is heard whole and we hang up after
it), and because in the project each decline costs a new pick: the database's work for a whole call lies inside the
measured time.
"""

import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from asterisk.far_end import Behaviour
from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import FarEndSettings, NodeSettings, Trunk
from asterisk.sounds import tone, write_wav

TRUNK = "carrier"
CALLER_ID = "02083186888"
# bench-1 lets a key confirm at once, but for what counts as one press in two pieces (Timings.key_guard); and a busy machine
# says a key up to 0.2 s late.
ANSWER_AFTER, PRESS_AFTER, PRESS_AGAIN_AFTER = 0.1, 0.2, 0.7
# From the far end's note to the key's end: SendDTMF keeps quiet for 100 ms before its first digit (Asterisk's
# main/app.c), then holds it for 120 ms (asterisk.far_end.Press).
KEY_SECONDS = 0.1 + 0.12
RECEIPT_SECONDS = 0.7
PROMPT_SECONDS = 8.0  # keys interrupt it


def number(subscriber: int) -> str:
    """The telephone number of a subscriber who declines."""
    return Behaviour.DECLINES.number(subscriber)


@dataclass(frozen=True)
class Load:
    """How many calls a second, and for how long they are measured; before that `ramp` seconds that are not. `talk`: so many
    seconds longer than 2 s each conversation lasts, which makes more of them at once.
    """

    rate: float
    seconds: float
    ramp: float = 5.0
    talk: float = 0.0

    @property
    def at_once(self) -> float:
        """About how many conversations there are at the same time."""
        return self.rate * (2.5 + self.talk)


@dataclass(frozen=True)
class Ground:
    """Both Asterisks run; `sounds` are absolute paths without extension."""

    folder: Path
    node: Instance[NodeSettings]
    far_end: Instance[FarEndSettings]
    sounds: Mapping[str, str]

    @property
    def receipts(self) -> Path:
        """Where (a) and (b) note each receipt's beginning: seconds since the epoch, and the number."""
        return self.folder / "receipts"


@asynccontextmanager
async def ground(talk: float = 0.0) -> AsyncIterator[Ground]:
    """A new one, gone afterwards; `talk` as in Load."""
    folder = Path(tempfile.mkdtemp(prefix="xl-", dir="/tmp"))
    folder.chmod(0o755)
    sip, far_sip = (free_port(socket.SOCK_DGRAM) for _ in range(2))
    node = Instance(
        NodeSettings(
            folder=folder / "node", sip_port=sip, http_port=free_port(), rtp=free_range(2000), bench=True,
            trunks=(Trunk(TRUNK, "127.0.0.1", far_sip),),
        )
    )  # fmt: skip
    far_end = Instance(
        FarEndSettings(
            folder=folder / "far", sip_port=far_sip, http_port=free_port(), rtp=free_range(2000), node_port=sip,
            answer_after=ANSWER_AFTER, press_after=PRESS_AFTER + talk, press_again_after=PRESS_AGAIN_AFTER, record=False,
        )
    )  # fmt: skip
    try:
        sounds = {name: _sound(folder, name, hertz, seconds) for name, hertz, seconds in _SOUNDS}
        async with far_end, node:
            yield Ground(folder, node, far_end, sounds)
    finally:
        shutil.rmtree(folder)


_SOUNDS = (
    ("prompt", 300.0, PROMPT_SECONDS),
    ("confirm", 400.0, PROMPT_SECONDS),
    ("receipt", 500.0, RECEIPT_SECONDS),
)


def _sound(folder: Path, name: str, hertz: float, seconds: float) -> str:
    write_wav(folder / f"{name}.wav", tone(hertz, seconds))
    return str(folder / name)
