"""A process that speaks, and all the ways in which it can fail: each is Broken, in time, and nothing is left of it."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

import pytest

from ivr.speech.child import Broken, Child, Refused

READY = 'print("{}", flush=True); '
WAV = 'import sys, json; line = sys.stdin.readline(); open(json.loads(line)["wav"], "wb").write(b"RIFF"); '


def python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def failed(script: str, text: str = "x", timeout: float = 300.0) -> str:
    """What `speak` says, once the process is gone."""
    child = Child(timeout, 300.0)
    await child.spawn(python(READY + script))
    pid = child.pid
    assert pid is not None
    with pytest.raises(Broken) as broken:
        await child.speak({"text": text})
    assert child.pid is None
    assert gone(pid)
    return str(broken.value)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ('input(); print("{")', "an answer that is none"),
        ('input(); print("[1]")', "an answer that is none"),
        ('input(); print("x" * 200_000, flush=True); input()', "an answer without an end"),
        ('input(); print("{}", flush=True); input()', "None"),
        ("""input(); print('{"error": "MemoryError"}', flush=True); input()""", "MemoryError"),
        ("input(); raise SystemExit(7)", "it ended with status 7"),
        ("input(); import os; os.kill(os.getpid(), 9)", "it ended with status -9"),
        ("""input(); print('{"ok": true}', flush=True); input()""", "there is no wav: No such file or directory"),
    ],
)
async def test_a_bad_answer_breaks_it(script: str, told: str) -> None:
    assert await failed(script) == told


async def test_one_that_hangs_is_ended() -> None:
    assert await failed("input(); import time; time.sleep(1000)", timeout=0.2) == "no answer in 0.2 s"


async def test_one_that_reads_nothing_is_ended() -> None:
    """Its pipe is full: it is stopped, or busy with something else."""
    told = await failed("import time; time.sleep(1000)", "长" * 200_000, timeout=0.2)
    assert told == "it read nothing in 0.2 s"


async def test_one_that_cannot_be_started_is_broken() -> None:
    with pytest.raises(Broken, match="it can't be started: No such file"):
        await Child(1.0, 1.0).spawn(("/no/such/program",))


async def test_no_room_for_a_wav_is_its_failure_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(300.0, 300.0)
    await child.spawn(python(READY + "input()"))
    monkeypatch.setattr("tempfile.tempdir", "/no/such/folder")
    with pytest.raises(Broken, match="there is no wav"):
        await child.speak({"text": "x"})
    assert child.pid is None


async def test_what_it_refuses_leaves_it_as_it_was() -> None:
    child = Child(300.0, 300.0)
    await child.spawn(python(READY + """input(); print('{"refused": "U+20BB7"}', flush=True); input()"""))
    with pytest.raises(Refused, match=r"U\+20BB7"):
        await child.speak({"text": "x"})
    assert child.pid is not None
    await child.kill()


async def test_who_gives_up_waiting_gets_no_other_ones_answer() -> None:
    child = Child(300.0, 300.0)
    await child.spawn(python(READY + WAV + "sys.stdin.readline()"))
    asked = asyncio.create_task(child.speak({"text": "x"}))
    await asyncio.sleep(0)
    asked.cancel()
    with suppress(asyncio.CancelledError):
        await asked
    assert child.pid is None
