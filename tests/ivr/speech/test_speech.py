"""Prompts to files: what is rendered, once, and how it sounds where parts meet."""

import asyncio
import re
import resource
import stat
import wave
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ivr.prompts import Code, Fixed, Name, Pause, Phone, Prompt, Text, invitation
from ivr.speech import (
    BadRecording,
    CommandEngine,
    NotWritten,
    Pyttsx3Engine,
    RenderFailed,
    Speech,
    audio,
    recording_name,
)
from tests.ivr.facts import INVITATION

pytestmark = pytest.mark.speech
GOODBYE = Prompt("goodbye", (Fixed("再见。"),))


@pytest_asyncio.fixture
async def speech(tmp_path: Path) -> AsyncIterator[Speech]:
    speech = Speech(tmp_path / "cache", Pyttsx3Engine())
    await speech.start()
    yield speech
    await speech.close()


def sound(media: str) -> audio.Samples:
    samples, rate = audio.read_wav(Path(media + ".wav").read_bytes())
    assert rate == audio.RATE
    return samples


async def test_the_whole_invitation_call_is_rendered_as_asterisk_plays_it(speech: Speech) -> None:
    prompts = invitation(INVITATION)
    media = await speech.render_all(prompts)
    assert set(media) == set(prompts)
    for name, prompt in prompts.items():
        assert len(media[name]) >= len(prompt.parts)
        for path in media[name]:
            assert path.startswith("/")
            with wave.open(path + ".wav") as file:
                assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
                frames = file.getnframes()
            assert Path(path + ".alaw").stat().st_size == frames
        heard = sum(len(sound(path)) for path in media[name]) / audio.RATE
        assert speech.seconds(prompt) == pytest.approx(heard)
    assert speech.seconds(prompts["invitation"]) < 50


async def test_fixed_parts_are_shared_and_variable_parts_are_not(speech: Speech) -> None:
    one = await speech.render(Prompt("a", (Fixed("联系人"), Pause(250), Name("张工"))))
    two = await speech.render(Prompt("b", (Fixed("联系人"), Pause(250), Name("李工"))))
    assert one[:2] == two[:2]
    assert one[2] != two[2]


async def test_a_code_is_made_of_figures_that_all_codes_share(speech: Speech) -> None:
    one = await speech.render(Prompt("a", (Code("482913"),)))
    files = len(list(Path(one[0]).parent.iterdir()))
    two = await speech.render(Prompt("b", (Code("319284"),)))
    assert len(set(one)) == 6 + 2  # six figures, a short pause and a long one
    assert set(one) == set(two)
    assert len(list(Path(one[0]).parent.iterdir())) == files
    assert one[:6:2] == two[::-1][:6:2]


async def test_the_same_words_at_another_pace_are_another_sound(speech: Speech) -> None:
    quick, slow = await speech.render(Prompt("a", (Fixed("再见。"), Fixed("再见。", slow=True))))
    assert len(sound(quick)) < len(sound(slow))


async def test_names_are_hashes_and_files_can_be_read_by_asterisk(speech: Speech, tmp_path: Path) -> None:
    await speech.render(Prompt("contact", (Name("张工"), Phone("18088888888"), Pause(100))))
    files = list((tmp_path / "cache").glob("[!.]*"))
    assert len(files) == 6
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{24}\.(wav|alaw)", file.name)
        assert stat.S_IMODE(file.stat().st_mode) == 0o644


async def test_what_is_cached_needs_no_voice(tmp_path: Path) -> None:
    engine = Pyttsx3Engine()
    speech = Speech(tmp_path, engine)
    await speech.start()
    first = await speech.render_all(invitation(INVITATION))
    await engine.close()
    assert await speech.render_all(invitation(INVITATION)) == first
    assert engine.pid is None
    await speech.close()


async def test_another_start_finds_what_was_rendered(
    tmp_path: Path, counted_command: Callable[[], tuple[CommandEngine, Path]]
) -> None:
    for _ in range(2):
        engine, log = counted_command()
        speech = Speech(tmp_path / "cache", engine)
        await speech.start()
        await speech.render(GOODBYE)
        await speech.close()
    assert log.read_text().count("run") == 3  # two voice checks and one rendering


async def test_one_key_is_rendered_once_however_many_ask(
    tmp_path: Path, counted_command: Callable[[], tuple[CommandEngine, Path]]
) -> None:
    engine, log = counted_command()
    speech = Speech(tmp_path / "cache", engine)
    await speech.start()
    asked = [asyncio.create_task(speech.render(GOODBYE)) for _ in range(20)]
    await asyncio.sleep(0)
    asked[0].cancel()  # one who gives up does not stop it for the others
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len({str(result) for result in results[1:]}) == 1
    assert log.read_text().count("run") == 2  # the voice check and one rendering
    await speech.close()


async def test_a_lost_or_empty_file_is_made_again(speech: Speech) -> None:
    (path,) = await speech.render(GOODBYE)
    before = speech.seconds(GOODBYE)
    Path(path + ".alaw").unlink()
    Path(path + ".wav").write_bytes(b"")
    assert await speech.render(GOODBYE) == (path,)
    assert speech.seconds(GOODBYE) == pytest.approx(before, rel=0.1)  # espeak is never the same twice
    assert Path(path + ".alaw").stat().st_size == len(sound(path))


def swapped(path: Path) -> None:
    """Another sound of the same length, put there at once."""
    other = path.with_suffix(".other")
    other.write_bytes(bytes(path.stat().st_size))
    other.replace(path)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


HARMS: Mapping[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "emptied": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "of another format": lambda path: path.write_bytes(b"RIFF" + bytes(100)),
    "swapped": swapped,
    "unreadable for others": lambda path: path.chmod(0o600),
    "a folder": folder_instead,
    "a link to nowhere": link_to_nowhere,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=list(HARMS))
async def test_a_sound_that_is_not_as_it_was_is_lost_and_is_made_again(
    speech: Speech, harm: Callable[[Path], object]
) -> None:
    said = Prompt("said", (Fixed("您好。"), Pause(250), Fixed("再见。")))
    media = await speech.render(said)
    sounds = [f"sound:{path}" for path in media]
    assert speech.lost(sounds) is None
    assert speech.heard_for(sounds) == pytest.approx(speech.seconds(said))
    harm(Path(media[2] + ".alaw"))
    assert speech.lost([*sounds, "tone:ring;tonezone=cn"]) == media[2]
    assert speech.lost(sounds[:2]) is None
    if harm is HARMS["a folder"]:  # whoever makes one there has to remove it
        with pytest.raises(NotWritten):
            await speech.mend(sounds)
        Path(media[2] + ".alaw").rmdir()
    assert await speech.mend([*sounds, "sound:/of/another"]) == sounds
    assert speech.lost(sounds) is None
    assert Path(media[2] + ".alaw").stat().st_mode & stat.S_IROTH


@contextmanager
def full_disk() -> Iterator[None]:
    """Nothing more can be written into any file by this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_is_full_is_no_fault_of_the_text(speech: Speech) -> None:
    """What is there still sounds; what is new is refused whole, and made as soon as there is room."""
    media = await speech.render(GOODBYE)
    new = Prompt("new", (Name("张工"),))
    with full_disk():
        with pytest.raises(NotWritten, match="can't be written"):
            await speech.render(new)
        with pytest.raises(NotWritten):
            await speech.check_writable()
        assert await speech.render(GOODBYE) == media
    await speech.check_writable()
    (path,) = await speech.render(new)
    assert speech.lost([path]) is None
    assert not list(Path(path).parent.glob(".new-*"))


async def test_a_folder_that_is_away_loses_everything_and_nothing_once_it_is_back(
    speech: Speech, tmp_path: Path
) -> None:
    media = await speech.render(GOODBYE)
    away = (tmp_path / "cache").rename(tmp_path / "away")
    (tmp_path / "cache").write_text("a mount point")
    assert speech.lost(media) == media[0]
    with pytest.raises(NotWritten):
        await speech.render(GOODBYE)
    (tmp_path / "cache").unlink()
    away.rename(tmp_path / "cache")
    assert speech.lost(media) is None


async def test_a_text_without_anything_to_say_fails_without_repeating_it(speech: Speech) -> None:
    with pytest.raises(RenderFailed, match="Text") as failure:
        await speech.render(Prompt("note", (Text("\U0001f600"),)))
    assert "\U0001f600" not in str(failure.value)


async def test_a_human_voice_overrides_the_engine(
    tmp_path: Path, counted_command: Callable[[], tuple[CommandEngine, Path]]
) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    whistle = 0.3 * np.sin(2 * np.pi * 700 * np.arange(8000) / 8000)
    (folder / recording_name("再见。")).write_bytes(audio.wav_bytes(audio.to_pcm(whistle)))
    engine, log = counted_command()
    speech = Speech(tmp_path / "cache", engine, folder)
    await speech.start()
    (path,) = await speech.render(GOODBYE)
    spectrum = np.abs(np.fft.rfft(sound(path)))
    assert spectrum.argmax() * audio.RATE / len(sound(path)) == pytest.approx(700, abs=10)
    assert log.read_text().count("run") == 1  # the voice check only
    await speech.close()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("0123456789abcdef.wav", b"", r"0123456789abcdef\.wav can't be used: the file is empty; convert it"),
        ("0123456789abcdef.WAV", b"no sound", r"0123456789abcdef\.WAV can't be used: not a wav"),
        ("quiet.wav", audio.wav_bytes(np.zeros(8000, np.int16)), r"quiet\.wav can't be used: the sound is silent"),
        ("goodbye.mp3", b"ID3", r"goodbye\.mp3 is no wav; convert it"),
    ],
)
async def test_a_recording_that_can_not_be_used_stops_the_start_by_name(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "README.txt").write_text("who spoke, and when")
    (folder / name).write_bytes(data)
    with pytest.raises(BadRecording, match=message):
        await Speech(tmp_path / "cache", Pyttsx3Engine(), folder).start()


async def test_a_folder_of_recordings_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="recordings does not exist"):
        await Speech(tmp_path, Pyttsx3Engine(), tmp_path / "nowhere").start()


async def test_closing_stops_what_is_under_way(tmp_path: Path) -> None:
    speech = Speech(tmp_path, Pyttsx3Engine())
    await speech.start()
    asked = asyncio.create_task(speech.prepare(invitation(INVITATION).values()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await speech.close()
    with pytest.raises(asyncio.CancelledError):
        await asked
