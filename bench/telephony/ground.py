"""What all three conversations stand on: a node, telephones that press 2 twice, and three sounds.

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
from typing import Literal

from asterisk.far_end import Behaviour
from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import NodeSettings
from asterisk.sounds import tone, write_wav
from bench.telephony.second_asterisk import SecondAsterisk
from bench.telephony.sipp import Sipp
from bench.telephony.telephones import Telephones

APP = "expertline"  # the worker's
CALLER_ID = "02083186888"
RECEIPT_SECONDS = 0.7
PROMPT_SECONDS = 8.0  # keys interrupt it

Kind = Literal["asterisk", "sipp"]
"""Who plays the telephones."""


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
    reasons: bool = True
    """Whether the node copies its SIP, so that the worker hears why calls end (ivr/hep)."""

    @property
    def at_once(self) -> float:
        """About how many conversations there are at the same time."""
        return self.rate * (2.5 + self.talk)


@dataclass(frozen=True)
class Ground:
    """Our Asterisk and the telephones run; `sounds` are absolute paths without extension."""

    folder: Path
    node: Instance[NodeSettings]
    telephones: Telephones
    sounds: Mapping[str, str]

    @property
    def receipts(self) -> Path:
        """Where (a) and (b) note each receipt's beginning: seconds since the epoch, and the number."""
        return self.folder / "receipts"


@asynccontextmanager
async def ground(
    kind: Kind, talk: float = 0.0, reasons: bool = True, kept: tuple[str, ...] = ()
) -> AsyncIterator[Ground]:
    """A new one, gone afterwards; `talk` and `reasons` as in Load, `kept` as in SecondAsterisk."""
    folder = Path(tempfile.mkdtemp(prefix="xl-", dir="/tmp"))
    folder.chmod(0o755)
    port, far = free_port(socket.SOCK_DGRAM), folder / "far"
    telephones: Telephones = Sipp(far, talk) if kind == "sipp" else SecondAsterisk(far, port, talk, kept)
    node = Instance(
        NodeSettings(
            folder=folder / "node", sip_port=port, http_port=free_port(), rtp=free_range(2000), bench=True, inbound_app=APP,
            trunks=(telephones.trunk,), hep_port=free_port(socket.SOCK_DGRAM) if reasons else None,
        )
    )  # fmt: skip
    try:
        sounds = {name: _sound(folder, name, hertz, seconds) for name, hertz, seconds in _SOUNDS}
        async with telephones, node:
            yield Ground(folder, node, telephones, sounds)
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
