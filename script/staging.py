"""What a demonstration plays on: a fresh folder, ports of its own, two Asterisks, programs as on a server, and a pool of invented
experts.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from asterisk.ending import end
from asterisk.folders import make_folder, state_folder
from asterisk.front import with_us
from asterisk.instance import Instance
from asterisk.ports import Claims, PortRange
from asterisk.settings import FarEndSettings, NodeSettings, Trunk
from db.cluster import Cluster
from db.rights import CONSOLE
from drawing.experts.__main__ import main as experts
from script.install import Choices, Installation
from script.sample import RULES
from script.telling import Failed, step

POOL, SEED = 20_000, 20261123
GOODBYE_SECONDS = 10.0  # for the worker, when the demo is broken off in mid-call
WITNESS_DIGITS = "48291306"
CONSOLE_PORT = 8080
CALLER_ID = "02083180000"
# How the telephones of the pool behave, by the last two digits of their numbers. Not half of them accept: the lots are real,
# and a draw in which nobody is busy, silent or unwilling shows little.
TELEPHONES = {
    "23": 22, "24": 2, "03": 4, "04": 4, "16": 6,  # accept, each in their way
    "02": 12, "06": 6, "07": 8, "08": 4, "12": 4, "15": 4, "09": 4, "14": 3, "19": 2,
}  # fmt: skip
DISK_MIB = 400  # the database, recordings and evidence of one demo take about half of it
MEDIA_PORTS = 400


def make_pool(folder: Path, installed: Installation) -> None:
    """Generate 20,000 experts who do not exist, and import them as an administrator would. Raises Failed."""
    file = folder / "experts.csv"
    suffixes = ",".join(f"{digits}={weight}" for digits, weight in TELEPHONES.items())
    step(
        f"生成 {POOL} 位虚构专家并导入（csv → 校验 → 加密入库）",
        f"Make {POOL} invented experts and import them (csv, checked, encrypted)",
    )
    arguments = ["generate", str(POOL), "--seed", str(SEED), "--out", str(file), "--suffixes", suffixes]
    if experts(arguments) or experts(
        ["import", str(file), "--dsn", installed.dsn(CONSOLE), "--key", str(installed.master_key), "--by", "demo"]
    ):
        raise Failed("专家库未能导入", "the pool could not be imported")


@dataclass(frozen=True)
class Ports:
    """What a demo listens on."""

    sip: int
    far_sip: int
    ari: int
    far_ari: int
    hep: int
    console: int
    node_media: PortRange
    far_media: PortRange

    @property
    def singles(self) -> tuple[int, ...]:
        """Those beside the media's."""
        return (self.sip, self.far_sip, self.ari, self.far_ari, self.hep, self.console)

    @property
    def numbers(self) -> set[int]:
        """All of them."""
        media = (range(each.first, each.last + 1) for each in (self.node_media, self.far_media))
        return {*self.singles, *chain(*media)}


def choose_ports(claims: Claims) -> Ports:
    """Ports that no other demo gets while `claims` are held; the console's is 8080 unless somebody has it."""
    udp = socket.SOCK_DGRAM
    return Ports(
        claims.port(udp), claims.port(udp), claims.port(), claims.port(), claims.port(udp),
        CONSOLE_PORT if claims.this(CONSOLE_PORT) else claims.port(),
        claims.range(MEDIA_PORTS), claims.range(MEDIA_PORTS),
    )  # fmt: skip


@contextlib.asynccontextmanager
async def telephones(folder: Path, ports: Ports) -> AsyncIterator[tuple[Instance[NodeSettings], Instance[FarEndSettings]]]:
    """Our Asterisk and the far end."""
    node = NodeSettings(
        folder=folder / "node", sip_port=ports.sip, http_port=ports.ari, rtp=ports.node_media,
        trunks=(Trunk("carrier", "127.0.0.1", ports.far_sip),), inbound_app="expertline", hep_port=ports.hep,
    )  # fmt: skip
    far_end = FarEndSettings(
        folder=folder / "far", sip_port=ports.far_sip, http_port=ports.far_ari, rtp=ports.far_media, node_port=ports.sip,
        witness_digits=WITNESS_DIGITS, press_after=6.0, press_again_after=4.0,
    )  # fmt: skip
    async with Instance(far_end) as there, Instance(node) as here:
        yield here, there


@contextlib.asynccontextmanager
async def program(folder: Path, module: str, settings: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m ivr` or `python -m web`, as on a server."""
    with (folder / f"{module}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *with_us(), sys.executable, "-m", module, str(settings), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,  # Ctrl-C at a terminal is for us, who end it in its turn
        )  # fmt: skip
    try:
        yield process
    finally:
        await end(process, GOODBYE_SECONDS)


def choices(folder: Path, node: NodeSettings, ports: Ports) -> Choices:
    """The settings of a demonstration: development identities, on loopback."""
    secret = folder / "ari.password"
    secret.touch(mode=0o600)
    secret.write_text(node.ari_password)
    return Choices(
        node.ari_url, secret, node.hep_port or 0, "carrier", CALLER_ID, RULES.version,
        sms="trunk", web_port=ports.console, development=True,
    )  # fmt: skip


def let_be_heard(web_settings: Path, recordings: Path) -> None:
    """The console of a demonstration plays what the telephones heard; the settings' last section is [development]."""
    with web_settings.open("a", encoding="utf-8") as file:
        file.write(f'recordings = "{recordings}"\n')


def check_disk(folder: Path) -> None:
    """Raise Failed unless there is room for a demo."""
    free = shutil.disk_usage(folder).free // 2**20
    if free < DISK_MIB:
        raise Failed(
            f"磁盘空间不足：{folder} 需要 {DISK_MIB} MB，仅剩 {free} MB；请清理，或把 EXPERTLINE_STATE 设到更大的磁盘",
            f"not enough disk space: {folder} needs {DISK_MIB} MB and has {free}; free some, or set EXPERTLINE_STATE elsewhere",
        )


def fresh_folder() -> Path:
    """$EXPERTLINE_STATE/demo, emptied; the evidence of earlier runs is kept."""
    folder = state_folder() / "demo"
    make_folder(folder)
    Cluster(folder / "postgres").stop("immediate")  # of a demo that was killed
    for name in ("node", "far", "postgres"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("master.key", "signing.key", "ivr.toml", "web.toml", "audit.toml", "service.pub", "experts.csv", "ari.password"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "evidence", ignore_errors=True)
    return folder
