"""Many streams of a draw's state at once: they share one look at each activity, and leave connections to the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientResponse

from db.blocking import BlockingTransaction, transaction
from db.pool import Database
from tests.postgres import TestDatabase
from tests.web.conftest import Client, Visitor
from tests.web.draws import Draws
from tests.web.test_draw import Stream
from web.live import LOOKS_AT_ONCE, STREAMS_PER_SESSION, WATCHERS

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
_WAITING = "SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND l.relation = 'pick'::regclass"


async def opened(visit: Visit, activity: str, logins: int) -> list[ClientResponse]:
    """All the streams of this activity that so many logins of handler-a1 may have."""
    path, found = f"/activities/{activity}/events", []
    for _ in range(logins):
        clerk = await visit("handler-a1")
        found += await asyncio.gather(*(clerk.client.get(path) for _ in range(STREAMS_PER_SESSION)))
    assert {each.status for each in found} == {200}
    return found


async def until_it_waits(tx: BlockingTransaction, looks: int) -> int:
    """How many looks wait for the lock, once that many do."""
    while (waiting := await asyncio.to_thread(tx.value, _WAITING)) < looks:
        pass
    return int(waiting)


async def test_a_hundred_streams_of_one_activity_look_once(
    client: Client, visit: Visit, draws: Draws, database: TestDatabase, db: Database
) -> None:
    hand = await draws.started()
    streams = await opened(visit, hand.activity, 25)
    events = [await Stream(each).next() for each in streams]
    assert len({each["id"] for each in events}) == 1
    with transaction(database.owner_dsn) as tx:
        tx.run("LOCK TABLE pick IN ACCESS EXCLUSIVE MODE")  # whoever looks waits
        await db.value("SELECT pg_notify('board', %(a)s)", {"a": hand.activity})
        assert await until_it_waits(tx, 1) == 1
        clerk = await visit("handler-a1")
        for _ in range(5):
            assert "招标项目" in await clerk.text("/projects")
        assert await until_it_waits(tx, 1) <= 2  # one that was given up may wait a moment longer
    await hand.live()
    told = await asyncio.gather(*(Stream(each).until("正在呼叫") for each in streams))
    assert len({each["id"] for each in told}) == 1
    for each in streams:
        each.close()
    while len(client.app[WATCHERS]):
        await db.value("SELECT pg_notify('board', %(a)s)", {"a": hand.activity})


async def test_streams_of_many_activities_leave_connections_for_pages(
    client: Client, visit: Visit, draws: Draws, database: TestDatabase, db: Database
) -> None:
    activities = [(await draws.started()).activity]
    activities += [(await draws.started(0)).activity for _ in range(11)]  # the console has 8 connections
    streams = [each for activity in activities for each in await opened(visit, activity, 1)]
    for each in streams:
        await Stream(each).next()
    with transaction(database.owner_dsn) as tx:
        tx.run("LOCK TABLE pick IN ACCESS EXCLUSIVE MODE")
        for activity in activities:
            await db.value("SELECT pg_notify('board', %(a)s)", {"a": activity})
        assert await until_it_waits(tx, LOOKS_AT_ONCE) == LOOKS_AT_ONCE
        clerk = await visit("handler-a1")
        for _ in range(5):
            assert "招标项目" in await clerk.text("/projects")
        assert await until_it_waits(tx, 1) <= 2 * LOOKS_AT_ONCE  # one that was given up may wait a moment longer
    for each in streams:
        each.close()
    while len(client.app[WATCHERS]):
        await asyncio.gather(*(db.value("SELECT pg_notify('board', %(a)s)", {"a": each}) for each in activities))


async def test_who_may_no_longer_look_is_told_and_the_others_go_on(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    path = f"/activities/{hand.activity}/events"
    ends, stays = await visit("handler-a1"), await visit("legal-a")
    ending, staying = Stream(await ends.client.get(path)), Stream(await stays.client.get(path))
    await ending.next()
    await staying.next()
    await ends.get("/")
    await ends.post("/logout")
    assert (await ending.next())["data"] == {"reason": "登录已过期，请重新登录。"}
    (call, _) = await hand.live()
    assert call
    await staying.until("正在呼叫")
    await db.run("UPDATE activity_owner SET company = 'another' WHERE activity = %(a)s", {"a": hand.activity})
    assert (await staying.next())["event"] == "end"
