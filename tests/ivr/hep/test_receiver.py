"""The receiver on a real socket: whose packets it takes, how long a call waits, and what becomes of a taken port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import pytest

from asterisk.ports import free_port
from ivr.calls import Reason
from ivr.hep import receiver
from ivr.hep.packet import password_of
from ivr.hep.receiver import Receiver
from tests.ivr.hep.copies import CALL, PASSWORD, THEM, US, copy, request, response

SECRET = password_of(PASSWORD)
REFUSED = response("503 Nope", "Reason: Q.850;cause=17")
WAIT = 30.0


@contextlib.contextmanager
def opened() -> Iterator[Receiver]:
    made = Receiver(free_port(socket.SOCK_DGRAM), PASSWORD)
    assert made.open()
    try:
        yield made
    finally:
        made.close()


def send(to: Receiver, *payloads: bytes, password: bytes = SECRET, call: str = CALL, host: str = "127.0.0.1") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node:
        node.bind((host, 0))
        for payload in payloads:
            node.sendto(copy(payload, call=call, password=password), ("127.0.0.1", to.port))


async def test_what_has_come_needs_no_waiting() -> None:
    with opened() as made:
        ending = made.follow(CALL, ours=True)
        send(made, request("INVITE"), REFUSED)
        assert await made.reason_of(ending, wait=False) == Reason("Q.850", 17)


async def test_what_comes_a_little_later_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "WAIT_SECONDS", WAIT)
    with opened() as made:
        ending = made.follow(CALL, ours=True)
        send(made, request("INVITE"))
        asked = asyncio.create_task(made.reason_of(ending, wait=True))
        while not made._waiting:
            await asyncio.sleep(0)
        send(made, REFUSED)
        assert await asked == Reason("Q.850", 17)


async def test_what_never_comes_is_not_waited_for_long() -> None:
    with opened() as made:
        ending = made.follow(CALL, ours=True)
        send(made, request("INVITE"))
        async with asyncio.timeout(WAIT):
            assert await made.reason_of(ending, wait=True) is None


async def test_a_node_that_copies_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(receiver, "WAIT_SECONDS", None)  # for ever
    with opened() as made:
        async with asyncio.timeout(WAIT):
            for number in range(20):
                assert await made.reason_of(made.follow(f"{number}", ours=True), wait=True) is None
    assert caplog.text.count("copies no SIP") == 1


async def test_packets_of_others_are_not_taken() -> None:
    with opened() as made:
        ending = made.follow(CALL, ours=True)
        send(made, request("INVITE"), REFUSED, password=b"guessed")
        send(made, request("INVITE"), REFUSED, password=b"")
        send(made, request("INVITE"), REFUSED, host="127.0.0.2")
        send(made, request("INVITE"), REFUSED, call="of another call")
        assert await made.reason_of(ending, wait=False) is None
        assert not ending.heard
        assert made.refused == 4


async def test_a_flood_is_read_a_little_at_a_time() -> None:
    """Between two reads there is a pause, however much has come."""
    with opened() as made:
        send(made, *[request("INVITE")] * 50)
        while made._resting is None:
            await asyncio.sleep(0)
        assert asyncio.get_running_loop().remove_reader(made._socket) is False  # type: ignore[arg-type]


async def test_a_caller_with_another_calls_id_does_not_take_its_place() -> None:
    with opened() as made:
        ending = made.follow(CALL, ours=True)
        stranger = made.follow(CALL, ours=False)
        made.forget(CALL, stranger)
        send(made, request("INVITE"), REFUSED)
        assert await made.reason_of(stranger, wait=False) is None
        assert await made.reason_of(ending, wait=False) == Reason("Q.850", 17)
        made.forget(CALL, ending)
        assert not made._endings


async def test_a_taken_port_is_told_once_and_had_when_it_is_free(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(receiver, "OPEN_AGAIN_SECONDS", 0.001)
    caplog.set_level(logging.INFO)
    with opened() as first:
        second = Receiver(first.port, PASSWORD)
        running = asyncio.create_task(second.run())
        while "is taken" not in caplog.text:
            await asyncio.sleep(0.001)
        ending = second.follow(CALL, ours=True)
        assert await second.reason_of(ending, wait=True) is None
        first.close()
        async with asyncio.timeout(WAIT):
            while "is heard" not in caplog.text:
                await asyncio.sleep(0.001)
        send(second, request("INVITE"), REFUSED)
        assert await second.reason_of(ending, wait=True) == Reason("Q.850", 17)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert caplog.text.count("is taken") == 1


async def test_nothing_of_a_packet_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with opened() as made:
        ending = made.follow(CALL, ours=True)
        send(made, request("INVITE"), response("503 Nope", f'Reason: Q.850;cause=17;text="{THEM}"'), b"\xff" * 300)
        assert await made.reason_of(ending, wait=False) == Reason("Q.850", 17)
    assert not any(number in caplog.text for number in (US, THEM))
