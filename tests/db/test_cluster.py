"""The private cluster, really made, started and stopped."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
import pytest

from db.cluster import Cluster, ClusterError


@pytest.mark.postgres
def test_it_starts_serves_and_stops_as_often_as_asked() -> None:
    with TemporaryDirectory(prefix="xl-") as name:
        Path(name).chmod(0o755)  # the user postgres has to pass
        cluster = Cluster(Path(name), durable=False)
        try:
            assert cluster.start() == cluster.start() == cluster.dsn_prefix
            connection = psycopg2.connect(cluster.dsn())
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('listen_addresses'), current_setting('fsync')")
                assert cursor.fetchone() == ("", "off")
            connection.close()
        finally:
            cluster.stop()
        cluster.stop()
        assert not cluster.running()


def test_too_long_a_path_is_refused() -> None:
    with pytest.raises(ClusterError, match="107 bytes"):
        Cluster(Path("/tmp") / ("x" * 100)).start()


@pytest.mark.postgres
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o027, 0o777])
def test_it_starts_whatever_the_umask_is(umask: int) -> None:
    """As root PostgreSQL runs as another user, who has to pass through every folder that is made here."""
    with TemporaryDirectory(prefix="xl-") as name:
        Path(name).chmod(0o755)
        cluster, before = Cluster(Path(name) / "state/demo/postgres", durable=False), os.umask(umask)
        try:
            cluster.start()
            assert cluster.running()
        finally:
            os.umask(before)
            cluster.stop("immediate")


@pytest.mark.postgres
@pytest.mark.skipif(os.geteuid() != 0, reason="another user needs no way through for postgres")
def test_a_closed_folder_above_is_named() -> None:
    with TemporaryDirectory(prefix="xl-") as closed, pytest.raises(ClusterError, match=f"{closed} is closed"):
        Cluster(Path(closed) / "state").start()
