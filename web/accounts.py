"""Accounts by their id, whichever provider has them."""

from __future__ import annotations

from aiohttp import web

from drawing.lifecycle import Role
from web.identity import Identity
from web.keys import PROVIDERS


async def supervisors_account(request: web.Request, account: str) -> Identity | None:
    """The identity of that id if it is a supervisor's now; None: there is none, or it has another role."""
    for provider in request.app[PROVIDERS].values():
        found = await provider.find(account)
        if found is not None:
            return found if found.role is Role.SUPERVISOR else None
    return None
