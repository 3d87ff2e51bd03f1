"""试听 is the very audio of the call: the bytes that the console sends and the files that Asterisk is told to play."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from db.pool import Database
from ivr.dialplans import Timings
from ivr.preparing import Preparer
from ivr.prompts import Fixed, Prompt
from ivr.speech import audio, make_speech
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.conftest import Client, Visitor, console_settings, opened
from tests.web.draws import Draws
from web import audition
from web.audition import HEARD, Audition
from web.settings import SpeechSettings

pytestmark = [pytest.mark.postgres, pytest.mark.speech]


@pytest.mark.parametrize("first", ["console", "worker"])
async def test_the_console_sends_the_bytes_that_the_call_plays(
    first: str, db: Database, database: TestDatabase, keys: Keys, draws: Draws, tmp_path: Path,
    aiohttp_client: Callable[..., Awaitable[Client]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hand = await draws.started()
    pick = await db.value("SELECT min(id) FROM pick")
    monkeypatch.setattr(audition, "SAMPLE_CODE", await db.value("SELECT code FROM pick WHERE id = %(pick)s", {"pick": pick}))
    settings = console_settings(database, keys, speech=SpeechSettings(cache=tmp_path / "speech").model_dump())
    clerk = Visitor(await opened(settings, aiohttp_client))
    await clerk.log_in("handler-a1")
    heard: dict[str, bytes] = {}
    played: dict[str, Sequence[str]] = {}
    for side in (first, "worker" if first == "console" else "console"):
        if side == "console":
            heard = {name: await sent(clerk, hand.activity, name) for name, _ in HEARD}
        else:
            played = await prepared(db, keys, tmp_path / "speech", pick)
    for name, _ in HEARD:
        files = [Path(each.removeprefix("sound:")) for each in played[name]]
        pcm = np.concatenate([frames(each.with_suffix(".wav").read_bytes()) for each in files])
        assert heard[name] == audio.wav_bytes(pcm), name
        assert b"".join(each.with_suffix(".alaw").read_bytes() for each in files) == audio.alaw_bytes(pcm), name


async def test_the_voice_ends_when_nobody_has_listened_for_a_while_and_comes_back(tmp_path: Path) -> None:
    hears = Audition(SpeechSettings(cache=tmp_path / "speech"), idle_seconds=0.05)
    said = {"x": Prompt("x", (Fixed("您好。"),))}
    first = await hears.wav(said, "x")
    await silent(hears)
    again, beside = await asyncio.gather(hears.wav(said, "x"), hears.wav(said, "x"))
    assert again == beside == first
    await silent(hears)
    await hears.wav(said, "x")
    await hears.close()
    await silent(hears)


async def silent(hears: Audition) -> None:
    while hears.started:
        await asyncio.sleep(0.01)


async def sent(clerk: Visitor, activity: str, name: str) -> bytes:
    response = await clerk.get(f"/activities/{activity}/notices/0/audition/{name}.wav")
    assert response.status == 200
    return await response.read()


async def prepared(db: Database, keys: Keys, cache: Path, pick: int) -> dict[str, Sequence[str]]:
    """What the worker has ready for this pick's call, as its driver hands it to Asterisk."""
    voices = make_speech(cache)
    await voices.start()
    try:
        call = await db.one("SELECT * FROM call WHERE pick = %(pick)s", {"pick": pick})
        return dict((await Preparer(db, keys.custody, voices, Timings()).prepare(call)).media)
    finally:
        await voices.close()


def frames(wav: bytes) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    with wave.open(io.BytesIO(wav)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)
