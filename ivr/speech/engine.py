"""Engines: what turns hanzi into a wav. Each is a process of its own, awaited, killed when it hangs,
started again.

`Pyttsx3Engine` is the default. `CommandEngine` (ivr.speech.command) takes any command, so that a better voice can be
put in; `KokoroEngine` (ivr.speech.kokoro) is the natural voice that `script/setup voice` installs.
An engine speaks one language: a voice is a voice of a language.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Protocol

from ivr.prompts.language import Language

from . import respelling
from .audio import BadAudio, for_telephone, read_wav
from .child import Broken, Child, Refused
from .errors import NoVoice, RenderFailed

CHECK_LINES: Mapping[Language, str] = {
    Language.MANDARIN: "您好，这里是广东省综合评标评审专家库。",
    Language.CANTONESE: "您好，呢度系广东省综合评标评审专家库。",
    Language.ENGLISH: "Hello, this is the expert pool of Guangdong Province, calling about an evaluation.",
}
"""Each of 18 to 23 syllables."""
LANGUAGE_NAMES: Mapping[Language, str] = {
    Language.MANDARIN: "Mandarin", Language.CANTONESE: "Cantonese", Language.ENGLISH: "English",
}  # fmt: skip
_VOICES: Mapping[Language, str] = {Language.CANTONESE: "yue", Language.ENGLISH: "en"}
"""espeak-ng's; the voice of Mandarin depends on its version (pyttsx3_process.mandarin_voice)."""
INSTALL = "install it with: apt-get install espeak-ng"


class Pace(Enum):
    """How fast: words per minute as espeak counts them. 190 gives about 3.8 syllables a second, 150 about 3.1, 235 about 4.7
    (the pace of everyday speech, for what begins every call).
    """

    NORMAL = 190
    SLOW = 150
    BRISK = 235


_RATES: Mapping[Language, Mapping[Pace, int]] = {
    Language.CANTONESE: {Pace.NORMAL: 160, Pace.SLOW: 140, Pace.BRISK: 196},
    Language.ENGLISH: {Pace.NORMAL: 155, Pace.SLOW: 140, Pace.BRISK: 200},
}
"""What espeak-ng needs instead for the same syllables a second: its words are shorter in some languages."""


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


async def check_voice(engine: Engine, language: Language = Language.MANDARIN) -> None:
    """Speak one line and see that it is audible and neither cut short nor endless."""
    try:
        samples, rate = read_wav(await engine.speak(CHECK_LINES[language], Pace.NORMAL))
        seconds = len(await asyncio.to_thread(for_telephone, samples, rate)) / 8000
    except (BadAudio, RenderFailed) as error:
        raise NoVoice(f"the voice {engine.identity} can't speak: {error}. Choose another engine.") from error
    if not 2 <= seconds <= 15:
        raise NoVoice(
            f"the voice {engine.identity} took {seconds:.1f} s for a line of some 20 syllables:"
            f" it does not speak {LANGUAGE_NAMES[language]}; install espeak-ng with its data files, or choose another engine"
        )


class ProcessEngine:
    """A voice in one warmed process; requests one at a time. What a voice has of its own: `_spawn` and `_ask`.

    `timeout` (seconds) bounds one utterance, `start_timeout` the start; past it the process is killed. A
    request that fails because the process died or hung is tried once more in a new process; what it refuses is not.
    """

    called = ""
    """In messages."""

    def __init__(self, language: Language, timeout: float, start_timeout: float) -> None:
        self.language = language
        self._child = Child(timeout, start_timeout)
        self._turn = asyncio.Lock()
        self._identity = ""

    @property
    def identity(self) -> str:
        """Name, version and voice: part of the cache's key. Known once started."""
        return self._identity

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid

    async def start(self) -> None:
        """Start the process and check the voice. `NoVoice` says what to do."""
        async with self._turn:
            await self._spawn()
        try:
            await check_voice(self, self.language)
        except NoVoice:
            await self.close()
            raise

    async def speak(self, text: str, pace: Pace) -> bytes:
        """One utterance; a dead or hanging process is replaced once."""
        return await self.speak_in(self.language, text, pace)

    async def speak_in(self, language: Language, text: str, pace: Pace) -> bytes:
        """The same in another language, where the process has a voice for it."""
        async with self._turn:
            try:
                with suppress(Broken):
                    return await self._ask(language, text, pace)
                return await self._ask(language, text, pace)
            except Refused as error:
                raise RenderFailed(f"{self.called} can't say a text: {error}") from error
            except Broken as error:
                raise RenderFailed(f"{self.called} failed twice at the same text: {error}") from error

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._child.kill()

    async def _spawn(self) -> None:
        """Start the process, and know the identity. `NoVoice` says why it does not start."""
        raise NotImplementedError

    async def _ask(self, language: Language, text: str, pace: Pace) -> bytes:
        """The process's answer; it is started where it is gone."""
        raise NotImplementedError


class Pyttsx3Engine(ProcessEngine):
    """pyttsx3 with espeak-ng; its identity is for example `pyttsx3-2.99/espeak-ng-1.51/cmn-latn-pinyin/respelling-1`, with its
    rates, if it has some of its own.
    """

    called = "the speech process"

    def __init__(
        self,
        *,
        language: Language = Language.MANDARIN,
        voice: str | None = None,
        timeout: float = 60.0,
        start_timeout: float = 60.0,
    ) -> None:
        super().__init__(language, timeout, start_timeout)
        self._rates = _RATES.get(language, {})
        self._voice = voice or _VOICES.get(language, "")
        self._respell: Callable[[str], str] = str  # as it is

    async def _spawn(self) -> None:
        script = Path(__file__).with_name("pyttsx3_process.py")
        try:
            hello = await self._child.spawn((sys.executable, "-I", str(script), self._voice))
        except Broken as error:
            raise NoVoice(f"the speech process did not start: {error}. Is pyttsx3 installed here?") from error
        if "ready" not in hello:
            await self._child.kill()
            raise NoVoice(_advice(str(hello.get("error")), self.language))
        voice = str(hello["voice"])
        self._respell = respelling.BY_VOICE.get(voice, str)
        spelling = f"/respelling-{respelling.VERSIONS[voice]}" if voice in respelling.VERSIONS else ""
        rates = "".join(f"/{rate}" for rate in self._rates.values())
        self._identity = f"pyttsx3-2.99/espeak-ng-{hello['version']}/{voice}{spelling}{rates}"

    async def _ask(self, language: Language, text: str, pace: Pace) -> bytes:
        if self.pid is None:
            await self._spawn()
        return await self._child.speak({"text": self._respell(text), "rate": self._rates.get(pace, pace.value)})


def _advice(error: str, language: Language) -> str:
    if error.startswith("no-voice"):
        return f"espeak-ng lacks the {LANGUAGE_NAMES[language]} voice{error.removeprefix('no-voice')}; {INSTALL} espeak-ng-data"
    return f"no speech engine: espeak-ng or pyttsx3 can't be loaded ({error}); {INSTALL}"
