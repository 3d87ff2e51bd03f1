"""What an import can't tell: decisions read no clock, and the verifier needs nothing but the standard library.

That the pure modules import no clock, no randomness, no event loop and no database is import-linter's contract `pure`
in pyproject.toml; its list of modules is read here, so that there is one list.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CLOCKS = frozenset({"now", "utcnow", "today"})  # datetime.now(), datetime.utcnow(), date.today()
MUST_BE_PURE = frozenset({"ivr.policy"})  # as soon as they are there
OPTIONAL = {"drawing.signature": frozenset({"cryptography"})}  # signatures are checked where it is installed


def source(module: str) -> Path:
    """The file of a module of ours."""
    path = ROOT.joinpath(*module.split("."))
    package = path / "__init__.py"
    return package if package.exists() else path.with_suffix(".py")


def pure_files() -> list[Path]:
    """The contract's modules with everything below them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    (pure,) = [contract for contract in contracts if contract.get("id") == "pure"]
    modules = pure["source_modules"]
    missing = sorted(name for name in MUST_BE_PURE - set(modules) if source(name).exists())
    assert not missing, f"add {missing} to the contract `pure` in pyproject.toml"
    return sorted(each for name in modules for each in _below(source(name)))


def _below(path: Path) -> list[Path]:
    return sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]


def clocks_read(code: str) -> list[int]:
    """The lines on which a clock of `datetime` or `date` is named, called or not.

    >>> clocks_read("from datetime import datetime as d\\nd.now()\\nf = d.today")
    [2, 3]
    >>> clocks_read("board(now)\\nself.now")
    []
    """
    tree = ast.parse(code)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "datetime"
        for alias in node.names
    } | {"datetime", "date"}
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and _last_name(node.value) in names
    )


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def imported(module: str) -> Iterator[str]:
    """What this module imports, absolutely named; of `from a import b` also a.b where that is a module."""
    path = source(module)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{a.name}" for a in node.names if _ours(base) and source(f"{base}.{a.name}").exists())


def _ours(module: str) -> bool:
    return (ROOT / module.partition(".")[0]).is_dir()


def foreign_imports(module: str) -> list[str]:
    """What `module`, with everything of ours that it pulls in, needs besides the standard library and drawing."""
    seen: set[str] = set()
    waiting, foreign = [module], []
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for each in imported(name):
            top = each.partition(".")[0]
            if top == "drawing":
                waiting.append(each)
            elif top not in sys.stdlib_module_names and top not in OPTIONAL.get(name, ()):
                foreign.append(f"{name}: {each}")
    return foreign


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_decisions_read_no_clock(path: Path) -> None:
    assert clocks_read(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", ["drawing.__main__", "drawing.verify"])
def test_the_verifier_needs_the_standard_library_only(module: str) -> None:
    assert foreign_imports(module) == []


def test_the_search_for_foreign_imports_finds_them() -> None:
    found = foreign_imports("drawing.chain")
    assert "drawing.chain: db.pool" in found
    assert foreign_imports("drawing.experts.row")


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("import datetime\ndatetime.datetime.now()", [2]),
        ("from datetime import date as day\nday.today()", [2]),
        ("from datetime import datetime\nclock = datetime.utcnow", [2]),
        ("def receive(event, now): return now", []),
    ],
)
def test_the_search_for_clocks_finds_them(code: str, lines: list[int]) -> None:
    assert clocks_read(code) == lines
