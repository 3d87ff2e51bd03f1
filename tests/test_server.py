"""What script/server does with parts that end, with signals, and with a second server. The parts are small programs of these tests'
own; the real ones are in tests/system/test_server.py."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asterisk.ending import end_group
from script import parts, server
from script.parts import CARRIER, Part, end_left
from script.server import Asked
from script.state_lock import Locked, left_over, locked, mark

FORKS = """
import os, sys, time
if os.fork() == 0:
    with open(sys.argv[1], "a") as told:
        told.write(f"{os.getpid()}\\n")
time.sleep(600)
"""
PART = """
import os, signal, sys, time
from pathlib import Path
name, folder = sys.argv[1], Path(sys.argv[2])
may_end = folder / f"{name}-may-end"
def ending(*_):
    (folder / "told").open("a").write(f"{name}\\n")
    while not may_end.exists():
        time.sleep(0.01)
    (folder / "ended").open("a").write(f"{name}\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, ending)
(folder / "began").open("a").write(f"{name} {os.getpid()}\\n")
while True:
    time.sleep(600)
"""
FAILS = """
import sys
open(sys.argv[1], "a").write("x")
sys.exit("a bad line in the settings")
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def lines(file: Path, count: int) -> list[str]:
    """Its lines, once there are so many."""
    async with asyncio.timeout(300):
        while len(found := file.read_text().splitlines() if file.exists() else []) < count:
            await asyncio.sleep(0.01)
    return found


async def ends(pid: int) -> None:
    async with asyncio.timeout(300):
        while alive(pid):
            await asyncio.sleep(0.01)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "AGAIN_AFTER", 0.0)


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    """With its handlers of signals, which go again."""
    yield Asked()
    for number in (*server.STOPS_ON, signal.SIGQUIT):
        asyncio.get_running_loop().remove_signal_handler(number)


def fake(
    folder: Path, name: str, asked: Asked, *, may_end: bool = True, needed: bool = False, has_calls: bool = False
) -> Part:
    """A part that notes when it begins, is told to end and ends; it does so at once only if it may."""
    if may_end:
        (folder / f"{name}-may-end").touch()
    program = ("-c", PART, name, str(folder))
    return Part(name, program, needed=needed, has_calls=has_calls, state=folder, at_once=asked.at_once)


async def pids(folder: Path, count: int) -> dict[str, int]:
    return {name: int(pid) for name, pid in (line.split() for line in await lines(folder / "began", count))}


@pytest.mark.usefixtures("no_pause")
async def test_what_a_killed_part_has_forked_ends_before_it_is_started_again(tmp_path: Path) -> None:
    """Kamailio's children keep its ports; it could not start beside them."""
    told = tmp_path / "children"
    part = Part("a part", ("-c", FORKS, str(told)))
    keeping = asyncio.create_task(part.keep())
    try:
        (first,) = await lines(told, 1)
        assert part.process is not None
        os.kill(part.process.pid, 9)
        _, second = await lines(told, 2)
        await ends(int(first))
        assert alive(int(second))
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        if part.process is not None:
            end_group(part.process.pid)
            await part.process.wait()


@pytest.mark.usefixtures("no_pause")
async def test_a_console_that_can_not_start_ends_no_call(tmp_path: Path, asked: Asked) -> None:
    tries = tmp_path / "tries"
    tries.touch()
    worker = fake(tmp_path, "worker", asked, needed=True, has_calls=True)
    console = Part("console", ("-c", FAILS, str(tries)))
    serving = asyncio.create_task(server.keep([worker, console], asked))
    worker_pid = (await pids(tmp_path, 1))["worker"]
    async with asyncio.timeout(300):
        while len(tries.read_text()) < 2 * parts.FIRST_TRIES:
            await asyncio.sleep(0.01)
    assert alive(worker_pid)
    assert not serving.done()
    asked.stop.set()
    assert await serving == 0
    assert (tmp_path / "began").read_text() == f"worker {worker_pid}\n"


@pytest.mark.usefixtures("no_pause")
async def test_a_worker_that_never_stays_up_ends_the_start_and_says_so(
    tmp_path: Path, asked: Asked, capfd: pytest.CaptureFixture[str]
) -> None:
    worker = Part("worker", ("-c", FAILS, str(tmp_path / "tries")), needed=True, has_calls=True)
    console = fake(tmp_path, "console", asked)
    assert await server.keep([worker, console], asked) == 1
    told = capfd.readouterr().err
    assert "a bad line in the settings" in told
    assert "worker: ends as soon as it starts" in told
    assert len((tmp_path / "tries").read_text()) == parts.FIRST_TRIES


@pytest.mark.usefixtures("no_pause")
async def test_one_that_is_needed_and_has_stayed_up_is_never_given_up(
    tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it fails later: who is on the line with it must not lose the rest."""
    monkeypatch.setattr(parts, "STAYS_UP", 0.0)  # the first try counts as one that stayed
    tries = tmp_path / "tries"
    part = Part("Asterisk", ("-c", FAILS, str(tries)), needed=True)
    keeping = asyncio.create_task(part.keep())
    async with asyncio.timeout(300):
        while not tries.exists() or len(tries.read_text()) < 2:  # how long the first one stayed has been looked at
            await asyncio.sleep(0.01)
        monkeypatch.setattr(parts, "STAYS_UP", 600.0)
        while len(tries.read_text()) < 3 * parts.FIRST_TRIES:
            await asyncio.sleep(0.01)
    await part.stop()
    await keeping


async def test_calls_end_first_and_the_console_last(
    tmp_path: Path, asked: Asked, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM, several times: while the worker waits for its calls nobody else is told anything, however often it is said again."""
    monkeypatch.setattr(parts, "COUNT_EVERY", 0.05)
    three = [
        fake(tmp_path, "worker", asked, may_end=False, has_calls=True),
        fake(tmp_path, "Asterisk", asked),
        fake(tmp_path, "console", asked),
    ]
    serving = asyncio.create_task(server.keep(three, asked))
    began = await pids(tmp_path, 3)
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(os.getpid(), number)
    assert await lines(tmp_path / "told", 1) == ["worker"]
    told = ""
    async with asyncio.timeout(300):
        while told.count("s more") < 3:
            told += capfd.readouterr().err
            await asyncio.sleep(0.01)
    assert "[server] worker: waiting for its calls to end, at most 1360 s more" in told
    assert told.count("stopping already") == 3
    assert f"kill -QUIT {os.getpid()}" in told
    assert all(map(alive, began.values()))
    assert (tmp_path / "told").read_text() == "worker\n"
    (tmp_path / "worker-may-end").touch()
    assert await serving == 0
    assert await lines(tmp_path / "ended", 3) == ["worker", "Asterisk", "console"]


async def test_what_dies_while_calls_end_is_started_again(tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Asterisk the worker could not tell whether its calls are gone."""
    monkeypatch.setattr(parts, "AGAIN_AFTER", 0.0)
    two = [fake(tmp_path, "worker", asked, may_end=False, has_calls=True), fake(tmp_path, "Asterisk", asked)]
    serving = asyncio.create_task(server.keep(two, asked))
    first = (await pids(tmp_path, 2))["Asterisk"]
    asked.stop.set()
    await lines(tmp_path / "told", 1)
    os.kill(first, signal.SIGKILL)
    second = (await pids(tmp_path, 3))["Asterisk"]
    assert first != second
    (tmp_path / "worker-may-end").touch()
    assert await serving == 0


async def test_sigquit_waits_for_no_call(tmp_path: Path, asked: Asked) -> None:
    two = [fake(tmp_path, "worker", asked, may_end=False, has_calls=True), fake(tmp_path, "Asterisk", asked)]
    serving = asyncio.create_task(server.keep(two, asked))
    began = await pids(tmp_path, 2)
    os.kill(os.getpid(), signal.SIGTERM)
    await lines(tmp_path / "told", 1)
    os.kill(os.getpid(), signal.SIGQUIT)
    assert await serving == 0
    assert not alive(began["worker"])
    assert await lines(tmp_path / "ended", 1) == ["Asterisk"]  # in order


# --- one server per state folder ----------------------------------------------------------------------------------------------

HOLDS = """
import sys
from pathlib import Path
from script.state_lock import locked
with locked(Path(sys.argv[1])):
    print(flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the state folder."""
    with subprocess.Popen((sys.executable, "-c", HOLDS, str(state)), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"\n"
            yield process
        finally:
            process.kill()


def test_a_second_server_is_told_who_has_the_folder(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with holder(state) as first:
        for _ in range(2):  # the second look has harmed nothing
            with pytest.raises(Locked, match=f"process {first.pid}, since 20") as told, locked(state):
                pass
            assert "EXPERTLINE_STATE" in str(told.value)


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with locked(tmp_path):
            assert f"process {os.getpid()}," in (tmp_path / "server.lock").read_text()


def test_another_name_of_the_folder_is_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "link").symlink_to("state")
    with locked(tmp_path / "state"), pytest.raises(Locked), locked(tmp_path / "link"):
        pass


def test_another_folder_is_free(tmp_path: Path) -> None:
    with locked(tmp_path / "one"), locked(tmp_path / "two"):
        pass


def test_others_can_pass_the_folder_whatever_the_umask_is(tmp_path: Path) -> None:
    """Root's may be 077, and PostgreSQL is not root."""
    before = os.umask(0o077)
    try:
        with locked(tmp_path / "a/state"):
            assert [(tmp_path / each).stat().st_mode & 0o777 for each in ("a", "a/state")] == [0o755, 0o755]
    finally:
        os.umask(before)


async def test_a_second_server_starts_and_stops_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It stopped the first one's database."""
    with holder(tmp_path) as first:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "script.server", env={**os.environ, "EXPERTLINE_STATE": str(tmp_path)}
        )
        assert await second.wait() == 1
    assert f"process {first.pid}" in capfd.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"server.lock"}


async def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "script.server", env={**os.environ, "EXPERTLINE_STATE": str(tmp_path / "file/state")}
    )
    assert await process.wait() == 1
    told = capfd.readouterr().err
    assert str(tmp_path / "file") in told
    assert "Traceback" not in told


# --- what a server that was killed has left -----------------------------------------------------------------------------------


@contextmanager
def left_running(folder: Path, name: str, *, may_end: bool = True) -> Iterator[subprocess.Popen[bytes]]:
    if may_end:
        (folder / f"{name}-may-end").touch()
    command = (sys.executable, "-c", PART, name, str(folder))
    with subprocess.Popen(command, env={**os.environ, **mark(name, folder)}, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def _reaped(process: subprocess.Popen[bytes]) -> None:
    """As init does for what has lost its parent."""
    await asyncio.to_thread(process.wait)


async def test_what_is_left_is_found_by_its_folder_and_name(tmp_path: Path) -> None:
    with left_running(tmp_path, "worker") as process:
        await pids(tmp_path, 1)
        assert left_over("worker", tmp_path) == [process.pid]
        assert left_over("console", tmp_path) == []
        assert left_over("worker", tmp_path / "other") == []


async def test_what_is_left_ends_calls_first(tmp_path: Path, asked: Asked) -> None:
    names = ["worker", CARRIER, "console"]
    of_ours = [fake(tmp_path, name, asked, may_end=name != "worker", has_calls=name == "worker") for name in names]
    with left_running(tmp_path, "worker", may_end=False) as worker, left_running(tmp_path, CARRIER) as asterisk:
        await pids(tmp_path, 2)
        ending = asyncio.create_task(end_left(of_ours, tmp_path))
        reaping = [asyncio.create_task(_reaped(each)) for each in (worker, asterisk)]
        assert await lines(tmp_path / "told", 1) == ["worker"]
        assert alive(asterisk.pid)
        (tmp_path / "worker-may-end").touch()
        await asyncio.gather(ending, *reaping)
    assert await lines(tmp_path / "ended", 2) == ["worker", CARRIER]


async def test_calls_whose_asterisk_is_gone_are_not_waited_for(tmp_path: Path, asked: Asked) -> None:
    worker = fake(tmp_path, "worker", asked, may_end=False, has_calls=True)
    with left_running(tmp_path, "worker", may_end=False) as left:
        await pids(tmp_path, 1)
        await asyncio.gather(end_left([worker], tmp_path), _reaped(left))
        assert left.returncode == -signal.SIGKILL
