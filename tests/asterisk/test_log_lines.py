"""What is kept of a log line: no number in whatever dress, every address, and never more than the ceiling."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk.log_lines import IN_ALL, OF_A_KIND, WINDOW, Digest, Entry, read_line, without_numbers
from asterisk.log_reader import CEILING, LINES_A_SECOND, LogReader, RotatingFile

NUMBER = "13900139000"


def line(message: str, level: str = "NOTICE", file: str = "res_pjsip/pjsip_distributor.c") -> bytes:
    """As Asterisk's logger writes it."""
    where = {"filename": file, "function": "f", "line": 688}
    said = {"location": where, "level": level, "message": message}
    whole = {
        "hostname": "",
        "timestamp": "2026-11-30 11:02:39.725",
        "identifiers": {"lwp": 1, "callid": ""},
        "logmsg": said,
    }
    return json.dumps(whole).encode() + b"\n"


DRESSED = (
    "13900139000", "+8613900139000", "008613900139000", "139 0013 9000", "139-0013-9000", "139.0013.9000", "(020) 8318-6888",
    "02083186888", "83186888", "sip:13900139000@192.0.2.9", "<sip:+8613900139000@carrier;user=phone>", "tel:+86-139-0013-9000",
    "\"张三\" <sip:x@y>", "%31%33%39%30%30%31%33%39%30%30%30", "１３９００１３９０００", "alice13900139000bob", "1-13900139000@x",
    "Local/13900139000@inbound-00000001;1", "PJSIP/13900139000@carrier", "139.001.390.00", "13900139000.5060",
    "1 3 9 0 0 1 3 9 0 0 0",
)  # fmt: skip


@pytest.mark.parametrize("number", DRESSED)
@pytest.mark.parametrize(
    "template",
    [
        "Request 'INVITE' from '{}' failed for '192.0.2.7:5060' (callid: {}) - No matching endpoint found",
        " carrier: Call (UDP:192.0.2.7:5060) to extension '{}' rejected because extension not found in context 'inbound'.",
        "Error parsing '{}': String value was greater than the maximum allowed value.",
        "Unable to create channel {} from 192.0.2.7:5060",
        "{}",
    ],
)
def test_no_number_is_kept(number: str, template: str) -> None:
    for raw in (line(template.replace("{}", number)), template.replace("{}", number).encode()):
        entry = read_line(raw)
        assert entry is not None
        digits = "".join(
            sign for sign in entry.text.replace("192.0.2.7:5060", "").replace(":688", "") if sign.isdigit()
        )
        assert len(digits) <= 4, entry.text
        assert "张" not in entry.text
        assert ("192.0.2.7" in entry.text) == ("192.0.2.7" in template)


SECURITY = (
    'SecurityEvent="InvalidAccountID",EventTV="2026-11-30T11:02:39.725+0000",Severity="Error",Service="PJSIP",EventVersion="1",'
    'AccountID="{}",SessionID="{}",LocalAddress="IPV4/UDP/127.0.0.1/31459",RemoteAddress="IPV4/UDP/192.0.2.7/35768"'
)


@pytest.mark.parametrize("account", [*DRESSED, 'x",RemoteAddress="IPV4/UDP/198.51.100.1/5060'])
def test_of_a_security_event_the_address_is_kept(account: str) -> None:
    entry = read_line(line(SECURITY.replace("{}", account), "SECURITY", "res_security_log.c"))
    assert entry == Entry("security", "2026-11-30 11:02:39.725", "SECURITY InvalidAccountID PJSIP from UDP 192.0.2.7")


def test_what_was_turned_away_by_its_address_is_security() -> None:
    entry = read_line(
        line("Incoming SIP message from 192.0.2.7:5060 did not pass ACL test\n", "WARNING", "res_pjsip_acl.c")
    )
    assert entry is not None
    assert entry.file == "security"
    assert "192.0.2.7:5060" in entry.text


def test_words_of_asterisks_own_stay() -> None:
    for said in (
        "PJSIP/carrier-00000012: Stasis app 'expertline' doesn't exist",
        "elbadcec93c4cd3b2d9d6ef6d6b3ea4e1c: Playback stopped",
        "el01234567890123456789012345678901: Playback stopped",
    ):
        assert without_numbers(said) == said


@given(st.text(), st.text(max_size=40))
def test_nothing_that_is_said_raises_or_breaks_the_line(text: str, account: str) -> None:
    for raw in (line(text), text.encode(), line(SECURITY.replace("{}", account), "SECURITY")):
        entry = read_line(raw)
        assert entry is None or (entry.text.isprintable() and len(entry.text) < 600)


@pytest.mark.parametrize("text", ["[" * 60_000, '{"logmsg":' * 6_000, '{"logmsg": 1}', "[1]", "null", '"x"', "1e999"])
def test_json_of_another_shape_raises_nothing(text: str) -> None:
    assert read_line(text.encode()) is not None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 200)), max_size=200))
def test_each_line_is_written_or_counted(lines: list[tuple[str, float]]) -> None:
    digest, out = Digest(), list[Entry]()
    for text, at in sorted(lines, key=lambda each: each[1]):
        out += digest.take(Entry("messages", "now", text), at)
    out += digest.rest("now")
    counted = sum(int(each.text.split()[0]) for each in out if " more of the kind" in each.text)
    assert counted + sum(" more of the kind" not in each.text for each in out) == len(lines)


def test_a_flood_from_many_addresses_writes_a_bounded_number_of_lines() -> None:
    digest = Digest()
    flood = (Entry("security", "now", f"from 10.{n // 65536}.{n // 256 % 256}.{n % 256}") for n in range(100_000))
    written = [each for entry in flood for each in digest.take(entry, 1.0)]
    assert len(written) == IN_ALL
    assert [each.text.split()[0] for each in digest.rest("now")] == [str(100_000 - IN_ALL)]


def test_equal_lines_are_counted_and_the_count_is_written(tmp_path: Path) -> None:
    reader = LogReader(tmp_path)
    for port in range(1024, 2024):
        message = f"Incoming SIP message from 192.0.2.7:{port} did not pass ACL test"
        reader.feed(line(message, "WARNING", "res_pjsip_acl.c"), 1.0)
    reader.tick(1.0 + WINDOW)
    reader.close()
    written = (tmp_path / "security").read_text().splitlines()
    assert len(written) == OF_A_KIND + 1
    assert f" {1000 - OF_A_KIND} more of the kind" in written[-1]


def test_the_files_are_the_owners_and_stay_under_their_ceiling(tmp_path: Path) -> None:
    file = RotatingFile(tmp_path / "messages", ceiling=1_000, kept=2)
    for n in range(1_000):
        file.write(f"line {n}\n")
    file.close()
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"messages", "messages.1", "messages.2"}
    assert max(sizes.values()) <= 1_000
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert (tmp_path / "messages").read_text().endswith("line 999\n")


def test_pieces_are_put_together_and_the_last_words_are_kept(tmp_path: Path) -> None:
    reader, whole = LogReader(tmp_path), line("one message") + b"free(): invalid pointer"
    for n in range(len(whole)):
        reader.feed(whole[n : n + 1], 1.0)
    reader.close()
    first, last = (tmp_path / "messages").read_text().splitlines()
    assert first.endswith("one message")
    assert last.endswith("free(): invalid pointer")


def test_a_line_without_end_fills_no_memory(tmp_path: Path) -> None:
    reader = LogReader(tmp_path)
    for _ in range(100):
        reader.feed(b"x" * 65_536, 1.0)
    reader.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 65_536


def test_a_flood_is_read_slowly(tmp_path: Path) -> None:
    reader = LogReader(tmp_path)
    assert reader.feed(line("x") * 10, 5.25) == 0
    assert reader.feed(line("x") * LINES_A_SECOND, 5.25) == 0.75
    assert reader.feed(line("x"), 6.0) == 0


def test_a_log_of_an_older_version_loses_its_numbers(tmp_path: Path) -> None:
    """It was readable by everybody, and that is how it is known."""
    old = tmp_path / "messages"
    old.write_text(
        f"[2026-11-30 11:01:44.317] NOTICE[11250] pjsip.c: Request 'INVITE' from '<sip:{NUMBER}@x>' failed\n"
    )
    (tmp_path / "security").write_text(
        "[2026-11-30 11:01:44.317] SECURITY[1] res_security_log.c: " + SECURITY.replace("{}", NUMBER) + "\n"
    )
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    LogReader(tmp_path).close()
    texts = [path.read_text() for path in tmp_path.iterdir()]
    assert not any(NUMBER in text for text in texts)
    assert all("2026-11-30 11:01:44.317" in text for text in texts)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    kept = old.read_text()
    LogReader(tmp_path).close()  # and is left alone from then on
    assert old.read_text() == kept


def test_of_a_huge_old_log_the_end_is_kept(tmp_path: Path) -> None:
    """Eight gigabytes were seen; this one takes no room on the disk."""
    with (tmp_path / "messages").open("wb") as old:
        old.seek(8 * 2**30)
        old.write(b"\n[2026-11-30 11:01:44.317] NOTICE[1] pjsip.c: the last line\n")
    (tmp_path / "messages").chmod(0o644)
    LogReader(tmp_path).close()
    assert (tmp_path / "messages").stat().st_size < CEILING
    assert (tmp_path / "messages").read_text().endswith("the last line\n")


def test_a_full_disk_stops_nothing(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        file = RotatingFile(tmp_path / "messages")
        assert file._file is not None
        os.dup2(full.fileno(), file._file)
        file.write("lost\n")
        file.close()
    assert (tmp_path / "messages").read_text() == ""


def test_a_file_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    """And meanwhile nothing is written to the number that it had, which may be another file's by then."""
    folder = tmp_path / "log"
    folder.mkdir()
    file = RotatingFile(folder / "messages", ceiling=10)
    file.write("12345678\n")
    (folder / "messages").unlink()
    folder.rename(tmp_path / "moved")
    for _ in range(3):
        file.write("lost 678\n")
    with (tmp_path / "another").open("wb") as another:
        file.write("lost 678\n")
        folder.mkdir()
        file.write("there 78\n")
        file.close()
        assert Path(another.name).read_bytes() == b""
    assert (folder / "messages").read_text() == "there 78\n"
