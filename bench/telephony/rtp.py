"""The RTP of all telephones whose SIP is SIPp's, in one process that does little else than send.

python -m bench.telephony.rtp NOTES LOG FIRST SECOND

NOTES is a pipe into which SIPp notes what happens; it is passed on into LOG (as asterisk.far_end.read_log reads it), with the
keys, which go down FIRST and SECOND seconds after the answer. Prints the port from which all of them send, as a carrier's
gateway may. They hear nothing: what comes to that port is not read.
"""

import os
import select
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from asterisk.far_end import LoggedEvent, logged_event
from bench.telephony.sound import PER_SECOND, Packets, frames, sound
from bench.telephony.telephones import HOLD

STAYS = 60.0  # seconds of sound after the last key
PHASES = 2  # packets of all calls in one moment would come as no trunk sends them
TICK = 1 / PER_SECOND / PHASES


@dataclass(slots=True)
class Voice:
    """A telephone that has answered."""

    number: str
    to: tuple[str, int]
    frame: int = 0


class Voices:
    """All that are on the line. `keys`: the frames at which one goes down."""

    def __init__(self, sound: Sequence[Packets], keys: Sequence[int], log: TextIO) -> None:
        self._sound, self._keys, self._log = sound, frozenset(keys), log
        self._phases: list[dict[str, Voice]] = [{} for _ in range(PHASES)]
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind(("127.0.0.1", 0))
        self._ticks = 0

    @property
    def port(self) -> int:
        return int(self._line.getsockname()[1])

    def noted(self, event: LoggedEvent) -> None:
        """What SIPp notes; with `answered` comes the port that the node listens at."""
        self._note(event)
        if event.event == "answered":
            self._phases[self._ticks % PHASES][event.call] = Voice(event.number, ("127.0.0.1", int(event.detail)))
        elif event.event == "ended":
            for phase in self._phases:
                phase.pop(event.call, None)

    def tick(self) -> None:
        """The next phase's packets."""
        for call, voice in self._phases[self._ticks % PHASES].items():
            if voice.frame in self._keys:
                self._note(LoggedEvent(time.time(), voice.number, call, "pressed", "2"))
            if voice.frame < len(self._sound):
                for packet in self._sound[voice.frame]:
                    self._line.sendto(packet, voice.to)
            voice.frame += 1
        self._ticks += 1

    def _note(self, event: LoggedEvent) -> None:
        self._log.write(f"{event.at:.3f} {event.number} {event.call} {event.event} {event.detail}".rstrip() + "\n")


def events(noted: str) -> Sequence[LoggedEvent]:
    """From SIPp's lines: it says the time in three ways, the last is in seconds since the epoch."""
    return [logged_event(line.rpartition("\t")[2]) for line in noted.splitlines()]


def run(voices: Voices, notes: int) -> None:
    """For ever: it ends with who started it."""
    started, ticks, rest = time.monotonic(), 0, ""
    while True:
        wait = started + ticks * TICK - time.monotonic()
        if select.select([notes], [], [], max(0.0, wait))[0]:
            whole, end, rest = (rest + os.read(notes, 65_536).decode()).rpartition("\n")
            for event in events(whole + end):
                voices.noted(event)
        while started + ticks * TICK <= time.monotonic():
            voices.tick()
            ticks += 1


def main(notes: str, log: str, *keys: str) -> None:
    downs = [float(key) for key in keys]
    with Path(log).open("a", buffering=1) as file:
        voices = Voices(sound(downs[-1] + STAYS, downs, HOLD), [frames(down) for down in downs], file)
        pipe = os.open(notes, os.O_RDWR)  # for writing too: so it has no end before SIPp opens it
        print(voices.port, flush=True)
        run(voices, pipe)


if __name__ == "__main__":
    main(*sys.argv[1:])
