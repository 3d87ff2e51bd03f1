"""Ports: two who look for some at the same time never get the same."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asterisk import ports
from asterisk.ports import Claims, PortRange, PortTaken, free_port, free_range

ROOT = Path(__file__).parents[2]
HOLDS = """
import socket, sys
from asterisk.ports import Claims
claims = Claims()
media = claims.range(400)
print(claims.port(), claims.port(socket.SOCK_DGRAM), claims.this(int(sys.argv[1])), media.first, media.last, flush=True)
sys.stdin.read()
"""


@contextmanager
def another(wanted: int) -> Iterator[list[str]]:
    """Another process that claims ports, and this very one; what it got."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(wanted)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()
        finally:
            process.stdin.close()


def numbers(got: PortRange) -> set[int]:
    return set(range(got.first, got.last + 1))


def test_what_another_process_has_claimed_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = free_port()
    with another(wanted) as (tcp, udp, this, first, last), Claims() as claims:
        assert this == "True"
        assert not claims.this(wanted)
        media = PortRange(int(first), int(last))
        for port in (int(tcp), int(udp)):  # nobody listens there, and only these two are asked for
            monkeypatch.setattr(ports, "_FIRST", port)
            monkeypatch.setattr(ports, "_LAST", port + 1)
            monkeypatch.setattr(ports, "_ASKED", 1)
            with pytest.raises(PortTaken):
                free_port()
        monkeypatch.setattr(ports, "_RTP_FIRST", media.first)
        monkeypatch.setattr(ports, "_RTP_LAST", media.last + 3)
        with pytest.raises(PortTaken):
            claims.range(400)
        with pytest.raises(PortTaken):
            free_range(400)
    with Claims() as claims:
        assert claims.range(400) == media, "who has ended holds nothing"
        assert claims.this(wanted)


def test_claims_for_media_never_overlap_until_there_is_no_more() -> None:
    with Claims() as claims:
        got = [numbers(claims.range(1200)) for _ in range(8)]
        assert len(set().union(*got)) == 8 * 1200
        with pytest.raises(PortTaken):
            assert [claims.range(1200) for _ in range(20)]


def test_claims_are_given_back_and_a_failed_one_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_RTP_FIRST", 20_000)
    monkeypatch.setattr(ports, "_RTP_LAST", 20_400)
    with Claims() as first, Claims() as second:
        assert first.range(300).last <= 20_399
        with pytest.raises(PortTaken):
            second.range(200)
        assert second.range(100)
        first.close()
        assert first.range(200)


def test_a_port_that_somebody_listens_on_is_not_claimed() -> None:
    with socket.socket() as taken, Claims() as claims:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not claims.this(taken.getsockname()[1])


def test_two_demos_at_once_share_no_port() -> None:
    """Both choose before either has started anything."""
    from script.staging import choose_ports

    with Claims() as one, Claims() as two:
        first, second = choose_ports(one), choose_ports(two)
        assert not first.numbers & second.numbers
        assert len(first.numbers) == len(set(first.singles)) + 2 * len(numbers(first.node_media))
