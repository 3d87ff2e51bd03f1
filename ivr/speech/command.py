"""Any program that turns text into a wav, as a voice: so that a better one can be put in without a line of code."""

import asyncio
import hashlib
import os
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ivr.prompts.language import Language

from .audio import BadAudio, read_wav
from .engine import Pace, check_voice
from .errors import NoVoice, RenderFailed

LANGUAGE = "{language}"


def speaks_others(command: Sequence[str]) -> bool:
    """Whether a command is told the language; one that is not speaks Mandarin only."""
    return any(LANGUAGE in argument for argument in command)


class CommandEngine:
    """Any command that reads text (UTF-8) from its standard input and writes a wav to a path.

    In the arguments `{wav}` is replaced by the path, `{rate}` by words per minute, `{language}` by cmn, yue or en. The
    cache's key has the command line, `version`, and the contents of every file that the command line names (the
    program, a model): another model is another voice. Past `timeout` (seconds) the program and all that it started are
    ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        language: Language = Language.MANDARIN,
        version: str = "",
        timeout: float = 120.0,
    ) -> None:
        if not any("{wav}" in argument for argument in command):
            raise ValueError("the speech command needs {wav} among its arguments: where it writes the sound")
        self.language = language
        self._command, self._version, self._timeout = tuple(command), version, timeout
        self._identity = self._identify(())

    @property
    def identity(self) -> str:
        """Stands for the command line, the files that it names, `version` and the language."""
        return self._identity

    async def start(self) -> None:
        """Speak a line; `NoVoice` if the command is missing, mute, or makes what is no sound."""
        try:
            self._identity = self._identify(await asyncio.to_thread(_contents, self._command))
        except OSError as error:
            raise NoVoice(f"the speech command {self._command[0]} can't be read: {error}") from error
        await check_voice(self, self.language)

    async def speak(self, text: str, pace: Pace) -> bytes:
        """Run the command once; `RenderFailed` says what it did wrong."""
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            wav = Path(folder) / "spoken.wav"
            await self._run(self._filled(wav, pace), text)
            try:
                sound = await asyncio.to_thread(wav.read_bytes)
                await asyncio.to_thread(read_wav, sound)
            except FileNotFoundError as error:
                raise RenderFailed(f"the speech command {self._command[0]} wrote no file to {{wav}}") from error
            except BadAudio as error:
                raise RenderFailed(f"the speech command {self._command[0]} wrote no usable wav: {error}") from error
            return sound

    async def close(self) -> None:
        """Nothing stays between two utterances."""

    def _identify(self, contents: Iterable[str]) -> str:
        plain = "\0".join((*self._command, self._version, self.language.value, *contents))
        return f"command-{hashlib.sha256(plain.encode()).hexdigest()[:16]}"

    def _filled(self, wav: Path, pace: Pace) -> list[str]:
        values = {"{wav}": str(wav), "{rate}": str(pace.value), LANGUAGE: self.language.value}
        filled = list(self._command)
        for place, value in values.items():
            filled = [argument.replace(place, value) for argument in filled]
        return filled

    async def _run(self, command: list[str], text: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
            )
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


def _contents(command: Sequence[str]) -> list[str]:
    """A hash for each file that the command line names."""
    named = [Path(shutil.which(command[0]) or command[0]), *map(Path, command[1:])]
    hashes = []
    for path in named:
        if path.is_file():
            with path.open("rb") as file:
                hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashes


async def _end(process: Process) -> None:
    """A program that is still at work, and what it started: its process group is its own."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    await asyncio.shield(process.wait())
