"""A process that speaks: asked for one sound at a time, killed when it hangs or when nobody waits for its answer any more."""

import asyncio
import json
import os
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class Broken(Exception):
    """This process can't be used any more, or could not do this one thing."""


class Refused(Exception):
    """It can't do this one thing, whatever is tried, and is as well as before."""


class Child:
    """JSON, an object a line, in both directions. `start_timeout` bounds the first line, `timeout` one sound; both in seconds."""

    def __init__(self, timeout: float, start_timeout: float) -> None:
        self._timeout, self._start_timeout = timeout, start_timeout
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def spawn(self, command: Sequence[str]) -> Mapping[str, object]:
        """Start it and return its first line. Raises Broken if there is none."""
        try:
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        except OSError as error:
            raise Broken(f"it can't be started: {error.strerror}") from error
        try:
            return await self._line(self._process, self._start_timeout)
        except BaseException:
            await self.kill()
            raise

    async def speak(self, request: Mapping[str, object]) -> bytes:
        """The wav that it makes of a request, to which the path is added. Raises Broken and Refused."""
        process = self._process
        if process is None or process.returncode is not None:
            raise Broken("it was gone")
        try:
            with tempfile.TemporaryDirectory(prefix="speech-") as folder:
                wav = Path(folder) / "spoken.wav"
                return await self._exchange(process, {**request, "wav": str(wav)}, wav)
        except Refused:
            raise
        except OSError as error:  # no room for the wav, or none was written
            await self.kill()
            raise Broken(f"there is no wav: {error.strerror}") from error
        except BaseException:
            # Cancelled between question and answer: the next reader must not get this one's answer.
            await self.kill()
            raise

    async def kill(self) -> None:
        """End it, if it lives."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, 9)
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.shield(process.wait())

    async def _exchange(self, process: Process, request: Mapping[str, object], wav: Path) -> bytes:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            async with asyncio.timeout(self._timeout):  # wait_for would lose a cancellation (Python 3.11)
                await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Broken("it was gone") from error
        except TimeoutError as error:
            raise Broken(f"it read nothing in {self._timeout:g} s") from error
        answer = await self._line(process, self._timeout)
        if "refused" in answer:
            raise Refused(str(answer["refused"]))
        if "ok" not in answer:
            raise Broken(str(answer.get("error")))
        return await asyncio.to_thread(wav.read_bytes)

    async def _line(self, process: Process, seconds: float) -> Mapping[str, object]:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                line = await process.stdout.readline()
        except TimeoutError as error:
            raise Broken(f"no answer in {seconds:g} s") from error
        except ValueError as error:
            raise Broken("an answer without an end") from error
        if not line:
            raise Broken(f"it ended with status {await process.wait()}")
        try:
            message = json.loads(line)
        except ValueError:  # its words may hold the text
            message = None
        if not isinstance(message, dict):
            raise Broken("an answer that is none")
        return message
