"""Packets from outside: ``python -m bench.telephony.attacker PORT SOURCE KIND RATE COUNT``, to 127.0.0.1 and nowhere else.

KIND is `strangers` (INVITE, REGISTER, OPTIONS and MESSAGE with numbers everywhere, and what is no SIP) or `forged` (an INVITE as a
trunk sends it, and then nothing more: no ACK, no BYE). Answers are not read. Prints how many were sent, and in how many seconds.
"""

from __future__ import annotations

import itertools
import socket
import sys
import time
from collections.abc import Iterator

TO = "02083186888"
BURST = 0.002
"""Seconds between two bursts."""
SDP = (
    "v=0\r\no=- 1 1 IN IP4 {source}\r\ns=-\r\nc=IN IP4 {source}\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def request(method: str, n: int, source: str, own: int, port: int, body: str = "") -> bytes:
    """One request with a Call-ID and a caller of its own."""
    caller = 13_000_000_000 + n
    lines = [
        f"{method} sip:{TO}@127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {source}:{own};branch=z9hG4bK{method}{n};rport",
        f'From: "{caller}" <sip:{caller}@{source}>;tag={n}',
        f"To: <sip:{TO}@127.0.0.1>",
        f"Call-ID: {method}-{caller}@{source}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:{caller}@{source}:{own}>",
        f"User-Agent: {caller}",
        "Max-Forwards: 70",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def packets(kind: str, source: str, own: int, port: int) -> Iterator[bytes]:
    """Without end."""
    sdp = SDP.format(source=source)
    if kind == "forged":
        yield from (request("INVITE", n, source, own, port, sdp) for n in itertools.count())
    for n in itertools.count():
        yield request("INVITE", n, source, own, port, sdp)
        yield request("REGISTER", n, source, own, port)
        yield request("OPTIONS", n, source, own, port)
        yield request("MESSAGE", n, source, own, port)
        yield f"INVITE sip:{TO} SIP/2.0\r\nVia: {13_000_000_000 + n}\r\n\r\n".encode()


def send(port: int, source: str, kind: str, rate: float, count: int) -> float:
    """Send so many, at that rate; the seconds that it took."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind((source, 0))
        ours.connect(("127.0.0.1", port))
        made = packets(kind, source, ours.getsockname()[1], port)
        began, sent = time.monotonic(), 0
        while sent < count:
            due = min(count, int((time.monotonic() - began) * rate) + 1)
            for packet in itertools.islice(made, due - sent):
                try:
                    ours.send(packet)
                except ConnectionRefusedError:  # nobody has the port just now
                    continue
            sent = due
            time.sleep(BURST)
        return time.monotonic() - began


if __name__ == "__main__":
    _port, _source, _kind, _rate, _count = sys.argv[1:]
    print(_count, send(int(_port), _source, _kind, float(_rate), int(_count)))
