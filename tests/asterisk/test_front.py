"""The SIP front itself: how it starts and ends, whom it lets in, and what it says when the node is away."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from asterisk.__main__ import main, node_from_environment
from asterisk.front import Front, FrontDidNotStart, NoKamailio, address_towards, addresses, front_command, render_front
from asterisk.instance import Instance
from asterisk.ports import PortTaken, free_port, free_range
from asterisk.settings import FrontPorts, NodeSettings, Trunk
from tests.asterisk.lines import free_front
from tests.asterisk.sip import Outside, ask, invite

pytestmark = pytest.mark.telephone

ROOT = Path(__file__).parents[2]
TRUNK, STRANGER, CALLER = "127.0.1.1", "127.0.1.200", "13700137000"


@pytest.fixture
def settings() -> Iterator[NodeSettings]:
    sip_port = free_port(socket.SOCK_DGRAM)
    with TemporaryDirectory(prefix="xl-") as folder:
        yield NodeSettings(
            folder=Path(folder) / "node",
            sip_port=sip_port,
            http_port=free_port(),
            rtp=free_range(),
            trunks=(Trunk("carrier", TRUNK, 9),),
            front=free_front(sip_port),
        )


def processes(settings: NodeSettings) -> list[int]:
    """Kamailio's, which name the configuration in their command line."""
    mine = str(settings.folder / "etc/kamailio.cfg").encode()
    found = []
    for each in Path("/proc").iterdir():
        try:
            if each.name.isdigit() and mine in (each / "cmdline").read_bytes():
                found.append(int(each.name))
        except OSError:  # it has just ended
            continue
    return found


async def test_its_files_are_nobody_elses(settings: NodeSettings) -> None:
    """Also where it is the first to come up: `python -m asterisk front` beside a node that starts at the same time."""
    front = Front(settings)
    await front.start()
    try:
        found = {path: oct(stat.S_IMODE(path.lstat().st_mode)) for path in (settings.folder, *settings.folder.rglob("*"))}
    finally:
        await front.stop()
    assert settings.folder / "log/front" in found
    assert {path: mode for path, mode in found.items() if int(mode, 8) & 0o077} == {}


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_nothing_of_it_is_left(settings: NodeSettings, end: str) -> None:
    node = Instance(settings)
    await node.start()
    assert len(processes(settings)) > 4
    await (node.stop() if end == "stop" else node.kill())
    assert processes(settings) == []


async def test_it_ends_with_who_started_it(settings: NodeSettings) -> None:
    """As with a test that was killed: its processes hear of it from the kernel."""
    program = (
        "import asyncio, os, sys; from pathlib import Path; from asterisk.front import Front; "
        "from asterisk.settings import *; from asterisk.ports import PortRange\n"
        f"s = NodeSettings(folder=Path({str(settings.folder)!r}), sip_port={settings.sip_port}, http_port=1, "
        f"rtp=PortRange(20000, 20100), trunks=(Trunk('carrier', '{TRUNK}', 9),), "
        f"front=FrontPorts({settings.front.inner_port}, {settings.front.node_port}))\n"  # type: ignore[union-attr]
        "async def main():\n  await Front(s).start(); os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
    assert await starter.wait() == -9
    while processes(settings):
        await asyncio.sleep(0.05)


async def test_a_taken_port_is_named(settings: NodeSettings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", settings.sip_port))
        with pytest.raises(PortTaken, match=f"UDP port {settings.sip_port}.*EXPERTLINE_SIP_PORT"):
            await Instance(settings).start()
    assert processes(settings) == []


async def test_a_start_that_fails_says_so(settings: NodeSettings) -> None:
    broken = replace(settings, external_address="-")
    with pytest.raises(FrontDidNotStart, match="Kamailio ended"):
        await Front(broken).start()
    assert processes(settings) == []


@pytest.fixture
async def node(settings: NodeSettings) -> AsyncIterator[Instance[NodeSettings]]:
    async with Instance(settings) as running:
        yield running


async def test_strangers_learn_nothing(node: Instance[NodeSettings]) -> None:
    """The same for whatever they ask and pretend; the log has their address once, and no number."""
    front = ("127.0.0.1", node.settings.sip_port)
    for method in ("INVITE", "OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "BYE", "FOO"):
        assert await ask(STRANGER, front, Outside(method, ("X-Expertline-Trunk: carrier",), CALLER)) == 403
    log = (node.settings.folder / "log/front").read_text()
    assert log.count(STRANGER) == 1
    assert CALLER not in log
    assert "02012345678" not in log


async def test_strangers_fill_no_log(settings: NodeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses they have."""
    monkeypatch.setattr("asterisk.front.STRANGERS_TOLD", 5)
    front = Front(settings)
    await front.start()
    try:
        for n in range(1, 21):
            assert await ask(f"127.0.3.{n}", ("127.0.0.1", settings.sip_port), Outside("OPTIONS")) == 403
    finally:
        await front.stop()
    told = (settings.folder / "log/front").read_text().count("is no trunk")
    assert 5 <= told <= 10, "a full hour may pass meanwhile"


async def test_it_lives_as_long_as_the_node_does(node: Instance[NodeSettings]) -> None:
    front = ("127.0.0.1", node.settings.sip_port)
    assert await ask(TRUNK, front, Outside("OPTIONS")) == 200
    assert await ask(TRUNK, front, invite(TRUNK)) == 480, "nobody is there who takes calls"
    os.kill(node.pid, 9)
    assert await ask(TRUNK, front, Outside("OPTIONS")) == 503
    assert await ask(TRUNK, front, invite(TRUNK)) == 503


async def test_the_inner_port_is_the_nodes_alone(node: Instance[NodeSettings]) -> None:
    """Another program on the machine can't call out by it; what it sends comes to nothing, while the next request is answered."""
    settings = node.settings
    assert settings.front is not None
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rung:
        for each in (sender, rung):
            each.setblocking(False)
            each.bind((TRUNK, 0) if each is rung else ("127.0.0.1", 0))
        inner = ("127.0.0.1", settings.front.inner_port)
        here: tuple[str, int] = sender.getsockname()
        said = invite("127.0.0.1").request(*here, rung.getsockname())
        await loop.sock_sendto(sender, said, inner)
        assert await ask(TRUNK, ("127.0.0.1", settings.sip_port), Outside("OPTIONS")) == 200
        for each in (sender, rung):
            with pytest.raises(BlockingIOError):
                each.recv(1)


def test_settings_of_a_front(tmp_path: Path) -> None:
    environment = {
        "EXPERTLINE_ASTERISK_FOLDER": str(tmp_path), "EXPERTLINE_FRONT_PORTS": "5062-5064",
        "EXPERTLINE_SIP_HOST": "0.0.0.0", "EXPERTLINE_TRUNKS": "carrier=127.0.0.9:5070",
    }  # fmt: skip
    made = node_from_environment(environment, with_password=False)
    assert made.front == FrontPorts(5062, 5064)
    assert made.sip_host == address_towards("127.0.0.9") == "127.0.0.1"
    assert not (tmp_path / "ari-password").exists()
    assert node_from_environment({**environment, "EXPERTLINE_FRONT_PORTS": ""}).front is None
    for wrong in ("5062", "5062-", "a-b", "5062-5062", "0-5062"):
        with pytest.raises(ValueError, match=r"(?i)front"):
            node_from_environment({**environment, "EXPERTLINE_FRONT_PORTS": wrong})
    with pytest.raises(ValueError, match="no trunk with tls"):
        NodeSettings(
            folder=tmp_path, sip_port=1, http_port=2, rtp=made.rtp, trunks=(Trunk("carrier", TRUNK, 9, "tls"),),
            tls_certificate=tmp_path, tls_key=tmp_path, front=made.front,
        )  # fmt: skip
    with pytest.raises(ValueError, match="EXPERTLINE_SIP_PORT"):
        node_from_environment({**environment, "EXPERTLINE_SIP_PORT": "5064"})
    with pytest.raises(ValueError, match="EXPERTLINE_SIP_HOST"):
        replace(made, sip_host="0.0.0.0")


def test_addresses_of_trunks() -> None:
    assert addresses("127.0.1.1") == ["127.0.1.1"]
    with pytest.raises(ValueError, match="no IPv4 address"):
        addresses("nowhere.invalid")


def test_no_kamailio_says_what_to_do(settings: NodeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asterisk.front.shutil.which", lambda name, path=None: None)
    with pytest.raises(NoKamailio, match="script/setup front"):
        front_command(settings, render_front(settings))


def test_a_node_without_one_has_none_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXPERTLINE_ASTERISK_FOLDER", str(tmp_path))
    monkeypatch.delenv("EXPERTLINE_FRONT_PORTS", raising=False)
    assert main(["front"]) == 1
    assert re.search("EXPERTLINE_FRONT_PORTS is not set", capsys.readouterr().err)
