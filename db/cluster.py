"""A private PostgreSQL cluster in a folder: reached by a unix socket only, no password, nothing on the
network.

    python -m db.cluster start|stop|status [FOLDER]

When everything runs as root, the programs run as the user ``postgres`` (initdb refuses root), which then
owns the data and the socket's folder; else as whoever starts it. Starting one that runs, and stopping one
that does not, is no error.
"""

import argparse
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

OWNER = "owner"
"""The role that owns the databases. A service works under another one that does not own its tables."""

_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET = 107
_LIMIT = 120
_AS_ROOT = "postgres"
_ADDED = "# Expertline's own, read last:\ninclude_if_exists = 'expertline.conf'\n"


class ClusterError(Exception):
    """The cluster can't be made, started or stopped. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in ``folder`` (``data`` and ``run`` in it)."""

    folder: Path
    durable: bool = True
    """False for tests only: no fsync, so that a power cut may destroy it."""
    environment: tuple[tuple[str, str], ...] = ()
    """What its programs find in their environment besides PATH and LANG."""

    def start(self) -> str:
        """Make the cluster if there is none, start it if it does not run; return what :meth:`dsn` begins
        with."""
        self._check()
        if not (self._data / "PG_VERSION").exists():
            self._create()
        if not self.running():
            if self._is_dead():
                for file in (self._data / "postmaster.pid", self._run_folder / f"{_SOCKET}.lock"):
                    file.unlink(missing_ok=True)
            self._configure()
            self._ctl("start", "-l", str(self._data / "server.log"))
        return self.dsn_prefix

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends the sessions in order, ``immediate`` as a crash would."""
        if self.running():
            self._ctl("stop", "-m", mode)

    def running(self) -> bool:
        """Does it run?"""
        if not (self._data / "PG_VERSION").exists() or self._is_dead():
            return False
        return self._run("pg_ctl", "status", "-D", str(self._data), check=False).returncode == 0

    def pid(self) -> int | None:
        """The server's process as it was started last, or None; it may have died since."""
        try:
            return int((self._data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _is_dead(self) -> bool:
        """Killed and never waited for, as where a container's first process does not: PostgreSQL would take it for alive. Sessions
        that are left are found by their memory, whose key is made of the data folder.
        """
        try:
            return Path(f"/proc/{self.pid()}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return False

    @property
    def dsn_prefix(self) -> str:
        """A connection string without a database: ``host=/… user=owner``."""
        return f"host={self._run_folder} user={OWNER}"

    def dsn(self, database: str = "postgres", user: str = OWNER) -> str:
        """A libpq connection string."""
        return f"host={self._run_folder} user={user} dbname={database}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _run_folder(self) -> Path:
        return self.folder / "run"

    def _check(self) -> None:
        socket = self._run_folder / _SOCKET
        if len(str(socket).encode()) > _LONGEST_SOCKET:
            raise ClusterError(f"{self.folder} is too long a path: {socket} exceeds {_LONGEST_SOCKET} bytes")
        if not re.fullmatch(r"/[A-Za-z0-9/_.+-]*", str(self.folder)):
            raise ClusterError(f"{self.folder}: use an absolute path of plain letters, digits, and . _ + -")

    def _create(self) -> None:
        """Under another name until it is whole: what an initdb that was killed has left would never start."""
        for path in _above(self.folder):
            if not path.exists():
                path.mkdir()
                path.chmod(0o755)  # whatever the umask is: as root, the user postgres has to pass
        self._open_to_postgres()
        made = self.folder / "data.new"
        shutil.rmtree(made, ignore_errors=True)
        for folder in (made, self._run_folder):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            if os.geteuid() == 0:
                shutil.chown(folder, _AS_ROOT)
        self._run(
            "initdb", "-D", str(made), "-U", OWNER, "--auth-local=trust", "--auth-host=reject",
            "--encoding=UTF8", "--locale=C.UTF-8", *(() if self.durable else ("--no-sync",)),
        )  # fmt: skip
        try:
            made.rename(self._data)
        except OSError as error:
            raise ClusterError(f"{self._data} is in the way of a new cluster, and is none: {error.strerror}") from None

    def _open_to_postgres(self) -> None:
        """As root: the user postgres must be able to pass through all folders above."""
        if os.geteuid() != 0:
            return
        try:
            pwd.getpwnam(_AS_ROOT)
        except KeyError:
            raise ClusterError("no user postgres: PostgreSQL is not installed. Run script/setup.") from None
        if self._as_postgres(["test", "-x", str(self.folder)]).returncode == 0:
            return
        closed = next((path for path in _above(self.folder) if not path.stat().st_mode & 0o001), self.folder)
        raise ClusterError(
            f"the user postgres can't reach {self.folder}: {closed} is closed to others (mode "
            f"{closed.stat().st_mode & 0o777:o}). Set EXPERTLINE_STATE to a folder outside it, such as "
            f"/var/lib/expertline, or run  chmod o+x {closed}"
        )

    def _configure(self) -> None:
        """Write our settings; a change to them takes effect with the next start."""
        settings = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self._run_folder}'",
            "unix_socket_permissions": "0700" if os.geteuid() else "0777",
            "max_connections": "100",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self._data / "expertline.conf").write_text(text)
        (self._data / "expertline.conf").chmod(0o644)
        main = self._data / "postgresql.conf"
        if "expertline.conf" not in main.read_text():
            with main.open("a") as file:
                file.write(_ADDED)

    def _ctl(self, action: str, *more: str) -> None:
        self._run("pg_ctl", action, "-D", str(self._data), "-w", "-t", str(_LIMIT), "-s", *more)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        argv = [str(_programs() / program), *arguments]
        result = self._as_postgres(argv)
        if check and result.returncode != 0:
            log = self._data / "server.log"
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
            raise ClusterError(f"{program} {arguments[0]} failed: {result.stdout.strip()}\n{tail}".strip())
        return result

    def _as_postgres(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"}
        argv = ["env", *(f"{name}={value}" for name, value in self.environment), *argv]  # not before the change of user
        if os.geteuid() == 0:
            argv = ["setpriv", f"--reuid={_AS_ROOT}", f"--regid={_AS_ROOT}", "--clear-groups", *argv]
        # A signal breaks off the main thread only, which then waits for the other one: half an initdb, or a server that is just
        # starting, would be in everybody's way.
        with tempfile.TemporaryFile() as output, ThreadPoolExecutor(1) as thread:
            code = thread.submit(_carry_out, argv, environment, output).result()
            output.seek(0)
            said = output.read().decode(errors="replace")
        return subprocess.CompletedProcess(argv, code, said)


def _carry_out(argv: list[str], environment: dict[str, str], output: IO[bytes]) -> int:
    """Its exit code, once it has ended. Raises ClusterError when it takes far too long."""
    # pg_ctl leaves the server behind, which inherits its output: a pipe would never end. Ctrl-C at a terminal is for whoever
    # called us.
    process = subprocess.Popen(
        argv, env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(_LIMIT + 60)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise ClusterError(f"{error.cmd[-1]} did not end within {error.timeout:.0f} s") from None


def _programs() -> Path:
    """The folder of PostgreSQL's programs: Debian's newest, else wherever initdb is found."""
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name))
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise ClusterError("PostgreSQL is not on this machine. Run script/setup.")


def _above(folder: Path) -> Iterator[Path]:
    yield from reversed([folder, *folder.parents])


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0, or 1 with a message."""
    parser = argparse.ArgumentParser(prog="python -m db.cluster", description="The private PostgreSQL.")
    parser.add_argument("action", choices=("start", "stop", "status"))
    parser.add_argument("folder", nargs="?", type=Path, help="default: $EXPERTLINE_STATE/postgres")
    given = parser.parse_args(arguments)
    folder = given.folder or _default_folder(parser)
    cluster = Cluster(folder.absolute())
    try:
        if given.action == "start":
            cluster.start()
        elif given.action == "stop":
            cluster.stop()
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    running = cluster.running()
    sys.stdout.write(f"{'running' if running else 'stopped'}: {cluster.dsn_prefix}\n")
    return 0 if running or given.action != "status" else 3


def _default_folder(parser: argparse.ArgumentParser) -> Path:
    if not os.environ.get("EXPERTLINE_STATE"):
        parser.error("name a folder, or set EXPERTLINE_STATE")
    return Path(os.environ["EXPERTLINE_STATE"]) / "postgres"


if __name__ == "__main__":
    sys.exit(main())
