"""Seals anew, for its own row, whatever an older version sealed for its column only; then layout 1 is refused.

    python -m db.reseal MASTER_KEY [DSN]          (or EXPERTLINE_OWNER_DSN)

Run once after the upgrade, as the owner of the tables, beside a running service or without one. Each batch is a transaction that
waits for nobody's locks, so it can be stopped at any moment and started again. Before a value is sealed for its row it must open
and fit the keyed hash in that row, because one that was exchanged before must not become genuine now. What does not is listed
(table, column, row; never its content) and keeps vault.resealed_at from being set.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from db.blocking import BlockingTransaction, transaction
from db.contexts import COLUMNS, Column, Context
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.vault import LAYOUT, Undecipherable, Vault, confirm_blocking

ROWS, LARGE = 500, frozenset({"pool_block", "name_block", "standing_block", "order_block", "attachment", "recording"})
"""Rows of a batch; of tables with large values one at a time."""
PAUSE_SECONDS = 0.5  # before rows that were locked are tried again


class NotOwner(Exception):
    """The database's user may not set the mark."""


@dataclass(frozen=True)
class Table:
    """A table with sealed columns. SQL is put together here, not in a file, because it follows db.contexts."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def due(self) -> str:
        """The condition for a row that is still to be sealed anew, or has no keyed hash yet."""
        return " OR ".join(map(_due, self.columns))

    @property
    def hashes(self) -> tuple[str, ...]:
        return tuple(column.hashed[0] for column in self.columns if column.hashed)

    def select(self, rows: int, after: Sequence[object] | None) -> str:
        """Rows that nobody holds, in the order of the key, locked."""
        names = ", ".join((*self.key, *(column.column for column in self.columns), *self.hashes))
        places = ", ".join(f"%(k{n})s" for n in range(len(self.key)))
        beyond = "" if after is None else f" AND ({', '.join(self.key)}) > ({places})"
        wanted = f"SELECT {names} FROM {self.name} WHERE ({self.due}){beyond}"  # noqa: S608
        return f"{wanted} ORDER BY {', '.join(self.key)} LIMIT {rows} FOR NO KEY UPDATE SKIP LOCKED"

    def update(self, keys: Sequence[object]) -> str:
        """Writes what was sealed anew, from an array for each column."""
        changed = (*(column.column for column in self.columns), *self.hashes)
        kinds = ["bigint" if isinstance(each, int) else "text" for each in keys]
        arrays = [f"%({name})s::{kind}[]" for name, kind in zip(self.key, kinds, strict=True)]
        arrays += [f"%({name})s::bytea[]" for name in changed]
        sets = ", ".join(f"{name} = v.{name}" for name in changed)
        where = " AND ".join(f"t.{name} = v.{name}" for name in self.key)
        columns = ", ".join((*self.key, *changed))
        given = f"unnest({', '.join(arrays)}) AS v ({columns})"
        return f"UPDATE {self.name} t SET {sets} FROM {given} WHERE {where}"  # noqa: S608


def _due(column: Column) -> str:
    old = f"substring({column.column} FROM 1 FOR 1) <> '\\x{LAYOUT:02x}'"
    return old if column.hashed is None else f"{old} OR {column.column} IS NOT NULL AND {column.hashed[0]} IS NULL"


TABLES = tuple(
    Table(name, columns[0].key, columns)
    for name, columns in ((name, tuple(each)) for name, each in groupby(COLUMNS, lambda column: column.table))
)


def reseal(dsn: str, vault: Vault, say: Callable[[str, int], None] = lambda table, rows: None) -> list[str]:
    """Seal everything anew; what stands in the way of the mark, or nothing when it is set.

    say: told after each batch how many rows of which table it changed. Raises VaultRefused, NotOwner, DatabaseError.
    """
    with transaction(dsn, autocommit=True) as tx:
        confirm_blocking(vault, tx)
        if not tx.value("SELECT has_table_privilege('vault', 'UPDATE')"):
            raise NotOwner("only the owner of the tables may do this: give the DSN that python -m db.migrate is given")
        while vault.former_opens:
            refused = [each for table in TABLES for each in _table(tx, vault, table, say)]
            _mark(tx)
            confirm_blocking(vault, tx)
            if refused and vault.former_opens:
                return refused
            if vault.former_opens:
                time.sleep(PAUSE_SECONDS)
    return []


def _table(tx: BlockingTransaction, vault: Vault, table: Table, say: Callable[[str, int], None]) -> Iterator[str]:
    """Once through the table; what can't be sealed anew."""
    after: Sequence[Any] | None = None
    limit = 1 if table.name in LARGE else ROWS
    while True:
        tx.run("BEGIN")
        places = {f"k{n}": value for n, value in enumerate(after or ())}
        rows = tx.all(table.select(limit, after), places)
        if not rows:
            tx.run("COMMIT")
            return
        changed = [_row(vault, table, row) for row in rows]
        after = [getattr(rows[-1], name) for name in table.key]
        values = {name: [each[name] for each, _ in changed] for name in changed[0][0]}
        tx.run(table.update(after), values)
        tx.run("COMMIT")
        say(table.name, len(rows))
        for _, refused in changed:
            yield from refused


def _row(vault: Vault, table: Table, row: Any) -> tuple[dict[str, Any], list[str]]:
    """The row as it is to be, and which of its values stay as they are because they don't open or don't fit."""
    values = {name: getattr(row, name) for name in (*table.key, *(c.column for c in table.columns), *table.hashes)}
    refused = []
    for column in table.columns:
        sealed, context = values[column.column], column.at(*(values[name] for name in table.key))
        if sealed is None:
            continue
        hashed = None if column.hashed is None else values[column.hashed[0]]
        try:
            plain = _opened(vault, bytes(sealed), context, hashed)
        except (Undecipherable, UnicodeDecodeError) as error:
            refused.append(str(error) if isinstance(error, Undecipherable) else f"sealed {context}: no text")
            continue
        values[column.column] = vault.encrypt(plain, context)
        if column.hashed is not None and hashed is None:
            values[column.hashed[0]] = vault.keyed_hash(column.hashed[1], plain.decode())
    return values, refused


def _opened(vault: Vault, sealed: bytes, context: Context, hashed: bytes | None) -> bytes:
    plain = vault.decrypt(sealed, context)
    kind = context.column.hashed
    if kind is not None and hashed is not None and vault.keyed_hash(kind[1], plain.decode()) != bytes(hashed):
        raise Undecipherable(f"sealed {context}: does not fit {kind[0]}")
    return plain


def _mark(tx: BlockingTransaction) -> None:
    """Only when nothing is left, in one statement that sees it."""
    left = " OR ".join(f"EXISTS (SELECT FROM {table.name} WHERE {table.due})" for table in TABLES)
    tx.run(f"UPDATE vault SET resealed_at = clock_timestamp() WHERE resealed_at IS NULL AND NOT ({left})")  # noqa: S608


def main(arguments: Sequence[str]) -> int:
    """0: all is sealed for its row, and layout 1 is refused; 1: it is not, and why."""
    dsn = arguments[1] if len(arguments) == 2 else os.environ.get("EXPERTLINE_OWNER_DSN", "")
    if len(arguments) not in (1, 2) or not dsn:
        print("usage: python -m db.reseal MASTER_KEY [DSN] (or set EXPERTLINE_OWNER_DSN)", file=sys.stderr)  # noqa: T201
        return 1
    done: dict[str, int] = {}

    def say(table: str, rows: int) -> None:
        done[table] = done.get(table, 0) + rows

    try:
        refused = reseal(dsn, Vault.open(Path(arguments[0])), say)
    except (DatabaseError, KeyFileRefused, NotOwner) as error:
        print(f"stopped; start it again when this is mended: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for each in refused:
        print(each, file=sys.stderr)  # noqa: T201
    print(", ".join(f"{table}: {rows} rows" for table, rows in done.items()) or "nothing to do")  # noqa: T201
    if refused:
        print(f"{len(refused)} values can't be sealed anew: layout 1 is still accepted", file=sys.stderr)  # noqa: T201
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
