"""`POST /messages/receipts`: what a 短信 gateway says became of a message. Signed as docs/messages.md says; no session, no form."""

from __future__ import annotations

import asyncio
import logging
import time

from aiohttp import web

from ivr.messages import outbox
from ivr.messages.receipts import NoReceipt, from_gateway
from ivr.messages.signature import BadSignature, check
from web.access import PUBLIC, post
from web.keys import DATABASE, GATEWAY_SECRET
from web.limits import RECEIPTS, WINDOW_SECONDS, address

LOG = logging.getLogger(__name__)
BODY_BYTES = 4_096


async def take(request: web.Request) -> web.Response:
    """204: noted, or noted before. 404: not configured, or no message of ours. 401, 422 and 429 say why."""
    if not request.app[RECEIPTS].admits(address(request), asyncio.get_running_loop().time()):
        raise web.HTTPTooManyRequests(headers={"Retry-After": f"{WINDOW_SECONDS:.0f}"})
    if GATEWAY_SECRET not in request.app:
        raise web.HTTPNotFound
    body = await request.read()
    try:
        check(request.app[GATEWAY_SECRET], body, request.headers, time.time())
        receipt = from_gateway(body)
    except BadSignature as why:
        LOG.warning("a receipt was refused: %s", why)
        return web.json_response({"error": str(why)}, status=401)
    except NoReceipt as why:
        return web.json_response({"error": str(why)}, status=422)
    if not await outbox.receive(request.app[DATABASE], receipt):
        return web.json_response({"error": "no message has this id"}, status=404)
    return web.Response(status=204)


ROUTES = (post("/messages/receipts", take, PUBLIC, act=None, body=BODY_BYTES, signed=True),)
