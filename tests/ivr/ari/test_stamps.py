"""The times in a call's evidence are those of its events, however long the call waited for a copy of its SIP, or in its queue."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from datetime import UTC, datetime, timedelta

import pytest

from asterisk.ports import free_port
from ivr.ari import wire
from ivr.ari.channel import LiveChannel
from ivr.ari.client import Client, Node
from ivr.ari.evidence import Evidence
from ivr.ari.line import Line, channel_id
from ivr.clock import SteadyClock
from ivr.hep import receiver
from ivr.hep.packet import password_of
from ivr.hep.receiver import Receiver
from tests.ivr.hep.copies import CALL, PASSWORD, copy, request

BEGAN = datetime(2026, 11, 30, 9, tzinfo=UTC)
ID = channel_id("0" * 32)


async def test_an_end_that_waited_for_a_copy_was_when_asterisk_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy got lost: the call waits for it, and has ended before."""
    monkeypatch.setattr(receiver, "WAIT_SECONDS", 0.05)
    loop = asyncio.get_running_loop()
    hep = Receiver(free_port(socket.SOCK_DGRAM), PASSWORD)
    assert hep.open()
    with contextlib.closing(hep):
        client = Client(Node("http://127.0.0.1:1/ari", "nobody", "none", "expertline"), hep=hep)
        began = loop.time()
        channel = LiveChannel(client, Line(ID, "13800000000", "t", "100000"), SteadyClock(BEGAN, began).at, lambda mail: None)
        channel.dialled = True
        await channel.read(wire.StasisStart(channel=wire.WholeChannel(id=ID, protocol_id=CALL)), began)
        hep.take(copy(request("INVITE"), call=CALL, password=password_of(PASSWORD)))
        await channel.read(wire.Dial(peer=wire.Channel(id=ID), dialstatus="RINGING"), began + 1)
        await channel.read(wire.ChannelDestroyed(channel=wire.Channel(id=ID), cause=19), began + 2)
        trail = channel.evidence.trail(loop.time())
        channel.forget()
    assert loop.time() >= began + 0.05  # it did wait
    assert (trail.ringing, trail.ended) == (BEGAN + timedelta(seconds=1), BEGAN + timedelta(seconds=2))


def test_a_call_that_ended_while_its_answer_was_told_did_not_end_before_it() -> None:
    """Asterisk's reply that the channel is up, and the event that it is gone, cross."""
    evidence = Evidence(ID, "t")
    evidence.note_answered(BEGAN + timedelta(milliseconds=5), 17.005)
    evidence.note_ended(BEGAN, 17.0, 16, 0, by_us=False)
    trail = evidence.trail(18.0)
    assert trail.ended == trail.answered
