"""The bodies of forms with files, read so that whoever sent them gets their answer on a page of ours, with what they typed.

A browser shows the answer once it has sent all: what is too long is read to its end and not kept. A file is cut at what its
address may get (Route.body), which is more than its handler takes, so that the handler says what is too long and by how much.
A file name with control characters is taken for what it is, a wrong name.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.http_exceptions import BadHttpMessage
from multidict import MultiDict, MultiDictProxy

TEXT_BYTES = 1 << 20
"""Of all fields of a form that are no file."""
DRAINED_BYTES = 512 << 20
"""So much is read to its end; more is answered at once, and a browser may not show it."""
MOST_FIELDS = 10_000
_SPOOLED = 1 << 20
_CHUNK = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STRUCK = "\ufdd0"
"""What stands for a control character of a header line: a noncharacter, which no file name has."""
UNREADABLE = (ValueError, LookupError, RuntimeError, AssertionError, EOFError, BadHttpMessage)
"""What reading raises for what is no form, whatever it says of itself."""


class BadName(web.FileField):
    """A file whose name has control characters."""


def parts(request: web.Request) -> MultipartReader:
    """As request.multipart(), for header lines with control characters too. Raises ValueError."""
    return MultipartReader(request.headers, cast(StreamReader, _Lines(request.content)))


async def take_in(request: web.Request) -> None:
    """Read a form with files; request.post() gives it then. Raises one of UNREADABLE, or HTTPRequestEntityTooLarge."""
    if request.content_type != "multipart/form-data" or request._post is not None:
        return
    form: MultiDict[Any] = MultiDict()
    if (request.content_length or 0) > DRAINED_BYTES:
        raise web.HTTPRequestEntityTooLarge(request.client_max_size)
    reader, text = parts(request), 0
    try:
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None or len(form) >= MOST_FIELDS:
                raise ValueError("no form of ours")
            if part.filename:
                form.add(part.name, await _file(request, part))
            else:
                value = await _text(request, part, TEXT_BYTES - text)
                text += len(value)
                form.add(part.name, value.decode())
    except BaseException:
        _close(form)
        raise
    request._post = MultiDictProxy(form)


async def drop(request: web.Request) -> None:
    """Read what is left of a body that is too long, so that its sender sees the answer."""
    while not request.content.at_eof() and request.content.total_bytes <= DRAINED_BYTES:
        await request.content.readany()


def is_bad(name: str | None) -> bool:
    """Whether a file's name has control characters.

    >>> is_bad("申请表.pdf"), is_bad("a\\0b.pdf"), is_bad(None)
    (False, True, False)
    """
    return any(sign == _STRUCK or unicodedata.category(sign) == "Cc" for sign in name or "")


async def _file(request: web.Request, part: BodyPartReader) -> web.FileField:
    """What the address may get of it, in a file that nobody else sees."""
    kept: IO[bytes] = cast(IO[bytes], SpooledTemporaryFile(_SPOOLED))  # noqa: SIM115 - web.guard closes it
    size, most = 0, request.client_max_size
    try:
        while chunk := await part.read_chunk(_CHUNK):
            room, size = most - size, size + len(chunk)
            if room > 0 and size > _SPOOLED:
                await asyncio.to_thread(kept.write, chunk[:room])
            elif room > 0:
                kept.write(chunk[:room])
            _confirm(request)
        kept.seek(0)
    except BaseException:
        kept.close()
        raise
    kind = BadName if is_bad(part.filename) else web.FileField
    content_type = part.headers.get("Content-Type", "application/octet-stream")
    assert part.name is not None
    return kind(part.name, part.filename or "", cast(Any, kept), content_type, part.headers)


async def _text(request: web.Request, part: BodyPartReader, most: int) -> bytes:
    value = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        if len(value) <= most:
            value += chunk
        _confirm(request)
    if len(value) > most:
        await drop(request)
        raise web.HTTPRequestEntityTooLarge(TEXT_BYTES, len(value))
    return bytes(value)


def _confirm(request: web.Request) -> None:
    if request.content.total_bytes > DRAINED_BYTES:
        raise web.HTTPRequestEntityTooLarge(request.client_max_size)


def _close(form: MultiDict[Any]) -> None:
    for each in form.values():
        if isinstance(each, web.FileField):
            each.file.close()


class _Lines:
    """The stream of a body whose lines, its headers and boundaries, have no control characters: aiohttp refuses a header that has
    one before anybody could say why. What is no line is passed on as it is.
    """

    def __init__(self, content: StreamReader) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def readline(self, **limits: Any) -> bytes:
        line = await self._content.readline(**limits)
        return _CONTROL.sub(_STRUCK.encode(), line) if _CONTROL.search(line) else line
