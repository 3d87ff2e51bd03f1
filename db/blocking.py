"""A plain, synchronous connection: for COPY, imports, migrations and child processes. Never in an event
loop.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg2
import psycopg2.extensions as _ext

from db.errors import DatabaseError, Unavailable, translate
from db.rows import maker

Params = Mapping[str, object]
Value = str | int | bool | bytes | None | Sequence[str] | Mapping[str, object]
_STREAM_ROWS = 20_000
_COPY_CHARS = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class BlockingTransaction:
    """The same four verbs as db.pool.Transaction, and COPY."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def _execute(self, sql: str, params: Params | None) -> Any:
        with _translated():
            self._cursor.execute(sql, params)
        return self._cursor

    def one(self, sql: str, params: Params | None = None, into: type | None = None) -> Any:
        """The first row, or None."""
        rows = self.all(sql, params, into)
        return rows[0] if rows else None

    def all(self, sql: str, params: Params | None = None, into: type | None = None) -> list[Any]:
        """All rows."""
        cursor = self._execute(sql, params)
        return list(map(maker(cursor.description, into), cursor.fetchall()))

    def value(self, sql: str, params: Params | None = None) -> Any:
        """The first column of the first row, or None."""
        row = self._execute(sql, params).fetchone()
        return None if row is None else row[0]

    def stream(self, sql: str, params: Params | None = None) -> Iterator[tuple[Any, ...]]:
        """Rows as plain tuples, fetched as they are asked for: for more of them than memory should hold."""
        with _translated(), self._cursor.connection.cursor("stream") as cursor:
            cursor.itersize = _STREAM_ROWS
            cursor.execute(sql, params)
            yield from cursor

    def run(self, sql: str, params: Params | None = None) -> int:
        """The number of rows touched."""
        count: int = self._execute(sql, params).rowcount
        return count

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
        """Stream rows into a table; the number taken in. Raises what the server objects to, e.g. Conflict."""
        lines = ("\t".join(map(copy_text, row)) + "\n" for row in rows)
        return self.copy_lines(table, columns, (line.encode() for line in lines))

    def copy_lines(self, table: str, columns: Sequence[str], chunks: Iterable[bytes]) -> int:
        """As `copy`, for lines that were made by `copy_text` elsewhere, e.g. in another process."""
        reader = _Reader(chunks)
        try:
            with _translated():
                self._cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", reader)
        except DatabaseError:
            if reader.error is not None:  # the driver only says that reading failed
                raise reader.error from None
            raise
        count: int = self._cursor.rowcount
        return count


@contextmanager
def transaction(dsn: str, *, autocommit: bool = False) -> Iterator[BlockingTransaction]:
    """Connect, BEGIN … COMMIT (ROLLBACK on any exception), close. `autocommit`: for CREATE DATABASE, which wants that."""
    try:
        connection = psycopg2.connect(_ext.make_dsn(dsn, client_encoding="UTF8"))
    except psycopg2.OperationalError as error:
        raise Unavailable(f"no connection to PostgreSQL: {str(error).strip()}") from error
    connection.autocommit = autocommit
    try:
        with connection.cursor() as cursor:
            yield BlockingTransaction(cursor)
        with _translated():
            connection.commit()
    finally:
        connection.close()  # what was not committed is rolled back by the server


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        raise translate(error) from error


def copy_text(value: Value) -> str:
    """One value in COPY's text format.

    >>> copy_text(["a,b", "c"]), copy_text(b"\\x01"), copy_text(None), copy_text(True)
    ('{"a,b","c"}', '\\\\\\\\x01', '\\\\N', 't')
    """
    match value:
        case None:
            return r"\N"
        case str():
            return value.translate(_COPY_CHARS)
        case bool():
            return "t" if value else "f"
        case bytes():
            return "\\\\x" + value.hex()
        case int():
            return str(value)
        case Mapping():
            return json.dumps(value, ensure_ascii=False).translate(_COPY_CHARS)
        case _:
            return _array(tuple(value))


@lru_cache(maxsize=16384)
def _array(items: tuple[str, ...]) -> str:
    return ("{" + ",".join(map(_array_item, items)) + "}").translate(_COPY_CHARS)


def _array_item(item: str) -> str:
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Reader:
    """What copy_expert wants: a file-like object, over pieces of bytes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._next: Callable[[], bytes] = iter(chunks).__next__
        self._rest = b""
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        pieces, have = [self._rest], len(self._rest)
        while size < 0 or have < size:
            try:
                piece = self._next()
            except StopIteration:
                break
            except Exception as error:
                self.error = error
                raise
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
        cut = len(data) if size < 0 else size
        self._rest = data[cut:]
        return data[:cut]
