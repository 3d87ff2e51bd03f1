"""Every query that the code names is there, and every query that is there is named: two merges once took away one each."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from db.queries import Queries, Query

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("drawing", "ivr", "web", "bench")


def modules() -> Iterator[str]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.name != "__main__.py" or room == "drawing":
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def named(module: ModuleType) -> Iterator[tuple[Queries, str]]:
    """Each attribute that this module takes of a Queries object, also of one in another module (`chain.Q.ledger`)."""
    assert module.__file__
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            holder = value(module, node.value)
            if isinstance(holder, Queries):
                yield holder, node.attr


def value(module: ModuleType, node: ast.expr) -> object:
    match node:
        case ast.Name(name):
            return getattr(module, name, None)
        case ast.Attribute(ast.Name(other), name):
            return getattr(getattr(module, other, None), name, None)
    return None


@pytest.mark.parametrize("name", [*modules()])
def test_every_query_that_is_named_exists(name: str) -> None:
    module = importlib.import_module(name)
    missing = {attribute for queries, attribute in named(module) if attribute not in vars(queries)}
    assert not missing


def test_every_query_is_named_somewhere() -> None:
    used: dict[str, set[str]] = {}
    there: dict[str, set[str]] = {}
    for name in modules():
        module = importlib.import_module(name)
        for queries, attribute in named(module):
            where = vars(queries)["_where"]
            used.setdefault(where, set()).add(attribute)
            there[where] = {each for each, text in vars(queries).items() if isinstance(text, Query)}
    unused = {where: names for where in there if (names := there[where] - used[where])}
    assert not unused
