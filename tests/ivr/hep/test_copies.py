"""Copies of SIP messages: what is read from whole ones, and that nothing else does harm."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk.ports import PortRange
from asterisk.settings import NodeSettings
from ivr.calls import Reason
from ivr.hep import packet, sip
from ivr.hep.packet import password_of
from tests.ivr.hep.copies import CALL, PASSWORD, THEM, US, chunk, copy, request, response

SECRET = password_of(PASSWORD)
REFUSED = response("503 Nope", 'Reason: Q.850;cause=17;text="User busy"')


def test_both_sides_make_the_same_password(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    node = NodeSettings(
        folder=folder, sip_port=1, http_port=1, rtp=PortRange(2000, 2001), trunks=(), ari_password=PASSWORD
    )
    assert node.hep_password.encode() == SECRET


def test_a_copy_of_asterisks() -> None:
    found = packet.read(copy(REFUSED, password=SECRET))
    assert found is not None
    assert (found.call, found.password, found.payload) == (CALL.encode(), SECRET, REFUSED)
    assert US not in repr(found)


def test_chunks_in_any_order_and_of_other_vendors() -> None:
    chunks = (
        chunk(0x0F, REFUSED) + chunk(0x0F, b"another's", vendor=7) + chunk(0x11, CALL.encode()) + chunk(0x0B, b"\x01")
    )
    found = packet.read(b"HEP3" + struct.pack(">H", 6 + len(chunks)) + chunks)
    assert found is not None
    assert (found.call, found.password, found.payload) == (CALL.encode(), b"", REFUSED)


def test_what_is_cut_off_is_no_packet() -> None:
    whole = copy(REFUSED, password=SECRET)
    assert all(packet.read(whole[:size]) is None for size in range(len(whole)))
    assert packet.read(whole + b" ") is None


@pytest.mark.parametrize("length", [0, 5, 8, 65_535])
def test_lengths_that_lie(length: int) -> None:
    head = copy(REFUSED, password=SECRET)
    assert packet.read(head[:6] + struct.pack(">HHH", 0, 1, length) + head[12:]) is None


@pytest.mark.parametrize("more", [1, 1_000])
def test_a_last_chunk_that_is_not_all_there(more: int) -> None:
    chunks = chunk(0x0B, b"\x01") + chunk(0x11, CALL.encode())
    chunks += struct.pack(">HHH", 0, 0x0F, 6 + len(REFUSED) + more) + REFUSED
    assert packet.read(b"HEP3" + struct.pack(">H", 6 + len(chunks)) + chunks) is None


@pytest.mark.parametrize("missing", [0x0B, 0x0F, 0x11])
def test_without_what_is_needed(missing: int) -> None:
    parts = {0x0B: b"\x01", 0x0F: REFUSED, 0x11: CALL.encode()}
    chunks = b"".join(chunk(kind, content) for kind, content in parts.items() if kind != missing)
    assert packet.read(b"HEP3" + struct.pack(">H", 6 + len(chunks)) + chunks) is None


def test_a_response() -> None:
    said = sip.read(REFUSED)
    assert said is not None
    assert (said.method, said.status, said.reasons) == ("INVITE", 503, (Reason("Q.850", 17, "User busy"),))
    assert not any(number in repr(said) for number in (US, THEM))


def test_who_sends() -> None:
    ours, theirs = sip.read(request("BYE")), sip.read(request("BYE", theirs=True))
    invited, answered = sip.read(request("INVITE")), sip.read(response("200 OK"))
    assert ours is not None
    assert theirs is not None
    assert invited is not None
    assert answered is not None
    assert ours.sender == invited.sender == answered.sender != theirs.sender


@pytest.mark.parametrize(
    "name",
    [
        '"x;tag=7b26519b-f19b-4b85-83b2-d8e74f4f9f53" <sip:a@b>;tag=1telephone',
        '"\\";tag=7b26519b-f19b-4b85-83b2-d8e74f4f9f53" <sip:a@b>;tag=1telephone',
        "<sip:a@b;tag=7b26519b-f19b-4b85-83b2-d8e74f4f9f53> ; TAG = 1telephone",
    ],
)
def test_nobody_passes_for_us_by_name(name: str) -> None:
    said, theirs = (
        sip.read(request("BYE").replace(b"From:", f"From: {name}\r\nFrom:".encode(), 1)),
        sip.read(request("BYE", theirs=True)),
    )
    assert said is not None
    assert theirs is not None
    assert said.sender == theirs.sender


@pytest.mark.parametrize(
    "header",
    [
        "REASON:Q.850;cause=17",
        "reason \t:  Q.850;cause=17",
        "Reason: Q.850\r\n ;cause=17",
        "Reason: SIP;cause=486\r\nReason: Q.850;cause=17",
        "X-Reason: Q.850;cause=1\r\nReason: Q.850;cause=17",
    ],
)
def test_a_header_as_it_may_be_written(header: str) -> None:
    said = sip.read(response("480 Nobody", header))
    assert said is not None
    assert said.reasons[-1] == Reason("Q.850", 17)


def test_a_body_is_no_header() -> None:
    said = sip.read(response("480 Nobody") + b"\r\nReason: Q.850;cause=17\r\n")
    assert said is not None
    assert said.reasons == ()


@pytest.mark.parametrize(
    "other",
    [
        response("200 OK", method="BYE"),
        response("100 Trying", method="INFO"),
        request("ACK"),
        request("PRACK"),
        b"INVITE",
        b"BYE sip:a@b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n",
        b"SIP/2.0 099 Odd\r\nCSeq: 1 INVITE\r\n\r\n",
        b"SIP/2.0 503\r\n\r\n",
        b"",
    ],
)
def test_what_says_nothing_of_an_end(other: bytes) -> None:
    assert sip.read(other) is None
    assert sip.read(other, sender_known=True) is None


@pytest.mark.parametrize("method", ["INFO", "NOTIFY", "X-odd.method!"])
def test_a_request_within_the_call_and_its_answer_belong_together(method: str) -> None:
    for known in (False, True):
        asked = sip.read(request(method, theirs=True), sender_known=known)
        answered = sip.read(response("405 No", "Reason: Q.850;cause=17", method=method), sender_known=known)
        assert asked is not None
        assert answered is not None
        assert (asked.method, asked.status, answered.method, answered.status) == (method, 0, method, 405)
        assert asked.number == answered.number != 0
        assert not answered.reasons


def test_of_an_answer_no_more_is_read_than_is_needed() -> None:
    answered = sip.read(response("200 OK"), sender_known=True)
    assert answered == sip.Message("INVITE", 200, 0)
    assert sip.read(response("180 Ringing"), sender_known=True) is None
    said = sip.read(response("183 Progress", "REASON: Q.850;cause=17"), sender_known=True)
    assert said is not None
    assert said.reasons == (Reason("Q.850", 17),)


def test_a_great_many_reasons() -> None:
    said = sip.read(response("503 Nope", *["Reason: " + ",".join(["Q.850;cause=17"] * 60)] * 100))
    assert said is not None
    assert len(said.reasons) == 8


@given(st.binary(max_size=600), st.integers(0, 600), st.integers(0, 600))
def test_no_bytes_do_harm(noise: bytes, at: int, length: int) -> None:
    """Anything at all; and a good copy with anything instead of a piece of it."""
    packet.read(noise)
    sip.read(noise)
    for start in (b"SIP/2.0 486 Busy\r\nX: INVITE", b"SIP/2.0 183 X\r\nX: INVITE", b"BYE x SIP/2.0\r\n", b"INVITE x SIP/2.0\r\n"):
        sip.read(start + noise)
        sip.read(start + noise, sender_known=True)
    whole = copy(REFUSED, password=SECRET)
    if (found := packet.read(whole[:at] + noise + whole[at + length :])) is not None:
        sip.read(found.payload)
    if (said := sip.read(REFUSED[:at] + noise + REFUSED[at + length :])) is not None:
        assert not any(number in repr(said) for number in (US, THEM))
