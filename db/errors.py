"""What can go wrong with the database, in our own words, so that no caller knows the driver.

After `Unavailable` it is unknown whether the statement, or the COMMIT, took effect: repeat only what is
idempotent.
"""

from __future__ import annotations

from enum import Enum

import psycopg2


class DatabaseError(Exception):
    """The base of all of them."""


class Unavailable(DatabaseError):
    """The database is away, too busy to let us in, or the connection was lost in the middle."""


class ReadOnly(Unavailable):
    """It takes no writes: a standby, or set so. Nothing was written."""


class DiskFull(Unavailable):
    """It has no room to write. Nothing was written."""


class Constraint(Enum):
    """Which kind of constraint refused a row; the value is PostgreSQL's SQLSTATE."""

    NOT_NULL = "23502"
    FOREIGN_KEY = "23503"
    UNIQUE = "23505"
    CHECK = "23514"
    EXCLUSION = "23P01"


class Conflict(DatabaseError):
    """A constraint refused the row: somebody else was faster, or the caller is wrong. `name` says which
    one.
    """

    def __init__(self, kind: Constraint, name: str, table: str) -> None:
        super().__init__(f"{kind.name.lower()} constraint {name!r} of table {table!r}")
        self.kind = kind
        self.name = name
        self.table = table

    def __reduce__(self) -> tuple[type[Conflict], tuple[Constraint, str, str]]:
        return type(self), (self.kind, self.name, self.table)  # out of a child process, whole


class SerializationFailure(DatabaseError):
    """Nothing happened, because of another transaction (serialisation, deadlock, lock time-out): may be
    repeated.
    """


class Forbidden(DatabaseError):
    """Our role has not the right: the append-only tables answer so to UPDATE and DELETE."""


class Aborted(DatabaseError):
    """The caller swallowed an error inside the transaction and went on: nothing of it was committed."""


class StatementError(DatabaseError):
    """The statement itself is wrong, or a trigger raised; `sqlstate` says which."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(f"{message} [{sqlstate}]")
        self.message = message
        self.sqlstate = sqlstate

    def __reduce__(self) -> tuple[type[StatementError], tuple[str, str]]:
        return type(self), (self.message, self.sqlstate)


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY_CLASSES = {"08", "53", "57", "58"}  # connection, resources, operator intervention, system error
_AWAY = {"25P03"}  # we idled in a transaction for too long
_AGAIN = {"40001", "40P01", "55P03"}
_CONSTRAINTS = {kind.value: kind for kind in Constraint}


def translate(error: psycopg2.Error) -> DatabaseError:
    """The driver's error in our words. Its DETAIL, which quotes the row's values, is left out on purpose."""
    state = error.pgcode
    message = (error.diag.message_primary or str(error)).strip() or type(error).__name__
    if isinstance(error, psycopg2.InterfaceError):
        return Unavailable(f"the connection to PostgreSQL was lost ({message})")
    if state is None:
        lost = isinstance(error, psycopg2.OperationalError) or type(error) in (
            psycopg2.DatabaseError,  # libpq's plain "server closed the connection", in asynchronous mode
        )
        return Unavailable(message) if lost else StatementError(message, "driver")
    if state in _CONSTRAINTS:
        diag = error.diag
        name = diag.constraint_name or diag.column_name or ""
        return Conflict(_CONSTRAINTS[state], name, diag.table_name or "")
    if state == "25006":
        return ReadOnly(message)
    if state == "53100":
        return DiskFull(message)
    if state in _AGAIN:
        return SerializationFailure(message)
    if state in _AWAY or state[:2] in _AWAY_CLASSES:
        return Unavailable(message)
    if state == "42501":
        return Forbidden(message)
    return StatementError(message, state)
