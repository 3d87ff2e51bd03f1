"""Brings a database to the newest schema: db/schema/*.sql, in order of name, each once.

    python -m db.migrate [DSN]          (or EXPERTLINE_OWNER_DSN)

Whoever runs it owns the tables; the processes' roles get the rights of db/rights.py, and lose all others. All new
files are applied in one transaction under an advisory lock, so that two at once do no harm and a failure
leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from db.blocking import BlockingTransaction, transaction
from db.errors import DatabaseError
from db.rights import OLD_ROLE, grant, retire

_LOCK = 0x6578706572746C69  # "expertli": any number, but the same in every version


class MigrationRefused(Exception):
    """An applied file was changed or is gone: the database and this version of the program don't belong
    together. The message says which files, that nothing was changed, and what an operator must do.
    """


_BEGINS = "this database and this program don't fit together, and nothing was changed."
_CHANGED = """\
Changed after it was applied to this database: {names}.
- Was the file edited, or its line ends converted? Bring back the released one:  git checkout -- {paths}
- Was the database made by another version (a branch, a test version)? Start the version that ran on it last.
- A database that may be thrown away, of a demo or a trial: remove its folder (postgres in the state folder), or drop it.
For developers: what was applied stays as it is; a change goes into a new file.
"""
_UNKNOWN = """\
Applied to this database and unknown to this program: {names}. A newer version has run on it, and a schema never goes back.
- Install that newer version again, or a later one.
- To go back to the older program, restore the backup from before the upgrade.
"""
_LATE = """\
{late} comes before {last}, which was applied already: this program is no later version than the one that ran on this database.
- Start the version that ran on it last, or a released one that is later.
For developers: give the new file a later name.
"""


@dataclass(frozen=True)
class Migration:
    """One file of db/schema."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """The files of db/schema in order."""
    files = sorted(resources.files("db").joinpath("schema").iterdir(), key=lambda file: file.name)
    return [Migration(file.name, file.read_text("utf-8")) for file in files if file.name.endswith(".sql")]


def due(known: Sequence[Migration], applied: Sequence[tuple[str, str]]) -> list[Migration]:
    """What is still to be applied, `applied` being (name, sha256) in order; MigrationRefused if they don't
    fit.
    """
    by_name = {migration.name: migration for migration in known}
    if unknown := [name for name, _ in applied if name not in by_name]:
        raise _refused(_UNKNOWN.format(names=", ".join(unknown)))
    if changed := [name for name, sha256 in applied if by_name[name].sha256 != sha256]:
        paths = " ".join(f"db/schema/{name}" for name in changed)
        raise _refused(_CHANGED.format(names=", ".join(changed), paths=paths))
    names = {name for name, _ in applied}
    new = [migration for migration in known if migration.name not in names]
    if names and new and new[0].name < max(names):
        raise _refused(_LATE.format(late=new[0].name, last=max(names)))
    return new


def _refused(why: str) -> MigrationRefused:
    return MigrationRefused(f"{_BEGINS}\n{why}More: docs/operations.md, The database does not fit the program")


def migrate(dsn: str, known: Sequence[Migration] | None = None, *, keep_old_role: bool = False) -> list[str]:
    """Apply what is due as the owner (the user of `dsn`), then grant; the names of what was applied. `keep_old_role`: the role
    of before keeps what it has (for tests, whose hand does everybody's work).
    """
    with transaction(dsn) as tx:
        tx.run("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})
        _prepare(tx)
        applied = tx.all("SELECT name, sha256 FROM migration ORDER BY name")
        new = due(migrations() if known is None else known, [(row.name, row.sha256) for row in applied])
        for migration in new:
            tx.run(migration.sql)
            tx.run(
                "INSERT INTO migration (name, sha256) VALUES (%(name)s, %(sha256)s)",
                {"name": migration.name, "sha256": migration.sha256},
            )
        if known is None:
            grant(tx)
            if not keep_old_role:
                retire(tx)
        return [migration.name for migration in new]


def _prepare(tx: BlockingTransaction) -> None:
    if not tx.value("SELECT count(*) FROM pg_roles WHERE rolname = %(role)s", {"role": OLD_ROLE}):
        tx.run(f"CREATE ROLE {OLD_ROLE}")
    if tx.value("SELECT to_regclass('migration')") is None:
        tx.run(
            "CREATE TABLE migration (name text PRIMARY KEY, sha256 text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )


def main(arguments: Sequence[str]) -> int:
    """0: the database is up to date; 1: it is not, and why."""
    dsn = arguments[0] if arguments else os.environ.get("EXPERTLINE_OWNER_DSN", "")
    if not dsn:
        print("usage: python -m db.migrate DSN (or set EXPERTLINE_OWNER_DSN)", file=sys.stderr)  # noqa: T201
        return 1
    try:
        names = migrate(dsn)
    except (DatabaseError, MigrationRefused) as error:
        print(f"the schema was left as it was: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("applied " + ", ".join(names) if names else "up to date")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
