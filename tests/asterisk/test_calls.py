"""Real calls between two real Asterisks: what the node sees of each telephone, and what the telephones
hear."""

import asyncio
import contextlib
import math
import socket
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from asterisk import sounds
from asterisk.far_end import Behaviour, LoggedEvent, read_log
from asterisk.instance import Instance
from asterisk.settings import FarEndSettings, NodeSettings
from tests.asterisk.caller import WAIT, calling

PIECE = 800  # samples: 0.1 s

pytestmark = [pytest.mark.telephone, pytest.mark.asyncio(loop_scope="session")]

Node = Instance[NodeSettings]
FarEnd = Instance[FarEndSettings]


def pressed(far_end: FarEnd, number: str) -> str:
    """The keys that this telephone has pressed so far."""
    log = read_log(far_end.settings.calls_log)
    return "".join(event.detail for event in log if event.event == "pressed" and event.number == number)


async def ended(far_end: FarEnd, number: str) -> list[LoggedEvent]:
    """What the telephone with this number did, once its call has ended."""
    async with asyncio.timeout(WAIT):
        while True:
            events = [event for event in read_log(far_end.settings.calls_log) if event.number == number]
            if events and events[-1].event == "ended":
                return events
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("behaviour", "keys"),
    [
        (Behaviour.ACCEPTS, "11"),
        (Behaviour.DECLINES, "22"),
        (Behaviour.REPEATS_THEN_ACCEPTS, "311"),
        (Behaviour.WRONG_KEY_THEN_ACCEPTS, "511"),
        (Behaviour.WRONG_KEYS, "575757"),
        (Behaviour.PRESSES_EARLY, "11"),
        (Behaviour.INBAND, "11"),
        (Behaviour.WRONG_PERSON, "99"),
        (Behaviour.DOUBLED_KEY, "111"),
        (Behaviour.LONG_KEY, "11"),
        (Behaviour.UNCONFIRMED, "1"),
        (Behaviour.PATIENT, "11"),
        (Behaviour.WITNESS, "131415926#1"),
        (Behaviour.CARELESS_WITNESS, "111111111#31415926#1"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_keys_arrive(node: Node, far_end: FarEnd, behaviour: Behaviour, keys: str) -> None:
    number = behaviour.number(1)
    async with calling(node.settings) as caller:
        call = await caller.call(number)
        await call.until("StasisStart")
        assert await call.keys(len(keys)) == keys
        async with asyncio.timeout(WAIT):
            while len(pressed(far_end, number)) < len(keys):  # a starved line may make two keys of one
                await asyncio.sleep(0.02)
        await call.hang_up()
    events = await ended(far_end, number)
    assert [event.event for event in events][:2] == ["incoming", "answered"]
    assert events[0].detail == "02012345678"
    assert pressed(far_end, number) == keys


@pytest.mark.parametrize(
    ("behaviour", "cause", "sip"),
    [
        (Behaviour.BUSY, 17, "486"),
        (Behaviour.REJECTS, 21, "603"),
        (Behaviour.UNREACHABLE, 19, "480"),
        (Behaviour.INVALID, 1, "404"),
        (Behaviour.TRUNK_FAILURE, 34, "503"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_a_refused_call_has_its_cause(
    node: Node, far_end: FarEnd, behaviour: Behaviour, cause: int, sip: str
) -> None:
    number = behaviour.number(2)
    async with calling(node.settings) as caller:
        call = await caller.call(number)
        destroyed = await call.until("ChannelDestroyed")
    assert (destroyed["cause"], str(destroyed["tech_cause"])) == (cause, sip)
    assert "StasisStart" not in call.kinds
    assert [(event.event, event.detail) for event in await ended(far_end, number)][1] == ("refused", sip)


async def test_a_telephone_that_rings_on_ends_with_our_time_out(node: Node, far_end: FarEnd) -> None:
    number = Behaviour.NEVER_ANSWERS.number(3)
    async with calling(node.settings) as caller:
        call = await caller.call(number, timeout="2")
        destroyed = await call.until("ChannelDestroyed")
    assert "StasisStart" not in call.kinds
    assert any(event["channel"]["state"] == "Ringing" for event in call.seen if event["type"] == "ChannelStateChange")
    assert destroyed["cause"] == 19
    assert [event.event for event in await ended(far_end, number)] == ["incoming", "ringing", "ended"]


async def test_an_announcement_before_the_answer_is_no_answer(node: Node, far_end: FarEnd) -> None:
    async with calling(node.settings) as caller:
        call = await caller.call(Behaviour.ANNOUNCEMENT.number(4))
        destroyed = await call.until("ChannelDestroyed")
    assert "StasisStart" not in call.kinds
    assert (destroyed["cause"], str(destroyed["tech_cause"])) == (19, "480")


@pytest.mark.parametrize(
    "behaviour", [Behaviour.HANGS_UP_AT_ONCE, Behaviour.HANGS_UP_EARLY], ids=lambda each: each.name
)
async def test_a_telephone_that_hangs_up_ends_the_call(node: Node, far_end: FarEnd, behaviour: Behaviour) -> None:
    async with calling(node.settings) as caller:
        call = await caller.call(behaviour.number(5))
        await call.until("StasisStart")
        destroyed = await call.until("ChannelDestroyed")
    assert destroyed["cause"] == 16
    assert "ChannelDtmfReceived" not in call.kinds


async def test_a_silent_telephone_stays_on_the_line(node: Node, far_end: FarEnd, prompt: Path) -> None:
    number = Behaviour.SILENT.number(6)
    async with calling(node.settings) as caller:
        call = await caller.call(number)
        await call.until("StasisStart")
        await call.play(f"sound:{prompt.with_suffix('')}")
        await call.until("PlaybackFinished")
        assert "ChannelDtmfReceived" not in call.kinds
        await call.hang_up()
    await ended(far_end, number)


async def test_the_far_end_records_what_it_hears(node: Node, far_end: FarEnd, prompt: Path) -> None:
    number = Behaviour.SILENT.number(7)
    async with calling(node.settings) as caller:
        call = await caller.call(number)
        await call.until("StasisStart")
        await call.play(f"sound:{prompt.with_suffix('')}")
        finished = await call.until("PlaybackFinished")
        assert finished["playback"]["state"] == "done"
        await call.hang_up()
    last = (await ended(far_end, number))[-1]
    heard = await recording(far_end.settings.recordings / f"{number}-{last.call}.wav")
    # Without its last frames, which may be cut: the call ends when the playback does.
    said = samples(prompt)[:-1_600]
    # Piece by piece: a starved machine leaves gaps in what it sends, which shift the rest.
    pieces = [said[at : at + PIECE] for at in range(0, len(said) - PIECE + 1, PIECE)]
    alike = [likeness(heard, piece) > 0.9 for piece in pieces]
    assert sum(alike) > len(pieces) / 2, alike  # of anything else not one is


async def test_voicemail_speaks_long_and_beeps(node: Node, far_end: FarEnd) -> None:
    number, log = Behaviour.VOICEMAIL.number(8), far_end.settings.calls_log
    async with calling(node.settings) as caller:
        call = await caller.call(number)
        await call.until("StasisStart")
        async with asyncio.timeout(WAIT):
            while (number, "beeped") not in [(each.number, each.event) for each in read_log(log)]:
                await asyncio.sleep(0.05)
        await call.hang_up()
    events = {event.event: event.at for event in await ended(far_end, number)}
    assert events["beeped"] - events["answered"] > 10


async def test_the_bench_dialplan_holds_a_whole_conversation(node: Node, far_end: FarEnd, prompt: Path) -> None:
    number = Behaviour.ACCEPTS.number(9)
    async with calling(node.settings) as caller:
        media = str(prompt.with_suffix(""))
        async with caller._session.post(
            f"{node.settings.ari_url}/channels",
            params={
                "endpoint": f"PJSIP/{number}@far-end",
                "context": "bench",
                "extension": "s",
                "timeout": "30",
            },
            json={"variables": {"PROMPT": media, "RECEIPT": media}},
        ) as reply:
            assert reply.status == 200
        events = await ended(far_end, number)
    assert [event.event for event in events] == ["incoming", "answered", "pressed", "pressed", "ended"]


async def test_a_call_from_outside_finds_no_way_out(node: Node, far_end: FarEnd) -> None:
    async with calling(far_end.settings) as phone, calling(node.settings) as caller:
        call = await phone.call("13800000001", trunk="node")
        destroyed = await call.until("ChannelDestroyed")
        assert caller.arrivals.empty()
    assert destroyed["cause"] in (19, 20)
    assert "StasisStart" not in call.kinds


TRIED = ("13800000001", "02083186888", "100", "s", "bench", "+8613800000001")
"""What a scanner looks for: a number that could be called, the published one, extensions that there often are."""


async def test_a_scanner_finds_nothing(node: Node, far_end: FarEnd) -> None:
    """Requests from an address that is no trunk's are refused in the same words whatever they ask for and whatever they prove,
    which tells no extension from another. All of it is in the security log, and whom they asked for is not.
    """
    port = node.settings.sip_port
    async with calling(node.settings, "inbound") as caller:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scanner,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk,
        ):
            scanner.bind(("127.0.0.2", 0))
            trunk.bind(("127.0.0.1", 0))
            asked = [(method, to, proof) for method in METHODS for to in TRIED for proof in (False, True)]
            for method, to, proof in asked:
                scanner.sendto(_request(scanner, port, method, to, proof), ("127.0.0.1", port))
            answer = await _answered(trunk, port)
            assert answer.startswith("SIP/2.0 200"), answer
            told = list(_received(scanner))
        assert caller.arrivals.empty()
    assert len(told) == len(asked)
    assert {answer.split("\r\n")[0] for answer in told} == {"SIP/2.0 403 Forbidden"}
    assert not any("Allow:" in answer or "Asterisk" in answer for answer in told)
    log = await _security_log(node, "Incoming SIP message from 127.0.0.2:")
    assert not any(to in log for to in TRIED if len(to) > 5)


METHODS = ("OPTIONS", "INVITE", "REGISTER", "MESSAGE", "SUBSCRIBE", "BYE", "CANCEL", "FOO")


async def _security_log(node: Node, text: str) -> str:
    """Once it says this: Asterisk answers first and writes later."""
    file = node.settings.folder / "log/security"
    async with asyncio.timeout(WAIT):
        while node.log_tail() and text not in file.read_text():
            await asyncio.sleep(0.05)
    return file.read_text()


def _received(scanner: socket.socket) -> Iterator[str]:
    """All answers so far."""
    with contextlib.suppress(BlockingIOError):
        while True:
            yield scanner.recv(4096).decode()


async def _answered(trunk: socket.socket, port: int) -> str:
    """What the trunk's address hears, asked after all the others."""
    loop = asyncio.get_running_loop()
    trunk.setblocking(False)
    await loop.sock_sendto(trunk, _request(trunk, port, "OPTIONS", "100", False), ("127.0.0.1", port))
    async with asyncio.timeout(WAIT):
        return (await loop.sock_recv(trunk, 4096)).decode()


def _request(sender: socket.socket, port: int, method: str, to: str, proof: bool) -> bytes:
    """`proof`: with a digest of a password that nobody has."""
    sender.setblocking(False)
    host, ours = sender.getsockname()
    digest = 'username="100", realm="asterisk", nonce="1/1", uri="sip:x", response="' + "0" * 32 + '"'
    lines = [
        f"{method} sip:{to}@127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{ours};branch=z9hG4bK{method}{to.strip('+')}{proof};rport",
        f"From: <sip:100@{host}>;tag=1",
        f"To: <sip:{to}@127.0.0.1>",
        f"Call-ID: {method}-{to}-{proof}@{host}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:100@{host}:{ours}>",
        *([f"Authorization: Digest {digest}"] if proof else []),
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_ari_wants_its_password(node: Node) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{node.settings.ari_url}/channels") as reply:
        assert reply.status == 401


@pytest.fixture(scope="module")
def prompt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of something unmistakable: a tone that rises."""
    path = tmp_path_factory.mktemp("prompts") / "rising.wav"
    times = [index / sounds.RATE for index in range(sounds.RATE * 3 // 2)]
    sounds.write_wav(path, (0.5 * math.sin(2 * math.pi * (300 + 400 * t) * t) for t in times))
    return path


def samples(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8_000)
        data = file.readframes(file.getnframes())
    return np.array(struct.unpack(f"<{len(data) // 2}h", data), dtype=np.float64)


async def recording(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The recording's samples, once Asterisk has finished the file (its header is written last)."""
    async with asyncio.timeout(WAIT):
        while True:
            if path.exists() and path.stat().st_size > 44 and len(found := samples(path)):
                return found
            await asyncio.sleep(0.05)


def likeness(
    heard: np.ndarray[tuple[int], np.dtype[np.float64]], said: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """How much of ``said`` is in ``heard``: the best normalised correlation over all shifts (1 is all of
    it)."""
    assert len(heard) >= len(said)
    correlation = np.correlate(heard, said, mode="valid")
    energy = np.convolve(heard**2, np.ones(len(said)), mode="valid")
    return float(np.max(correlation / np.sqrt(np.maximum(energy, 1.0) * np.sum(said**2))))
