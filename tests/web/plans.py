"""What PostgreSQL did for a page: each statement with the rows that it read, as auto_explain logs them.

Statements within functions and triggers are logged too, with the rights and the plans that the console really has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from db.queries import Queries, Query, load
from tests.postgres import TestDatabase

_SETTINGS: Mapping[str, str] = {
    "session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off", "auto_explain.log_format": "json", "auto_explain.log_nested_statements": "on",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
}  # fmt: skip
_FILES = (
    ("web", "queries.sql"), ("drawing", "queries.sql"), ("drawing", "projects.sql"), ("drawing", "same_lots.sql"),
    ("drawing", "supervisors.sql"), ("drawing", "number_faults.sql"), ("drawing.experts", "queries.sql"),
    ("ivr.messages", "queries.sql"), ("drawing.audit", "queries.sql"),
)  # fmt: skip
_PARAMETER = re.compile(r"%\(\w+\)s|/\*.*?\*/")


@dataclass(frozen=True, slots=True)
class Statement:
    """One that was carried out. `names`: the queries that may be meant; empty for one that is no named query."""

    names: tuple[str, ...]
    rows: int
    text: str = field(repr=False)
    plan: Mapping[str, Any] = field(repr=False)


class Plans:
    """The statements of a database, from its server's log. Whoever connects after this was made is logged."""

    def __init__(self, database: TestDatabase) -> None:
        for name, value in _SETTINGS.items():
            database.cluster.sql(f"ALTER DATABASE {database.name} SET {name} = '{value}'")
        self._log = database.cluster.data / "server.log"
        self._at = self._log.stat().st_size

    def since(self) -> list[Statement]:
        """Those that were logged since the last look."""
        with self._log.open("rb") as log:
            log.seek(self._at)
            text = log.read()
        end = text.rfind(b"\n") + 1
        self._at += end
        return [
            Statement(_names(each["Query Text"]), rows_read(each["Plan"]), each["Query Text"], each["Plan"])
            for each in _logged(text[:end].decode())
        ]


def _logged(text: str) -> Iterator[Mapping[str, Any]]:
    """The plans: each begins after a line that ends with `plan:`, and all its lines are indented by a tab."""
    for part in text.split("  plan:\n")[1:]:
        lines = []
        for line in part.splitlines():
            if not line.startswith("\t"):
                break
            lines.append(line[1:])
        yield json.loads("\n".join(lines))


def rows_read(plan: Mapping[str, Any]) -> int:
    """How many rows (of tables and indexes) a plan looked at: a look that found none counts as one, and so does each pair of rows
    that a join threw away.

    >>> scan = {"Node Type": "Index Scan", "Index Name": "i", "Actual Rows": 0, "Actual Loops": 2000}
    >>> rows_read(scan), rows_read({"Node Type": "Nested Loop", "Actual Rows": 5, "Actual Loops": 1, "Plans": [scan, scan]})
    (2000, 4000)
    >>> rows_read({"Node Type": "Seq Scan", "Relation Name": "t", "Actual Rows": 1, "Rows Removed by Filter": 9, "Actual Loops": 3})
    30
    """
    own = plan.get("Rows Removed by Join Filter", 0) * plan["Actual Loops"]
    below = sum(rows_read(each) for each in plan.get("Plans", ()))
    if "Index Name" in plan or "Relation Name" in plan:
        removed = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        own += round(max(plan["Actual Rows"] + removed, 1) * plan["Actual Loops"])
    # A bitmap leads to the rows that are read then: counted once, where more of them are.
    return max(int(own), below) if plan["Node Type"] == "Bitmap Heap Scan" else int(own) + below


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _patterns() if pattern.search(text))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Of each query what its text looks like once its parameters are in it, the longest first."""
    found = [(f"{package}.{name}", query) for package, file in _FILES for name, query in _queries(load(package, file))]
    return tuple((name, _pattern(query)) for name, query in sorted(found, key=lambda each: -len(each[1])))


def _queries(queries: Queries) -> Iterator[tuple[str, Query]]:
    for name, query in vars(queries).items():
        if isinstance(query, Query):
            yield name, query


def _pattern(query: Query) -> re.Pattern[str]:
    parts = [re.escape(part.replace("%%", "%")) for part in _PARAMETER.split(query)]
    return re.compile(".*?".join(parts), re.DOTALL)
