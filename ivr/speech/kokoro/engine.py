"""The natural voice as an engine: one process, asked for one sound at a time, started again when it dies."""

import sys
from collections.abc import Mapping
from pathlib import Path

from ivr.prompts.language import Language
from ivr.speech.child import Broken
from ivr.speech.engine import Pace, ProcessEngine
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


class KokoroEngine(ProcessEngine):
    """Mandarin by Kokoro-82M, from the folder that `script/setup voice` made.

    The time limits find a process that hangs. It gives way to all others, so that on a busy machine both take minutes (seen at a
    load of 30 on 2 cores). Its identity: hashes of model and voice, versions of the packages and of ours.
    """

    called = "the natural voice"

    def __init__(self, folder: Path, *, timeout: float = 900.0, start_timeout: float = 900.0) -> None:
        super().__init__(Language.MANDARIN, timeout, start_timeout)
        self._folder = folder

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
