from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drawing.bodies import SHAPES, BadBody
from drawing.canonical import canon
from drawing.transcript import BrokenChain, Entry, EntryType, append, parse_stamp, read_chain, stamp

AT = datetime(2026, 11, 23, 1, 2, 3, 456_789, tzinfo=UTC)
HALT = {"reason": "会场变更", "agreed": 1, "live": 0}


def sign(digest: bytes) -> bytes:
    return b"sig" + digest


def chain(length: int = 3) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(length):
        at = AT + timedelta(seconds=number)
        entries.append(append(entries[-1] if entries else None, at, EntryType.PAUSE, HALT, sign))
    return entries


def lines(entries: list[Entry]) -> list[bytes]:
    return [entry.line().removesuffix(b"\n") for entry in entries]


def test_what_was_written_is_read() -> None:
    assert read_chain(lines(chain())) == chain()


def test_times_are_cut_to_milliseconds_at_china_time() -> None:
    assert stamp(chain(1)[0].at) == "2026-11-23T09:02:03.456+08:00"
    with pytest.raises(ValueError, match="without zone"):
        stamp(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text", ["2026-11-23T09:02:03+08:00", "2026-11-23T01:02:03.456+00:00", "2026-11-23T01:02:03.456Z", "", 5]
)
def test_one_form_of_time(text: Any) -> None:
    with pytest.raises(ValueError):
        parse_stamp(text)


def test_a_clock_that_went_back_stops_the_chain() -> None:
    first = chain(1)[0]
    with pytest.raises(BrokenChain, match="第 1 条记录"):
        append(first, AT - timedelta(seconds=1), EntryType.PAUSE, HALT, sign)
    assert append(first, AT, EntryType.PAUSE, HALT, sign).seq == 1


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_a_body_of_another_shape_is_not_written(kind: str) -> None:
    with pytest.raises(BadBody):
        append(None, AT, EntryType(kind), {}, sign)
    with pytest.raises(BadBody):
        append(None, AT, EntryType(kind), dict.fromkeys(SHAPES[kind][0], 1.5), sign)


def test_every_type_has_a_shape() -> None:
    assert set(SHAPES) == {kind.value for kind in EntryType}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"type": "redraw"}, "未知的记录类型"),
        ({"seq": 7}, "第 1 条"),
        ({"seq": True}, "序号"),
        ({"at": "2026-11-23T01:02:03.456Z"}, "时间格式"),
        ({"prev": "0" * 64}, "哈希值"),
        ({"hash": "0" * 64}, "哈希值不符"),
        ({"hash": "xyz"}, "64 位"),
        ({"sig": "*"}, "base64"),
        ({"more": 1}, "多余"),
        ({"body": {"reason": "另一原因", "agreed": 1, "live": 0}}, "哈希值不符"),
        ({"withheld": True}, "多余"),
    ],
)
def test_what_was_changed_is_refused(change: dict[str, Any], says: str) -> None:
    written = lines(chain())
    written[1] = canon(chain()[1].to_json() | change)
    with pytest.raises(BrokenChain, match=says) as refused:
        read_chain(written)
    assert refused.value.seq == 1


@pytest.mark.parametrize("line", [b"", b"[]", b"5", b'{"a":1,"a":1}', b'{"a":1.5}', b"\xff"])
def test_what_is_no_entry_is_refused(line: bytes) -> None:
    with pytest.raises(BrokenChain, match="第 1 条"):
        read_chain([lines(chain(1))[0], line])


def test_only_witness_and_seal_are_withheld() -> None:
    seal = append(None, AT, EntryType.SEAL, {"system_share": "ab" * 32}, sign)
    hidden = read_chain([seal.line(withhold=True)[:-1]])[0]
    assert (hidden.withheld, dict(hidden.body), hidden.hash) == (True, {}, seal.hash)
    assert b"abab" not in hidden.line()
    with pytest.raises(BrokenChain, match="不得隐去"):
        read_chain([chain(1)[0].line(withhold=True)[:-1]])
