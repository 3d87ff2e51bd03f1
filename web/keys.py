"""What handlers find in the application, and what the middlewares leave in a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import MultipartReader, web

from db.pool import Database
from drawing.chain import Custody
from web.access import Route
from web.identity import Identity, Provider
from web.sessions import Session
from web.settings import Settings

DATABASE: web.AppKey[Database] = web.AppKey("database", Database)
GATEWAY_SECRET: web.AppKey[bytes] = web.AppKey("gateway secret", bytes)
CUSTODY: web.AppKey[Custody] = web.AppKey("custody", Custody)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
PROVIDERS: web.AppKey[Mapping[str, Provider]] = web.AppKey("providers", Mapping[str, Provider])
ACCESS: web.AppKey[dict[web.AbstractRoute, Route]] = web.AppKey("access", dict)

_IDENTITY: web.RequestKey[Identity] = web.RequestKey("identity", Identity)
_SESSION: web.RequestKey[Session] = web.RequestKey("session", Session)
_SHOWN: web.RequestKey[bool] = web.RequestKey("flash shown", bool)
_REMARK: web.RequestKey[str] = web.RequestKey("remark", str)
_PARTS: web.RequestKey[MultipartReader] = web.RequestKey("parts", MultipartReader)


def identity(request: web.Request) -> Identity:
    """Who asks. On public addresses, where nobody need be logged in, use `visitor`."""
    return request[_IDENTITY]


def visitor(request: web.Request) -> Identity | None:
    """Who asks, if anybody is logged in."""
    return request.get(_IDENTITY)


def session(request: web.Request) -> Session | None:
    """The login that this request came with."""
    return request.get(_SESSION)


def enter(request: web.Request, session: Session, identity: Identity) -> None:
    """Leave both in the request."""
    request[_SESSION], request[_IDENTITY] = session, identity


def take_flash(request: web.Request) -> Sequence[tuple[str, str]]:
    """What is to be told on this page; the session forgets it when the page is answered."""
    request[_SHOWN] = True
    found = session(request)
    return found.flash if found else ()


def flash_was_shown(request: web.Request) -> bool:
    """Whether the page has told it."""
    return _SHOWN in request


def remark(request: web.Request, text: str) -> None:
    """What 操作记录 says besides the route's act."""
    request[_REMARK] = text


def remarked(request: web.Request) -> str:
    """What the handler remarked."""
    found: str = request.get(_REMARK, "")
    return found


def stream(request: web.Request, parts: MultipartReader) -> None:
    """Leave what is still to be read of a long upload."""
    request[_PARTS] = parts


def upload(request: web.Request) -> MultipartReader | None:
    """The parts of a long upload that follow its token; None if what was sent is no upload."""
    return request.get(_PARTS)
