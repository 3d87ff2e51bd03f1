"""What an installation does with a settings file that is there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from script.install import Choices, Installation, ivr_settings, web_settings
from script.settings_file import with_natural_voice

VOICE = Path("/cache/voice")
LINE = 'natural = "/cache/voice"'


def older(settings: str) -> str:
    """As it was before there was a natural voice."""
    return "".join(line for line in settings.splitlines(keepends=True) if "natural" not in line and "voice" not in line)


@pytest.mark.parametrize("settings", [ivr_settings, web_settings])
def test_an_older_file_gets_the_folder_once_and_nothing_else_changes(settings: object, tmp_path: Path) -> None:
    assert callable(settings)
    text = older(settings(Choices(), Installation(tmp_path, "host=/run")))
    changed = with_natural_voice(text, VOICE)
    assert changed is not None
    assert changed.replace(f"{LINE}\n", "") == text
    assert changed.splitlines()[changed.splitlines().index("[speech]") + 1] == LINE
    assert with_natural_voice(changed, VOICE) is None


@pytest.mark.parametrize(
    "text",
    [
        'dsn = "x"\n',  # the auditor's, which says nothing
        '[speech]\ncache = "/c"\n# natural = "/v": espeak-ng it is\n',
        '[speech]\ncache = "/c"\nnatural = "/v"\n',
        '[speech]\ncache = "/c"\ncommand = ["piper", "{wav}"]\n',
        '[speech]\n  command=["piper", "{wav}"]\n',
        "# [speech]\n",
        "[speech.more]\n",
    ],
)
def test_what_somebody_chose_stays(text: str) -> None:
    assert with_natural_voice(text, VOICE) is None


@pytest.mark.parametrize("head", ["[speech]", "[speech]   ", "[speech] # the voice"])
def test_a_section_is_found_however_it_is_written(head: str) -> None:
    assert with_natural_voice(f'a = 1\n{head}\ncache = "/c"', VOICE) == f'a = 1\n{head}\n{LINE}\ncache = "/c"'
