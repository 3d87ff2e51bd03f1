"""What is said of a folder in which there is no voice, and of one that can't be used here."""

import json
from pathlib import Path

import pytest

from ivr.speech import NoVoice
from ivr.speech.kokoro.engine import KokoroEngine
from ivr.speech.kokoro.folder import FACTS, MODEL, PACKAGES, VOICE, NoFolder, installed, is_genuine, this_python

VERSIONS = {"numpy": "2", "onnxruntime": "1", "pypinyin": "0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As script/setup leaves it, but for what is in the files."""
    for name in (MODEL, VOICE):
        (tmp_path / name).write_bytes(b"sound")
    (tmp_path / PACKAGES).mkdir()
    facts = {"python": this_python(), "made_of": "0123456789abcdef", "versions": VERSIONS}
    (tmp_path / FACTS).write_text(json.dumps(facts))
    return tmp_path


def test_a_whole_folder_is_known_with_its_versions(folder: Path) -> None:
    found = installed(folder)
    assert (found.versions, found.made_of) == (VERSIONS, "0123456789abcdef")
    assert (found.model, found.voice, found.packages) == (folder / MODEL, folder / VOICE, folder / PACKAGES)


@pytest.mark.parametrize("gone", [MODEL, VOICE])
def test_a_missing_file_is_named(folder: Path, gone: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(NoFolder, match=f"{gone} is missing: run script/setup voice"):
        installed(folder)


@pytest.mark.parametrize("facts", ["", "[]", "{}", "\0", '{"versions": {}}'])
def test_facts_that_can_not_be_read_ask_for_a_new_installation(folder: Path, facts: str) -> None:
    (folder / FACTS).write_text(facts)
    with pytest.raises(NoFolder, match=r"can't be read.*run script/setup voice"):
        installed(folder)


def test_packages_for_another_python_are_not_used(folder: Path) -> None:
    facts = json.loads((folder / FACTS).read_text())
    (folder / FACTS).write_text(json.dumps({**facts, "python": "3.9"}))
    with pytest.raises(NoFolder, match=r"for Python 3\.9, and this is 3\.\d+: run script/setup voice"):
        installed(folder)


async def test_an_empty_folder_is_no_voice(tmp_path: Path) -> None:
    with pytest.raises(NoVoice, match="no natural voice is installed in"):
        await KokoroEngine(tmp_path).start()


async def test_another_model_is_not_loaded(folder: Path) -> None:
    assert not is_genuine(folder / MODEL)
    engine = KokoroEngine(folder)
    with pytest.raises(
        NoVoice, match=r"kokoro-v1.0.int8.onnx is not the file that was installed; run script/setup voice"
    ):
        await engine.start()
    assert engine.pid is None
