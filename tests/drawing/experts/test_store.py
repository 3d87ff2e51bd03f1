"""Taking a file in: all or nothing, sealed, unique."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from db.blocking import transaction
from db.contexts import EXPERT_ID_CARD, EXPERT_NAME, EXPERT_PHONE
from db.pool import Database
from db.vault import Vault, VaultRefused
from drawing.experts.__main__ import main
from drawing.experts.read import Source
from drawing.experts.report import BadFile
from drawing.experts.store import ImportRefused, import_file
from tests.drawing.experts.test_read_csv import Rows, table, text
from tests.postgres import TestDatabase

pytestmark = pytest.mark.postgres


def write(path: Path, rows: Rows) -> Path:
    path.write_text(text(rows), encoding="utf-8")
    return path


def counts(database: TestDatabase) -> tuple[int, int]:
    with transaction(database.dsn) as tx:
        return tx.value("SELECT count(*) FROM expert"), tx.value("SELECT count(*) FROM pool_import")


async def test_what_was_in_the_file_is_in_the_pool(
    tmp_path: Path, database: TestDatabase, db: Database, vault: Vault
) -> None:
    rows = table(50)
    rows[7][10] = "甲公司@2025-06-30;乙“公司”@2024-01-01"
    told: list[int] = []
    path = write(tmp_path / "a.csv", rows)
    assert import_file(Source(path), database.dsn, vault, "管理员", progress=told.append) == 50
    assert told == [50]
    for row in rows[1:]:
        found = await db.one(
            "SELECT * FROM expert WHERE phone_hash = %(hash)s", {"hash": vault.keyed_hash("phone", row[2])}
        )
        assert vault.decrypt(found.name_enc, EXPERT_NAME.at(found.id)).decode() == row[0]
        assert vault.decrypt(found.id_card_enc, EXPERT_ID_CARD.at(found.id)).decode() == row[1]
        assert vault.decrypt(found.phone_enc, EXPERT_PHONE.at(found.id)).decode() == row[2]
        assert found.id_card_hash == vault.keyed_hash("id_card", row[1])
        assert found.name_hash == vault.keyed_hash("name", row[0])
        assert (found.residence, ";".join(found.willing), ";".join(found.specialties)) == tuple(row[3:6])
        assert (found.title, ";".join(found.qualifications), ";".join(found.authorities)) == tuple(row[6:9])
        assert (found.unit, "是" if found.suspended else "否") == (row[9], row[11])
        assert ";".join("@".join(unit) for unit in found.former_units) == row[10]
    assert await db.value("SELECT reltuples::int FROM pg_class WHERE relname = 'expert'") == 50, "the planner knows"
    record = await db.one("SELECT rows, by, length(file_sha256) AS digits FROM pool_import")
    assert tuple(record) == (50, "管理员", 64)


def test_nothing_of_a_bad_file_is_taken_in(tmp_path: Path, database: TestDatabase, vault: Vault) -> None:
    rows = table(30)
    rows[30][2] = "123"
    with pytest.raises(ImportRefused) as caught:
        import_file(Source(write(tmp_path / "a.csv", rows)), database.dsn, vault, "x")
    assert [problem.row for problem in caught.value.report.problems] == [31]
    assert caught.value.report.rows == 30
    (tmp_path / "b.csv").write_bytes(text(table(30)).encode() + b"\xff\n")
    with pytest.raises(BadFile, match="第 32 行附近有不属于 UTF-8 编码的字节"):
        import_file(Source(tmp_path / "b.csv"), database.dsn, vault, "x")
    assert counts(database) == (0, 0)


def test_who_is_in_the_pool_already_is_told_with_all_other_faults(
    tmp_path: Path, database: TestDatabase, vault: Vault
) -> None:
    first, second = table(20, seed=1), table(20, seed=2)
    import_file(Source(write(tmp_path / "a.csv", first)), database.dsn, vault, "x")
    second[3][2] = first[9][2]  # the phone of somebody in the pool
    second[5][1] = first[9][1]  # the 证件号 of somebody in the pool
    with pytest.raises(ImportRefused) as caught:
        import_file(Source(write(tmp_path / "b.csv", second)), database.dsn, vault, "x")
    report = caught.value.report
    assert [(p.row, p.column) for p in report.problems] == [(4, "手机号码")]
    assert (list(report.compared.changed), len(report.compared.new)) == ([6], 18)
    assert first[9][2] not in "".join(report.lines())
    second[8][0] = ""
    with pytest.raises(ImportRefused) as caught:
        import_file(Source(write(tmp_path / "b.csv", second)), database.dsn, vault, "x")
    assert caught.value.report.bad == {4, 9}
    assert counts(database) == (20, 1)
    with pytest.raises(ImportRefused) as caught:
        import_file(Source(tmp_path / "a.csv"), database.dsn, vault, "x")
    assert (caught.value.report.bad, len(caught.value.report.compared.same)) == (set(), 20)


def test_another_master_key_takes_nothing_in(tmp_path: Path, database: TestDatabase, vault: Vault) -> None:
    import_file(Source(write(tmp_path / "a.csv", table(3, seed=1))), database.dsn, vault, "x")
    with pytest.raises(VaultRefused):
        import_file(Source(write(tmp_path / "b.csv", table(3, seed=2))), database.dsn, Vault(bytes(32)), "x")
    assert counts(database) == (3, 1)


def test_no_name_and_no_number_is_on_the_disk(tmp_path: Path, database: TestDatabase, vault: Vault) -> None:
    rows = table(40)
    rows[1][9] = "能在盘上找到的单位有限公司"  # a unit is not sealed: it shows that the search below can find things
    before = _written(database)
    import_file(Source(write(tmp_path / "a.csv", rows)), database.dsn, vault, "x")
    with transaction(database.superuser_dsn) as tx:
        shown = tx.value("SELECT string_agg(e::text, ' ') FROM expert e").encode()
        own = tx.value("SELECT oid FROM pg_database WHERE datname = current_database()")
    database.cluster.sql("CHECKPOINT")
    data = database.cluster.data
    # The cluster is shared: only what this database has, and what the log has got since.
    after = _written(database)
    log = [path for path in data.glob("pg_wal/0*") if before <= path.name <= after]
    files = [*data.glob(f"base/{own}/*"), *log, data / "server.log"]
    everything = b"".join([shown, *(path.read_bytes() for path in files)])
    assert log
    assert rows[1][9].encode() in everything
    for row in rows[1:]:
        assert not any(cell.encode() in everything for cell in row[1:3])
        assert len(row[0]) < 3 or row[0].encode() not in everything


def _written(database: TestDatabase) -> str:
    """The file of the write-ahead log that is being written."""
    with transaction(database.superuser_dsn) as tx:
        return str(tx.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))


def test_the_commands(tmp_path: Path, database: TestDatabase) -> None:
    Vault.create(tmp_path / "key")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "drawing.experts", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    path = str(tmp_path / "pool.csv")
    made = run("generate", "200", "--seed", "5", "--out", path, "--suffixes", "00=3,11=1")
    assert (made.returncode, "200" in made.stdout) == (0, True)
    where = ("--dsn", database.dsn, "--key", str(tmp_path / "key"))
    assert run("import", path, *where).returncode == 0
    again = run("import", path, *where)
    assert (again.returncode, again.stdout) == (1, "")
    assert "200 行中，与库中相同 200 行，有变化 0 行，库中没有（新）0 行" in again.stderr
    (tmp_path / "key").chmod(0o644)
    assert "chmod 600" in run("import", path, *where).stderr
    assert run("import", path).returncode == 2
    assert run("generate", "0", "--out", path).returncode == 2
    assert counts(database) == (200, 1)


def test_names_are_hashed_by_their_normal_form_and_the_command_brings_older_hashes_up_to_date(
    vault: Vault, database: TestDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with transaction(database.owner_dsn) as tx:
        sealed, plain = vault.encrypt(b"JOHN Smith", EXPERT_NAME.at(1)), vault.keyed_hash("name", "JOHN Smith")
        tx.copy(
            "expert",
            ("id", "name_enc", "id_card_enc", "phone_enc", "name_hash", "id_card_hash", "phone_hash", "residence", "willing",
             "specialties", "title", "qualifications", "authorities", "unit"),
            [(1, sealed, b"", b"", plain, b"1", b"1", "440104", [], ["A08"], "高级", [], [], "某某公司")],
        )  # fmt: skip
        tx.run("UPDATE normal_form_progress SET last = (SELECT max(id) FROM expert) WHERE what = 'expert'")
    arguments = ["rehash", "--dsn", database.dsn, "--key", str(tmp_path / "master.key")]
    assert main(arguments) == 0
    assert "1 个姓名的查找值已更新" in capsys.readouterr().out
    with transaction(database.dsn) as tx:
        assert bytes(tx.value("SELECT name_hash FROM expert")) == vault.keyed_hash("name", "johnsmith")
    assert main(arguments) == 0
    assert "0 个姓名" in capsys.readouterr().out
