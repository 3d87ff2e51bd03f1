"""A 短信 gateway as its makers would build it from docs/messages.md: a real HTTP server that checks every signature."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.messages.signature import check

SECRET = b"a secret of the gateway's and ours, 32 bytes and more"


@dataclass
class Gateway:
    """`answers`: the statuses to give in turn, then 200; `requests`: every one that was rightly signed."""

    answers: list[int] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    @property
    def sent(self) -> dict[str, dict[str, Any]]:
        """What it sends on, each id once."""
        return {each["id"]: each for each in self.requests}

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        check(SECRET, body, request.headers, time.time())
        message = json.loads(body)
        assert request.headers["Idempotency-Key"] == message["id"]
        status = self.answers.pop(0) if self.answers else (409 if message["id"] in self.sent else 200)
        self.requests.append(message)
        return web.Response(status=status)


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Gateway]:
    """On a free port, until the end."""
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/sms", gateway.take)
    async with TestServer(app) as server:
        gateway.url = str(server.make_url("/sms"))
        yield gateway
