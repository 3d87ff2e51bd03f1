"""docker-compose.yml and the Dockerfiles name only what is there (no engine is needed to see that)."""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import BaseModel

from asterisk.__main__ import far_end_from_environment, node_from_environment
from db.settings_file import read_settings
from drawing.audit.settings import Settings as AuditSettings
from ivr.settings import Settings as WorkerSettings
from script import seeding
from script.install import Choices, Installation, audit_settings, choices_of, ivr_settings, web_settings
from tests.asterisk.composition import Service, declared_volumes, services
from web.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_each_dockerfile_of_the_composition_exists() -> None:
    named = re.findall(r"dockerfile: ([^ }]+)", COMPOSE)
    assert named
    assert all((ROOT / name).is_file() for name in [*named, "Dockerfile"])


def test_each_module_that_a_service_runs_exists() -> None:
    modules = re.findall(r'command: \["-m", "([\w.]+)"', COMPOSE)
    assert sorted(set(modules)) == ["asterisk", "drawing.audit", "ivr", "script.install", "script.seeding", "web"]
    assert all(find_spec(module) for module in modules)


def test_the_services_read_the_settings_that_the_installation_writes(tmp_path: Path) -> None:
    named = re.findall(r'command: \["-m", "(?:ivr|web|drawing.audit)", "/var/lib/expertline/([\w.-]+)"', COMPOSE)
    made = Installation(tmp_path, "")
    written = [made.ivr_settings.name, made.web_settings.name, made.audit_settings.name, seeding.SETTINGS]
    assert sorted(named) == sorted(written)


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


# --- every path that settings name is in the image or in a volume ------------------------------------------------------

SERVICES = services()
IN_THE_IMAGE = (Path("/usr"), Path("/etc"), Path("/expertline"), Path("/var/cache/expertline/voice"))
NEEDED = {"ivr", "web", "demo-web", "auditor"}
"""Services that read a settings file of ours."""


def image(service: Service, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment in which a service runs."""
    whole = {**service.image_environment, **service.environment}
    for name in ("EXPERTLINE_STATE", "EXPERTLINE_CACHE"):
        monkeypatch.setenv(name, whole[name])
    return whole


def settings_of(service: Service, folder: Path) -> BaseModel:
    """As they are written by `script.install` and `script.seeding` in their containers."""
    installed = Installation(Path(service.image_environment["EXPERTLINE_STATE"]), "host=/var/run/postgresql user=owner dbname=x")
    install, path = SERVICES["install"].environment, folder / "settings.toml"
    choices = choices_of(install)
    demo = Choices(development=True, web_port=seeding.port_of(SERVICES["seed"].environment))
    texts: Mapping[str, tuple[type[BaseModel], str]] = {
        "ivr": (WorkerSettings, ivr_settings(choices, installed)),
        "web": (Settings, web_settings(choices, installed)),
        "demo-web": (Settings, web_settings(demo, installed)),
        "auditor": (AuditSettings, audit_settings(installed)),
    }
    model, text = texts[service.name]
    path.write_text(text, encoding="utf-8")
    return read_settings(model, path)


def paths_in(value: object) -> Iterator[Path]:
    """Every path that settings name, however deep, and the folder of a socket."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from paths_in(getattr(value, name))
        if isinstance(value, Settings):
            yield value.upload_folder
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from paths_in(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from paths_in(each)
    elif isinstance(value, str):
        yield from map(Path, re.findall(r"(?:^|host=)(/\S+)", value))


def test_the_services_with_settings_are_known() -> None:
    reading = {name for name, each in SERVICES.items() if each.module in ("ivr", "web", "drawing.audit")}
    assert reading == NEEDED


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_every_path_that_settings_name_is_in_a_volume(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = SERVICES[name]
    image(service, monkeypatch)
    named = [*paths_in(settings_of(service, tmp_path)), *(Path(each) for each in service.command if each.startswith("/"))]
    assert len(named) >= 3
    lost = [str(path) for path in named if service.mount(path) is None and not any(map(path.is_relative_to, IN_THE_IMAGE))]
    assert lost == []


@pytest.mark.parametrize("name", ["asterisk", "front", "far-end"])
def test_every_path_that_asterisk_is_told_is_in_a_volume(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The far end keeps nothing: what it has goes with its container."""
    service = SERVICES[name]
    told = dict(image(service, monkeypatch))
    known = set(re.findall(r"^    (EXPERTLINE_[A-Z_]+)", (ROOT / "asterisk/__main__.py").read_text(), re.MULTILINE))
    assert set(service.environment) <= known | {"EXPERTLINE_TLS_CERTIFICATE", "EXPERTLINE_TLS_KEY", "EXPERTLINE_LOCAL_NETWORK"}
    state = Path(told["EXPERTLINE_STATE"])
    if name != "far-end":
        assert service.mount(state / "asterisk-node") is not None
    told["EXPERTLINE_STATE"] = str(tmp_path)
    monkeypatch.setenv("EXPERTLINE_STATE", str(tmp_path))
    if name == "front":
        return
    settings = far_end_from_environment(told) if name == "far-end" else node_from_environment(told)
    assert settings.folder.is_relative_to(tmp_path), "and so in the volume"


def test_files_for_trunks_can_be_named() -> None:
    """A login's file or a certificate in the volume `state` reaches Asterisk."""
    wanted = {"EXPERTLINE_TRUNK_LOGINS", "EXPERTLINE_TLS_CERTIFICATE", "EXPERTLINE_TLS_KEY", "EXPERTLINE_TLS_CA"}
    assert wanted <= set(SERVICES["asterisk"].environment)


def test_prompts_are_made_where_asterisk_plays_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker writes them, Asterisk and the consoles read them: one volume, at one path."""
    worker = SERVICES["ivr"]
    image(worker, monkeypatch)
    settings = settings_of(worker, tmp_path)
    assert isinstance(settings, WorkerSettings)
    found = {}
    for name in ("ivr", "asterisk", "web", "demo-web", "install"):
        mount = SERVICES[name].mount(settings.speech.cache)
        assert mount is not None, name
        found[name] = (mount.volume, mount.path)
        assert mount.read_only == (name == "asterisk"), name
    assert len(set(found.values())) == 1


def test_what_lies_beside_packages_of_the_image_is_no_volume() -> None:
    """A volume over the folder of the virtual environment would keep an old one through every upgrade."""
    for service in SERVICES.values():
        if service.dockerfile is not None:
            cache = Path(service.image_environment["EXPERTLINE_CACHE"])
            assert all(not cache.is_relative_to(each.path) for each in service.mounts), service.name


def test_volumes_are_declared_and_the_same_everywhere() -> None:
    used: dict[str, set[Path]] = {}
    for service in SERVICES.values():
        for mount in service.mounts:
            used.setdefault(mount.volume, set()).add(mount.path)
    assert set(used) == declared_volumes()
    assert {volume for volume, paths in used.items() if len(paths) > 1} == set()


def test_what_writes_may_write() -> None:
    for name in ("install", "ivr", "web", "demo-web", "seed", "asterisk"):
        state = SERVICES[name].mount(Path("/var/lib/expertline"))
        assert state is not None
        assert not state.read_only


def test_who_may_be_anybody_is_on_loopback_and_in_the_demo_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = SERVICES["demo-web"]
    image(service, monkeypatch)
    settings = settings_of(service, tmp_path)
    assert isinstance(settings, Settings)
    assert settings.development.identities
    assert (settings.host, service.network, service.profiles) == ("127.0.0.1", "host", ["demo"])
    assert settings.port != 8080, "that is the other console's"


def test_the_demo_is_seeded_before_anything_reads_its_settings() -> None:
    assert "install" in SERVICES["seed"].depends_on
    assert "seed" in SERVICES["ivr"].depends_on
    assert "seed" in SERVICES["demo-web"].depends_on
    assert "required: false" in "\n".join(SERVICES["ivr"].lines), "outside the demo there is no such service"


@pytest.mark.parametrize("script", ["evidence", "audit"])
def test_what_runs_in_a_container_installs_no_database_there(script: str) -> None:
    """An image has had `script/setup python`: what asks for more would install PostgreSQL and Asterisk."""
    asked = re.findall(r"script/setup (\w+)", (ROOT / "script" / script).read_text())
    made = re.findall(r"script/setup (\w+)", (ROOT / "Dockerfile").read_text())
    assert asked == ["python"]
    assert set(asked) <= set(made)
