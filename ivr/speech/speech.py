"""Prompts become sound before anybody listens: render everything, then play paths.

`Speech` joins normaliser, engine and cache. A prompt is one media list, a file per part (a 验证码 is several); fixed
parts are shared by all calls. Rendering happens before a draw starts and before a call is dialled, never while
somebody waits on the line.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from ivr.prompts.language import Language
from ivr.prompts.parts import Fixed, Part, Pause, Prompt, Spoken

from . import audio
from .cache import SoundCache, key
from .engine import LANGUAGE_NAMES, Engine
from .errors import NotWritten, NoVoice, RenderFailed, SpeechError
from .heard import Heard, pace, sounds
from .patience import Patience
from .recordings import Recordings
from .saying import Saying, saying

USED_AGAIN_SECONDS = 30.0
"""So often it is written down that a sound is in use."""
SOUND, TONE = "sound:", "tone:"
"""How Asterisk is told to play a file, and a tone of its own."""
TEST_SOUND = Prompt("test_sound", (Pause(250),))
"""Is heard by nobody: whether a node can play what is made here."""
LOG = logging.getLogger(__name__)

_KNOWN_PARTS = 20_000


class Speech:
    """Renders prompts into `cache_dir` with `engine`; `recordings` of a human voice come before it.

    `engine` speaks Mandarin; `others` speak the other languages that are in use. A prompt's language chooses the voice.
    `natural` are better voices of some languages, slower to make a sound and not able to say everything: all of a call that is in
    their languages is said by them, or nothing.
    """

    def __init__(
        self,
        cache_dir: Path,
        engine: Engine,
        recordings: Path | None = None,
        others: Mapping[Language, Engine] | None = None,
        natural: Mapping[Language, Engine] | None = None,
    ) -> None:
        self._cache = SoundCache(cache_dir)
        self._engines: Mapping[Language, Engine] = {**(others or {}), Language.MANDARIN: engine}
        self._natural = dict(natural or {})
        self._patience = Patience()
        self._recordings = Recordings(recordings)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._names: dict[Heard, str] = {}
        self._made_of: dict[str, Heard] = {}
        self._used: dict[str, float] = {}

    @property
    def languages(self) -> frozenset[Language]:
        """Those that have a voice."""
        return frozenset(self._engines)

    @property
    def natural(self) -> str:
        """The identity of the natural voices that are in use, or nothing; known once started."""
        return " ".join(engine.identity for engine in self._natural.values())

    async def start(self) -> None:
        """Open the cache, read the recordings, start the engines, check each voice. `NoVoice` and `BadRecording` say
        what to do; a natural voice that is missing is only noted.
        """
        await asyncio.to_thread(self._cache.open)
        await asyncio.to_thread(self._recordings.load)
        try:
            for engine in self._engines.values():
                await engine.start()
        except SpeechError:
            await self._close_engines()
            raise
        for language, engine in list(self._natural.items()):
            try:
                await engine.start()
            except NoVoice as error:
                LOG.warning("%s is spoken by %s: %s", LANGUAGE_NAMES[language], self._engines[language].identity, error)
                del self._natural[language]

    async def close(self) -> None:
        """Stop what is being rendered and end the engine."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._close_engines()

    async def render(self, prompt: Prompt) -> tuple[str, ...]:
        """The prompt's media list: absolute paths without extension."""
        return (await self.render_all({prompt.id: prompt}))[prompt.id]

    async def render_all(self, prompts: Mapping[str, Prompt], *, wait: bool = True) -> Mapping[str, tuple[str, ...]]:
        """Media lists by prompt id, all in the natural voice or all without it. Each part is looked for on the disk, and made anew
        if its file is not the one that was seen. Not `wait`: NotYet is raised while the natural voice works (ivr.speech.patience).
        """
        return (await self._in_one_voice(prompts, wait))[0]

    async def make(self, prompts: Mapping[str, Prompt]) -> bool:
        """Have all that a call says made; whether the natural voice can say it."""
        return (await self._in_one_voice(prompts, True))[1]

    def voice_of(self, prompt: Prompt, natural: bool) -> str:
        """Which engines say a prompt, by their identities; `natural` as `make` gives it."""
        parts = (heard for heard in sounds(prompt, natural, self.languages) if not isinstance(heard[0], Pause))
        said = ((saying(part, language), better) for part, language, better in parts if not isinstance(part, Pause))
        return ", ".join(dict.fromkeys(self._engine(each, better).identity for each, better in said))

    async def _in_one_voice(self, prompts: Mapping[str, Prompt], wait: bool) -> tuple[Mapping[str, tuple[str, ...]], bool]:
        if self._natural:
            try:
                if not wait:
                    self._look_ahead(prompts.values())
                return await self._rendered(prompts, natural=True), True
            except NotWritten:
                raise
            except RenderFailed as error:
                LOG.warning("spoken without the natural voice: %s", error)
        return await self._rendered(prompts, natural=False), False

    async def _rendered(self, prompts: Mapping[str, Prompt], *, natural: bool) -> Mapping[str, tuple[str, ...]]:
        looked_at: set[str] = set()
        return {name: await self._render(prompt, looked_at, natural) for name, prompt in prompts.items()}

    async def _render(self, prompt: Prompt, looked_at: set[str], natural: bool) -> tuple[str, ...]:
        parts = list(sounds(prompt, natural, self.languages))
        names = [self._name(heard) for heard in parts]
        now = asyncio.get_running_loop().time()
        for name, heard in zip(names, parts, strict=True):
            if name in looked_at:
                continue
            looked_at.add(name)
            if not self._cache.is_as_seen(name):
                await self._ensure(name, heard)
            if self._used.get(name, 0.0) < now:
                self._cache.used(name)
                self._used[name] = now + USED_AGAIN_SECONDS
        return tuple(map(self._cache.media, names))

    def _look_ahead(self, prompts: Iterable[Prompt]) -> None:
        """Have made what is missing; raises NotYet until it is there, RenderFailed once that took too long."""
        wanted = {self._name(heard): heard for prompt in prompts for heard in sounds(prompt, True, self.languages)}
        missing = {name: heard for name, heard in wanted.items() if not self._cache.is_as_seen(name)}
        now = asyncio.get_running_loop().time()
        for name, heard in missing.items():
            self._patience.check(name, now)
            self._begin(name, heard)
        if missing:
            self._patience.wait(missing, now)

    def lost(self, media: Iterable[str]) -> str | None:
        """The first sound of a rendered media list (as `render` gives it, or as Asterisk is told) whose files are not as they were
        when it was rendered: gone, emptied, changed or unreadable. By its path; None if all are. A look at the disk, no more.
        """
        paths = (each.removeprefix(SOUND) for each in media if not each.startswith(TONE))
        return next((path for path in paths if not self._cache.is_as_seen(path.rpartition("/")[2])), None)

    def heard_for(self, media: Iterable[str]) -> float:
        """How many seconds a rendered media list takes, without looking at the disk."""
        return sum(self._cache.sounds_for(each.rpartition("/")[2]) for each in media)

    async def mend(self, media: Iterable[str]) -> list[str]:
        """Make anew what is lost of a media list, and return all of it that is made here. Raises SpeechError."""
        mended = []
        for path in media:
            name = path.rpartition("/")[2]
            if (heard := self._made_of.get(name)) is not None:
                await self._ensure(name, heard)
                mended.append(path)
        return mended

    async def check_writable(self) -> None:
        """Raises NotWritten while no sound can be put into the cache."""
        try:
            await asyncio.to_thread(self._cache.try_writing)
        except OSError as error:
            raise self._not_written(error) from error

    async def prepare(self, prompts: Iterable[Prompt]) -> None:
        """Have everything ready before a draw starts; part by part, so that one that can't be said is one."""
        for part, language in ((part, prompt.language) for prompt in prompts for part in prompt.parts):
            await self.render(Prompt("part", (part,), language))

    def seconds(self, prompt: Prompt) -> float:
        """How long a rendered prompt takes to hear. FileNotFoundError if it was not rendered."""
        return sum(self._cache.seconds(self._name(heard)) for heard in sounds(prompt, bool(self._natural), self.languages))

    async def _close_engines(self) -> None:
        await asyncio.gather(*(engine.close() for engine in (*self._engines.values(), *self._natural.values())))

    def _name(self, heard: Heard) -> str:
        """Under what its sound is kept; remembered, since each call asks for all of its prompts."""
        name = self._names.get(heard)
        if name is None:
            if len(self._names) >= _KNOWN_PARTS:
                self._names.clear()
                self._made_of.clear()
                self._used.clear()
                self._patience.clear()
            name = self._names[heard] = self._new_name(*heard)
            self._made_of[name] = heard
        return name

    def _new_name(self, part: Part, language: Language, natural: bool) -> str:
        if isinstance(part, Pause):
            return key("silence", part.milliseconds)
        if isinstance(part, Fixed) and (digest := self._recordings.digest(part.text, language)):
            return key("recording", digest)
        said = saying(part, language)
        return key(self._engine(said, natural).identity, pace(part).value, said.version, said.text)

    def _engine(self, said: Saying, natural: bool) -> Engine:
        if natural and (better := self._natural.get(said.language)) is not None:
            return better
        engine = self._engines.get(said.language)
        if engine is None:
            raise RenderFailed(f"no voice is set up for {LANGUAGE_NAMES[said.language]}")
        return engine

    async def _ensure(self, name: str, heard: Heard) -> None:
        """One rendering of a key at a time; who waits for it may give up without stopping it for the
        others.
        """
        if self._cache.has(name):
            return
        self._patience.check(name, asyncio.get_running_loop().time())
        await asyncio.shield(self._begin(name, heard))

    def _begin(self, name: str, heard: Heard) -> asyncio.Task[None]:
        """Make it, unless that is under way."""
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(self._make(name, *heard))
            self._under_way[name] = task
            task.add_done_callback(lambda done: self._finished(name, heard, done))
        return task

    def _finished(self, name: str, heard: Heard, task: asyncio.Task[None]) -> None:
        del self._under_way[name]
        error = None if task.cancelled() else task.exception()  # seen, even if everybody who waited has gone
        if error is None:
            self._patience.made(name)
        elif heard[2] and isinstance(error, RenderFailed) and not isinstance(error, NotWritten):
            self._patience.failed(name, asyncio.get_running_loop().time())

    async def _make(self, name: str, part: Part, language: Language, natural: bool) -> None:
        sound = await self._sound(part, language, natural)
        try:
            await asyncio.to_thread(self._cache.put, name, sound)
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> NotWritten:
        return NotWritten(f"a sound can't be written to {self._cache.folder}: {error.strerror}")

    async def _sound(self, part: Part, language: Language, natural: bool) -> audio.Samples:
        if isinstance(part, Pause):
            return audio.silence(part.milliseconds)
        recorded = self._recordings.read(part.text, language) if isinstance(part, Fixed) else None
        if recorded is not None:
            return recorded
        wav = await self._speak(part, saying(part, language), natural)
        try:
            return await asyncio.to_thread(_converted, wav)
        except audio.BadAudio as error:
            raise RenderFailed(f"a {type(part).__name__} part could not be made audible: {error}") from error

    async def _speak(self, part: Spoken, said: Saying, natural: bool) -> bytes:
        if not said.text:
            raise RenderFailed(f"nothing in a {type(part).__name__} part can be spoken")
        return await self._engine(said, natural).speak(said.text, pace(part))


def _converted(wav: bytes) -> audio.Samples:
    return audio.for_telephone(*audio.read_wav(wav))
