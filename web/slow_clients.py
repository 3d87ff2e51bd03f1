"""Clients that send slowly, or not at all, hold no connection for long.

The head of a request is aiohttp's own matter (`HEAD_SECONDS`). A body is looked at once a minute: one that has
hardly grown since is given up, whoever waits for it. Uploads of any size take as long as they need.
"""

from __future__ import annotations

import asyncio
import logging
import resource

from aiohttp import web
from aiohttp.typedefs import Handler

LOG = logging.getLogger(__name__)
HEAD_SECONDS = 30.0
"""From the connection, or from the last answer, until the next request's head is whole. A proxy lets go of idle ones sooner."""
LOOK_EVERY = 60.0
LEAST_BYTES = 16 * 1024
"""What a body must have grown by from one look to the next, unless it is all there."""

FILES = 65_536


@web.middleware
async def steady(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Cut off a client whose body comes too slowly; then the handler's reading fails as if the client had gone."""
    if request.content.is_eof():
        return await handler(request)
    watching = _Watch(request)
    try:
        return await handler(request)
    finally:
        watching.end()


class _Watch:
    """Looks at one request's body until it is all there."""

    def __init__(self, request: web.Request) -> None:
        self._request, self._seen = request, request.content.total_bytes
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.call_later(LOOK_EVERY, self._look)

    def end(self) -> None:
        self._next.cancel()

    def _look(self) -> None:
        content, transport = self._request.content, self._request.transport
        if content.is_eof() or not isinstance(transport, asyncio.Transport):
            return
        # where reading is paused the handler is the slow one: more has come than it has taken
        if content.total_bytes - self._seen < LEAST_BYTES and transport.is_reading():
            LOG.warning("%s %s: the body came too slowly, the connection was closed", self._request.method, self._request.path)
            transport.abort()
            return
        self._seen = content.total_bytes
        self._next = self._loop.call_later(LOOK_EVERY, self._look)


def allow_many_connections() -> None:
    """As many open files as this process may have, up to `FILES`: idle connections keep nobody out before they are cut off."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(most, FILES)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
