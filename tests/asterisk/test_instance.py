"""Starting and ending an instance, and what a person is told when it can't be."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from asterisk.instance import DidNotStart, Instance
from asterisk.ports import PortTaken, free_port, free_range
from asterisk.program import NoAsterisk, find_program
from asterisk.settings import NodeSettings, Trunk

pytestmark = pytest.mark.telephone


@pytest.fixture
def settings() -> Iterator[NodeSettings]:
    with TemporaryDirectory(prefix="xl-") as folder:
        yield NodeSettings(
            folder=Path(folder) / "node",
            sip_port=free_port(socket.SOCK_DGRAM),
            http_port=free_port(),
            rtp=free_range(),
            trunks=(Trunk("carrier", "127.0.0.1", 9),),
        )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_its_log_holds_no_error(settings: NodeSettings) -> None:
    async with Instance(settings) as node:
        said = node.log_tail(1_000)
    assert "ERROR" not in said
    assert "WARNING" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may put a process first")
async def test_it_goes_before_others_in_its_session_and_its_session_before_others(settings: NodeSettings) -> None:
    async with Instance(settings) as node:
        assert os.getpriority(os.PRIO_PROCESS, node.pid) == -10
        group = Path(f"/proc/{node.pid}/autogroup")
        if group.exists():  # a kernel may be without
            assert group.read_text().split()[-1] == "-10"


async def test_it_can_be_killed_and_started_again(settings: NodeSettings) -> None:
    node = Instance(settings)
    await node.start()
    first = node.pid
    await node.kill()
    assert not alive(first)
    assert not node.running
    await node.start()
    second = node.pid
    await node.stop()
    assert not alive(second)


async def test_stopping_twice_is_no_error(settings: NodeSettings) -> None:
    node = Instance(settings)
    await node.start()
    await node.stop()
    await node.stop()


async def test_a_taken_sip_port_is_named(settings: NodeSettings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", settings.sip_port))
        with pytest.raises(PortTaken, match=f"UDP port {settings.sip_port}.*EXPERTLINE_SIP_PORT"):
            await Instance(settings).start()


async def test_a_taken_ari_port_is_named(settings: NodeSettings) -> None:
    message = f"TCP port {settings.http_port}.*EXPERTLINE_ARI_PORT"
    with socket.create_server(("127.0.0.1", settings.http_port)), pytest.raises(PortTaken, match=message):
        await Instance(settings).start()


async def test_a_start_that_fails_shows_the_log(settings: NodeSettings, tmp_path: Path) -> None:
    broken = replace(find_program(), modules_dir=tmp_path)
    with pytest.raises(DidNotStart, match=r"(?s)Asterisk ended.*Failed to load module"):
        await Instance(settings, broken).start()


def test_no_asterisk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPERTLINE_ASTERISK_ROOT", str(tmp_path))
    with pytest.raises(NoAsterisk, match="script/setup"):
        find_program()
