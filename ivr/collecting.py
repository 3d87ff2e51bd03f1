"""Brings recordings from the node into the database, sealed, and only then deletes them there; erases what has expired.

Nothing is remembered between rounds: what is to be done follows from the files on the node and the rows. So whatever dies between
any two steps, the next round, of whichever worker, does what is left; doing it twice changes nothing.
"""

from __future__ import annotations

import asyncio
import io
import logging
import wave

from db.errors import DatabaseError
from db.pool import Database
from db.vault import Vault
from drawing import recordings
from ivr.ari.client import Client
from ivr.ari.errors import AriError, Unanswered
from ivr.ari.line import is_ours

LOG = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
"""So long after its call a recording may lie on the node."""
SOON_SECONDS = 0.2  # until Asterisk has closed a file that it was told to
LAST_ROUNDS = 10  # of a worker that stops; then it is left to the next one
ERASE_SECONDS = 3600.0
HEADER = 44


class Collecting:
    """`run` until `stop`, and then what the last calls have left."""

    def __init__(self, db: Database, vault: Vault, client: Client) -> None:
        self._db, self._vault, self._client = db, vault, client
        self._stopping = asyncio.Event()
        self._erase_next = 0.0
        self._strange = 0
        self._wrong: set[str] = set()

    def stop(self) -> None:
        """All calls have ended: bring what there is, and return."""
        self._stopping.set()

    async def run(self) -> None:
        """A round every few seconds; never ends for what database or Asterisk can do."""
        while not self._stopping.is_set():
            left = await self._guarded()
            await self._wait(SOON_SECONDS if left else EVERY_SECONDS)
        for _ in range(LAST_ROUNDS):
            if not await self._guarded():
                return
            await asyncio.sleep(SOON_SECONDS)

    async def _guarded(self) -> bool:
        try:
            left = await self.collect() if self._client.connected else False
            await self._erase()
        except (DatabaseError, AriError) as error:
            LOG.warning("recordings could not be brought in, tried again in a moment: %s: %s", type(error).__name__, error)
        except Exception:  # whatever is wrong here must not cost a call
            LOG.exception("recordings could not be brought in; tried again in a moment")
        else:
            return left
        return False

    async def collect(self) -> bool:
        """One round; whether a recording of an ended call is still being closed."""
        names = await self._client.recordings()
        ours = [name for name in names if is_ours(name)]
        self._tell_strange(len(names) - len(ours))
        ended = await recordings.ended(self._db, ours)
        left = False
        for name in ours:
            try:
                if name not in ended:
                    LOG.warning("recording %s is of no call in this database and is removed", name)
                    await self._remove(name)
                elif ended[name]:
                    left |= not await self._bring(name)
            except Unanswered as error:  # one that can't be had must not keep the others
                LOG.warning("recording %s: %s", name, error)
        return left

    async def _bring(self, call: str) -> bool:
        """False while it is still being written."""
        if not await self._closed(call):
            return False
        data = await self._client.file(f"recordings/stored/{call}/file")
        if data is None:
            return True
        whole = mended(data)
        if await recordings.keep(self._db, self._vault, call, whole, seconds_of(whole)):
            await self._remove(call)
            LOG.info("call %s: its recording is kept, and removed from the node", call)
        elif call not in self._wrong:
            self._wrong.add(call)
            LOG.error("call %s: another recording than the one on the node is kept; both stay, a person must look", call)
        return True

    async def _closed(self, call: str) -> bool:
        """Whether Asterisk has written it to its end; one whose call has ended is told to be."""
        live = f"recordings/live/{call}"
        if (await self._client.request("GET", live)).status == 404:
            return True
        await self._client.request("POST", f"{live}/stop")
        return False

    async def _remove(self, name: str) -> None:
        reply = await self._client.request("DELETE", f"recordings/stored/{name}")
        if reply.status not in (204, 404):
            raise Unanswered(f"DELETE of a recording: {reply.status}")

    def _tell_strange(self, count: int) -> None:
        """Told when it changes; never by name: somebody may have put a number into it."""
        if count != self._strange:
            LOG.warning("%d recordings on the node are not named as ours are: they stay", count)
        self._strange = count

    async def _erase(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._erase_next:
            return
        for call in await recordings.erase_expired(self._db):
            LOG.info("call %s: its recording has expired and is erased", call)
        self._erase_next = now + ERASE_SECONDS

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass


def mended(data: bytes) -> bytes:
    """A wav whose header tells its length: Asterisk writes that when it closes the file, and it may have died before.

    >>> died = b"RIFF\\0\\0\\0\\0WAVEfmt " + bytes(20) + b"data\\0\\0\\0\\0" + b"said"
    >>> mended(died)[4:8], mended(died)[40:]
    (b'(\\x00\\x00\\x00', b'\\x04\\x00\\x00\\x00said')
    """
    if len(data) < HEADER or data[36:40] != b"data":
        return data
    lengths = [(len(data) - before).to_bytes(4, "little") for before in (8, HEADER)]
    return b"".join([data[:4], lengths[0], data[8:40], lengths[1], data[HEADER:]])


def seconds_of(data: bytes) -> float:
    """How long it is to be heard; 0 of what is no wav."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError):
        return 0.0
