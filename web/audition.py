"""试听: the very audio that experts will hear, from the same engine and cache as the calls (N3)."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from drawing.activities import Notice
from drawing.reference import reference
from ivr.prompts import InvitationFacts, Pause, Prompt, invitation
from ivr.speech import make_speech
from ivr.speech.saying import saying
from web.settings import SpeechSettings

_STOPS = "，。：；？！"
IDLE_SECONDS = 300.0
SAMPLE_CODE = "123456"
"""An expert's own 验证码 is given when they agree."""
HEARD: tuple[tuple[str, str], ...] = (
    ("invitation", "接听后首先听到"),
    ("confirm_accept", "按 1 后听到"),
    ("received_accept", "再按 1 确认后听到"),
    ("details", "同意参评后听到的集合信息（验证码为示例）"),
    ("confirm_decline", "按 2 后听到"),
    ("received_decline", "再按 2 确认后听到"),
)
"""The prompts that are played in the console, in the order of a call."""


class Audition:
    """Renders prompts in this process's own engine, which starts when somebody listens, and ends when nobody has for a while: the
    natural voice takes half a gigabyte of memory.
    """

    def __init__(self, settings: SpeechSettings, idle_seconds: float = IDLE_SECONDS) -> None:
        self._speech = make_speech(settings.cache, settings.recorded, settings.command, natural=settings.natural)
        self._idle_seconds = idle_seconds
        self._turn = asyncio.Lock()
        self._listeners = 0
        self._used_at = 0.0
        self._resting: asyncio.Task[None] | None = None
        self.started = False

    async def wav(self, said: Mapping[str, Prompt], wanted: str) -> bytes:
        """One prompt of a call as one wav (8 kHz, 16 bits, mono), in the voice that says all of them; raises SpeechError."""
        self._listeners += 1
        try:
            await self._start()
            media = (await self._speech.render_all(said))[wanted]
            return await asyncio.to_thread(joined, [Path(f"{each}.wav") for each in media])
        finally:
            self._listeners -= 1
            self._used_at = asyncio.get_running_loop().time()
            if self._resting is None or self._resting.done():
                self._resting = asyncio.create_task(self._rest(), name="audition")

    async def close(self) -> None:
        """End the engine, if it was started."""
        await self._end(whoever_listens=True)
        if self._resting is not None:
            self._resting.cancel()

    async def _start(self) -> None:
        async with self._turn:
            if not self.started:
                await self._speech.start()
                self.started = True

    async def _rest(self) -> None:
        while self.started:
            left = self._used_at + self._idle_seconds - asyncio.get_running_loop().time()
            await asyncio.sleep(left if left > 0 else self._idle_seconds)
            if not self._listeners and self._used_at + self._idle_seconds <= asyncio.get_running_loop().time():
                await self._end()

    async def _end(self, *, whoever_listens: bool = False) -> None:
        async with self._turn:
            if self.started and (whoever_listens or not self._listeners):
                self.started = False
                await self._speech.close()


AUDITION: web.AppKey[Audition] = web.AppKey("audition", Audition)
"""Only there where the settings name a cache of speech."""


def prompts(notice: Notice, duration: timedelta) -> dict[str, Prompt]:
    """What the invitation says for this notice, by id."""
    facts = InvitationFacts(
        gather_at=notice.gather_at,
        district="".join(reference().region_path(notice.district).split("-")[1:]),
        duration=duration,
        address=notice.address,
        contact_phone=notice.contact_phone,
        code=SAMPLE_CODE,
        room=notice.room,
        contact=notice.contact,
        note=notice.note,
    )
    return dict(invitation(facts))


def written(prompt: Prompt) -> str:
    """The same in writing, exactly as the voice gets it: figures are words. A pause is a comma, where nothing else is."""
    text = ""
    for part in prompt.parts:
        if not isinstance(part, Pause):
            text += saying(part, prompt.language).text
        elif text and text[-1] not in _STOPS:
            text += "，"
    return text.rstrip("，")


def joined(files: Sequence[Path]) -> bytes:
    """The sounds one after the other; all have one format (ivr.speech.cache)."""
    whole = io.BytesIO()
    with wave.open(whole, "wb") as out:
        for n, path in enumerate(files):
            with wave.open(str(path), "rb") as part:
                if n == 0:
                    out.setparams(part.getparams())
                out.writeframes(part.readframes(part.getnframes()))
    return whole.getvalue()
