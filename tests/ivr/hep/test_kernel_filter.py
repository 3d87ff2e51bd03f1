"""What the kernel drops of a node's copies, on a real socket, and what it lets through."""

from __future__ import annotations

import socket

import pytest

from ivr.hep import kernel_filter
from ivr.hep.packet import CALL_AT, password_of
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
        response("180 Ringing"),
        response("183 Session Progress", "X-Reason: Q.850;cause=17"),
        response("200 OK", method="BYE"),
        response("200 OK", "Allow: INVITE, BYE", method="BYE", theirs=True),
    ],
)
@pytest.mark.parametrize("call", [CALL, "1-4711@127.0.1.1", "x" * 70])
def test_what_ends_no_call_never_comes(payload: bytes, call: str) -> None:
    assert through(of(payload, call)) == []


@pytest.mark.parametrize(
    "payload",
    [
        *(request(method) for method in ("INVITE", "BYE", "CANCEL", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "PUBLISH", "ACKS")),
        *(response(line) for line in ("200 OK", "202 Accepted", "302 Moved", "503 Nope", "600 Busy")),
        *(response("200 OK", method=method) for method in ("OPTIONS", "INFO", "REFER", "CANCEL")),
        *(response(f"{status} Progress", "Reason: Q.850;cause=17") for status in (180, 181, 183, 199)),
        response("183 Session Progress", "Server: x", "REASON : Q.850;cause=17"),
        response("183 Session Progress", "X: " + "x" * 600, "reason: Q.850;cause=17"),
        response("200 OK", "Allow: INVITE, ACK, CANCEL, BYE"),
        response("200 OK", "X: " + "x" * 600, "Allow: INVITE, ACK, CANCEL, BYE"),
        response("481 Gone", method="BYE"),
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


def test_linux_takes_the_program() -> None:
    """Else everything would get through, and nobody would know."""
    assert len(kernel_filter.program()) <= 4_096
    assert all(0 <= skip <= 255 for _, true, false, _ in kernel_filter.program() for skip in (true, false))


def test_what_a_call_id_holds_is_no_method() -> None:
    assert through(of(request("BYE"), "ACK ACK ACK SIP/2.0 100 ")) != []
