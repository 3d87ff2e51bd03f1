"""A sound that Asterisk can't play: which one it is, found without a telephone, and what a call makes of it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from asterisk.far_end import Behaviour
from asterisk.instance import Instance
from asterisk.settings import FarEndSettings, NodeSettings
from ivr.ari.driver import Driver
from ivr.calls import Outcome
from ivr.dialplans import Invitation
from tests.asterisk.exchange import QUICK, SECONDS, WAIT, Exchange, connected, write_prompts

pytestmark = [pytest.mark.telephone, pytest.mark.asyncio(loop_scope="session")]


@dataclass
class Told:
    """The driver's Sounds: files are as long as they were made; which of them failed is kept."""

    failures: list[tuple[Sequence[str], str | None]] = field(default_factory=list)
    seconds: Mapping[str, float] = field(default_factory=dict)
    gone: str | None = None

    def lost(self, media: Sequence[str]) -> str | None:
        return self.gone if self.gone and f"sound:{self.gone}" in media else None

    def heard_for(self, media: Sequence[str]) -> float:
        return sum(self.seconds.get(each, 0.0) for each in media)

    def failed(self, media: Sequence[str], lost: str | None) -> None:
        self.failures.append((media, lost))


@pytest.fixture
def folder(short_folder: Path) -> Path:
    made = short_folder / f"sounds-{uuid4().hex[:6]}"
    made.mkdir()
    return made


@pytest.fixture
def media(folder: Path) -> Mapping[str, Sequence[str]]:
    return write_prompts(folder)


@pytest_asyncio.fixture(loop_scope="session")
async def exchange(
    node: Instance[NodeSettings], far_end_settings: FarEndSettings, media: Mapping[str, Sequence[str]]
) -> AsyncIterator[Exchange]:
    async with connected(node.settings, far_end_settings, media) as made:
        yield made


def told_of(exchange: Exchange) -> Told:
    """From now on the driver's calls know how long each file is."""
    halves = {each: SECONDS[name] / 2 for name, both in exchange.media.items() for each in both}
    sounds = Told(seconds=halves)
    exchange.driver._sounds = sounds
    return sounds


def harms(folder: Path) -> dict[str, str]:
    """A sound of each kind that Asterisk can't play."""
    with wave.open(str(folder / "rate.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes(bytes(10_000))
    (folder / "text.wav").write_bytes(b"no sound, but a text")
    (folder / "folder.alaw").mkdir()
    return {name: f"sound:{folder}/{name}" for name in ("missing", "rate", "text", "folder")}


@pytest.mark.parametrize("harm", ["missing", "rate", "text", "folder"])
async def test_the_first_sound_that_fails_is_found_and_nothing_is_left(
    exchange: Exchange, folder: Path, harm: str
) -> None:
    announcer, bad = exchange.driver.announcer, harms(folder)[harm]
    good = [*exchange.media["goodbye"], *exchange.media["invitation"]]
    async with asyncio.timeout(WAIT):
        assert await announcer.first_that_fails(good) is None
        assert await announcer.first_that_fails([*good, bad, *good]) == bad
    async with asyncio.timeout(WAIT):
        while await exchange.client.bridges():  # Asterisk lists one for a moment after it is gone
            await asyncio.sleep(0.01)
    await exchange.until_idle()


async def test_a_test_sound_is_heard_by_no_telephone(exchange: Exchange) -> None:
    """No channel of a trunk is made for it, and it is told to no call."""
    assert isinstance(exchange.driver, Driver)
    async with asyncio.timeout(WAIT):
        assert await exchange.driver.announcer.first_that_fails(exchange.media["goodbye"]) is None
    assert exchange.driver.live() == ()
    await exchange.until_idle()


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("harm", ["missing", "rate", "text", "folder", "empty"])
async def test_a_prompt_with_a_part_that_does_not_sound_was_not_heard(
    exchange: Exchange, folder: Path, harm: str, place: int
) -> None:
    """Asterisk passes over such a file unless it is the last one, and says that it has played the list."""
    sounds, names = told_of(exchange), harms(folder)
    (folder / "empty.alaw").write_bytes(b"")
    bad = f"sound:{folder}/empty" if harm == "empty" else names[harm]
    parts = [*exchange.media["invitation"]]
    parts.insert(place, bad)
    sounds.seconds = {**sounds.seconds, bad: 1.0}
    exchange.media = {**exchange.media, "invitation": parts}
    result = await exchange.call(Behaviour.SILENT)
    assert result.outcome is Outcome.INTERRUPTED
    assert [(heard.prompt, heard.whole) for heard in result.trail.heard] == [("invitation", False)]
    assert sounds.failures == [(parts, None)]
    await exchange.until_idle()


async def test_a_file_that_is_lost_before_its_prompt_is_not_asked_for(exchange: Exchange) -> None:
    """Between the invitation and the confirmation: the call ends as ours, and the file is named."""
    sounds = told_of(exchange)
    sounds.gone = exchange.media["confirm_accept"][1].removeprefix("sound:")
    result = await exchange.call(Behaviour.ACCEPTS)
    assert result.outcome is Outcome.INTERRUPTED
    assert result.prompts == ["invitation"]
    assert result.decisions == []
    assert sounds.failures == [(exchange.media["confirm_accept"], sounds.gone)]
    await exchange.until_idle()


async def test_whole_prompts_are_never_too_short(exchange: Exchange) -> None:
    """Neither those that end by themselves nor those that a key or a hangup ends."""
    sounds = told_of(exchange)
    for behaviour in (Behaviour.ACCEPTS, Behaviour.SILENT, Behaviour.HANGS_UP_EARLY):
        await exchange.call(behaviour)
    assert sounds.failures == []


async def test_what_rings_and_would_say_it_too_is_given_up(exchange: Exchange) -> None:
    """Only what would say it."""
    line = exchange.line(Behaviour.NEVER_ANSWERS)
    ringing = asyncio.create_task(exchange.run(line, Invitation(QUICK)))
    async with asyncio.timeout(WAIT):
        while line.channel not in exchange.driver.live():
            await asyncio.sleep(0.02)
    exchange.driver.give_up(lambda said: "sound:/nowhere" in said)
    assert not ringing.done()
    said = exchange.media["invitation"][0]
    exchange.driver.give_up(lambda media: said in media)
    assert (await ringing).outcome is Outcome.CANCELLED
    await exchange.until_idle()
