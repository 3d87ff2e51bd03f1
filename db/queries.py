"""SQL lives in `queries.sql` files: each query has a name and one sentence.

    -- name: expert_for_update
    -- An expert's row, locked until the transaction ends.
    SELECT id, name_enc FROM expert WHERE id = %(id)s FOR UPDATE;

    QUERIES = load(__package__)            # QUERIES.expert_for_update is the text; parameters are %(name)s

A statement that runs for every call and takes longer to plan than to carry out is marked `-- name: due (prepared)`:
db/session.py has each connection plan it once. Its parameters' types must follow from where they stand.

Bind the names you use in the module's body (`_EXPERT = QUERIES.expert`): a name that does not exist then
fails at import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

_HEAD = re.compile(r"^-- name: (\S+)( \(prepared\))?[ \t]*$", re.MULTILINE)
_PARAMETER = re.compile(r"%\((\w+)\)s|%%")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Query(str):
    """The text that is sent, with its name and sentence."""

    __slots__ = ("comment", "name", "prepared")
    name: str
    comment: str
    prepared: bool

    def prepare(self, name: str) -> str:
        """The PREPARE statement under that name, to be bound like any other: a percent sign is still doubled.

        >>> query = parse("-- name: add (prepared)\\n-- A sum.\\nSELECT %(a)s::int + %(b)s::int;", "an example").add
        >>> query.prepare("q1")
        'PREPARE q1 AS SELECT $1::int + $2::int'
        >>> query.execute("q1")
        'EXECUTE q1 (%(a)s,%(b)s)'
        """
        places = {parameter: f"${n}" for n, parameter in enumerate(self._parameters(), start=1)}
        return f"PREPARE {name} AS " + _PARAMETER.sub(lambda found: places[found[1]] if found[1] else found[0], self)

    def execute(self, name: str) -> str:
        """What to send instead, with the same parameters."""
        values = ",".join(f"%({parameter})s" for parameter in self._parameters())
        return f"EXECUTE {name} ({values})" if values else f"EXECUTE {name}"

    def _parameters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found[1] for found in _PARAMETER.finditer(self) if found[1]))


class Queries:
    """The queries of one file, by attribute."""

    def __init__(self, where: str, queries: Mapping[str, Query]) -> None:
        self._where = where
        self.__dict__.update(queries)

    def __getattr__(self, name: str) -> Query:  # only asked for what is not in __dict__
        raise AttributeError(f"{self._where} has no query {name!r}")


@cache
def load(package: str, file: str = "queries.sql") -> Queries:
    """The queries of `file` in `package`, read once for all modules that name them. ValueError if one is without sentence or
    text, or comes twice."""
    return parse(resources.files(package).joinpath(file).read_text(encoding="utf-8"), f"{package}/{file}")


def parse(text: str, where: str) -> Queries:
    """As `load`, from the text itself.

    >>> parse("-- name: two\\n-- A number.\\nSELECT 2;\\n", "example").two
    'SELECT 2'
    """
    before, *parts = _HEAD.split(text)
    if any(line and not line.startswith("--") for line in before.splitlines()):
        raise ValueError(f"{where}: text before the first '-- name:'")
    queries: dict[str, Query] = {}
    for name, prepared, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if not _NAME.fullmatch(name) or name in queries:
            raise ValueError(f"{where}: the name {name!r} is wrong, or comes twice")
        queries[name] = _query(name, body, where)
        queries[name].prepared = bool(prepared)
    return Queries(where, queries)


def _query(name: str, body: str, where: str) -> Query:
    lines = [line.strip() for line in body.strip().splitlines()]
    comment = [line for line in lines if line.startswith("--")]
    sql = "\n".join(line for line in lines if line and not line.startswith("--")).rstrip("; \n")
    if not sql or not comment or not lines[0].startswith("--"):
        raise ValueError(f"{where}: {name} needs one sentence of comment and a statement")
    query = Query(sql)
    query.name = name
    query.comment = " ".join(line.lstrip("- ") for line in comment)
    return query
