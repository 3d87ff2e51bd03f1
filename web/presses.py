"""One key per form: a form that is sent twice acts once, and the second press gets the first one's answer.

Every form carries a key (`Token.key`, new for each form of each page). What a form changes is changed in a transaction that first
writes the key (`once`): a second press waits there until the first one has committed, and is then answered as that one was; if
the first one failed, its row is gone with it and the second one acts. The row and the act are one transaction, so neither a lost
connection nor a killed console lets a form act twice.

A form with the same key and other content is no double press: somebody went back, changed something and sent it again. A form
that carries a version (web/versions.py) is then a press of its own; of others the person is asked (web/errors.py).
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import IO

from aiohttp import web
from aiohttp.typedefs import Handler

from db.pool import Database, Transaction
from db.queries import load
from db.vault import Vault
from web import keys
from web.keys import CUSTODY, DATABASE
from web.typed import posted
from web.versions import VERSION_FIELD

Q = load("web")
_PRESS, _PRESSED, _ANSWER = Q.press, Q.pressed, Q.answer_press
KEY_FIELD, CSRF_FIELD = "_key", "_csrf"
_KIND = "form"  # of keyed hashes
_LONGEST = 200  # characters of a key
_DIGITS = 12  # of the second in which a key was made
_CHUNK = 1 << 20
LASTS = timedelta(days=1)
"""So long a key says for whom its form was made; a row of form_press is kept as long."""
PATIENCE_SECONDS, _PAUSE = 5.0, 0.02
"""So long a second press waits for the first one's answer, once that has acted."""
UNTOLD = "/"
"""Where a second press leads if the first one acted and its answer never became known (its console was killed)."""


class Token(str):
    """The CSRF token of a page's forms, which also gives each of them a key."""

    __slots__ = ("_person", "_vault")
    _vault: Vault
    _person: str

    @classmethod
    def of(cls, request: web.Request) -> str:
        """For the forms of the page that is rendered now; without a login there is none."""
        session, me = keys.session(request), keys.visitor(request)
        if session is None or me is None:
            return ""
        token = cls(session.csrf)
        token._vault, token._person = request.app[CUSTODY].vault, f"{session.provider}:{me.id}"
        return token

    @property
    def key(self) -> str:
        """A new key, which says for whom its form was made: each time another one."""
        nonce = f"{int(datetime.now(UTC).timestamp())}-{secrets.token_urlsafe(12)}"
        return f"{nonce}.{_mark(self._vault, self._person, nonce)}"


def _mark(vault: Vault, person: str, nonce: str) -> str:
    return vault.keyed_hash(_KIND, f"key {person} {nonce}").hex()[:24]


async def vouched(request: web.Request) -> bool:
    """Whether the form's key says that it was made for who is logged in now. Nobody else can make such a key, so that it stands
    for the token of a login that has ended since: what was typed before is sent once more by the same person, and not twice.
    """
    key, person = await _key(request), _person(request)
    nonce, _, mark = key.partition(".")
    made = nonce.partition("-")[0]
    if person is None or not (made.isascii() and made.isdigit()) or len(made) > _DIGITS:
        return False
    age = datetime.now(UTC).timestamp() - int(made)
    right = hmac.compare_digest(mark.encode(), _mark(_vault(request), person, nonce).encode())
    return right and age < LASTS.total_seconds()


class Repeated(Exception):
    """The form was sent before. `answer` as in the table; `same`: with the same content."""

    def __init__(self, key: bytes, answer: str | None, same: bool) -> None:
        super().__init__("the form was sent before")
        self.key, self.answer, self.same = key, answer, same


@dataclass(slots=True)
class _State:
    """Of one request: the last press that it has written, and whether another one has acted already."""

    first: bytes | None = None
    repeats: bool = False


_STATE: web.RequestKey[_State] = web.RequestKey("press", _State)


async def once(
    tx: Transaction, request: web.Request, *, part: str = "", key: str | None = None, content: str | None = None
) -> None:
    """The first thing that happens in a transaction that changes something for a form. `part` where one form has several such
    transactions; `key` and `content` where the form is not read into memory. Raises Repeated. A request without a key (no
    browser with a page of ours) is not looked at.
    """
    if state(request).repeats:
        raise RuntimeError(f"{request.path}: a form that was sent before must not act again")
    if key is None:
        key = await _key(request)
    if not key or (person := _person(request)) is None:
        return
    if content is None:
        content = await _content(request)
    vault = _vault(request)
    own = f"{person} {request.path_qs} {part} {key}"
    if VERSION_FIELD in (await _fields(request)):
        own += f" {content}"
    values = {"key": vault.keyed_hash(_KIND, own), "content": vault.keyed_hash(_KIND, f"content {content}")}
    if await tx.value(_PRESS, values) is None:
        found = await tx.one(_PRESSED, values)
        if found is None:  # the first press is being answered with a failure; asked once more it is gone
            raise Repeated(values["key"], None, True)
        raise Repeated(values["key"], found.answer, bytes(found.content) == values["content"])
    state(request).first = values["key"]


def state(request: web.Request) -> _State:
    """What this request knows about its press."""
    if _STATE not in request:
        request[_STATE] = _State()
    return request[_STATE]


async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the handler answers, or answered to the first press. Raises Repeated for a form that was sent before with other
    content."""
    try:
        response = await handler(request)
    except Repeated as before:
        if not before.same:
            raise
        state(request).repeats = True
        answer = await _awaited(request.app[DATABASE], before)
        # '': the first press was answered with a page; the same page is made again, and nothing is done
        return web.Response(status=303, headers={"Location": answer}) if answer else await handler(request)
    if (first := state(request).first) is not None:
        answer = response.headers["Location"] if response.status == 303 else ""
        await request.app[DATABASE].run(_ANSWER, {"key": first, "answer": answer})
    return response


async def _awaited(db: Database, before: Repeated) -> str:
    """Where the first press led; its act is committed, and its answer follows within moments."""
    end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    answer = before.answer
    while answer is None and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(_PAUSE)
        found = await db.one(_PRESSED, {"key": before.key})
        answer = None if found is None else found.answer
    return UNTOLD if answer is None else answer


def _vault(request: web.Request) -> Vault:
    return request.app[CUSTODY].vault


def _person(request: web.Request) -> str | None:
    session, me = keys.session(request), keys.visitor(request)
    return None if session is None or me is None else f"{session.provider}:{me.id}"


async def _fields(request: web.Request) -> frozenset[str]:
    return frozenset() if keys.upload(request) is not None else frozenset(await posted(request))


async def _key(request: web.Request) -> str:
    if keys.upload(request) is not None:
        return ""
    given = (await posted(request)).get(KEY_FIELD, "")
    return given[:_LONGEST] if isinstance(given, str) else ""


async def _content(request: web.Request) -> str:
    """All that was typed and chosen, in order; a file as its hash."""
    parts: list[tuple[str, ...]] = []
    for name, value in (await posted(request)).items():
        if name in (KEY_FIELD, CSRF_FIELD):
            continue
        if isinstance(value, web.FileField):
            value.file.seek(0)
            digest = await asyncio.to_thread(_file_hash, value.file)
            value.file.seek(0)
            parts.append((name, value.filename, digest))
        else:
            parts.append((name, value if isinstance(value, str) else bytes(value).hex()))
    return repr(parts)


def _file_hash(file: IO[bytes]) -> str:
    digest = sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
