"""What the documents say is there, is there; and nothing in the project names a place that only its makers have."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from drawing.lifecycle import ActivityState
from script.sample import SUPERVISOR_AWAY
from script.tables import OUTCOMES, filled, pages

ROOT = Path(__file__).resolve().parents[1]
# Put together here, so that this file may stay in the search.
FORBIDDEN = tuple(
    "".join(parts) for parts in [("/wo", "rk/"), ("/tmp", "/wt"), ("deb.deb", "ian.org"), ("py", "pi.org")]
)
GUIDES = ("README.md", "README.zh.md", "CONTRIBUTING.md")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_BLOCK = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"(?<![\w/.-])script/[a-z_]+(?:\.py)?")
_MODULE = re.compile(r"python -m ([a-z_0-9.]+)")
_PATH = re.compile(r"(?:[A-Za-z_.][\w.-]*/)+[\w.-]*|[\w-]+\.(?:md|toml|yml|txt|py|sql)")
FILES = frozenset({"settings.toml", "ivr.toml", "web.toml", "audit.toml", "queries.sql"})  # a reader's own files, and names of many


def tracked() -> list[Path]:
    """Every file of the project, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headlines, as they are made from their words.

    >>> anchors("# A `b` c!")
    {'a-b-c'}
    """
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", documents(), ids=_name)
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for link in _LINK.findall(path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_and_path_in_a_guide_exists(guide: str) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    code = _CODE.findall(_BLOCK.sub("", text)) + _BLOCK.findall(text)
    commands = {found for each in code for found in _COMMAND.findall(each)}
    modules = {found for each in code for found in _MODULE.findall(each)}
    paths = {each for each in code if _PATH.fullmatch(each) and each.lower() not in FILES}
    assert commands, "a guide names commands"
    assert [each for each in sorted(commands | paths) if not (ROOT / each).exists()] == []
    assert [each for each in sorted(modules) if not _runs(each)] == []


def _runs(module: str) -> bool:
    """Whether `python -m` finds something to run."""
    found = find_spec(module)
    if found is not None and found.submodule_search_locations is not None:
        return find_spec(f"{module}.__main__") is not None
    return found is not None


@pytest.mark.parametrize("path", pages(), ids=_name)
def test_the_tables_are_current(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == filled(text), "run: python -m script.tables"


def test_there_are_pages_with_tables() -> None:
    assert {path.name for path in pages()} >= {"calls.md", "rules.md", "settings.md"}
    with pytest.raises(KeyError):
        filled("<!-- table: nobody_knows -->\n<!-- end -->")


def test_every_outcome_and_state_is_explained() -> None:
    shown = (ROOT / "docs" / "calls.md").read_text(encoding="utf-8")
    assert all(f"`{outcome.value}`" in shown for outcome in OUTCOMES)
    described = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [state.label for state in ActivityState if state.label not in described] == []


def test_every_decision_record_is_listed_and_complete() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    records = sorted(path for path in folder.glob("[0-9]*.md"))
    assert [path.name[:4] for path in records] == [f"{n:04d}" for n in range(1, len(records) + 1)]
    for record in records:
        assert f"({record.name})" in index
        heads = re.findall(r"^## (.+)$", record.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads[:3] == ["Context", "Decision", "Consequences"], record.name


def test_no_file_names_a_place_that_only_its_makers_have() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # sound, pictures
        found += [f"{_name(path)}: {word}" for word in FORBIDDEN if word in text]
    assert found == []


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "docs/containers.md"])
def test_a_guide_says_who_gives_the_digits(name: str) -> None:
    """The other supervisor of the demo is called, and can give none on a page."""
    assert re.findall(r"([李孙])监督", (ROOT / name).read_text(encoding="utf-8")) == [SUPERVISOR_AWAY.name[0]]
