"""One connection to PostgreSQL. The driver, aiopg, is known in this module and in db/listen.py only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import aiopg
import psycopg2
import psycopg2.extensions as _ext

from db.cancellation import heeded
from db.errors import Unavailable, translate
from db.queries import Query

T = TypeVar("T")
Params = Mapping[str, object]


class Session:
    """One connection with its one cursor."""

    def __init__(self, connection: Any, cursor: Any) -> None:
        self._connection = connection
        self._cursor = cursor
        self._prepared: dict[Query, str] = {}  # and what to send for it
        self._preparing: list[Query] = []  # in a message that is not answered yet
        self._named = 0

    @classmethod
    async def open(cls, dsn: str, patience: float) -> Session:
        connection = None
        try:
            with heeded():
                connection = await aiopg.connect(
                    dsn, timeout=patience, enable_json=False, enable_hstore=False, enable_uuid=False
                )
            return cls(connection, await connection.cursor())
        except psycopg2.Error as error:
            raise Unavailable(f"no connection to PostgreSQL: {str(error).strip()}") from error
        except TimeoutError as error:
            raise Unavailable(f"no connection to PostgreSQL within {patience:g} s") from error
        except asyncio.CancelledError:
            if connection is not None:  # it came all the same
                connection.close()
            raise

    @property
    def usable(self) -> bool:
        """Open, and in no transaction."""
        raw = self._connection.raw
        return not raw.closed and raw.get_transaction_status() == _ext.TRANSACTION_STATUS_IDLE

    @property
    def failed(self) -> bool:
        return bool(self._connection.raw.get_transaction_status() == _ext.TRANSACTION_STATUS_INERROR)

    def close(self) -> None:
        self._connection.close()

    def forget(self) -> None:
        """What was to be prepared may never have been: it is again, under another name."""
        for query in self._preparing:
            self._prepared.pop(query, None)
        self._preparing.clear()

    def bound(self, sql: str, params: Params | None) -> bytes:
        """The statement with its parameters in it, as it would be sent. A query marked `prepared` is planned at its first use
        on this connection, in the same message.
        """
        if isinstance(sql, Query) and sql.prepared:
            sql, params = self._ready(sql), params or {}
        try:
            bound: bytes = self._cursor.raw.mogrify(sql, params)
        except Exception as error:
            self.forget()
            if isinstance(error, psycopg2.Error):
                raise translate(error) from error
            raise  # a parameter is missing
        return bound

    def _ready(self, query: Query) -> str:
        if (execute := self._prepared.get(query)) is not None:
            return execute
        self._named += 1
        name = f"q{self._named}"
        execute = self._prepared[query] = query.execute(name)
        self._preparing.append(query)
        return f"{query.prepare(name)};{execute}"

    async def execute(self, message: bytes) -> Any:
        """Send, wait, and give the driver's cursor, which holds the whole result of the last statement."""
        try:
            with heeded():
                await self._cursor.execute(message)
        except psycopg2.Error as error:
            self.forget()
            raise translate(error) from error
        except TimeoutError as error:
            raise Unavailable("PostgreSQL did not answer in time") from error
        except asyncio.CancelledError as error:
            _raise_if_server_cancelled(error)
            raise
        self._preparing.clear()
        return self._cursor.raw


def _raise_if_server_cancelled(error: asyncio.CancelledError) -> None:
    """aiopg raises CancelledError also when the *server* cancelled the statement; that must not end our
    task.
    """
    task = asyncio.current_task()
    if task is not None and not task.cancelling():
        raise Unavailable("PostgreSQL cancelled the statement (time limit or operator)") from error


def taken(take: Callable[[Any], T], cursor: Any) -> T:
    """The answer off the driver's cursor, which closes under us when the connection is lost just then."""
    try:
        return take(cursor)
    except psycopg2.Error as error:
        raise translate(error) from error
