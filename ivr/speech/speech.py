"""Prompts become sound before anybody listens: render everything, then play paths.

`Speech` joins normaliser, engine and cache. A prompt is one media list, a file per part (a 验证码 is several); fixed
parts are shared by all calls. Rendering happens before a draw starts and before a call is dialled, never while
somebody waits on the line.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ivr.prompts.language import Language
from ivr.prompts.parts import Date, Fixed, Part, Pause, Prompt, Spoken, Time, language_of

from . import audio
from .cache import SoundCache, key
from .engine import LANGUAGE_NAMES, Engine, Pace
from .errors import NotWritten, NoVoice, RenderFailed, SpeechError
from .figures import taken_apart
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
    `natural` is a better voice for Mandarin, slower to make a sound and not able to say everything: all of a call's Mandarin is
    said by it, or none.
    """

    def __init__(
        self,
        cache_dir: Path,
        engine: Engine,
        recordings: Path | None = None,
        others: Mapping[Language, Engine] | None = None,
        natural: Engine | None = None,
    ) -> None:
        self._cache = SoundCache(cache_dir)
        self._engines: Mapping[Language, Engine] = {**(others or {}), Language.MANDARIN: engine}
        self._natural = natural
        self._patience = Patience()
        self._recordings = Recordings(recordings)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._names: dict[_Heard, str] = {}
        self._made_of: dict[str, _Heard] = {}
        self._used: dict[str, float] = {}

    @property
    def languages(self) -> frozenset[Language]:
        """Those that have a voice."""
        return frozenset(self._engines)

    @property
    def is_natural(self) -> bool:
        """Whether the natural voice is in use; known once started."""
        return self._natural is not None

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
        if self._natural is not None:
            try:
                await self._natural.start()
            except NoVoice as error:
                LOG.warning("Mandarin is spoken by %s: %s", self._engines[Language.MANDARIN].identity, error)
                self._natural = None

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
        if self._natural is not None:
            try:
                if not wait:
                    self._look_ahead(prompts.values())
                return await self._rendered(prompts, natural=True)
            except NotWritten:
                raise
            except RenderFailed as error:
                LOG.warning("spoken without the natural voice: %s", error)
        return await self._rendered(prompts, natural=False)

    async def _rendered(self, prompts: Mapping[str, Prompt], *, natural: bool) -> Mapping[str, tuple[str, ...]]:
        looked_at: set[str] = set()
        return {name: await self._render(prompt, looked_at, natural) for name, prompt in prompts.items()}

    async def _render(self, prompt: Prompt, looked_at: set[str], natural: bool) -> tuple[str, ...]:
        parts = list(self._sounds(prompt, natural))
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
        wanted = {self._name(heard): heard for prompt in prompts for heard in self._sounds(prompt, True)}
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
        return sum(self._cache.seconds(self._name(heard)) for heard in self._sounds(prompt, self._natural is not None))

    async def _close_engines(self) -> None:
        engines = (*self._engines.values(), *([self._natural] if self._natural else []))
        await asyncio.gather(*(engine.close() for engine in engines))

    def _sounds(self, prompt: Prompt, natural: bool) -> Iterator["_Heard"]:
        """What gets a file each. A 验证码 is taken apart into figures: no code is synthesised for one call alone, and
        none stays in the cache. The natural voice's telephone numbers too: said whole, it slurs 幺 into 有. A phrase in a language
        of its own is left out where nobody speaks it.
        """
        for part in prompt.parts:
            language = language_of(part, prompt.language)
            if language is prompt.language or language in self._engines:
                for each in taken_apart(part, natural=natural and language is Language.MANDARIN):
                    yield each, language, natural and not isinstance(each, Pause)

    def _name(self, heard: "_Heard") -> str:
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
        return key(self._engine(said, natural).identity, _pace(part).value, said.version, said.text)

    def _engine(self, said: Saying, natural: bool) -> Engine:
        if natural and self._natural is not None and said.language is Language.MANDARIN:
            return self._natural
        engine = self._engines.get(said.language)
        if engine is None:
            raise RenderFailed(f"no voice is set up for {LANGUAGE_NAMES[said.language]}")
        return engine

    async def _ensure(self, name: str, heard: "_Heard") -> None:
        """One rendering of a key at a time; who waits for it may give up without stopping it for the
        others.
        """
        if self._cache.has(name):
            return
        self._patience.check(name, asyncio.get_running_loop().time())
        await asyncio.shield(self._begin(name, heard))

    def _begin(self, name: str, heard: "_Heard") -> asyncio.Task[None]:
        """Make it, unless that is under way."""
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(self._make(name, *heard))
            self._under_way[name] = task
            task.add_done_callback(lambda done: self._finished(name, heard, done))
        return task

    def _finished(self, name: str, heard: "_Heard", task: asyncio.Task[None]) -> None:
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
        return await self._engine(said, natural).speak(said.text, _pace(part))


_Heard = tuple[Part, Language, bool]
"""What is said, in which language, and whether by the natural voice."""


def _converted(wav: bytes) -> audio.Samples:
    return audio.for_telephone(*audio.read_wav(wav))


def _pace(part: Spoken) -> Pace:
    if isinstance(part, Fixed | Date | Time) and part.brisk:
        return Pace.BRISK
    return Pace.SLOW if part.slow else Pace.NORMAL
