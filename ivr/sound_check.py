"""Whether this node can play what calls say; while it can't, nothing is dialled, and whoever calls us is turned away.

A sound that fails costs somebody a call: they answer, and are cut off. So the files are looked at before the telephone rings and
before each prompt (`lost`), and the first sound that fails all the same stops the node's dialling until Asterisk has played it, or
what was made in its place, to nobody (ivr.ari.announcer). That is tried at once, and then again and again: nobody has to do
anything once the files are back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import PurePath

from db.errors import DatabaseError
from db.pool import Database
from db.queries import load
from ivr.ari.client import Client
from ivr.ari.driver import Driver
from ivr.ari.errors import AriError
from ivr.lease import Lease
from ivr.speech import Speech, SpeechError
from ivr.speech.speech import SOUND, TEST_SOUND

Q = load("ivr")
LOG = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds between two tries while sounds fail; each is twice the one before."""


class SoundCheck:
    """One per worker; the driver's Sounds. `driver`: that of the node; `wake`: told when dialling may go on."""

    def __init__(
        self,
        db: Database,
        lease: Lease,
        client: Client,
        speech: Speech,
        driver: Callable[[], Driver],
        wake: Callable[[], None],
    ) -> None:
        self._db, self._lease, self._client, self._speech = db, lease, client, speech
        self._driver, self._wake = driver, wake
        self._lost: dict[str, None] = {}
        self._suspect: dict[str, None] = {}
        self._news = asyncio.Event()
        self._news.set()
        self._told = False
        self.known = asyncio.Event()
        """Set once the first test sound has been tried."""
        self.ok = False
        """Whether calls may begin. Not before the first test sound."""

    # --- the driver's Sounds --------------------------------------------------------------------------------

    def lost(self, media: Sequence[str]) -> str | None:
        return self._speech.lost(media)

    def heard_for(self, media: Sequence[str]) -> float:
        return self._speech.heard_for(media)

    def failed(self, media: Sequence[str], lost: str | None) -> None:
        """A call could not say something: nothing more is begun, and what rings and would say it too is given up."""
        sounds = dict.fromkeys(each for each in media if each.startswith(SOUND))
        broken = sounds if lost is None else {f"{SOUND}{lost}": None}
        self._lost |= sounds
        self._suspect |= broken
        self._stop("" if lost is None else f"the sound {_name(lost)} is lost")
        self._driver().give_up(lambda said: not broken.keys().isdisjoint(said) or self._speech.lost(said) is not None)

    def not_written(self, error: SpeechError) -> None:
        """What a call says could not be put where Asterisk finds it."""
        self._stop(str(error))

    # --- until it sounds again ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Play a test sound at the start and whenever one has failed, until it sounds; until cancelled."""
        while True:
            await self._news.wait()
            pause, since = FIRST_PAUSE, asyncio.get_running_loop().time()
            while (why := await self._why_not()) is not None or self._news.is_set():
                if why is not None:
                    await self._tell(why)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
            if self._told:
                LOG.warning("sounds play again, after %.1f s: calls go on", asyncio.get_running_loop().time() - since)
            elif self._suspect:
                LOG.warning("one of %d sounds did not play in a call, and plays in the test", len(self._suspect))
            self._lost, self._suspect, self._told, self.ok = {}, {}, False, True
            self.known.set()
            self._wake()
            while not await self._noted(None) and not self._news.is_set():  # else /health says for ever that nothing is dialled
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LONGEST_PAUSE)

    def _stop(self, why: str) -> None:
        """why: names the file; empty where the test has to find which one it is."""
        self.ok = False
        self._news.set()
        if why:
            self._say(why)

    def _say(self, why: str) -> None:
        """Once for each time that sounds fail, however many calls it concerns."""
        if not self._told:
            self._told = True
            LOG.error("%s: nothing is dialled until a test sound plays", why)

    async def _why_not(self) -> str | None:
        """What is wrong with the sounds, or None: what was lost is made anew first, and Asterisk has the last word. While that is
        away nothing is dialled anyway.
        """
        await self._client.until_connected()
        self._news.clear()
        try:
            test = [f"{SOUND}{path}" for path in await self._speech.render(TEST_SOUND)]
            await self._speech.check_writable()
            made = await self._speech.mend(self._lost)
            tried = [*test, *(each for each in made if each in self._suspect)]
            bad = await self._driver().announcer.first_that_fails(tried)
        except SpeechError as error:
            return str(error)
        except AriError as error:
            return f"no test sound can be played: {error}"
        except Exception:  # whatever is wrong here must not end the worker
            LOG.exception("the test of the sounds broke; tried again")
            return "the test of the sounds broke: see the worker's log"
        return None if bad is None else f"Asterisk can't play the sound {_name(bad)}"

    async def _tell(self, why: str) -> None:
        """Where people look: the log and /health."""
        self._say(why)
        self.known.set()
        await self._noted(why)

    async def _noted(self, why: str | None) -> bool:
        """Whether it could be written."""
        values = {"node": self._lease.node, "epoch": self._lease.epoch, "why": why}
        try:
            await self._db.run(Q.note_dialling_stopped, values)
        except DatabaseError as error:
            LOG.warning("that dialling stopped, or goes on, could not be written: %s", error)
            return False
        return True


def _name(path: str) -> str:
    """Of a file, which is a hash; the folder stands in the settings."""
    return PurePath(path).name
