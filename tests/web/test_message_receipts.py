"""The gateway's receipts at the console's door: signed ones only, for messages of ours, as often as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from db.keyfile import KeyFileRefused, write_key_file
from db.pool import Database
from drawing.lifecycle import Role
from drawing.start import start
from ivr.messages.signature import SIGNATURE, TIMESTAMP, sign
from tests.postgres import TestDatabase
from tests.scenes import Keys, condition, make_activity, plan
from tests.web.conftest import Client, console_settings, opened
from web.app import create_app
from web.limits import RECEIPTS

pytestmark = pytest.mark.postgres
SECRET = b"0123456789abcdef0123456789abcdef"
ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
async def gateway(
    database: TestDatabase, db: Database, keys: Keys, tmp_path: Path, aiohttp_client: Callable[..., Awaitable[Client]]
) -> Client:
    """A console that knows the gateway's secret, and one message that was submitted."""
    write_key_file(tmp_path / "gateway.secret", SECRET.decode())
    number = await make_activity(db, keys.custody.vault, plan([condition()]))
    await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
    await db.run(
        "INSERT INTO message (id, kind, matter, activity, address_enc, state, submitted_at)"
        " VALUES (%(id)s, 'draw_short', 'x', %(activity)s, 'x', 'submitted', clock_timestamp())",
        {"id": ID, "activity": number},
    )
    settings = console_settings(database, keys, gateway_secret_file=tmp_path / "gateway.secret")
    return await opened(settings, aiohttp_client)


async def told(client: Client, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
    signed = sign(SECRET, body, time.time()) if headers is None else headers
    response = await client.post("/messages/receipts", data=body, headers=signed)
    return response.status, await response.text()


def receipt(status: str = "delivered", message: str = ID) -> bytes:
    return json.dumps({"id": message, "status": status, "reason": "空号"}).encode()


async def test_a_signed_receipt_counts_and_a_second_one_changes_nothing(gateway: Client, db: Database) -> None:
    assert await told(gateway, receipt()) == (204, "")
    assert await told(gateway, receipt("failed")) == (204, "")
    row = await db.one("SELECT state::text AS state, receipt FROM message")
    assert tuple(row) == ("delivered", "delivered 空号")


async def test_what_is_refused_and_why(gateway: Client, db: Database) -> None:
    good, old = sign(SECRET, receipt(), time.time()), sign(SECRET, receipt(), time.time() - 400)
    for headers in (
        {},
        {**good, SIGNATURE: "v1=" + "0" * 64},
        {**good, TIMESTAMP: "soon"},
        sign(b"x" * 32, receipt(), time.time()),
    ):
        status, text = await told(gateway, receipt(), headers)
        assert (status, "does not fit" in text) == (401, True)
    status, text = await told(gateway, receipt(), old)
    assert (status, "300 s away" in text) == (401, True)
    assert (await told(gateway, b"{}"))[0] == 422
    assert (await told(gateway, receipt(message="f" * 32)))[0] == 404
    assert (await told(gateway, b" " * 5_000))[0] == 413
    assert await db.value("SELECT state::text FROM message") == "submitted"


async def test_a_flood_is_turned_away(gateway: Client) -> None:
    gateway.app[RECEIPTS]._tries = 2
    assert [(await told(gateway, b"{}"))[0] for _ in range(3)] == [422, 422, 429]


async def test_without_a_gateway_there_is_no_such_address(client: Client) -> None:
    assert (await told(client, receipt()))[0] == 404


def test_a_short_secret_is_refused_at_the_start(database: TestDatabase, keys: Keys, tmp_path: Path) -> None:
    write_key_file(tmp_path / "gateway.secret", "short")
    with pytest.raises(KeyFileRefused, match="32 bytes or more"):
        create_app(console_settings(database, keys, gateway_secret_file=tmp_path / "gateway.secret"))
