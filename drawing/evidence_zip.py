"""A zip as evidence may be: plain files, stored or deflated, one after the other and nothing between them.

Python's `zipfile` reads what its directory says and trusts it: two entries may share bytes, a local header may name
another file, a member may unpack to a thousand times its size. Here the directory and every local header must agree,
members must fill the file without gap or overlap, sizes are limited before anything is unpacked, and all checksums
are checked before a line is looked at: a zip that was damaged on its way is never mistaken for evidence that was forged.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from drawing.evidence_files import CHUNK, FILES, LARGEST, MIB, MOST_FILES, TRANSCRIPT, Unreadable, check_twins, said

MOST_BYTES = 2048 * MIB
"""The most bytes of a zip, packed and unpacked; larger evidence is given as a folder."""
MOST_RATIO = 100
"""A member of more than 1 MiB that unpacks to more than this many times its packed size is refused; evidence packs 2 to 8 times."""
_STORED, _DEFLATED = 0, 8
_FLAGS = 0b1000_0000_1110  # deflate's level, sizes after the data, names in UTF-8; all others change what is read
_SIZES_BEHIND = 0b1000
_ZIP64 = 0xFFFFFFFF
_UNIX, _KIND, _PLAIN_KINDS = 3, 0o170000, (0, 0o100000, 0o040000)
_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s2B5H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FIELD, _UNICODE_NAME = struct.Struct("<2H"), 0x7075
_BEHIND = struct.Struct("<3L")
_EXTRA_FOLDER = "__MACOSX/"  # macOS puts one beside what it packs


class Member(NamedTuple):
    """One file as the zip's directory describes it."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    at: int  # of its local header


class Zip:
    """The files of a zip, checked as a whole before any of them is read. Raises Unreadable."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        try:
            if size > MOST_BYTES:
                raise Unreadable(f"zip 过大（超过 {MOST_BYTES // MIB} MiB），请解压为文件夹后再核验")
            members, start = _directory(file, size)
            self._data = _placed(file, members, start)
            self._files, self.extra = _evidence(members)
            self.names = frozenset(self._files)
            _check_sizes(members, self._files)
            for member in members:
                for _ in self._unpacked(member):
                    pass
        except BaseException:
            file.close()
            raise

    def chunks(self, name: str) -> Iterator[bytes]:
        """See evidence_reader.Container."""
        return self._unpacked(self._files[name])

    def close(self) -> None:
        """Close the zip."""
        self._file.close()

    def _unpacked(self, member: Member) -> Iterator[bytes]:
        """A member's bytes, its size and checksum checked at the end."""
        size, crc = 0, 0
        packed = _pieces(self._file, self._data[member.at], member.packed)
        for chunk in packed if member.method == _STORED else _inflated(packed):
            size, crc = size + len(chunk), zlib.crc32(chunk, crc)
            if size > member.size:
                break
            yield chunk
        if (size, crc) != (member.size, member.crc):
            raise Unreadable(f"zip 中的 {_text(member.name)} 已损坏（长度或校验和不符）")


def _directory(file: BinaryIO, size: int) -> tuple[list[Member], int]:
    """What the central directory lists, and where it begins."""
    tail = _at(file, max(0, size - _END.size - 0xFFFF), min(size, _END.size + 0xFFFF))
    place = tail.rfind(b"PK\5\6")
    while place >= 0:
        if len(tail) - place >= _END.size and place + _END.size + _END.unpack_from(tail, place)[-1] == len(tail):
            break
        place = tail.rfind(b"PK\5\6", 0, place)
    if place < 0:
        raise Unreadable("既不是文件夹，也不是完整的 zip 文件")
    _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(tail, place)
    if disk or first_disk or here != count or count == _ZIP64 >> 16 or _ZIP64 in (length, start):
        raise Unreadable("zip 分为多卷，或为 ZIP64 格式，不能核验")
    if count > MOST_FILES or length > MIB:
        raise Unreadable(f"zip 中的文件过多（超过 {MOST_FILES} 个）")
    if start + length != size - len(tail) + place:
        raise Unreadable("zip 已损坏（目录的位置不符）")
    return list(_listed(_at(file, start, length), count)), start


def _listed(directory: bytes, count: int) -> Iterator[Member]:
    place, seen = 0, set[bytes]()
    for _ in range(count):
        if len(directory) - place < _CENTRAL.size:
            raise Unreadable("zip 已损坏（目录不完整）")
        fields = _CENTRAL.unpack_from(directory, place)
        mark, _, system, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, disk, _, outer, at = fields
        name = directory[place + _CENTRAL.size : place + _CENTRAL.size + name_length]
        place += _CENTRAL.size + name_length + extra + comment
        if mark != b"PK\1\2" or disk or place > len(directory):
            raise Unreadable("zip 已损坏（目录不完整）")
        member = Member(name, flags, method, crc, packed, size, at)
        _check_extra(member, directory[place - extra - comment : place - comment])
        _check_member(member, odd=system == _UNIX and outer >> 16 & _KIND not in _PLAIN_KINDS)
        if name in seen:
            raise Unreadable(f"zip 中有重名文件 {_text(name)}")
        seen.add(name)
        yield member
    if place != len(directory):
        raise Unreadable("zip 已损坏（目录长度不符）")


def _check_member(member: Member, *, odd: bool) -> None:
    name = _text(member.name)
    if member.flags & ~_FLAGS:
        raise Unreadable(f"zip 中的 {name} 已加密，或用了不接受的格式")
    if member.method not in (_STORED, _DEFLATED):
        raise Unreadable(f"zip 中的 {name} 用了不接受的压缩方式（只接受存储和 deflate）")
    if odd:
        raise Unreadable(f"zip 中的 {name} 不是普通文件（链接和设备不接受）")
    parts = member.name.removesuffix(b"/").split(b"/")
    if b"\\" in member.name or b"\0" in member.name or b":" in parts[0] or not {b"", b".", b".."}.isdisjoint(parts):
        raise Unreadable(f"zip 中有不接受的文件名 {name}")
    if member.name.endswith(b"/") and (member.size or member.packed > 2):
        raise Unreadable(f"zip 中的文件夹 {name} 不是空条目")
    if member.method == _STORED and member.size != member.packed:
        raise Unreadable(f"zip 中的 {name} 已损坏（长度不符）")


def _check_extra(member: Member, extra: bytes) -> None:
    """Some programs unpack a file under the name, or with the size, that a field beside the header gives."""
    while len(extra) >= _FIELD.size:
        kind, length = _FIELD.unpack_from(extra)
        content, extra = extra[_FIELD.size : _FIELD.size + length], extra[_FIELD.size + length :]
        if kind == _UNICODE_NAME and content[5:] != member.name:
            raise Unreadable(f"zip 中的 {_text(member.name)} 另有一个名称")


def _placed(file: BinaryIO, members: list[Member], directory: int) -> dict[int, int]:
    """Where each member's data begins, by its local header's place; headers agree, and no byte lies between members."""
    ordered = sorted(members, key=lambda member: member.at)
    if (ordered[0].at if ordered else directory) != 0:
        raise Unreadable("zip 的开头有多余的内容，或文件互相重叠")
    ends = [*(member.at for member in ordered[1:]), directory]
    data: dict[int, int] = {}
    for member, following in zip(ordered, ends, strict=False):
        data[member.at] = begin = _local(file, member, directory)
        end = begin + member.packed
        behind = following - end
        sizes_behind = member.flags & _SIZES_BEHIND and behind in (12, 16)
        if behind and not (sizes_behind and _agrees(file, member, end, behind)):
            raise Unreadable(f"zip 中的 {_text(member.name)} 与其他内容重叠，或其后有多余的内容")
    return data


def _local(file: BinaryIO, member: Member, directory: int) -> int:
    """Where the data begins; the local header must say what the directory says."""
    header = _at(file, member.at, _LOCAL.size)
    if member.at + _LOCAL.size > directory or len(header) < _LOCAL.size:
        raise Unreadable("zip 已损坏（文件头不完整）")
    mark, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack(header)
    name = _at(file, member.at + _LOCAL.size, name_length)
    sizes = [(member.crc, member.packed, member.size)]
    if member.flags & _SIZES_BEHIND:
        sizes += [(0, 0, 0)]
    agreed = (mark, flags, method, name) == (b"PK\3\4", member.flags, member.method, member.name)
    if not agreed or (crc, packed, size) not in sizes:
        raise Unreadable(f"zip 中的 {_text(member.name)} 的文件头与目录不一致")
    begin: int = member.at + _LOCAL.size + name_length + extra
    _check_extra(member, _at(file, begin - extra, extra))
    return begin


def _agrees(file: BinaryIO, member: Member, place: int, length: int) -> bool:
    """Whether the sizes behind a member's data are the directory's."""
    behind = _at(file, place, length)
    if length == 16 and behind[:4] != b"PK\7\x08":
        return False
    return _BEHIND.unpack(behind[-12:]) == (member.crc, member.packed, member.size)


def _evidence(members: list[Member]) -> tuple[dict[str, Member], frozenset[str]]:
    """The evidence's files, at the root or under one leading folder, and what else is there."""
    by_name = {_text(member.name): member for member in members}
    folders = [name.removesuffix(TRANSCRIPT) for name in by_name if name.split("/")[1:] == [TRANSCRIPT]]
    root = "" if TRANSCRIPT in by_name or len(folders) != 1 else folders[0]
    files, extra = {}, set()
    for name, member in by_name.items():
        inner = name.removeprefix(root)
        if name.startswith(_EXTRA_FOLDER):
            extra.add(name)
        elif name == root:
            continue
        elif "/" in inner:
            raise Unreadable(f"zip 中另有文件夹（{said(name)}），只接受证据的文件或装着它们的一个文件夹")
        elif name.startswith(root) and inner in FILES:
            files[inner] = member
        else:
            extra.add(name)
    check_twins(files, (name.removeprefix(root) for name in extra))
    return files, frozenset(extra)


def _check_sizes(members: list[Member], files: dict[str, Member]) -> None:
    """Before anything is unpacked."""
    for member in members:
        if member.size > MIB and member.size > MOST_RATIO * member.packed:
            raise Unreadable(f"zip 中的 {_text(member.name)} 压缩比过大（超过 {MOST_RATIO} 倍）")
    if sum(member.size for member in members) > MOST_BYTES:
        raise Unreadable(f"zip 解压后过大（超过 {MOST_BYTES // MIB} MiB），请解压为文件夹后再核验")
    for name, member in files.items():
        if member.size > LARGEST[name]:
            raise Unreadable(f"{name} 过大（超过 {LARGEST[name] // MIB} MiB）")


def _pieces(file: BinaryIO, place: int, length: int) -> Iterator[bytes]:
    while length:
        piece = _at(file, place, min(CHUNK, length))
        if not piece:
            raise Unreadable("zip 在读取过程中被改动")
        yield piece
        place, length = place + len(piece), length - len(piece)


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    """Inflate in pieces; the data must end exactly where its member does."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            if inflate.eof:
                raise Unreadable("zip 已损坏（压缩数据的长度不符）")
            rest = piece
            while rest and not inflate.eof:
                yield inflate.decompress(rest, CHUNK)
                rest = inflate.unconsumed_tail
        while not inflate.eof and (last := inflate.decompress(b"", CHUNK)):
            yield last
    except zlib.error as error:
        raise Unreadable("zip 已损坏（不能解压）") from error
    if not inflate.eof or inflate.unused_data:
        raise Unreadable("zip 已损坏（压缩数据的长度不符）")


def _at(file: BinaryIO, place: int, length: int) -> bytes:
    """Bytes of the zip; fewer where it ends."""
    try:
        file.seek(place)
        return file.read(length) or b""
    except OSError as error:
        raise Unreadable(f"zip 不能读取（{error.strerror}）") from error


def _text(name: bytes) -> str:
    """A name to be compared and shown; names of evidence are ASCII."""
    return name.decode("utf-8", "backslashreplace")
