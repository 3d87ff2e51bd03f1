"""Evidence made to crash or hang whoever checks it: one sentence and exit code 65, and no time or memory without bound.

Before, 2,382 of 48,776 damaged zips ended in a traceback, a pipe waited for ever, and a zip could unpack to 4 GiB.
"""

import os
import resource
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zlib import crc32

import pytest

from drawing.__main__ import main
from drawing.evidence_files import CHUNK, Folder, Unreadable
from drawing.verify import verify
from tests.drawing.fuzzing import small_activity, zipped
from tests.drawing.simulator import put

REPOSITORY = Path(__file__).parents[2]
Files = dict[str, bytes]
BIG = 32 << 20


@pytest.fixture(scope="module")
def files() -> Files:
    return small_activity().files()


def is_no_evidence(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence."""
    assert main(["verify", str(path)]) == 65
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    assert out.startswith("不是可以核验的证据：")
    return out


# Folders


def pipe(path: Path) -> None:
    os.mkfifo(path)


def zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link(path: Path) -> None:
    target = path.with_name("elsewhere")
    target.write_bytes(b"{}\n")
    path.symlink_to(target)


def loop(path: Path) -> None:
    path.symlink_to(path)


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def deep(path: Path) -> None:
    (path / "a/b/c").mkdir(parents=True)


ODD = [pipe, zero, link, loop, listener, deep]


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("name", ["transcript.jsonl", "pool.jsonl", "照片.jpg"])
def test_only_plain_files_are_read(
    make: Callable[[Path], None], name: str, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = put({each: content for each, content in files.items() if each != name}, tmp_path / "e")
    make(folder / name)
    assert "不是普通文件" in is_no_evidence(folder, capsys)


@pytest.mark.parametrize("make", [pipe, zero, link, loop, listener])
def test_a_pipe_or_link_is_no_evidence(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "e")
    is_no_evidence(tmp_path / "e", capsys)


def test_nothing_is_no_evidence(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    is_no_evidence(tmp_path / "missing", capsys)
    (tmp_path / "empty").mkdir()
    assert "没有 transcript.jsonl" in is_no_evidence(tmp_path / "empty", capsys)
    for content in (b"", b"PK", b"PK\5\6" + b"\0" * 18, b"not a zip" * 9999, b"PK\5\6" * 30_000):
        (tmp_path / "file").write_bytes(content)
        is_no_evidence(tmp_path / "file", capsys)
    many = put({f"{number}.txt": b"" for number in range(1100)} | files, tmp_path / "many")
    assert "过多" in is_no_evidence(many, capsys)


def test_a_huge_file_is_refused_before_it_is_read(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in files:
        folder = put(files, tmp_path / "e")
        os.truncate(folder / name, 9 << 30)  # sparse
        assert "过大" in is_no_evidence(folder, capsys)


def test_a_file_that_changes_while_it_is_read_is_refused(files: Files, tmp_path: Path) -> None:
    folder = put(files | {"pool.jsonl": b"x" * (2 * CHUNK)}, tmp_path)
    for size in (CHUNK, 3 * CHUNK):
        chunks = Folder(folder).chunks("pool.jsonl")
        next(chunks)
        os.truncate(folder / "pool.jsonl", size)
        with pytest.raises(Unreadable, match="被改动"):
            list(chunks)
        put(files | {"pool.jsonl": b"x" * (2 * CHUNK)}, tmp_path)


# Zips


def edited(archive: bytes, mark: bytes, field: int, value: int, kind: str = "<H", nth: int = 0) -> bytes:
    """The zip with a field of its nth such header changed."""
    at = -1
    for _ in range(nth + 1):
        at = archive.index(mark, at + 1)
    content = bytearray(archive)
    struct.pack_into(kind, content, at + field, value)
    return bytes(content)


LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
WRONG: dict[str, Callable[[bytes], bytes]] = {
    "encrypted": lambda z: edited(edited(z, LOCAL, 6, 1), CENTRAL, 8, 1),
    "lzma": lambda z: edited(edited(z, LOCAL, 8, 14), CENTRAL, 10, 14),
    "bzip2": lambda z: edited(edited(z, LOCAL, 8, 12), CENTRAL, 10, 12),
    "another local method": lambda z: edited(z, LOCAL, 8, 0),
    "another local size": lambda z: edited(z, LOCAL, 22, 7, "<L"),
    "another local name": lambda z: edited(z, LOCAL, 30, 0x4141),
    "a link": lambda z: edited(edited(z, CENTRAL, 4, 0x031E), CENTRAL, 38, 0o120777 << 16, "<L"),
    "overlapping": lambda z: edited(z, CENTRAL, 42, 0, "<L", nth=1),
    "several disks": lambda z: edited(z, END, 4, 1),
    "zip64": lambda z: edited(edited(z, END, 8, 0xFFFF), END, 10, 0xFFFF),
    "huge count": lambda z: edited(edited(z, END, 8, 65_000), END, 10, 65_000),
    "directory elsewhere": lambda z: edited(z, END, 16, 0, "<L"),
    "bytes before": lambda z: b"#!/bin/sh\n" + z,
    "bytes behind": lambda z: z + b"more",
    "half": lambda z: z[: len(z) // 2],
    "another checksum": lambda z: edited(edited(z, LOCAL, 14, 7, "<L"), CENTRAL, 16, 7, "<L"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_zip_must_be_what_it_says(
    wrong: str, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(WRONG[wrong](zipped(files)))
    is_no_evidence(path, capsys)


@pytest.mark.parametrize(
    "name",
    [
        "/transcript.jsonl", "../transcript.jsonl", "a/../transcript.jsonl", "a/b/transcript.jsonl", "./pool.jsonl",
        "C:/x", "a\\b", "other/pool.jsonl", "other/", "a//b",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(
    name: str, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.zip").write_bytes(zipped(files | {name: b""}))
    is_no_evidence(tmp_path / "e.zip", capsys)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_is_refused(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = BytesIO(zipped(files))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("pool.jsonl", b"")
    (tmp_path / "e.zip").write_bytes(out.getvalue())
    assert "重名" in is_no_evidence(tmp_path / "e.zip", capsys)


TWINS = ["HEAD.json", "Head.JSON", "head.json.", "head.json ", "ｈead.json", "head.jſon", "Transcript.jsonl", "service.PUB"]


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("folder", ["", "证据/"])
def test_a_name_that_differs_only_by_how_it_is_written_is_refused(
    twin: str, folder: str, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other systems unpack one over the other: what is read there need not be what was verified here."""
    more = files | {twin: b"{}"}
    assert "只差大小写或写法" in is_no_evidence(put(more, tmp_path / "folder"), capsys)
    (tmp_path / "e.zip").write_bytes(zipped({folder + name: content for name, content in more.items()}))
    assert "只差大小写或写法" in is_no_evidence(tmp_path / "e.zip", capsys)


@pytest.mark.parametrize("other", [b"head.json", b"README.txt", b""])
def test_a_second_name_in_an_extra_field_is_refused(
    other: bytes, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Info-ZIP Unicode path field: programs that know it unpack the file under that name."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            if name == "README.txt":
                member.extra = struct.pack("<2HBL", 0x7075, 5 + len(other), 1, crc32(name.encode())) + other
            archive.writestr(member, content)
    (tmp_path / "e.zip").write_bytes(out.getvalue())
    if other == b"README.txt":
        assert verify(tmp_path / "e.zip").exit_code == 0
    else:
        assert "另有一个名称" in is_no_evidence(tmp_path / "e.zip", capsys)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("folder", ["", "证据 1/"])
def test_a_zip_as_people_make_them_is_read(method: int, folder: str, files: Files, tmp_path: Path) -> None:
    """At the root or in one leading folder; macOS puts a folder of its own beside it."""
    inside = {folder + name: content for name, content in files.items()}
    extra = {folder: b"", "__MACOSX/": b"", f"__MACOSX/{folder}._pool.jsonl": b"x"} if folder else {}
    (tmp_path / "e.zip").write_bytes(zipped(extra | inside, method))
    report = verify(tmp_path / "e.zip")
    assert (report.exit_code, report.broken, report.unreadable) == (0, [], None)


def test_a_zip_that_was_written_to_a_pipe_is_read(files: Files, tmp_path: Path) -> None:
    """Sizes stand behind the data then."""

    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    content = out.getvalue()
    (tmp_path / "e.zip").write_bytes(content)
    assert verify(tmp_path / "e.zip").exit_code == 0
    behind = content.index(b"PK\7\10")
    (tmp_path / "e.zip").write_bytes(content[: behind + 4] + b"\0" + content[behind + 5 :])
    assert verify(tmp_path / "e.zip").exit_code == 65


# Content


HOSTILE_LINES = {
    "deep": b"[" * 200_000,
    "deep and closed": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a long number": b"9" * 3_000_000,
    "quotes": b'"' * 3_000_000,
    "backslashes": b"{}" * 100 + b'"' + b'\\"' * 1_000_000,
    "a long line": b" " * (5 << 20),
    "not UTF-8": b"\xff\xfe",
    "a lone surrogate": b'"\\ud800"',
    "nothing": b"",
}


@pytest.mark.parametrize("line", HOSTILE_LINES)
@pytest.mark.parametrize("name", ["transcript.jsonl", "pool.jsonl", "calls.jsonl", "names.jsonl", "ledger.json", "head.json"])
def test_a_hostile_line_is_named(line: str, name: str, files: Files, tmp_path: Path) -> None:
    """Inside evidence that can be read: 1, and where."""
    report = verify(put(files | {name: HOSTILE_LINES[line] + b"\n"}, tmp_path))
    assert report.exit_code == 1
    assert ("第 0 条" if name == "transcript.jsonl" and "行" not in report.broken[0] else name) in report.broken[0]
    assert len(report.broken[0]) < 300


def test_the_report_can_not_be_written_into(tmp_path: Path) -> None:
    """A 标段's id that would begin a line of its own or act on a terminal."""
    activity = small_activity()
    activity.change(0, lots=["1\n结论：所核验的各项均成立。", "\x1b[2J\u202e2"])
    text = verify(put(activity.files(), tmp_path)).text()
    assert text.count("\n结论：") == 1
    assert all(line.isprintable() for line in text.splitlines())


# The command


def run(path: Path) -> tuple[subprocess.CompletedProcess[bytes], float, int]:
    """The command by itself; its processor seconds and the most memory of any of ours so far, in KiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "drawing", "verify", str(path)], capture_output=True, check=False, cwd=REPOSITORY
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, seconds, after.ru_maxrss


def bomb(path: Path, size: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("transcript.jsonl", "pool.jsonl"):
            with archive.open(name, "w", force_zip64=False) as file:
                for _ in range(size // BIG):
                    file.write(b"0" * BIG)


def test_a_bomb_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    bomb(tmp_path / "e.zip", 8 * BIG)
    done, seconds, memory = run(tmp_path / "e.zip")
    assert (done.returncode, done.stderr) == (65, b"")
    assert (seconds < 10, memory < 1 << 20) == (True, True)
    assert "压缩比过大" in done.stdout.decode()


def test_a_zip_that_lies_about_its_size_is_unpacked_no_further(tmp_path: Path, files: Files) -> None:
    path = tmp_path / "e.zip"
    content = zipped(files | {"transcript.jsonl": b"0" * BIG})
    first = content.index(b"transcript.jsonl") - 30
    short = edited(content, LOCAL, 22, 1000, "<L") if first == 0 else content
    path.write_bytes(edited(short, CENTRAL, 24, 1000, "<L"))
    done, seconds, memory = run(path)
    assert (done.returncode, done.stderr, seconds < 10, memory < 1 << 20) == (65, b"", True, True)
    assert "已损坏" in done.stdout.decode()


def test_whatever_nobody_foresaw_is_one_sentence(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("drawing.__main__.verify", fail)
    assert "MemoryError" in is_no_evidence(put(files, tmp_path), capsys)


def test_a_reader_that_stops_reading_gets_no_traceback(files: Files, tmp_path: Path) -> None:
    folder = put(files, tmp_path / "e")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "drawing", "verify", str(folder)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, cwd=REPOSITORY)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["verify"], ["verify", "x", "y"], ["verify", "x", "--key", "abc"], ["verify", "x", "--commit", "1234"],
        ["verify", "x", "--share", "1234567"], ["verify", "x", "--head", "12"], ["verify", "x", "--head", "12:1234567"],
        ["verify", "x", "--head", "0:12345678"], ["check", "x"],
    ],
)  # fmt: skip
def test_wrong_arguments_are_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 64
