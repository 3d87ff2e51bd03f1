"""What is made of a recording's file; how it is brought in: tests/asterisk/test_recordings.py."""

from __future__ import annotations

import pytest

from ivr.collecting import mended, seconds_of
from tests.scenes import wav


def test_a_whole_one_is_left_as_it_is() -> None:
    assert mended(wav(1.5)) == wav(1.5)
    assert seconds_of(wav(1.5)) == 1.5


def test_one_whose_lengths_were_never_written_gets_them() -> None:
    whole = wav(2)
    assert mended(whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:]) == whole


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no wav at all, but long enough to have the header of one"])
def test_what_is_no_wav_has_no_length(data: bytes) -> None:
    assert mended(data) == data
    assert seconds_of(data) == 0
