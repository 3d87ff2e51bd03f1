"""What the containers' demo finds: a pool, activities that can be started, settings that its processes accept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.blocking import transaction
from db.cluster import OWNER
from ivr.settings import Settings as WorkerSettings
from script import seeding, staging
from script.install import Choices, Installation, install
from script.sample import RULES
from script.seeding import NotEmpty, port_of, seed
from tests.postgres import Cluster, private_cluster
from web.settings import Settings

pytestmark = pytest.mark.postgres
COUNTS = (
    "SELECT (SELECT count(*) FROM expert), (SELECT count(*) FROM activity WHERE state = 'ready'), (SELECT count(*) FROM project),"
    " (SELECT count(*) FROM supervisor WHERE verified_at IS NOT NULL)"
)


@pytest.fixture(scope="module")
def empty() -> Iterator[Cluster]:
    """A PostgreSQL of this module's own: the database of an installation has one name."""
    with private_cluster() as cluster:
        yield cluster


@pytest.fixture
def installed(empty: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """As `script.install` leaves it in its container."""
    monkeypatch.setenv("EXPERTLINE_STATE", str(tmp_path))
    monkeypatch.setenv("EXPERTLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(staging, "POOL", 300)
    yield install(tmp_path, empty.server.dsn_prefix, Choices(), say=lambda _: None)
    with transaction(f"{empty.server.dsn_prefix} dbname=postgres", autocommit=True) as tx:
        tx.run("DROP DATABASE expertline")


def counts(installed: Installation) -> tuple[int, ...]:
    with transaction(installed.owner_dsn) as tx:
        return tuple(tx.all(COUNTS)[0])


def test_there_is_something_to_draw_once(installed: Installation) -> None:
    told: list[str] = []
    seed(installed, 8081, told.append)
    assert counts(installed) == (300, 2, 1, 2)
    assert any("http://127.0.0.1:8081/" in line for line in told)
    seed(installed, 8081, told.append)
    assert counts(installed) == (300, 2, 1, 2), "again it changes nothing"


def test_what_a_broken_off_run_lacks_is_made(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(_: Installation) -> tuple[str, str]:
        raise OSError("the engine was stopped")

    with monkeypatch.context() as context:
        context.setattr(seeding, "_register", breaks)
        with pytest.raises(OSError, match="stopped"):
            seed(installed, 8081, print)
    assert counts(installed) == (300, 0, 0, 0)
    seed(installed, 8081, print)
    assert counts(installed) == (300, 2, 1, 2)


def test_its_settings_are_accepted(installed: Installation) -> None:
    seed(installed, 28081, print)
    console = Settings.read(installed.state / seeding.SETTINGS)
    assert (console.host, console.port, console.development.identities) == ("127.0.0.1", 28081, True)
    worker = WorkerSettings.read(installed.ivr_settings)
    assert (worker.rules, worker.sms.by) == (RULES.version, "trunk")
    assert worker.trunk[0].caller_id == console.published_number
    assert (installed.state / seeding.SETTINGS).stat().st_mode & 0o077 == 0
    assert not Settings.read(installed.web_settings).development.identities, "the other console lets nobody in"


def test_an_installation_that_is_in_use_is_left_alone(installed: Installation) -> None:
    with transaction(installed.owner_dsn) as tx:
        tx.run(
            "INSERT INTO project (company, handler, handler_name, name, kind, region, funding, method, tenderer_kind, investment,"
            " tenderer, tenderer_code, contact_phone, contact)"
            " VALUES ('c', 'h', 'h', 'p', 'A01', '440104', '01', '1', '1', 1, 't', 't', '1', 'c')"
        )
    with pytest.raises(NotEmpty, match="in use already"):
        seed(installed, 8081, print)
    assert counts(installed)[0] == 0
    assert not (installed.state / seeding.SETTINGS).exists()


def test_a_port_that_is_none_is_refused() -> None:
    assert port_of({}) == 8081
    for text in ("x", "0", "70000", "-1"):
        with pytest.raises(ValueError, match="EXPERTLINE_DEMO_PORT"):
            port_of({"EXPERTLINE_DEMO_PORT": text})


def test_without_a_database_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("EXPERTLINE_OWNER_DSN", raising=False)
    assert seeding.main() == 1
    assert "EXPERTLINE_OWNER_DSN" in capsys.readouterr().err
    monkeypatch.setenv("EXPERTLINE_OWNER_DSN", f"host=/nowhere user={OWNER}")
    assert seeding.main() == 1
