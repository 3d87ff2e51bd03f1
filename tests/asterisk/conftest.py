"""A node and a far end that call each other, started once for all tests that need them."""

import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from asterisk.instance import Instance
from asterisk.ports import free_port, free_range
from asterisk.settings import FarEndSettings, NodeSettings, Trunk


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder with a short path: Asterisk's control socket has room for 107 bytes only."""
    with tempfile.TemporaryDirectory(prefix="xl-") as name:
        yield Path(name)


@pytest.fixture(scope="session")
def far_end_settings(short_folder: Path) -> FarEndSettings:
    """Telephones that answer, press and hang up fast enough for tests."""
    return FarEndSettings(
        folder=short_folder / "far-end",
        sip_port=free_port(socket.SOCK_DGRAM),
        http_port=free_port(),
        rtp=free_range(),
        node_port=free_port(socket.SOCK_DGRAM),
        answer_after=0.1,
        press_after=1.0,  # a busy worker comes late with its prompts, and a key in a prompt's first moment does not count
        press_again_after=1.0,
        early_press_after=0.2,
        hang_up_after=0.8,
    )


@pytest.fixture(scope="session")
def node_settings(short_folder: Path, far_end_settings: FarEndSettings) -> NodeSettings:
    """A node whose one trunk leads to the far end."""
    return NodeSettings(
        folder=short_folder / "node",
        sip_port=far_end_settings.node_port,
        http_port=free_port(),
        rtp=free_range(),
        trunks=(Trunk("far-end", "127.0.0.1", far_end_settings.sip_port),),
        bench=True,
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def far_end(far_end_settings: FarEndSettings) -> AsyncIterator[Instance[FarEndSettings]]:
    """The running far end."""
    async with Instance(far_end_settings) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def node(node_settings: NodeSettings, far_end: Instance[FarEndSettings]) -> AsyncIterator[Instance[NodeSettings]]:
    """The running node; the far end runs as well."""
    async with Instance(node_settings) as running:
        yield running
