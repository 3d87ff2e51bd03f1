"""试听: what an expert will hear of a notice, before anybody is called (N3)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from aiohttp import web

from drawing import drafts
from drawing.activities import Notice
from drawing.lifecycle import Role
from drawing.sound_rules import Sounds
from drawing.sounds import sounds
from ivr.prompts import Prompt
from ivr.speech import SpeechError
from web.access import CLERKS, get
from web.audition import AUDITION, HEARD, prompts, written
from web.editing import visible
from web.keys import DATABASE, SETTINGS, identity
from web.ownership import scope
from web.pages import render

LOG = logging.getLogger(__name__)
PATIENCE_SECONDS = 120.0
"""So long a browser waits for a voice that is at work."""
_VOICES: Mapping[Sounds | None, str] = {Sounds.NATURAL: "专家听到的是自然语音。", Sounds.PLAIN: Sounds.PLAIN.words}
LISTENERS = CLERKS | {Role.REVIEWER, Role.SUPERVISOR}


async def show(request: web.Request) -> web.Response:
    """A player for each prompt."""
    found = await visible(request)
    notice, said = await _notice(request)
    heard = [(name, label, written(said[name])) for name, label in HEARD]
    number = request.app[SETTINGS].published_number
    made = (await sounds(request.app[DATABASE], found.id)).sounds
    return render(
        request, "audition.html", activity=found, notice=notice, heard=heard, able=AUDITION in request.app, step=3,
        number=number, voice=_VOICES.get(made, ""),
    )  # fmt: skip


async def play(request: web.Request) -> web.Response:
    """One prompt as wav."""
    await visible(request)
    _, said = await _notice(request)
    audition = request.app.get(AUDITION)
    wanted = request.match_info["prompt"]
    if audition is None or wanted not in dict(HEARD):
        raise web.HTTPNotFound
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return web.Response(body=await audition.wav(said, wanted), content_type="audio/wav")
    except TimeoutError:  # it goes on, and is there when somebody listens again
        LOG.warning("a notice can't be heard yet: the voice took over %g s", PATIENCE_SECONDS)
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "30"}) from None
    except SpeechError as error:
        LOG.error("a notice can't be heard: %s", error)
        raise web.HTTPServiceUnavailable from None


async def _notice(request: web.Request) -> tuple[Any, dict[str, Prompt]]:
    db, activity = request.app[DATABASE], request.match_info["activity"]
    row = await drafts.details(db, activity, scope(identity(request)))
    number = int(request.match_info["notice"])
    notice = next((each for each in await drafts.notices(db, activity) if each.id == number), None)
    if row is None or notice is None:
        raise web.HTTPNotFound
    length = row.evaluation_end - row.evaluation_start
    return notice, prompts(Notice(**{each.name: getattr(notice, each.name) for each in fields(Notice)}), length)


_HERE = r"/activities/{activity}/notices/{notice:\d{1,9}}/audition"
ROUTES = (
    get(_HERE, show, LISTENERS, name="audition"),
    get(_HERE + r"/{prompt:[a-z0-9_]{1,40}}.wav", play, LISTENERS, name="audition_wav"),
)
