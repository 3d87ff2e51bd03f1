"""script/demo, broken off: what its exit code says, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.cluster import Cluster

pytestmark = pytest.mark.postgres


@pytest.fixture
async def state() -> AsyncIterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="xl-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    Cluster(folder / "demo/postgres").stop("immediate")
    shutil.rmtree(folder)


@pytest.mark.parametrize("options", [["--once"], []])
@pytest.mark.parametrize(
    ("number", "moment", "code"),
    [
        (signal.SIGINT, "启动私有 PostgreSQL", 130),
        (signal.SIGTERM, "启动私有 PostgreSQL", 143),
        (signal.SIGHUP, "启动私有 PostgreSQL", 129),
    ],
)
async def test_broken_off_it_says_so(state: Path, options: list[str], number: signal.Signals, moment: str, code: int) -> None:
    """It said 0, as if everything had held."""
    log = state / "demo.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "script.demo", *options, stdout=output, stderr=output,
            env=os.environ | {"EXPERTLINE_STATE": str(state), "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
    try:
        async with asyncio.timeout(300):
            while moment not in log.read_text(encoding="utf-8"):
                assert process.returncode is None
                await asyncio.sleep(0.02)
            process.send_signal(number)
            assert await process.wait() == code
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert "Traceback" not in log.read_text(encoding="utf-8")
    assert not Cluster(state / "demo/postgres").running()
