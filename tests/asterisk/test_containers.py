"""docker-compose.yml and the Dockerfiles name only what is there (no engine is needed to see that)."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from script.install import Installation, choices_of, web_settings
from web.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_each_dockerfile_of_the_composition_exists() -> None:
    named = re.findall(r"dockerfile: ([^ }]+)", COMPOSE)
    assert named
    assert all((ROOT / name).is_file() for name in [*named, "Dockerfile"])


def test_each_module_that_a_service_runs_exists() -> None:
    modules = re.findall(r'command: \["-m", "([\w.]+)"', COMPOSE)
    assert sorted(set(modules)) == ["asterisk", "drawing.audit", "ivr", "script.install", "web"]
    assert all(find_spec(module) for module in modules)


def test_the_services_read_the_settings_that_the_installation_writes(tmp_path: Path) -> None:
    named = re.findall(r'command: \["-m", "(?:ivr|web|drawing.audit)", "/var/lib/expertline/([\w.]+)"', COMPOSE)
    made = Installation(tmp_path, "")
    assert sorted(named) == sorted([made.ivr_settings.name, made.web_settings.name, made.audit_settings.name])


def test_the_console_of_the_composition_is_reached_from_outside_its_container(tmp_path: Path) -> None:
    install = COMPOSE[COMPOSE.index("  install:") : COMPOSE.index("  ivr:")]
    found = dict(re.findall(r"(EXPERTLINE_WEB_HOST|EXPERTLINE_PUBLIC_URL): (?:\$\{\w+:-)?([^}\s]+)", install))
    path = tmp_path / "web.toml"
    path.write_text(web_settings(choices_of(found), Installation(tmp_path, "dbname=x")), encoding="utf-8")
    settings = Settings.read(path)
    assert (settings.host, settings.behind_proxy, settings.public_url) == ("0.0.0.0", True, "http://127.0.0.1:8080")
    assert not settings.development.identities


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
