"""A worker that can't work says what is missing and what to do, and ends with 1."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from asterisk.ports import free_port
from tests.postgres import TestDatabase
from tests.scenes import make_keys

pytestmark = [pytest.mark.postgres, pytest.mark.speech]


def settings(folder: Path, dsn: str) -> str:
    """For an Asterisk that is not there."""
    keys = make_keys(folder)
    (folder / "password").write_text("secret")
    return (
        f'dsn = "{dsn}"\nmaster_key = "{keys.master}"\nsigning_key = "{keys.signing}"\nrules = "demo-1"\n'
        f'[ari]\nurl = "http://127.0.0.1:{free_port()}/ari"\nuser = "x"\npassword_file = "{folder / "password"}"\n'
        f'[trunk]\nname = "carrier"\ncaller_id = "1"\n[speech]\ncache = "{folder / "speech"}"\n'
    )


async def run(folder: Path, text: str) -> tuple[int, str]:
    """The exit code of `python -m ivr`, and what it said."""
    file = folder / "ivr.toml"
    file.write_text(text)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ivr", str(file), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_no_asterisk(database: TestDatabase, tmp_path: Path) -> None:
    code, said = await run(tmp_path, settings(tmp_path, database.worker_dsn))
    assert code == 1
    assert "no Asterisk answers" in said
    assert "start it" in said


async def test_no_database(tmp_path: Path) -> None:
    code, said = await run(tmp_path, settings(tmp_path, f"host={tmp_path} dbname=x user=y"))
    assert code == 1
    assert "PostgreSQL" in said


async def test_no_key(database: TestDatabase, tmp_path: Path) -> None:
    text = settings(tmp_path, database.worker_dsn).replace("master.key", "other.key")
    code, said = await run(tmp_path, text)
    assert code == 1
    assert "other.key" in said


async def test_a_wrong_setting_is_named(database: TestDatabase, tmp_path: Path) -> None:
    code, said = await run(tmp_path, settings(tmp_path, database.worker_dsn) + "volume = 11\n")
    assert code == 1
    assert "speech.volume" in said
