"""Sessions: a random token in the browser, its hash in PostgreSQL. Times are judged by the database's clock."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from db.pool import Database
from db.queries import load

Q = load("web")
_OPEN, _TOUCH, _CLOSE, _EXPIRED = Q.open_session, Q.find_session, Q.close_session, Q.drop_expired_sessions
_ADD_FLASH, _DROP_FLASH = Q.add_flash, Q.drop_flash
_STANDING, _OLD_PRESSES = Q.sessions_that_stand, Q.drop_old_presses
IDLE_SECONDS = 30 * 60
"""Ends when nothing was asked for so long."""
ABSOLUTE_SECONDS = 12 * 3600
"""Ends so long after the login, whatever was done: a working day."""


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `flash`: (kind, text) pairs that the next page shows once."""

    token_hash: bytes
    provider: str
    identity: str
    csrf: str
    flash: tuple[tuple[str, str], ...]


async def create(db: Database, provider: str, identity: str) -> str:
    """A new login; the token for the cookie, which nobody keeps but the browser."""
    token = secrets.token_urlsafe(32)
    values = {"token": _hash(token), "provider": provider, "identity": identity, "csrf": secrets.token_urlsafe(32)}
    await db.run(_EXPIRED, {"idle": IDLE_SECONDS})
    await db.run(_OLD_PRESSES)
    await db.run(_OPEN, {**values, "absolute": ABSOLUTE_SECONDS})
    return token


async def find(db: Database, token: str) -> Session | None:
    """The session of a token, if it has not expired; it counts as seen."""
    row = await db.one(_TOUCH, {"token": _hash(token), "idle": IDLE_SECONDS})
    if row is None:
        return None
    flash = tuple((kind, text) for kind, text in json.loads(row.flash))
    return Session(_hash(token), row.provider, row.identity, row.csrf, flash)


async def standing(db: Database, given: Iterable[Session]) -> set[bytes]:
    """Of these logins those (by `token_hash`) that have not expired nor been closed; asking does not count as use."""
    rows = await db.all(_STANDING, {"tokens": [session.token_hash for session in given], "idle": IDLE_SECONDS})
    return {bytes(row.token_hash) for row in rows}


async def close(db: Database, session: Session) -> None:
    """Log out: the token opens nothing any more, whoever has it."""
    await db.run(_CLOSE, {"token": session.token_hash})


async def add_flash(db: Database, session: Session, kind: str, text: str) -> None:
    """Something to tell on the next page."""
    added = json.dumps([[kind, text]], ensure_ascii=False)
    await db.run(_ADD_FLASH, {"token": session.token_hash, "added": added})


async def drop_flash(db: Database, session: Session) -> None:
    """What this request's page has shown; what came since then stays."""
    await db.run(_DROP_FLASH, {"token": session.token_hash, "shown": len(session.flash)})


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
