"""声音准备: has what notices (语音通知) say made before their draws may start, where this node speaks with the natural voice.

That voice takes some 10 s for a notice on an idle machine. So it begins when an activity is submitted (提交审核), and anew whenever
what is said changes; what it has come to is a row for each node and activity, from which the console knows whether to offer
启动抽取 (drawing.sound_rules). The sounds are those of the cache that the calls play; a worker that starts anew finds them there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from db.errors import DatabaseError
from db.pool import Database
from drawing.sound_rules import Made
from ivr.dispatch import Q
from ivr.lease import Lease
from ivr.preparing import place
from ivr.prompts import invitation, witness_known
from ivr.prompts.facts import InvitationFacts
from ivr.speech import Speech, SpeechError

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
AGAIN_SECONDS = 900.0
"""Until what the natural voice could not say is tried again: longer than `Speech` remembers that it failed."""
ANY_CODE = "012345"
"""A 验证码 is said in figures, which are made at the start."""


class NoticeSounds:
    """Of one worker."""

    def __init__(self, db: Database, lease: Lease, speech: Speech) -> None:
        self._db, self._lease, self._speech = db, lease, speech

    async def run(self) -> None:
        """Until cancelled. Whatever is wrong here stops no call: what is not made before a draw is made before its calls."""
        noted = False
        while True:
            try:
                if not noted:
                    await self._db.run(Q.note_natural_voice, {**self._ours, "voice": self._speech.natural})
                    noted = True
                if not self._speech.natural:
                    return
                await self.look()
            except DatabaseError as error:
                LOG.warning("the database: %s: %s", type(error).__name__, error)
            except Exception:
                LOG.exception("the sounds of notices can't be made ahead; calls go on")
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def _ours(self) -> dict[str, Any]:
        return {"node": self._lease.node, "epoch": self._lease.epoch}

    async def look(self) -> None:
        """Make all that is wanted now, one activity after the other."""
        wanted = {"node": self._lease.node, "voice": self._speech.natural, "again": AGAIN_SECONDS}
        rows = await self._db.all(Q.sounds_to_make, wanted)
        if new := [row for row in rows if row.is_new]:
            said = {"activities": [row.id for row in new], "says": [row.says for row in new]}
            await self._db.run(Q.want_sounds, self._ours | said)
        for row in rows:
            state = await self._made(row.id)
            await self._db.run(Q.sounds_made, self._ours | {"activity": row.id, "says": row.says, "state": state.value})

    async def _made(self, activity: str) -> Made:
        """By which voice all of it can be said. Where not even the ordinary one can, the calls tell."""
        try:
            natural = await self._speech.make(witness_known(activity))
            for facts in _facts(await self._db.all(Q.notices_said, {"activity": activity})):
                for language in sorted(self._speech.languages, key=lambda each: each.value):
                    natural &= await self._speech.make(invitation(facts, language))
        except SpeechError as error:
            LOG.error("%s: what its notices say can't be made: %s", activity, error)
            return Made.PLAIN
        return Made.NATURAL if natural else Made.PLAIN


def _facts(rows: Sequence[Any]) -> list[InvitationFacts]:
    return [
        InvitationFacts(
            gather_at=row.gather_at, district=place(row.district), duration=row.duration, address=row.address, room=row.room,
            contact=row.contact, contact_phone=row.contact_phone, note=row.note, code=ANY_CODE,
        )
        for row in rows
    ]  # fmt: skip
