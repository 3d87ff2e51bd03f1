"""A real invitation, as its telephone heard it while the same node held many calls a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from asterisk.far_end import Behaviour
from bench.hearing.line import AROUND, heard
from bench.hearing.sentences import Sentence
from bench.telephony.ground import Load, ground
from bench.telephony.project import Project, Voice, project
from drawing.activities import Notice
from ivr.preparing import place
from ivr.prompts import InvitationFacts, Language, Prompt, invitation, ready_made
from ivr.prompts.frame import CHINA, SHORT
from ivr.prompts.parts import Part, Pause
from ivr.speech import Speech
from ivr.speech.audio import RATE, Samples
from tests.system import audio

SECONDS = 150.0
"""An invitation that is heard to its end takes some 115."""
LISTENER = 300
"""Each so many-th expert listens."""
SAID = ("invitation", "confirm_accept", "received_accept", "details")
SHORTEST = 3.0
"""Seconds of the pieces that a call is cut into, at its rests."""
NOTICE = Notice(
    venue="广东省公共资源交易中心", district="440104", address="广州市越秀区越华路118号3楼", room="1203",
    gather_at=(datetime.now(CHINA) + timedelta(days=2)).replace(hour=9, minute=30, second=0, microsecond=0),
    contact="张工", contact_phone="02083812345", note="请戴口罩，8:30前签到，2人一桌",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """Some seconds of a call: what was said, the file's sound, and the telephone's, or None where it was not found there."""

    sentence: Sentence
    file: Samples
    call: Samples | None


def facts(code: str) -> InvitationFacts:
    """Of every call of this bench."""
    return InvitationFacts(
        gather_at=NOTICE.gather_at, district=place(NOTICE.district), duration=timedelta(hours=3), address=NOTICE.address,
        room=NOTICE.room, contact=NOTICE.contact, contact_phone=NOTICE.contact_phone, note=NOTICE.note, code=code,
    )  # fmt: skip


async def prepare(speech: Speech) -> None:
    """Everything that the calls will say, so that none is said by another voice."""
    await speech.prepare([ready_made(Language.MANDARIN), *invitation(facts("000000")).values()])


def pieces(prompt: Prompt, seconds: Mapping[Part, float]) -> Iterator[tuple[Part, ...]]:
    """A prompt cut at rests, none but the last shorter than SHORTEST.

    `seconds`: of each part.
    """
    piece: list[Part] = []
    for part in prompt.parts:
        piece.append(part)
        rest = isinstance(part, Pause) and part.milliseconds >= SHORT.milliseconds
        if rest and sum(seconds[each] for each in piece) >= SHORTEST:
            yield tuple(piece)
            piece = []
    if any(not isinstance(part, Pause) for part in piece):
        yield tuple(piece)


async def recorded(rate: float, natural: Path | None, cache: Path, speech: Speech) -> list[Sequence[Piece]]:
    """The calls of those who listened to the end, piece by piece. Raises RuntimeError if nobody did."""
    load = Load(rate, SECONDS)
    voice = Voice(natural, cache, NOTICE, LISTENER)
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(ground("asterisk", kept=(Behaviour.PATIENT.suffix,)))
        running = await stack.enter_async_context(project(made, load, voice))
        await asyncio.sleep(load.seconds)
        codes = await _codes(running)
        found = {path.name.split("-")[0]: path for path in (made.folder / "far/recordings").glob("*.wav")}
        calls = [(audio.read(found[number]), code) for number, code in codes.items() if number in found]
        await running.stop()
    if not calls:
        raise RuntimeError(f"no call was heard to its end in {SECONDS:g} s")
    return [await _cut(recording, code, speech) for recording, code in calls]


async def _codes(running: Project) -> Mapping[str, str]:
    """The 验证码 by number, of those who heard it."""
    rows = await running.db.all(
        "SELECT c.expert, p.code FROM call c JOIN pick p ON p.id = c.pick"
        " WHERE c.state = 'ended' AND c.outcome = 'accepted' AND c.trail->'heard' @> '[{\"prompt\": \"details\", \"whole\": true}]'"
    )
    return {Behaviour.PATIENT.number(row.expert - 1): row.code for row in rows}


async def _cut(recording: Samples, code: str, speech: Speech) -> Sequence[Piece]:
    prompts = invitation(facts(code))
    found, after = [], 0.0
    for name in SAID:
        seconds = {part: speech.seconds(Prompt("part", (part,))) for part in prompts[name].parts}
        for number, parts in enumerate(pieces(prompts[name], seconds)):
            sentence = Sentence(name, parts)
            media = await speech.render(sentence.prompt(number))
            file = np.concatenate([heard(Path(f"{path}.alaw").read_bytes()) for path in media])
            match = audio.find(recording, file, after)
            if match.found:
                begin, after = max(0.0, match.at - AROUND), match.at + len(file) / RATE - AROUND
                call = recording[int(begin * RATE) : int((match.at + len(file) / RATE + AROUND) * RATE)]
            found.append(Piece(sentence, file, call if match.found else None))
    return found
