"""How a pool and an order are stored: blocks of 1,024 entries, so that a pick reads the head alone.

An order's entry is (expert number, pool id, tier, units). Packed, big-endian: number 8 bytes, pool id 10,
tier 1, count of units 1, then 32 bytes each. A pool block is the zlib-compressed lines of pool.jsonl in the
supervisor's form; but for older ones, their hashes are taken out and follow as bytes (`pack_hashed`). A block
of names is compressed lines of `pool.name_line`, 64 of them: whoever rings one expert opens no more. Both
ascend by pool id.

>>> entry = Entry(7, "0123456789abcdef0123", 1, ("ab" * 32,))
>>> unpack_block(pack_block([entry])) == [entry]
True
"""

import re
import struct
import zlib
from binascii import hexlify
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from drawing import merkle
from drawing.canonical import canon, read
from drawing.lots import Placed

BLOCK = 1024
NAMES = 64
_HEAD = struct.Struct(">Q10sBB")
_WITH_HASHES = b"H"  # a stream of zlib begins with another byte
HASH, SALT, POOL_ID = b"\x01", b"\x02", b"\x03"
"""Marks where hex digits were taken out of a line; canonical JSON has no such byte."""
_DIGITS = {HASH: 64, SALT: 32, POOL_ID: 20}
_MARKS = re.compile(b"([\x01-\x03])")
_BEFORE, _AFTER = b',"record":', b',"salt":"'  # around a record in its line


class Entry(NamedTuple):
    """One place of a stored order (or of the eligible, before there is a seed)."""

    number: int  # the expert's own id, not their pool id
    expert: str  # pool id
    tier: int
    units: tuple[str, ...]

    @property
    def placed(self) -> Placed:
        """What `lots.next_pick` needs to know."""
        return Placed(self.expert, frozenset(self.units))


def pack(entry: Entry) -> bytes:
    """One entry's bytes."""
    return pack_raw(entry.number, bytes.fromhex(entry.expert), entry.tier, bytes.fromhex("".join(entry.units)))


def pack_raw(number: int, expert: bytes, tier: int, units: bytes) -> bytes:
    """The same from bytes: the pool id's, and those of the units one after the other."""
    return _HEAD.pack(number, expert, tier, len(units) // 32) + units


def pack_block(entries: Iterable[Entry]) -> bytes:
    """The bytes of a block."""
    return b"".join(map(pack, entries))


def iter_packed(block: bytes) -> Iterator[bytes]:
    """The entries of a block, still packed."""
    start = 0
    while start < len(block):
        end = start + _HEAD.size + 32 * block[start + _HEAD.size - 1]
        yield block[start:end]
        start = end


def unpack(packed: bytes) -> Entry:
    """One entry from its bytes."""
    number, expert, tier, count = _HEAD.unpack_from(packed)
    start = _HEAD.size
    units = tuple(packed[start + 32 * i : start + 32 * (i + 1)].hex() for i in range(count))
    return Entry(number, expert.hex(), tier, units)


def unpack_block(block: bytes) -> list[Entry]:
    """All entries of a block."""
    return [unpack(packed) for packed in iter_packed(block)]


def pack_lines(lines: Iterable[bytes]) -> bytes:
    """A pool block from lines without newline."""
    return zlib.compress(b"\n".join([*lines, b""]), 1)


def pack_hashed(lines: Iterable[bytes], hashes: bytes) -> bytes:
    """A pool block from lines with marks in place of hashes, and the hashes' bytes in the order of their marks.

    More than half of such a line are hex digits of hashes, in which compression finds nothing and spends seven eighths of its time.
    """
    return _WITH_HASHES + pack_lines(lines) + hashes


def pool_lines(block: bytes) -> list[bytes]:
    """The lines of a pool block, without newline: pool.jsonl in the supervisor's form."""
    if not block.startswith(_WITH_HASHES):
        return zlib.decompress(block).splitlines()
    inflate = zlib.decompressobj()
    parts = _MARKS.split(inflate.decompress(block[1:]))
    digits, at = hexlify(inflate.unused_data), 0
    for place in range(1, len(parts), 2):
        end = at + _DIGITS[parts[place]]
        parts[place], at = digits[at:end], end
    return b"".join(parts).splitlines()


def public_line(line: bytes) -> bytes:
    """A line without facts and salt: pool.jsonl in the public form."""
    value: dict[str, Any] = read(line)
    return canon({"draw": value["draw"], "record": value["record"]})


def line_of(lines: Iterable[bytes], expert: str) -> Any | None:
    """The line about this pool id, read; None when there is none.

    >>> line_of([b'{"id":"00aa","name":"x"}', b'{"id":"00ab","name":"y"}'], "00ab")
    {'id': '00ab', 'name': 'y'}
    """
    mark = f'"id":"{expert}"'.encode()
    found = next((line for line in lines if mark in line), None)
    return None if found is None else read(found)


def block_root(lines: Iterable[bytes]) -> bytes:
    """The Merkle root over the records of a pool block's lines. A block is a whole subtree of the pool's tree, so that
    `merkle.root` over the roots of all blocks is the pool's.
    """
    return merkle.root([merkle.leaf_hash(_record(line)) for line in lines])


def _record(line: bytes) -> bytes:
    """The canonical bytes of a line's record: no string in canonical JSON can hold what stands before and after it."""
    return line[line.index(_BEFORE) + len(_BEFORE) : line.rindex(_AFTER)]


def placed(blocks: Iterable[bytes]) -> Iterator[Placed]:
    """The order that blocks hold, unpacked only as far as it is read."""
    for block in blocks:
        for packed in iter_packed(block):
            yield unpack(packed).placed
