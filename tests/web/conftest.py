"""The console on a real database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from db.pool import Database
from drawing.lifecycle import Role
from drawing.start import start
from tests.postgres import TestDatabase
from tests.scenes import condition, make_activity, make_keys, plan
from web.app import create_app

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(database: TestDatabase, aiohttp_client: Callable[..., Awaitable[Client]]) -> Client:
    """A browser without scripts, on the whole application."""
    return await aiohttp_client(create_app(database.dsn))


@pytest.fixture
def started(db: Database, tmp_path: Path) -> Callable[..., Awaitable[str]]:
    """Makes an activity whose draw has been started, and says its number."""
    keys = make_keys(tmp_path)

    async def begin(seats: int, **changes: Any) -> str:
        number = await make_activity(db, keys.custody.vault, plan([condition(seats=seats)], **changes))
        await start(db, number, "clerk", Role.HANDLER)
        return number

    return begin
