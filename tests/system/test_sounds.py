"""Files of prompts that are lost while calls are made: nobody is rung for silence, and calls go on once sounds play again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from asterisk.far_end import Behaviour
from db.pool import Database
from drawing.lifecycle import Role
from drawing.start import start
from tests.postgres import TestDatabase
from tests.scenes import add_experts, condition, make_activity, plan
from tests.system.conftest import Stack, running_stack

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]

ACCEPTED = "SELECT count(*) = 1 FROM pick WHERE outcome = 'accepted'"
CALLS = "SELECT outcome::text AS outcome, trail FROM call WHERE dialled_at IS NOT NULL ORDER BY dialled_at"
STOPPED = "SELECT count(*) = 1 FROM node WHERE dialling_stopped_why IS NOT NULL"
DIALS = "SELECT count(*) = 1 FROM node WHERE dialling_stopped_why IS NULL"
SAID = "SELECT count(*) > 0 FROM call_progress WHERE stage = %(stage)s"
OVERDUE = """
SELECT count(*) > 0 FROM call WHERE state = 'waiting' AND not_before < clock_timestamp() - interval '4 seconds'
"""
FAILURE = "nothing is dialled until a test sound plays"


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first worker has made, for the others."""
    return tmp_path_factory.mktemp("made-once")


@pytest.fixture
async def slow(db: Database, database: TestDatabase, tmp_path: Path, made_once: Path) -> AsyncIterator[Stack]:
    """Telephones that ring and listen for some seconds, and a folder of sounds that may be harmed."""
    sounds = tmp_path / "sounds"
    shutil.copytree(made_once, sounds)
    async with running_stack(db, database, tmp_path, sounds, answer_after=3.0, press_after=4.0) as made:
        yield made
    if not any(made_once.iterdir()):
        shutil.copytree(sounds, made_once, dirs_exist_ok=True)


async def ready(stack: Stack) -> str:
    """A worker that may dial, and an activity with one expert who will accept."""
    add_experts(stack.database.dsn, stack.keys.custody.vault, [Behaviour.ACCEPTS.number(1)])
    activity = await make_activity(stack.db, stack.keys.custody.vault, plan((condition(seats=1),)))
    worker = await stack.worker()
    await stack.until("SELECT count(*) = 1 FROM node WHERE holder IS NOT NULL")
    await worker.says("the fixed phrases are ready")
    return activity


async def begin(stack: Stack, activity: str) -> None:
    await start(stack.db, stack.keys.custody.vault, activity, "clerk", Role.HANDLER)


def rang(stack: Stack) -> int:
    return sum(event.event == "incoming" for event in stack.telephone_log())


def told(stack: Stack) -> int:
    """How often the worker's log says that dialling has stopped."""
    return stack.workers[0].log.read_text().count(FAILURE)


def sounds(stack: Stack) -> list[Path]:
    return [*stack.speech.glob("*.alaw"), *stack.speech.glob("*.wav")]


def delete(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garble(path: Path) -> None:
    path.write_bytes(b"no sound, but a text" * 100)


def forbid(path: Path) -> None:
    path.chmod(0o600)


@pytest.mark.parametrize("harm", [delete, empty, garble, forbid])
async def test_what_is_harmed_before_the_call_is_made_anew_before_the_telephone_rings(
    slow: Stack, harm: Callable[[Path], None]
) -> None:
    activity = await ready(slow)
    for each in sounds(slow):
        harm(each)
    await begin(slow, activity)
    await slow.until(ACCEPTED)
    await slow.until("SELECT count(*) = 1 FROM call WHERE state = 'ended' AND dialled_at IS NOT NULL")
    assert [row.outcome for row in await slow.db.all(CALLS)] == ["accepted"]
    assert (rang(slow), told(slow)) == (1, 0)


@pytest.mark.parametrize(
    ("stage", "harm"), [("ringing", delete), ("ringing", empty), ("inviting", delete), ("inviting", garble)]
)
async def test_what_is_harmed_while_the_call_is_on_costs_no_try_and_one_call(
    slow: Stack, stage: str, harm: Callable[[Path], None]
) -> None:
    """The files are made anew at once, so that the next call is a whole one; what happened is told once."""
    await begin(slow, await ready(slow))
    await slow.until(SAID, stage=stage)
    for each in sounds(slow):
        harm(each)
    await slow.until(ACCEPTED)
    await slow.until("SELECT count(*) = 0 FROM call WHERE state <> 'ended'")
    first, *others = await slow.db.all(CALLS)
    assert first.outcome == "interrupted"
    assert not any(heard["whole"] for heard in first.trail["heard"])
    assert [row.outcome for row in others][-1] == "accepted"
    assert rang(slow) == 2
    assert told(slow) == 1
    assert await slow.db.value("SELECT count(*) FROM call WHERE outcome NOT IN ('accepted', 'interrupted')") == 0
    assert await slow.db.value(DIALS)


async def test_while_the_folder_is_away_nobody_is_rung_and_health_says_why(slow: Stack) -> None:
    """It goes while the telephone rings, stays away for longer than several pauses, and comes back."""
    await begin(slow, await ready(slow))
    await slow.until(SAID, stage="ringing")
    away = slow.speech.rename(slow.speech.with_name("away"))
    slow.speech.write_text("where the folder was mounted")
    await slow.until(STOPPED)
    await slow.until(OVERDUE)
    why = await slow.db.value("SELECT dialling_stopped_why FROM node")
    assert "can't be written" in why
    assert (rang(slow), told(slow)) == (1, 1)
    slow.speech.unlink()
    away.rename(slow.speech)
    await slow.until(ACCEPTED)
    await slow.no_channels()
    assert (rang(slow), told(slow)) == (2, 1)
    assert await slow.db.value(DIALS)
    await slow.workers[0].says("sounds play again")


async def test_nothing_is_dialled_while_what_a_call_says_can_not_be_written(slow: Stack) -> None:
    """The variable parts of a new gathering find no room: the telephone has not rung yet, and does not."""
    activity = await ready(slow)
    away = slow.speech.rename(slow.speech.with_name("away"))
    slow.speech.write_text("full")
    await begin(slow, activity)
    await slow.until(STOPPED)
    await slow.until(OVERDUE)
    assert (rang(slow), told(slow)) == (0, 1)
    slow.speech.unlink()
    away.rename(slow.speech)
    await slow.until(ACCEPTED)
    assert (rang(slow), told(slow)) == (1, 1)
