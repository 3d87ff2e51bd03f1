"""How the schema is defined, and what each process's role may do: whoever owns the tables can empty a trigger's function, make an
index over nothing under the same name, or grant more, and no row changes.

`definitions.json` has a hash of each function, view and table (with its columns, constraints, unique indexes, triggers, rules and
policies) as the migrations make them; `python -m script.definitions` writes it, and a test compares it with the schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from db.rights import RIGHTS, ROLES, rights
from drawing.audit.findings import Finding, Kind

FILE = Path(__file__).with_name("definitions.json")
_HEX = 16


class Definition(NamedTuple):
    """A part of the definition of one object, such as a column of a table."""

    object: str
    text: str


class Granted(NamedTuple):
    """A right that a role has on a table, or on one column; `column` is empty for rights that only whole tables have."""

    role: str
    table: str
    column: str
    privilege: str


def hashes(found: Iterable[Definition]) -> dict[str, str]:
    """A hash for each object, whatever the order of its parts.

    >>> hashes([Definition("table pick", "b"), Definition("table pick", "a")]) == hashes([
    ...     Definition("table pick", "a"), Definition("table pick", "b")])
    True
    """
    parts: dict[str, list[str]] = {}
    for each in found:
        parts.setdefault(each.object, []).append(each.text)
    return {name: sha256("\n".join(sorted(texts)).encode()).hexdigest()[:_HEX] for name, texts in sorted(parts.items())}


@lru_cache(maxsize=1)
def expected() -> Mapping[str, str]:
    """The hashes of the schema that belongs to this program."""
    value: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return value


def changed(found: Iterable[Definition]) -> Iterator[Finding]:
    """A finding for each object that is missing, defined otherwise, or not of this program's schema."""
    there, wanted = hashes(found), expected()
    for name in sorted(there.keys() | wanted.keys()):
        if name not in there:
            yield Finding(Kind.GUARD_MISSING, name, "数据库中应有的表、视图或函数已不存在")
        elif name not in wanted:
            yield Finding(Kind.GUARD_CHANGED, name, "不属于本系统的表、视图或函数")
        elif there[name] != wanted[name]:
            yield Finding(Kind.GUARD_CHANGED, name, "定义（列、约束、触发器、规则或函数内容）与本版本的数据库结构不符")


def too_many(granted: Iterable[Granted]) -> Iterator[Finding]:
    """A finding for each role and table with more rights than `db.rights` gives; what is missing stops a process, and is seen."""
    allowed = {role: _allowed(process) for process, role in ROLES.items()}
    more: dict[tuple[str, str], set[str]] = {}
    for each in granted:
        if not {(each.table, "", each.privilege), (each.table, each.column, each.privilege)} & allowed[each.role]:
            more.setdefault((each.role, each.table), set()).add(each.privilege)
    for (role, table), privileges in sorted(more.items()):
        yield Finding(Kind.RIGHT_ADDED, f"{role} {table}", f"该数据库角色多出权限：{'、'.join(sorted(privileges))}")


def _allowed(process: str) -> set[tuple[str, str, str]]:
    """(table, column or "" for all, privilege)."""
    return {
        (table, column, privilege)
        for table in RIGHTS
        for privilege, columns in rights(table, process)
        for column in columns or ("",)
    }
