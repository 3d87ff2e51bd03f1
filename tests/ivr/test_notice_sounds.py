"""What notices say is made before their draws may start; nobody is kept from a draw for good."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from db.errors import Unavailable
from db.pool import Database
from drawing import start
from drawing.lifecycle import ActivityState, Role
from drawing.sound_rules import LONGEST_SECONDS, Made, Sounds
from drawing.sounds import Found, sounds
from drawing.start import CannotStart, SoundsNotMade
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.notice_sounds import NoticeSounds, _facts
from ivr.prompts import Language, invitation
from ivr.speech import Pyttsx3Engine, Speech
from tests.ivr.speech.second_voice import UNSPEAKABLE, Natural, any_sound
from tests.scenes import Keys, condition, make_activity, make_keys, plan

pytestmark = [pytest.mark.postgres, pytest.mark.speech]
SQL_SECONDS = "UPDATE notice_sounds SET asked_at = asked_at - %(s)s * interval '1 second'"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
def natural(tmp_path: Path) -> Natural:
    return Natural(tmp_path, "", any_sound(tmp_path))


@contextlib.asynccontextmanager
async def speaking(cache: Path, natural: Natural | None, *, english: bool = False) -> AsyncIterator[Speech]:
    better = {Language.MANDARIN: natural.engine} if natural else None
    others = {Language.ENGLISH: Pyttsx3Engine(language=Language.ENGLISH)} if english else None
    speech = Speech(cache, Pyttsx3Engine(), None, others, better)
    await speech.start()
    try:
        yield speech
    finally:
        if natural:
            natural.go.touch()
        await speech.close()


@pytest_asyncio.fixture
async def speech(tmp_path: Path, natural: Natural) -> AsyncIterator[Speech]:
    async with speaking(tmp_path / "cache", natural) as speech:
        yield speech


@pytest_asyncio.fixture
async def lease(db: Database) -> AsyncIterator[Lease]:
    lease = Lease(db, "n", 3600.0)
    assert await lease.take()
    yield lease
    await lease.release()


@pytest.fixture
def worker(db: Database, lease: Lease, speech: Speech) -> NoticeSounds:
    return NoticeSounds(db, lease, speech)


Ready = Callable[..., Any]


@pytest.fixture
def ready(db: Database, keys: Keys, lease: Lease, speech: Speech) -> Ready:
    """An activity that may be started, on a node that speaks with the natural voice."""

    async def make(note: str = "请戴口罩", **changes: Any) -> str:
        made = plan((condition(),), **changes)
        values = {"node": "n", "epoch": lease.epoch, "voice": speech.natural}
        await db.run(Q.note_natural_voice, values)
        return await make_activity(db, keys.custody.vault, replace(made, notices=[replace(made.notices[0], note=note)]))

    return make


async def begin(db: Database, keys: Keys, activity: str) -> None:
    await start.start(db, keys.custody.vault, activity, "张经办", Role.HANDLER)


async def state(db: Database, activity: str) -> Sounds | None:
    return (await sounds(db, activity)).sounds


async def wanted(db: Database, activity: str, looking: asyncio.Task[None]) -> None:
    """The row is there before the first sound is."""
    while not (await sounds(db, activity)).since:
        if looking.done():
            await looking
            raise AssertionError("it has ended")
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def at_work(db: Database, activity: str, worker: NoticeSounds, natural: Natural) -> AsyncIterator[None]:
    """The voice is at work on the activity's notice; it goes on, to the end, after this."""
    natural.go.unlink()
    looking = asyncio.create_task(worker.look())
    await wanted(db, activity, looking)
    yield
    natural.go.touch()
    await looking


async def test_a_draw_starts_once_what_its_notice_says_is_made(
    db: Database, keys: Keys, ready: Ready, worker: NoticeSounds, natural: Natural, speech: Speech
) -> None:
    activity = await ready()
    async with at_work(db, activity, worker, natural):
        assert await state(db, activity) is Sounds.MAKING
        with pytest.raises(SoundsNotMade, match="声音准备中"):
            await begin(db, keys, activity)
    assert await sounds(db, activity) == Found(Sounds.NATURAL)
    asked = natural.asked()
    (facts,) = _facts(await db.all(Q.notices_said, {"activity": activity}))
    await speech.render_all(invitation(replace(facts, code="543210")), wait=False)  # a call with another code finds all of it
    assert natural.asked()[len(asked) :] == []
    await begin(db, keys, activity)


async def test_it_is_made_for_a_call_in_any_language(
    db: Database, ready: Ready, lease: Lease, natural: Natural, tmp_path: Path
) -> None:
    activity = await ready()
    async with speaking(tmp_path / "both", natural, english=True) as speech:
        await NoticeSounds(db, lease, speech).look()
        asked = len(natural.asked())
        (facts,) = _facts(await db.all(Q.notices_said, {"activity": activity}))
        await speech.render_all(invitation(facts, Language.ENGLISH), wait=False)
        assert len(natural.asked()) == asked


async def test_a_notice_that_is_changed_is_made_again(db: Database, keys: Keys, ready: Ready, worker: NoticeSounds) -> None:
    activity = await ready()
    await worker.look()
    for change in (
        "note = '请走东门'", "gather_at = gather_at + interval '1 minute'", "address = '天河路385号'", "room = '1203'",
        "contact = '李工'", "contact_phone = '02087654321'", "district = '440106'",
    ):  # fmt: skip
        await db.run(f"UPDATE notice SET {change} WHERE activity = %(a)s", {"a": activity})
        await db.run("INSERT INTO operation (actor, role, act, activity) VALUES ('x', 'handler', 'x', %(a)s)", {"a": activity})
        assert await state(db, activity) is Sounds.MAKING, change
        with pytest.raises(SoundsNotMade):
            await begin(db, keys, activity)
        await worker.look()
        assert await state(db, activity) is Sounds.NATURAL, change
    await db.run("UPDATE notice SET venue = '别处' WHERE activity = %(a)s", {"a": activity})  # is not said
    assert await state(db, activity) is Sounds.NATURAL
    await begin(db, keys, activity)


async def test_what_the_voice_cannot_say_is_told_and_holds_nobody_up(
    db: Database, keys: Keys, ready: Ready, worker: NoticeSounds, natural: Natural
) -> None:
    activity = await ready(f"找{UNSPEAKABLE}工")
    await worker.look()
    assert await state(db, activity) is Sounds.PLAIN
    asked = len(natural.asked())
    await worker.look()  # not tried again at each look
    assert len(natural.asked()) == asked
    await db.run("UPDATE notice SET note = '' WHERE activity = %(a)s", {"a": activity})
    await worker.look()
    assert await state(db, activity) is Sounds.NATURAL
    await begin(db, keys, activity)


@pytest.mark.parametrize("set_by", [LONGEST_SECONDS, 86400.0, -86400.0])
async def test_a_voice_that_never_answers_holds_nobody_up_for_good(
    db: Database, keys: Keys, ready: Ready, worker: NoticeSounds, natural: Natural, set_by: float
) -> None:
    """Nor does a clock that is set by a day, either way, and that nobody has noticed."""
    activity = await ready()
    async with at_work(db, activity, worker, natural):
        await db.run(SQL_SECONDS, {"s": set_by})
        assert await state(db, activity) is Sounds.LATE
        await begin(db, keys, activity)


async def test_a_clock_step_that_was_noticed_changes_nothing(
    db: Database, ready: Ready, worker: NoticeSounds, natural: Natural
) -> None:
    activity = await ready()
    async with at_work(db, activity, worker, natural):
        await db.run(SQL_SECONDS, {"s": 86400.0})
        await db.run("UPDATE notice_sounds SET asked_ahead = asked_ahead - interval '1 day'")
        assert await state(db, activity) is Sounds.MAKING


async def test_a_worker_that_has_not_looked_is_waited_for_and_one_that_is_gone_is_not(
    db: Database, keys: Keys, ready: Ready, lease: Lease
) -> None:
    activity = await ready()
    assert await state(db, activity) is Sounds.LATE  # nobody knows since when it is wanted
    await db.run("INSERT INTO operation (actor, role, act, activity) VALUES ('x', 'reviewer', 'x', %(a)s)", {"a": activity})
    assert await state(db, activity) is Sounds.MAKING
    await lease.release()
    assert await state(db, activity) is None
    await begin(db, keys, activity)


async def test_only_what_is_submitted_and_to_come_is_made(
    db: Database, ready: Ready, worker: NoticeSounds, natural: Natural
) -> None:
    for number, each in enumerate(ActivityState):
        await ready(f"第{number}号门", state=each)
    asked = len(natural.asked())
    await worker.look()
    made = await db.all("SELECT a.state::text AS state FROM notice_sounds JOIN activity a ON a.id = activity ORDER BY 1")
    assert [row.state for row in made] == ["paused", "ready", "submitted"]
    assert len(natural.asked()) > asked


async def test_another_voice_makes_it_again_and_the_same_after_a_restart_does_not(
    db: Database, ready: Ready, worker: NoticeSounds, natural: Natural, lease: Lease, speech: Speech, tmp_path: Path
) -> None:
    activity = await ready()
    await worker.look()
    asked = len(natural.asked())
    await NoticeSounds(db, lease, speech).look()
    assert len(natural.asked()) == asked
    other = Natural(tmp_path, "", any_sound(tmp_path))
    other.engine._version = "another"
    async with speaking(tmp_path / "cache", other) as second:
        await db.run(Q.note_natural_voice, {"node": "n", "epoch": lease.epoch, "voice": second.natural})
        assert await state(db, activity) is not Sounds.NATURAL
        await NoticeSounds(db, lease, second).look()
        assert await state(db, activity) is Sounds.NATURAL


async def test_without_a_natural_voice_there_is_nothing_to_wait_for(
    db: Database, keys: Keys, ready: Ready, lease: Lease, tmp_path: Path
) -> None:
    activity = await ready()
    assert await state(db, activity) is not None
    async with speaking(tmp_path / "plain", None) as plain:
        await NoticeSounds(db, lease, plain).run()  # says so, and ends
    assert await db.value("SELECT natural_voice FROM node") == ""
    assert await db.value("SELECT count(*) FROM notice_sounds") == 0
    assert await state(db, activity) is None
    await begin(db, keys, activity)


async def test_who_lost_the_node_writes_nothing_more(db: Database, ready: Ready, worker: NoticeSounds) -> None:
    activity = await ready()
    await db.run("UPDATE node SET epoch = epoch + 1")
    await worker.look()
    assert (await db.value("SELECT count(*) FROM notice_sounds"), await state(db, activity)) == (0, Sounds.LATE)


async def test_it_goes_on_after_whatever_goes_wrong(
    db: Database, ready: Ready, worker: NoticeSounds, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    activity = await ready()
    monkeypatch.setattr("ivr.notice_sounds.LOOK_SECONDS", 0.01)
    errors: list[Exception] = [Unavailable("away"), RuntimeError("of any kind")]
    look = worker.look

    async def broken() -> None:
        if errors:
            raise errors.pop(0)
        await look()

    monkeypatch.setattr(worker, "look", broken)
    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(worker.run())
        while await state(db, activity) is not Sounds.NATURAL:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "away" in caplog.text
    assert "can't be made ahead" in caplog.text


async def test_sql_knows_the_same_states(db: Database) -> None:
    assert await db.value("SELECT enum_range(null::sounds_made)::text[]") == [each.value for each in Made]


async def test_what_is_made_is_of_no_concern_to_other_refusals(db: Database, keys: Keys, ready: Ready) -> None:
    """Who could not start anyway is told why, and not to wait."""
    activity = await ready()
    await db.run("INSERT INTO operation (actor, role, act, activity) VALUES ('x', 'reviewer', 'x', %(a)s)", {"a": activity})
    await db.run("UPDATE notice SET gather_at = now() - interval '1 minute' WHERE activity = %(a)s", {"a": activity})
    with pytest.raises(CannotStart, match="集合时间已过"):
        await begin(db, keys, activity)
