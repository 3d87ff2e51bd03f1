"""What the kernel drops of a node's copies, on a real socket, and what it lets through."""

from __future__ import annotations

import socket

import pytest

from ivr.hep import kernel_filter
from ivr.hep.kernel_filter import CALL_AT
from ivr.hep.packet import password_of
from tests.ivr.hep.copies import CALL, PASSWORD, copy, request, response

SECRET = password_of(PASSWORD)
LAST = b"the last one"


def through(*datagrams: bytes) -> list[bytes]:
    """Those that get through."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node,
    ):
        kernel_filter.attach(receiving)
        receiving.bind(("127.0.0.1", 0))
        for datagram in (*datagrams, LAST):
            node.sendto(datagram, receiving.getsockname())
        came = []
        while (datagram := receiving.recv(65_535)) != LAST:
            came.append(datagram)
        return came


def of(payload: bytes, call: str = CALL) -> bytes:
    return copy(payload, call=call, password=SECRET)


@pytest.mark.parametrize(
    "payload",
    [
        *(request(method) for method in ("ACK", "OPTIONS", "REGISTER", "MESSAGE", "UPDATE", "PRACK")),
        response("100 Trying"),
    ],
)
@pytest.mark.parametrize("call", [CALL, "1-4711@127.0.1.1", "x" * 70])
def test_what_ends_no_call_never_comes(payload: bytes, call: str) -> None:
    assert through(of(payload, call)) == []


@pytest.mark.parametrize(
    "payload",
    [
        *(request(method) for method in ("INVITE", "BYE", "CANCEL", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "PUBLISH", "ACKS")),
        *(response(line) for line in ("180 Ringing", "183 Session Progress", "200 OK", "302 Moved", "503 Nope", "600 Busy")),
        response("200 OK", method="OPTIONS"),
    ],
)  # fmt: skip
def test_whatever_may_say_why_a_call_ended_comes(payload: bytes) -> None:
    assert through(of(payload)) == [of(payload)]


def test_what_looks_otherwise_is_left_to_the_worker() -> None:
    ack = request("ACK")
    others = [
        copy(ack, call=CALL, password=b"another"),
        of(ack, "x" * 200),
        of(ack)[:CALL_AT],
        of(b"ACK "),
        b"",
        b"HEP3",
        b"\xff" * 2_000,
        b"ACK " * 400,
    ]
    assert through(*others) == others


def test_what_a_call_id_holds_is_no_method() -> None:
    assert through(of(request("BYE"), "ACK ACK ACK SIP/2.0 100 ")) != []
