"""The folder of sounds: whole or not at all, the same for all processes, and not larger than it may be."""

import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech import audio, cache
from ivr.speech.cache import SoundCache, key

NAME = key("a sound")


def sound(seed: int, seconds: float = 0.5) -> audio.Samples:
    return 0.3 * np.random.default_rng(seed).standard_normal(int(seconds * audio.RATE)).clip(-3, 3)


@pytest.fixture
def sounds(tmp_path: Path) -> SoundCache:
    opened = SoundCache(tmp_path)
    opened.open()
    return opened


def files(sounds: SoundCache) -> set[str]:
    return {path.name for path in sounds.folder.glob("[!.]*")}


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_was_put_is_there_in_both_forms_and_is_one_sound(sounds: SoundCache) -> None:
    assert not sounds.has(NAME)
    sounds.put(NAME, sound(1))
    assert sounds.has(NAME)
    samples, _ = audio.read_wav(Path(sounds.media(NAME) + ".wav").read_bytes())
    assert Path(sounds.media(NAME) + ".alaw").read_bytes() == audio.alaw_bytes(audio.to_pcm(samples * 32768 / 32767))
    assert sounds.seconds(NAME) == 0.5


@pytest.mark.parametrize("end", [".wav", ".alaw"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\0\0",
        lambda data: data[:-200] + bytes(200),
        lambda data: bytes(len(data)),
        lambda data: data[:1000] + bytes([data[1000] ^ 0x40, data[1001] ^ 0x40]) + data[1002:],
    ],
    ids=["empty", "a byte less", "half", "longer", "end lost", "zeros", "bits turned"],
)
def test_a_damaged_file_is_noticed_and_made_again(sounds: SoundCache, end: str, damage) -> None:  # type: ignore[no-untyped-def]
    sounds.put(NAME, sound(1))
    assert sounds.has(NAME)
    path = Path(sounds.media(NAME) + end)
    path.write_bytes(damage(path.read_bytes()))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))  # a coarse clock could give both writings one time
    assert not sounds.has(NAME)
    sounds.put(NAME, sound(2))
    assert sounds.has(NAME)
    assert files(sounds) == {f"{NAME}.wav", f"{NAME}.alaw"}


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=50))
def test_any_sound_is_believed_as_it_was_put(tmp_path_factory: pytest.TempPathFactory, values: list[int]) -> None:
    sounds = SoundCache(tmp_path_factory.getbasetemp() / "any")
    sounds.open()
    name = key(*values)
    sounds.put(name, np.array(values) / 32767)
    assert sounds.has(name)


def test_the_first_rendering_stays(sounds: SoundCache) -> None:
    """Two renderings differ; who has heard the first in the console must hear it in the call."""
    sounds.put(NAME, sound(1))
    before = Path(sounds.media(NAME) + ".wav").read_bytes()
    SoundCache(sounds.folder).put(NAME, sound(2))
    assert Path(sounds.media(NAME) + ".wav").read_bytes() == before


def _put_many(folder: Path, seed: int) -> None:
    own = SoundCache(folder)
    own.open()
    for number in range(40):
        own.put(key(number), sound(seed, 0.02 + 0.01 * seed))


def test_processes_that_write_at_once_leave_whole_sounds(sounds: SoundCache) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_many, args=(sounds.folder, seed)) for seed in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    assert all(sounds.has(key(number)) for number in range(40))
    assert not list(sounds.folder.glob(".new-*"))


def test_past_its_size_the_least_used_go_first_and_never_what_is_in_use(tmp_path: Path) -> None:
    sounds = SoundCache(tmp_path, kept_mib=0.01)  # one of these is 12 kB
    sounds.open()
    for number, age in enumerate((5, 3, 1)):
        sounds.put(key(number), sound(number))
        for end in (".wav", ".alaw"):
            aged(tmp_path / (key(number) + end), age * cache.KEPT_SECONDS)
    sounds.used(key(0))
    assert sounds.prune() == 4  # files: 1 and 2 are older than a day
    assert [sounds.has(key(number)) for number in range(3)] == [True, False, False]
    for number in range(1, 4):
        sounds.put(key(number), sound(number))
    assert sounds.prune() == 0  # too large, but all of it was used today
    assert all(sounds.has(key(number)) for number in range(4))


def test_a_folder_within_its_size_keeps_what_is_old(sounds: SoundCache) -> None:
    sounds.put(NAME, sound(1))
    for end in (".wav", ".alaw"):
        aged(sounds.folder / (NAME + end), 400 * cache.KEPT_SECONDS)
    assert sounds.prune() == 0
    assert sounds.has(NAME)


def test_only_what_was_left_half_written_long_ago_is_swept(tmp_path: Path) -> None:
    for name in (".new-old", ".new-young"):
        (tmp_path / name).write_bytes(b"half")
    aged(tmp_path / ".new-old", 7200)
    SoundCache(tmp_path).open()
    assert {path.name for path in tmp_path.glob(".new-*")} == {".new-young"}


def test_a_key_tells_apart_whatever_changes_the_sound() -> None:
    engine, pace, version, text = "engine-1/voice", 190, 1, "您好"
    keys = {
        key(engine, pace, version, text), key("engine-2/voice", pace, version, text), key(engine, 150, version, text),
        key(engine, pace, 2, text), key(engine, pace, version, "再见"), key("engine-1/other", pace, version, text),
    }  # fmt: skip
    assert len(keys) == 6
