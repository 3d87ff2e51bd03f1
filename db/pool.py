"""The one door to PostgreSQL for asyncio.

    async with Database(dsn) as db:
        async with db.transaction() as tx:
            row = await tx.one(QUERIES.expert_for_update, {"id": 7}, Expert)

The pool is ours, because aiopg's forgets to wake a waiter when a closed connection comes back, and
connects under its lock. What an interrupted await leaves behind is closed; what an error leaves behind is
rolled back and looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, TypeVar, overload

import psycopg2.extensions as _ext

from db.errors import Aborted, DatabaseError, Unavailable
from db.listen import Listener
from db.rows import maker
from db.session import Params, Session, taken

T = TypeVar("T")
# A worker that is stopped in mid-transaction must not hold an activity's lock for ever.
IDLE_IN_TRANSACTION_SECONDS = 10


def _first(cursor: Any, into: type | None = None) -> Any:
    row = cursor.fetchone()
    return None if row is None else maker(cursor.description, into)(row)


class _Statements:
    """The four ways to send a statement. `params` are named: %(name)s."""

    async def _execute(self, sql: str, params: Params | None, take: Any) -> Any:
        raise NotImplementedError

    @overload
    async def one(self, sql: str, params: Params | None = None) -> Any: ...
    @overload
    async def one(self, sql: str, params: Params | None, into: type[T]) -> T | None: ...
    async def one(self, sql: str, params: Params | None = None, into: type | None = None) -> Any:
        """The first row, as NamedTuple or `into` (a frozen dataclass whose fields are the columns); None if
        none.
        """

        return await self._execute(sql, params, partial(_first, into=into))

    @overload
    async def all(self, sql: str, params: Params | None = None) -> list[Any]: ...
    @overload
    async def all(self, sql: str, params: Params | None, into: type[T]) -> list[T]: ...
    async def all(self, sql: str, params: Params | None = None, into: type | None = None) -> list[Any]:
        """All rows, as for `one`."""

        def take(cursor: Any) -> list[Any]:
            return list(map(maker(cursor.description, into), cursor.fetchall()))

        rows: list[Any] = await self._execute(sql, params, take)
        return rows

    async def value(self, sql: str, params: Params | None = None) -> Any:
        """The first column of the first row; None if there is no row."""

        def take(cursor: Any) -> Any:
            row = cursor.fetchone()
            return None if row is None else row[0]

        return await self._execute(sql, params, take)

    async def run(self, sql: str, params: Params | None = None) -> int:
        """The number of rows that the statement touched."""
        count: int = await self._execute(sql, params, lambda cursor: cursor.rowcount)
        return count


class Transaction(_Statements):
    """What stands between BEGIN and COMMIT. BEGIN travels with the first statement, what is posted with the next one: a
    round trip costs both sides more than most statements do.
    """

    def __init__(self, session: Session, begin: bytes = b"BEGIN") -> None:
        self._session, self._begin = session, begin
        self._over = False
        self._posted: list[bytes] = []

    def post(self, sql: str, params: Params | None = None) -> None:
        """A statement whose answer nobody needs: sent before the next one, in order, at the latest with COMMIT. An
        error of it is raised there.
        """
        if self._over:
            raise RuntimeError("the transaction is over")
        self._posted.append(self._session.bound(sql, params))

    async def _execute(self, sql: str, params: Params | None, take: Any) -> Any:
        if self._over:
            raise RuntimeError("the transaction is over")
        return taken(take, await self._send(self._session.bound(sql, params)))

    async def _send(self, last: bytes) -> Any:
        begin = [self._begin] if self._session.usable else []
        together, self._posted = b";".join([*begin, *self._posted, last]), []
        return await self._session.execute(together)

    async def notify(self, channel: str, payload: str = "") -> None:
        """Wake those who listen to `channel`, once this transaction is committed."""
        await self.run("SELECT pg_notify(%(channel)s, %(payload)s)", {"channel": channel, "payload": payload})

    async def _commit(self) -> None:
        if self._session.usable and not self._posted:  # nothing was done
            return
        if self._session.failed:  # COMMIT would answer ROLLBACK, without an error
            raise Aborted("an error inside the transaction was swallowed; nothing was committed")
        await self._send(b"COMMIT")

    async def _rollback(self) -> None:
        self._session.forget()  # what was posted is not sent any more
        if not self._session.usable:
            with contextlib.suppress(DatabaseError):  # the connection is lost, and so is the transaction
                await self._session.execute(b"ROLLBACK")


class Database(_Statements):
    """A pool of at most `size` connections; its own one/all/value/run are single statements, committed at
    once.

    `timeout` (seconds) is for a statement and for the wait for a free connection. Raises what db/errors.py
    lists.
    """

    def __init__(self, dsn: str, *, size: int = 8, timeout: float = 30.0) -> None:
        self._dsn = _session_dsn(dsn)
        self._timeout = timeout
        self._slots = asyncio.Semaphore(size)
        self._free: list[Session] = []
        self._closed = False

    def __repr__(self) -> str:
        return "<Database>"  # a dsn may hold a password

    async def __aenter__(self) -> Database:
        self._release(await self._acquire())  # so that a missing database is told at the start
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        while self._free:
            self._free.pop().close()

    @asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Transaction]:
        """BEGIN … COMMIT; on any exception ROLLBACK, and on a cancelled await the connection is closed. `snapshot`: for reading
        only, and all statements see the database as it was at the first one.
        """
        session = await self._acquire()
        tx = Transaction(session, b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if snapshot else b"BEGIN")
        try:
            yield tx
            await tx._commit()
        except Exception:
            await tx._rollback()
            raise
        finally:
            tx._over = True
            self._release(session)

    async def read(self, sql: str, params: Params | None = None) -> list[Any]:
        """All rows of one statement outside any transaction: `all` under the name that says it."""
        return await self.all(sql, params)

    async def together(self, *statements: tuple[str, Params]) -> Any:
        """Several statements in one message, which PostgreSQL carries out as one transaction; the first row of the last one,
        or None.
        """
        session = await self._acquire()
        try:
            message = b";".join([session.bound(*each) for each in statements])
            return taken(_first, await session.execute(message))
        finally:
            self._release(session)

    def listen(self, *channels: str) -> Listener:
        """A connection of its own that hears NOTIFY; see db/listen.py."""
        return Listener(self._dsn, channels)

    async def _execute(self, sql: str, params: Params | None, take: Any) -> Any:
        session = await self._acquire()
        try:
            return taken(take, await session.execute(session.bound(sql, params)))
        finally:
            self._release(session)

    async def _acquire(self) -> Session:
        await self._wait_for_slot()
        try:
            return await self._take()
        except BaseException:
            self._slots.release()
            raise

    async def _wait_for_slot(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()  # does not wait
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._slots.acquire()
        except TimeoutError as error:
            raise Unavailable(f"all database connections were busy for {self._timeout:g} s") from error

    async def _take(self) -> Session:
        if self._closed:
            raise Unavailable("this process has closed its database pool")
        while self._free:
            session = self._free.pop()
            if session.usable:
                return session
            session.close()
        return await Session.open(self._dsn, self._timeout)

    def _release(self, session: Session) -> None:
        """Only a connection that is known to be idle goes back."""
        self._slots.release()
        if session.usable and not self._closed:
            self._free.append(session)
        else:
            session.close()


def _session_dsn(dsn: str) -> str:
    given = _ext.parse_dsn(dsn).get("options", "")
    settings = {
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
        "client_connection_check_interval": "1s",  # a statement that waits for a lock ends with its client
        "timezone": "UTC",
    }
    options = " ".join([given, *(f"-c {name}={value}" for name, value in settings.items())])
    return str(_ext.make_dsn(dsn, options=options.strip(), client_encoding="UTF8"))
