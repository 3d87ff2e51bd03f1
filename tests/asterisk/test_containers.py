"""docker-compose.yml and the Dockerfiles name only what is there (no engine is needed to see that)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_each_dockerfile_of_the_composition_exists() -> None:
    named = re.findall(r"dockerfile: ([^ }]+)", COMPOSE)
    assert named
    assert all((ROOT / name).is_file() for name in [*named, "Dockerfile"])


def test_each_module_that_a_service_runs_exists() -> None:
    modules = re.findall(r'command: \["-m", "(\w+)"', COMPOSE)
    assert sorted(set(modules)) == ["asterisk", "ivr", "web"]
    assert all((ROOT / module / "__init__.py").is_file() for module in modules)


@pytest.mark.parametrize("name", ["Dockerfile", "asterisk/Dockerfile"])
def test_each_file_that_an_image_copies_or_runs_exists(name: str) -> None:
    text = (ROOT / name).read_text()
    copied = [part for line in re.findall(r"^COPY (.+)$", text, re.M) for part in line.split()[:-1]]
    run = re.findall(r"script/\w+", text)
    assert all((ROOT / path).exists() for path in [*copied, *run])
    assert re.search(r"^FROM debian:\w+-slim$", text, re.M)


def test_scripts_can_be_run() -> None:
    scripts = [
        ROOT / ".ci/run",
        *(ROOT / "script" / name for name in ("setup", "test", "check", "demo", "server")),
    ]
    assert all(script.stat().st_mode & 0o111 for script in scripts)
