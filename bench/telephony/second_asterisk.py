"""Telephones that a second Asterisk plays (asterisk.far_end), as in the tests and in the demo."""

import socket
from pathlib import Path
from typing import Self

from asterisk.far_end import LoggedEvent, read_log
from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import FarEndSettings, Trunk
from bench.telephony.telephones import ANSWER_AFTER, HOLD, PRESS_AFTER, PRESS_AGAIN_AFTER, QUIET, TRUNK


class SecondAsterisk:
    """`node_port`: our Asterisk's SIP; `talk` as in Load; `kept`: the endings of numbers whose telephones' recordings are kept."""

    key_seconds = QUIET + HOLD

    def __init__(self, folder: Path, node_port: int, talk: float, kept: tuple[str, ...] = ()) -> None:
        port = free_port(socket.SOCK_DGRAM)
        self.trunk = Trunk(TRUNK, "127.0.0.1", port)
        self._asterisk = Instance(
            FarEndSettings(
                folder=folder, sip_port=port, http_port=free_port(), rtp=free_range(2000), node_port=node_port,
                answer_after=ANSWER_AFTER, press_after=PRESS_AFTER + talk, press_again_after=PRESS_AGAIN_AFTER, record=bool(kept),
                record_only=kept,
            )
        )  # fmt: skip

    @property
    def recordings(self) -> Path:
        """What those telephones heard, as NUMBER-CALL.wav."""
        return self._asterisk.settings.recordings

    @property
    def pids(self) -> tuple[int, ...]:
        return (self._asterisk.pid,)

    def log(self) -> tuple[LoggedEvent, ...]:
        return read_log(self._asterisk.settings.calls_log)

    async def __aenter__(self) -> Self:
        await self._asterisk.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._asterisk.stop()
