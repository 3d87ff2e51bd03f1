"""The transcript: one chain of entries per activity, each carrying the hash of the one before.

hash = hex SHA-256(canon({seq, at, type, body, prev})); sig = base64 Ed25519 over the 32 hash bytes. In a
file each line is the canonical form of its entry, so that no byte is free. Before the unsealing, `witness`
and `seal` are written without their body and with "withheld": true: links and signatures can be checked,
the content not yet.

>>> from datetime import datetime, timezone
>>> first = append(None, datetime(2026, 11, 23, 1, tzinfo=timezone.utc), EntryType.PAUSE,
...                {"reason": "会场变更", "agreed": 1, "live": 0}, lambda digest: b"signature")
>>> stamp(first.at), first.seq, first.prev == ORIGIN
('2026-11-23T09:00:00.000+08:00', 0, True)
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

from drawing.bodies import SHAPES, BadBody, check_shape
from drawing.canonical import NotCanonical, canon, read_canonical

ORIGIN = "0" * 64
CHINA = timezone(timedelta(hours=8))
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class EntryType(StrEnum):
    """What an entry records; its body's shape is in `drawing.bodies`."""

    COMMIT = "commit"
    WITNESS = "witness"
    WITNESS_TRY = "witness_try"
    PICK = "pick"
    ATTEMPT = "attempt"
    OUTCOME = "outcome"
    REOPEN = "reopen"
    PAUSE = "pause"
    RESUME = "resume"
    FORCE_END = "force_end"
    COMPLETE = "complete"
    SEAL = "seal"
    ABSENCE = "absence"
    ABSENCE_UNDONE = "absence_undone"
    UNSEAL = "unseal"
    PRINT = "print"
    CLOSE = "close"


WITHHELD_TYPES = frozenset({EntryType.WITNESS, EntryType.SEAL})


class BrokenChain(ValueError):
    """An entry that can't stand where it stands; `seq` is its place, the message (Chinese) says why."""

    def __init__(self, seq: int, message: str) -> None:
        super().__init__(f"第 {seq} 条记录：{message}")
        self.seq = seq
        self.message = message


@dataclass(frozen=True, slots=True)
class Head:
    """What the next entry must know of the last one."""

    seq: int
    at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `hash` and `prev` are hex, `sig` base64; `at` has milliseconds."""

    seq: int
    at: datetime
    type: EntryType
    body: Mapping[str, Any]
    prev: str
    hash: str
    sig: str
    withheld: bool = False

    def to_json(self, *, withhold: bool = False) -> dict[str, Any]:
        """The object of its line; `withhold` leaves the body out (only for witness and seal)."""
        found: dict[str, Any] = {
            "seq": self.seq, "at": stamp(self.at), "type": self.type.value,
            "prev": self.prev, "hash": self.hash, "sig": self.sig,
        }  # fmt: skip
        if withhold or self.withheld:
            return found | {"withheld": True}
        return found | {"body": dict(self.body)}

    def line(self, *, withhold: bool = False) -> bytes:
        """Its line of transcript.jsonl, with the newline."""
        return canon(self.to_json(withhold=withhold)) + b"\n"


class EntryRow(NamedTuple):
    """An entry as a row of table `transcript` has it; nothing is checked yet."""

    seq: int
    at: str
    type: str
    body: str
    prev: bytes
    hash: bytes
    sig: bytes


def stamp(at: datetime) -> str:
    """RFC 3339 at +08:00 with milliseconds; raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("a time without zone can't stand in a transcript")
    return at.astimezone(CHINA).isoformat(timespec="milliseconds")


def parse_stamp(text: Any) -> datetime:
    """The inverse of `stamp`; raises ValueError for any other form."""
    if not isinstance(text, str) or not _STAMP.fullmatch(text):
        raise ValueError("时间格式不符")
    return datetime.fromisoformat(text)


def entry_hash(seq: int, at: datetime, kind: EntryType, body: Mapping[str, Any], prev: str) -> str:
    """The hex hash of an entry."""
    hashed = {"seq": seq, "at": stamp(at), "type": kind.value, "body": dict(body), "prev": prev}
    return sha256(canon(hashed)).hexdigest()


def append(
    prev: Entry | Head | None,
    at: datetime,
    kind: EntryType,
    body: Mapping[str, Any],
    sign: Callable[[bytes], bytes],
) -> Entry:
    """The entry after `prev` (None: the first), signed over its 32 hash bytes.

    Raises BadBody for a body of another shape, and BrokenChain if the clock went backwards: a clock that is
    wrong must stop a draw, not colour its record.
    """
    check_shape(kind.value, body)
    seq, before = (0, ORIGIN) if prev is None else (prev.seq + 1, prev.hash)
    at = parse_stamp(stamp(at))
    if prev is not None and at < prev.at:
        raise BrokenChain(seq, f"时间 {stamp(at)} 早于上一条 {stamp(prev.at)}")
    digest = entry_hash(seq, at, kind, body, before)
    return Entry(seq, at, kind, body, before, digest, b64encode(sign(bytes.fromhex(digest))).decode())


def read_chain(lines: Iterable[bytes]) -> list[Entry]:
    """All entries of transcript.jsonl's lines (without newlines), links checked; raises BrokenChain."""
    chain: list[Entry] = []
    for seq, line in enumerate(lines):
        entry = read_entry(seq, line)
        check_link(chain[-1] if chain else None, entry)
        chain.append(entry)
    return chain


def read_entry(seq: int, line: bytes) -> Entry:
    """One entry from its line; raises BrokenChain. `seq` is the place where it was found."""
    try:
        return entry_from_json(read_canonical(line))
    except NotCanonical as error:
        raise BrokenChain(seq, f"不是规范的 JSON（{error}）") from error
    except BadBody as error:
        raise BrokenChain(seq, f"内容格式不符（{error}）") from error
    except ValueError as error:
        raise BrokenChain(seq, str(error)) from error


def entry_from_json(value: Any) -> Entry:
    """An entry from the object of its line, its own hash checked unless withheld; raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("不是一个对象")
    withheld = value.get("withheld") is True
    if set(value) != {"seq", "at", "type", "prev", "hash", "sig", "withheld" if withheld else "body"}:
        raise ValueError("字段不全或多余")
    if not isinstance(value["type"], str) or value["type"] not in SHAPES:
        raise ValueError(f"未知的记录类型 {str(value['type'])[:40]!r}")
    kind = EntryType(value["type"])
    if type(value["seq"]) is not int:
        raise ValueError("序号不是整数")
    at = parse_stamp(value["at"])
    _check_texts(value)
    body = value.get("body", {})
    if not isinstance(body, dict):
        raise ValueError("内容不是一个对象")
    entry = Entry(value["seq"], at, kind, body, value["prev"], value["hash"], value["sig"], withheld)
    _check_content(entry)
    return entry


def check_link(before: Entry | None, entry: Entry) -> None:
    """Whether `entry` may follow `before`; raises BrokenChain."""
    seq, prev = (0, ORIGIN) if before is None else (before.seq + 1, before.hash)
    if entry.seq != seq:
        raise BrokenChain(seq, f"序号应为 {seq}，实为 {entry.seq}")
    if entry.prev != prev:
        raise BrokenChain(seq, "与上一条记录的哈希值不衔接")
    if before is not None and entry.at < before.at:
        raise BrokenChain(seq, "时间早于上一条记录")


def _check_texts(value: Mapping[str, Any]) -> None:
    for key in ("prev", "hash"):
        if not isinstance(value[key], str) or not _HASH.fullmatch(value[key]):
            raise ValueError(f"{key} 不是 64 位十六进制数")
    try:
        canonical = b64encode(b64decode(value["sig"], validate=True)).decode()
    except (ValueError, TypeError) as error:
        raise ValueError("签名不是 base64") from error
    if canonical != value["sig"]:
        raise ValueError("签名的 base64 不规范")


def _check_content(entry: Entry) -> None:
    if entry.withheld:
        if entry.type not in WITHHELD_TYPES:
            raise ValueError(f"{entry.type.value} 类记录不得隐去内容")
        return
    if entry_hash(entry.seq, entry.at, entry.type, entry.body, entry.prev) != entry.hash:
        raise ValueError("内容与其哈希值不符")
    check_shape(entry.type.value, entry.body)
