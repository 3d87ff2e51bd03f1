"""Engines: what turns hanzi into a wav. Each is a process of its own, awaited, killed when it hangs,
started again.

`Pyttsx3Engine` is the default. `CommandEngine` takes any command, so that a better voice can be put in.
"""

import asyncio
import hashlib
import json
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Protocol

from . import respelling
from .audio import BadAudio, for_telephone, read_wav
from .errors import NoVoice, RenderFailed

CHECK_LINE = "您好，这里是广东省综合评标评审专家库。"
INSTALL = "install it with: apt-get install espeak-ng"


class Pace(Enum):
    """How fast: words per minute as espeak counts them. 190 gives about 4 syllables a second, 150 about 3."""

    NORMAL = 190
    SLOW = 150


class Engine(Protocol):
    """What `Speech` needs of a voice."""

    @property
    def identity(self) -> str:
        """Name, version and voice: part of the cache's key. Known once started."""

    async def start(self) -> None:
        """Get ready and prove that this voice speaks; `NoVoice` if not."""

    async def speak(self, text: str, pace: Pace) -> bytes:
        """A complete wav of 16-bit PCM, of any rate. `RenderFailed` if that can't be had."""

    async def close(self) -> None:
        """End whatever was started."""


async def check_voice(engine: Engine) -> None:
    """Speak one line and see that it is audible and neither cut short nor endless."""
    try:
        samples, rate = read_wav(await engine.speak(CHECK_LINE, Pace.NORMAL))
        seconds = len(await asyncio.to_thread(for_telephone, samples, rate)) / 8000
    except (BadAudio, RenderFailed) as error:
        raise NoVoice(f"the voice {engine.identity} can't speak: {error}. Choose another engine.") from error
    if not 2 <= seconds <= 15:
        raise NoVoice(
            f"the voice {engine.identity} took {seconds:.1f} s for a line of 18 syllables:"
            " it does not speak Mandarin; install espeak-ng with its data files, or choose another engine"
        )


class Pyttsx3Engine:
    """pyttsx3 in one warmed process; requests one at a time.

    `timeout` (seconds) bounds one utterance, `start_timeout` the start; past it the process is killed. A
    request that fails because the process died or hung is tried once more in a new process.
    """

    def __init__(self, *, voice: str | None = None, timeout: float = 60.0, start_timeout: float = 60.0) -> None:
        self._voice, self._timeout, self._start_timeout = voice, timeout, start_timeout
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._identity, self._misreads = "", False

    @property
    def identity(self) -> str:
        """For example `pyttsx3-2.99/espeak-ng-1.51/cmn-latn-pinyin/respelling-1`."""
        return self._identity

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def start(self) -> None:
        """Start the process and check the voice. `NoVoice` says what to install."""
        async with self._turn:
            await self._spawn()
        try:
            await check_voice(self)
        except NoVoice:
            await self.close()
            raise

    async def speak(self, text: str, pace: Pace) -> bytes:
        """One utterance; a dead or hanging process is replaced once."""
        async with self._turn:
            try:
                return await self._ask(text, pace)
            except _Broken:
                await self._kill()
            try:
                return await self._ask(text, pace)
            except _Broken as error:
                await self._kill()
                raise RenderFailed(f"the speech process failed twice at the same text: {error}") from error

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._kill()

    async def _spawn(self) -> Process:
        script = Path(__file__).with_name("pyttsx3_process.py")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(script), self._voice or "",
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
        )  # fmt: skip
        self._process = process
        try:
            hello = await self._line(process, self._start_timeout)
        except _Broken as error:
            await self._kill()
            raise NoVoice(f"the speech process did not start: {error}. Is pyttsx3 installed here?") from error
        if "ready" not in hello:
            await self._kill()
            raise NoVoice(_advice(str(hello.get("error"))))
        self._misreads = hello["voice"] == "cmn-latn-pinyin"
        spelling = f"/respelling-{respelling.VERSION}" if self._misreads else ""
        self._identity = f"pyttsx3-2.99/espeak-ng-{hello['version']}/{hello['voice']}{spelling}"
        return process

    async def _ask(self, text: str, pace: Pace) -> bytes:
        process = self._process if self.pid is not None and self._process else await self._spawn()
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            wav = Path(folder) / "spoken.wav"
            request = {
                "text": respelling.respell(text) if self._misreads else text,
                "rate": pace.value,
                "wav": str(wav),
            }
            try:
                return await self._exchange(process, request, wav)
            except BaseException:
                # Cancelled between question and answer: the next reader must not get this one's answer.
                await self._kill()
                raise

    async def _exchange(self, process: Process, request: Mapping[str, object], wav: Path) -> bytes:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _Broken("it was gone") from error
        answer = await self._line(process, self._timeout)
        if "ok" not in answer:
            raise _Broken(str(answer.get("error")))
        return await asyncio.to_thread(wav.read_bytes)

    async def _line(self, process: Process, seconds: float) -> dict[str, object]:
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), seconds)
        except TimeoutError as error:
            raise _Broken(f"no answer in {seconds:g} s") from error
        if not line:
            raise _Broken(f"it ended with status {await process.wait()}")
        message: dict[str, object] = json.loads(line)
        return message

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await _end(process)


class CommandEngine:
    """Any command that reads text from its standard input and writes a wav to a path.

    `{wav}` in the arguments is replaced by the path, `{rate}` by words per minute. `version` goes into the
    cache's key: change it when the command or its voice changes.
    """

    def __init__(self, command: Sequence[str], *, version: str = "", timeout: float = 120.0) -> None:
        if not any("{wav}" in argument for argument in command):
            raise ValueError("the speech command needs {wav} among its arguments: where it writes the sound")
        self._command, self._timeout = tuple(command), timeout
        digest = hashlib.sha256("\0".join((*command, version)).encode()).hexdigest()[:16]
        self._identity = f"command-{digest}"

    @property
    def identity(self) -> str:
        """Stands for the command line and `version`."""
        return self._identity

    async def start(self) -> None:
        """Speak a line; `NoVoice` if the command is missing or mute."""
        await check_voice(self)

    async def speak(self, text: str, pace: Pace) -> bytes:
        """Run the command once."""
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            wav = Path(folder) / "spoken.wav"
            rate = str(pace.value)
            command = [part.replace("{wav}", str(wav)).replace("{rate}", rate) for part in self._command]
            await self._run(command, text)
            try:
                return await asyncio.to_thread(wav.read_bytes)
            except FileNotFoundError as error:
                raise RenderFailed(f"the speech command {command[0]} wrote no file") from error

    async def close(self) -> None:
        """Nothing stays between two utterances."""

    async def _run(self, command: list[str], text: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=DEVNULL,
                stderr=DEVNULL,
            )  # fmt: skip
        except OSError as error:
            raise RenderFailed(f"the speech command {command[0]} can't be run: {error.strerror}") from error
        try:
            await asyncio.wait_for(process.communicate(text.encode()), self._timeout)
        except TimeoutError as error:
            raise RenderFailed(f"the speech command {command[0]} took over {self._timeout:g} s") from error
        finally:
            await _end(process)
        if process.returncode:
            raise RenderFailed(f"the speech command {command[0]} ended with status {process.returncode}")


class _Broken(Exception):
    """This process can't be used any more, or could not do this one thing."""


def _advice(error: str) -> str:
    if error.startswith("no-voice"):
        return f"espeak-ng lacks the Mandarin voice{error.removeprefix('no-voice')}; {INSTALL} espeak-ng-data"
    return f"no speech engine: espeak-ng or pyttsx3 can't be loaded ({error}); {INSTALL}"


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, 9)
    if process.stdin is not None:
        process.stdin.close()
    await asyncio.shield(process.wait())
