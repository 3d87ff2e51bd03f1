"""Whether the database takes writes, found out by writing; and where it is on this machine."""

from __future__ import annotations

from pathlib import Path

from psycopg2.extensions import parse_dsn

from db.pool import Database


async def write(dsn: str, statement: str, patience: float) -> None:
    """Carry a statement out over a new connection: one that is open may have other settings than those to come.

    Raises what db/errors.py lists: ReadOnly, DiskFull, Forbidden, …; Unavailable also when it takes more than `patience` seconds.
    """
    async with Database(dsn, size=1, timeout=patience) as fresh:
        await fresh.run(statement)


def socket_folder(dsn: str) -> Path | None:
    """Where the database's socket is, which in a cluster of ours is on its disk; None for one that is reached by the network.

    >>> socket_folder("host=/var/lib/expertline/postgres/run user=x dbname=y"), socket_folder("host=db.example.cn user=x")
    (PosixPath('/var/lib/expertline/postgres/run'), None)
    """
    host = str(parse_dsn(dsn).get("host", ""))
    return Path(host) if host.startswith("/") else None
