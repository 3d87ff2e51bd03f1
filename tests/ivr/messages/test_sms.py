"""Lengths and parts, as the network counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.messages.sms import TRUNK_BYTES, Encoding, encoding_of, size, split, too_long


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", Encoding.GSM7, 0, 1),
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("[" * 80, Encoding.GSM7, 160, 1),
        ("a" + "[" * 80, Encoding.GSM7, 161, 2),
        ("验" * 70, Encoding.UCS2, 70, 1),
        ("验" * 71, Encoding.UCS2, 71, 2),
        ("验" * 134, Encoding.UCS2, 134, 2),
        ("验" * 135, Encoding.UCS2, 135, 3),
        ("𠮷" * 35, Encoding.UCS2, 70, 1),
        ("a" * 70 + "验", Encoding.UCS2, 71, 2),
        ("`", Encoding.UCS2, 1, 1),
    ],
)
def test_the_limits(text: str, encoding: Encoding, units: int, parts: int) -> None:
    found = size(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def test_no_character_is_cut_in_two() -> None:
    assert [len(part) for part in split("a" * 152 + "[" + "a" * 151)] == [152, 152]  # an escape needs both its places
    assert [len(part) for part in split("验" * 66 + "𠮷" + "验" * 66)] == [66, 66, 1]


@given(st.text(alphabet=st.sampled_from("a[€验𠮷\n"), max_size=500))
def test_parts_fit_and_say_the_whole(text: str) -> None:
    encoding = encoding_of(text)
    single, several = encoding.value
    parts = split(text)
    assert "".join(parts) == text
    assert all(size_in(encoding, part) <= (single if len(parts) == 1 else several) for part in parts)
    assert all(parts) or text == ""


def size_in(encoding: Encoding, text: str) -> int:
    if encoding is Encoding.UCS2:
        return len(text.encode("utf-16-le")) // 2
    return len(text) + sum(each in "[€" for each in text)


def test_what_the_trunk_takes() -> None:
    assert too_long("验" * 341) is None
    assert len(("验" * 341).encode()) == TRUNK_BYTES
    assert too_long("验" * 342) == (
        "短信过长：342 字，1026 字节，最多 1023 字节（约 341 个汉字）。请缩短语音通知的地址或注意事项。"
    )
