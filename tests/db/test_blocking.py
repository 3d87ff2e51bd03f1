"""The synchronous door: COPY brings in exactly what was given, or nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db.blocking import transaction
from db.errors import Conflict, Unavailable
from tests.postgres import TestDatabase

pytestmark = pytest.mark.postgres
TRICKY = [
    "plain",
    'a"b',
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "{brace,comma}",
    "NULL",
    "",
    "\\N",
    "\\.",
    "汉字 𠮷",
]


def test_copy_keeps_every_character(database: TestDatabase) -> None:
    with transaction(database.dsn) as tx:
        tx.run("CREATE TEMP TABLE t (id int, text text, raw bytea, list text[], fact bool, object jsonb)")
        rows = [(n, text, text.encode(), TRICKY, n % 2 == 0, {"键": text}) for n, text in enumerate(TRICKY)]
        rows.append((len(rows), None, None, [], True, {}))  # type: ignore[arg-type]
        assert tx.copy("t", ("id", "text", "raw", "list", "fact", "object"), rows) == len(rows)
        assert [tuple(row) for row in tx.all("SELECT * FROM t ORDER BY id")] == rows


def test_a_failing_source_leaves_nothing_and_keeps_its_error(database: TestDatabase) -> None:
    def source() -> Iterator[tuple[str, str, str]]:
        yield "1", "p", "n"
        raise LookupError("the file ended in the middle")

    with pytest.raises(LookupError, match="in the middle"), transaction(database.dsn) as tx:
        tx.copy("lot", ("id", "project", "name"), source())
    with pytest.raises(Conflict, match="lot_pkey"), transaction(database.dsn) as tx:
        tx.copy("lot", ("id", "project", "name"), [("1", "p", "n"), ("1", "p", "n")])
    with transaction(database.dsn) as tx:
        assert tx.value("SELECT count(*) FROM lot") == 0


def test_no_database() -> None:
    with pytest.raises(Unavailable, match="no connection"), transaction("host=/nowhere dbname=x"):
        pass
