"""The natural voice as an engine: one process, asked for one sound at a time, started again when it dies."""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ivr.speech.child import Broken, Child, Refused
from ivr.speech.engine import Pace, check_voice
from ivr.speech.errors import NoVoice, RenderFailed

from . import pinyin
from .folder import MODEL, REPAIR, SHA256, VOICE, NoFolder, installed

VERSION = 1
"""Part of the identity: raise it when the process changes the sound."""
MEMORY_MIB = 700
"""The process's ceiling of data; 500 MiB of it are in use after the longest run."""
STRETCH: Mapping[Pace, float] = {Pace.NORMAL: 1.12, Pace.SLOW: 1.25, Pace.BRISK: 1.0}
"""Times as long as the model speaks: 4.4 syllables a second, slower for what is written down."""
_HOME = Path(__file__).resolve().parents[3]


class KokoroEngine:
    """Mandarin by Kokoro-82M, from the folder that `script/setup voice` made.

    `timeout` (seconds) bounds one sound, `start_timeout` the start: they find a process that hangs. It gives way to all others, so
    that on a busy machine both take minutes (seen at a load of 30 on 2 cores). A request that fails because the process died or
    hung is tried once more in a new one; a text that has no reading is not.
    """

    def __init__(self, folder: Path, *, timeout: float = 900.0, start_timeout: float = 900.0) -> None:
        self._folder = folder
        self._child = Child(timeout, start_timeout)
        self._turn = asyncio.Lock()
        self._identity = ""

    @property
    def identity(self) -> str:
        """Hashes of model and voice, versions of the packages and of ours."""
        return self._identity

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid

    async def start(self) -> None:
        """Load the model and speak a line. `NoVoice` says what is wrong."""
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
                with suppress(Broken):
                    return await self._ask(text, pace)
                return await self._ask(text, pace)
            except Refused as error:
                raise RenderFailed(f"the natural voice can't say a text: {error}") from error
            except Broken as error:
                raise RenderFailed(f"the natural voice failed twice at the same text: {error}") from error

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._child.kill()

    async def _spawn(self) -> None:
        try:
            found = installed(self._folder)
        except NoFolder as error:
            raise NoVoice(str(error)) from error
        script = Path(__file__).with_name("process.py")
        files = (found.packages, found.model, found.voice)
        try:
            hello = await self._child.spawn(
                (sys.executable, "-I", str(script), str(_HOME), *map(str, files), str(MEMORY_MIB))
            )
        except Broken as error:
            raise NoVoice(f"the natural voice did not start: {error}; {REPAIR}") from error
        if "ready" not in hello:
            await self._child.kill()
            raise NoVoice(f"the natural voice did not start: {hello.get('error')}; {REPAIR}")
        versions = "/".join(f"{name}-{version}" for name, version in sorted(found.versions.items()))
        paces = "/".join(f"{factor:g}" for factor in STRETCH.values())
        self._identity = f"kokoro-{VERSION}.{pinyin.VERSION}/{SHA256[MODEL]}/{SHA256[VOICE]}/{versions}/{paces}"

    async def _ask(self, text: str, pace: Pace) -> bytes:
        if self.pid is None:
            try:
                await self._spawn()
            except NoVoice as error:  # it has spoken before: the folder was removed, or memory is short
                raise RenderFailed(f"the natural voice can't be started again: {error}") from error
        return await self._child.speak({"text": text, "stretch": STRETCH[pace]})
