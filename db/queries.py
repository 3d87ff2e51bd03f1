"""SQL lives in `queries.sql` files: each query has a name and one sentence.

    -- name: expert_for_update
    -- An expert's row, locked until the transaction ends.
    SELECT id, name_enc FROM expert WHERE id = %(id)s FOR UPDATE;

    QUERIES = load(__package__)            # QUERIES.expert_for_update is the text; parameters are %(name)s

Bind the names you use in the module's body (`_EXPERT = QUERIES.expert`): a name that does not exist then
fails at import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

_HEAD = re.compile(r"^-- name: (\S+)[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Query(str):
    """The text that is sent, with its name and sentence."""

    __slots__ = ("comment", "name")
    name: str
    comment: str


class Queries:
    """The queries of one file, by attribute."""

    def __init__(self, where: str, queries: Mapping[str, Query]) -> None:
        self._where = where
        self.__dict__.update(queries)

    def __getattr__(self, name: str) -> Query:  # only asked for what is not in __dict__
        raise AttributeError(f"{self._where} has no query {name!r}")


def load(package: str, file: str = "queries.sql") -> Queries:
    """The queries of `file` in `package`. ValueError if one is without sentence or text, or comes twice."""
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
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if not _NAME.fullmatch(name) or name in queries:
            raise ValueError(f"{where}: the name {name!r} is wrong, or comes twice")
        queries[name] = _query(name, body, where)
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
