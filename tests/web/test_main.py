"""The process: starts, says what is missing, stops when told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from asterisk.ports import free_port
from tests.postgres import TestDatabase
from tests.scenes import make_keys

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).resolve().parents[2]


def settings(folder: Path, dsn: str, port: int) -> Path:
    keys, path = make_keys(folder), folder / "web.toml"
    values = {"dsn": dsn, "master_key": str(keys.master), "signing_key": str(keys.signing), "port": port}
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()), encoding="utf-8")
    return path


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield int(taken.getsockname()[1])


@contextmanager
def console(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "web", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def refused(*arguments: str) -> tuple[int, str]:
    with console(*arguments) as process:
        _, told = process.communicate(timeout=120)
        return process.returncode, told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, database: TestDatabase, number: signal.Signals) -> None:
    port = free_port()
    with console(str(settings(tmp_path, database.console_dsn, port))) as process:
        assert process.stderr is not None
        assert f"http://127.0.0.1:{port}/" in process.stderr.readline()
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        process.send_signal(number)
        assert process.wait(timeout=120) == 0
        connection.close()


def test_a_taken_port_is_named(tmp_path: Path, database: TestDatabase) -> None:
    with taken_port() as port:
        code, told = refused(str(settings(tmp_path, database.console_dsn, port)))
    assert code == 1
    assert f"127.0.0.1 port {port}" in told
    assert "Traceback" not in told


def test_a_database_that_is_away_is_named(tmp_path: Path) -> None:
    code, told = refused(str(settings(tmp_path, f"host={tmp_path} dbname=none", free_port())))
    assert code == 1
    assert "no connection to PostgreSQL" in told
    assert "dsn" in told
    assert "Traceback" not in told


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    code, told = refused(str(tmp_path / "none.toml"))
    assert (code, "none.toml can't be read" in told) == (1, True)


def test_wrong_arguments() -> None:
    assert refused()[0] == 2


def test_a_master_key_that_is_away_is_named(tmp_path: Path, database: TestDatabase) -> None:
    path = settings(tmp_path, database.console_dsn, free_port())
    (tmp_path / "master.key").unlink()
    code, told = refused(str(path))
    assert (code, "master.key" in told, "Traceback" in told) == (1, True, False)
