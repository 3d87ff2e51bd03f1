"""The natural voice as an engine: one process, asked for one sound at a time, started again when it dies."""

import sys
from collections.abc import Mapping
from pathlib import Path

from ivr.prompts.language import Language
from ivr.speech.child import Broken
from ivr.speech.engine import Pace, ProcessEngine, check_voice
from ivr.speech.errors import NoVoice, RenderFailed

from . import english, pinyin
from .folder import ENGLISH, MODEL, REPAIR, SHA256, VOICE, NoFolder, installed

VERSION = 1
"""Part of the identity: raise it when the process changes the sound."""
MEMORY_MIB = 572
"""The process's ceiling of data, 600 MB; 530 MiB of it are in use after the longest run, and 490 MiB of memory."""
STRETCH: Mapping[Language, Mapping[Pace, float]] = {
    Language.MANDARIN: {Pace.NORMAL: 1.12, Pace.SLOW: 1.25, Pace.BRISK: 1.0},
    Language.ENGLISH: {Pace.NORMAL: 1.12, Pace.SLOW: 1.25, Pace.BRISK: 1.0},
}
"""Times as long as the model speaks: 4.4 syllables a second, slower for what is written down."""
_HOME = Path(__file__).resolve().parents[3]


class KokoroEngine(ProcessEngine):
    """Mandarin by Kokoro-82M, from the folder that `script/setup voice` made.

    The time limits find a process that hangs. It gives way to all others, so that on a busy machine both take minutes (seen at a
    load of 30 on 2 cores). Its identity: hashes of model and voice, versions of the packages and of ours.
    """

    called = "the natural voice"
    speaks_english = False
    """Known once started."""

    def __init__(self, folder: Path, *, timeout: float = 900.0, start_timeout: float = 900.0) -> None:
        super().__init__(Language.MANDARIN, timeout, start_timeout)
        self._folder = folder
        self.made_of = ""

    async def _spawn(self) -> None:
        try:
            found = installed(self._folder)
        except NoFolder as error:
            raise NoVoice(str(error)) from error
        script = Path(__file__).with_name("process.py")
        self.speaks_english = found.english.exists()
        files = (found.packages, found.model, found.voice, found.english if self.speaks_english else "")
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
        self.made_of = f"{versions}/espeak-ng-{hello.get('espeak')}"
        self._identity = f"kokoro-{VERSION}.{pinyin.VERSION}/{SHA256[MODEL]}/{SHA256[VOICE]}/{versions}/{_paces(self.language)}"

    async def _ask(self, language: Language, text: str, pace: Pace) -> bytes:
        if self.pid is None:
            try:
                await self._spawn()
            except NoVoice as error:  # it has spoken before: the folder was removed, or memory is short
                raise RenderFailed(f"the natural voice can't be started again: {error}") from error
        return await self._child.speak({"text": text, "language": language.value, "stretch": STRETCH[language][pace]})


class EnglishVoice:
    """English by the same process, with another voice of the model. It is started and ended with the Mandarin one."""

    def __init__(self, mandarin: KokoroEngine) -> None:
        self._process = mandarin

    @property
    def identity(self) -> str:
        """Of what makes the sound, and what reads the words."""
        paces = _paces(Language.ENGLISH)
        return f"kokoro-{VERSION}.en{english.VERSION}/{SHA256[MODEL]}/{SHA256[ENGLISH]}/{self._process.made_of}/{paces}"

    async def start(self) -> None:
        """Check the voice; `NoVoice` where it is not installed, or where the process did not start."""
        if self._process.pid is None:
            raise NoVoice("the natural voice did not start")
        if not self._process.speaks_english:
            raise NoVoice(f"no natural voice for English is installed: {REPAIR}")
        await check_voice(self, Language.ENGLISH)

    async def speak(self, text: str, pace: Pace) -> bytes:
        """As KokoroEngine."""
        return await self._process.speak_in(Language.ENGLISH, text, pace)

    async def close(self) -> None:
        """The process is the Mandarin engine's."""


def _paces(language: Language) -> str:
    return "/".join(f"{factor:g}" for factor in STRETCH[language].values())
