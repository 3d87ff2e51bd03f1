"""script/setup on a machine that has all packages: folders, disk, what a failed try leaves, and what nobody uses any more."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("script/setup", "script/environment", "requirements.txt", "requirements-test.txt")
# Fails as `python -m venv` or pip does where the disk is full, or the network away; asked for its version it answers.
BROKEN = """#!/bin/sh
case "$*" in
*--version*) echo "Python 3.11.2" ;;
"-c "*) exit 0 ;;
"-m venv "*) mkdir -p "$3/half"; echo "{said}" >&2; exit 1 ;;
esac
"""


class Machine:
    """A checkout with a state and a cache folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state, self.cache = folder, folder / "var/state", folder / "var/cache"
        self.checkout = self.a_checkout("checkout")

    def a_checkout(self, name: str, requirement: str = "") -> Path:
        """The parts of the project that script/setup looks at; `requirement` is added to what it needs."""
        home = self.folder / name
        for part in PARTS:
            (home / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / part, home / part)
        if requirement:
            self.require(home, requirement)
        return home

    def require(self, home: Path, requirement: str) -> None:
        with (home / "requirements.txt").open("a") as file:
            file.write(f"# {requirement}\n")

    def venv(self, home: Path | None = None, *, complete: bool = True) -> Path:
        """The virtual environment that a checkout wants, made without pip."""
        home = home or self.checkout
        asked = f'. {home}/script/environment; expertline_venv runtime'
        said = subprocess.run(["bash", "-c", asked], env=self.environment(), capture_output=True, text=True, check=True)
        path = Path(said.stdout.strip())
        if complete and not path.exists():
            (path / "bin").mkdir(parents=True)
            (path / "bin/python").symlink_to(sys.executable)
            (path / "complete").touch()
        return path

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "EXPERTLINE_STATE": str(self.state),
                "EXPERTLINE_CACHE": str(self.cache), **more}  # fmt: skip

    def setup(self, home: Path | None = None, umask: int = 0o022, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Its exit code and what it said."""
        done = subprocess.run(
            [(home or self.checkout) / "script/setup", "python"], env=self.environment(**(environment or {})), umask=umask,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stderr

    def program(self, name: str, text: str) -> Path:
        """A program of that name in a folder that comes first in PATH."""
        path = self.folder / "first" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    @property
    def first(self) -> dict[str, str]:
        return {"PATH": f"{self.folder / 'first'}:{os.environ['PATH']}"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.speech
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o027])
def test_its_folders_can_be_passed_whatever_the_umask_is(machine: Machine, umask: int) -> None:
    (machine.folder / "var").mkdir()
    code, said = machine.setup(umask=umask, environment={"EXPERTLINE_PYTHON": str(machine.program("broken", BROKEN))})
    assert code == 1, said
    assert mode(machine.state) & 0o001
    assert mode(machine.cache) & 0o001
    machine.venv()
    assert machine.setup(umask=umask)[0] == 0


@pytest.mark.speech
@pytest.mark.skipif(os.geteuid() != 0, reason="only as root another user has to pass")
def test_a_folder_that_an_earlier_version_closed_is_opened(machine: Machine) -> None:
    machine.state.mkdir(parents=True, mode=0o700)
    machine.venv()
    assert machine.setup()[0] == 0
    assert mode(machine.state) == 0o701


def test_it_says_first_how_long_it_takes_and_how_much(machine: Machine) -> None:
    _, said = machine.setup(environment={"EXPERTLINE_PYTHON": str(machine.program("broken", BROKEN))})
    assert "this takes about" in said
    assert " min and " in said
    assert "MB of disk" in said
    assert said.index("MB of disk") < said.index("Python packages")


def test_too_small_a_disk_is_named_before_anything_is_made(machine: Machine) -> None:
    machine.program("df", "#!/bin/sh\necho Filesystem Blocks Used Free Part Place\necho /dev/x 9 9 102400 1% /\n")
    code, said = machine.setup(environment=machine.first)
    assert code == 1
    assert "not enough disk space" in said
    assert "100 MB" in said
    assert "network" not in said
    assert not machine.venv(complete=False).exists()


@pytest.mark.parametrize(
    ("cause", "told", "not_told"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full", "Check the network"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "the disk is full", "Check the network"),
        ("Temporary failure in name resolution", "Check the network", "the disk is full"),
    ],
)
def test_the_cause_of_a_failure_is_told_and_nothing_half_made_stays(
    machine: Machine, cause: str, told: str, not_told: str
) -> None:
    broken = machine.program("broken", BROKEN.replace("{said}", cause))
    for made in ("asterisk-forky-1.making/usr", "apt/partial"):  # of a try that was killed
        (machine.cache / made).mkdir(parents=True)
    code, said = machine.setup(environment={"EXPERTLINE_PYTHON": str(broken)})
    assert code == 1
    assert told in said
    assert not_told not in said
    assert sorted(each.name for each in machine.cache.iterdir()) == ["setup.lock", "setup.log"]
    again = machine.program("broken", BROKEN.replace("{said}", "something else"))
    _, said = machine.setup(environment={"EXPERTLINE_PYTHON": str(again)})
    assert "the disk is full" not in said, "that was the time before"


@pytest.mark.speech
def test_an_environment_that_no_checkout_wants_any_more_is_removed(machine: Machine) -> None:
    first = machine.venv()
    assert machine.setup()[0] == 0
    machine.require(machine.checkout, "something new")
    second = machine.venv()
    code, said = machine.setup()
    assert (code, first.exists(), second.exists()) == (0, False, True)
    assert str(first) in said
    assert machine.setup() == (0, ""), "there is nothing left to do"


@pytest.mark.speech
def test_an_environment_that_another_checkout_wants_stays_until_that_is_gone(machine: Machine) -> None:
    other = machine.a_checkout("other")
    first = machine.venv()
    assert machine.setup()[0] == machine.setup(other)[0] == 0
    machine.require(machine.checkout, "something new")
    machine.venv()
    assert machine.setup()[0] == 0
    assert first.exists()
    shutil.rmtree(other)
    machine.require(machine.checkout, "something newer")
    machine.venv()
    assert machine.setup()[0] == 0
    assert not first.exists()


@contextmanager
def running(venv: Path) -> Iterator[None]:
    with subprocess.Popen([venv / "bin/python", "-c", "import sys; print(flush=True); sys.stdin.read()"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.stdin.close()


@pytest.mark.speech
def test_an_environment_in_which_a_program_runs_stays(machine: Machine) -> None:
    first = machine.venv()
    assert machine.setup()[0] == 0
    machine.require(machine.checkout, "something new")
    machine.venv()
    with running(first):
        assert machine.setup()[0] == 0
        assert first.exists()


@pytest.mark.speech
def test_what_one_part_needs_decides_about_it_alone(machine: Machine) -> None:
    """An image is made from some of the files; with all of them nothing is to be done again."""
    (machine.checkout / "requirements-test.txt").unlink()
    machine.venv()
    assert machine.setup()[0] == 0
    shutil.copy2(ROOT / "requirements-test.txt", machine.checkout)
    assert machine.setup() == (0, "")
