"""Evidence is made one at a time: a dozen at once wait in turn, and pages are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from db.blocking import BlockingTransaction, transaction
from tests.postgres import TestDatabase
from tests.web.conftest import Client, Visitor
from tests.web.draws import Draws, opened
from web.exports import EXPORTS, PLACES_EACH, Exports, Gone, NoPlace

Visit = Callable[..., Awaitable[Visitor]]
_WAITING = "SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND l.relation = 'transcript'::regclass"


class Asked:
    """Who asked whom for a turn, and who has had it, in order."""

    def __init__(self, exports: Exports) -> None:
        self.exports = exports
        self.had: list[str] = []
        self.gone: set[str] = set()
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str, whom: str) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._turn(name, whom))
        await self.settle()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):  # each hand-over takes a step of the loop or two
            await asyncio.sleep(0)

    async def _turn(self, name: str, whom: str) -> None:
        async with self.exports.turn(whom, lambda: name in self.gone):
            self.had.append(name)
            await self.ends[name].wait()


@asynccontextmanager
async def asking(exports: Exports) -> AsyncIterator[Asked]:
    """Nobody is left waiting afterwards."""
    asked = Asked(exports)
    yield asked
    for task in asked.tasks.values():
        task.cancel()
        with suppress(asyncio.CancelledError, Gone, NoPlace):
            await task


async def test_turns_come_one_at_a_time_and_another_persons_first() -> None:
    async with asking(Exports()) as asked:
        for name, whom in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("c1", "c")):
            await asked.ask(name, whom)
        assert asked.had == ["a1"]
        for name in ("a1", "b1", "a2", "c1", "a3"):
            await asked.end(name)
        assert asked.had == ["a1", "b1", "a2", "c1", "a3"]


async def test_who_has_gone_is_passed_over_and_holds_no_place() -> None:
    async with asking(Exports(each=2)) as asked:
        await asked.ask("a1", "a")
        await asked.ask("a2", "a")
        asked.gone.add("a2")
        await asked.ask("a3", "a")  # a2 has left its place
        await asked.end("a1")
        assert asked.had == ["a1", "a3"]
        with pytest.raises(Gone):
            await asked.tasks["a2"]


async def test_places_are_limited_for_each_and_for_all() -> None:
    async with asking(Exports(places=3, each=2)) as asked:
        for name in ("a1", "a2", "a3"):
            await asked.ask(name, "a")
        with pytest.raises(NoPlace) as refused:
            await asked.tasks["a3"]
        assert refused.value.yours
        for name in ("b", "c", "d"):
            await asked.ask(name, name)
        with pytest.raises(NoPlace) as full:
            await asked.tasks["d"]
        assert not full.value.yours


async def test_who_is_cancelled_holds_nobody_up() -> None:
    async with asking(Exports()) as asked:
        for name in ("a", "b", "c"):
            await asked.ask(name, name)
        asked.tasks["b"].cancel()
        await asked.settle()
        asked.tasks["a"].cancel()  # in its turn
        await asked.settle()
        assert asked.had == ["a", "c"]


async def test_who_is_cancelled_as_the_turn_comes_passes_it_on() -> None:
    async with asking(Exports()) as asked:
        for name in ("a", "b", "c"):
            await asked.ask(name, name)
        asked.ends["a"].set()
        while not asked.exports._running["b"]:
            await asyncio.sleep(0)
        asked.tasks["b"].cancel()
        await asked.settle()
        assert asked.had[-1] == "c"


@pytest.mark.postgres
async def test_twelve_at_once_come_one_after_the_other(visit: Visit, draws: Draws, database: TestDatabase) -> None:
    hand = await draws.started()
    await opened(hand)
    clerk, path = await visit("handler-a1"), f"/activities/{hand.activity}/evidence.zip"
    with transaction(database.owner_dsn) as tx:
        tx.run("LOCK TABLE transcript IN ACCESS EXCLUSIVE MODE")  # whoever makes evidence waits
        asked = [asyncio.create_task(clerk.client.get(path)) for _ in range(PLACES_EACH)]
        await until_one_waits(tx)
        for _ in range(5):
            assert "招标项目" in await clerk.text("/projects")
        assert await asyncio.to_thread(tx.value, _WAITING) == 1
    for answer in await asyncio.gather(*asked):
        assert (answer.status, answer.content_type) == (200, "application/zip")
        assert (await answer.read())[:2] == b"PK"


@pytest.mark.postgres
async def test_one_more_is_told_to_wait(client: Client, visit: Visit, draws: Draws, database: TestDatabase) -> None:
    hand = await draws.started()
    await opened(hand)
    clerk, path = await visit("handler-a1"), f"/activities/{hand.activity}/evidence.zip"
    exports = client.app[EXPORTS]
    async with asking(exports) as asked:
        for n in range(PLACES_EACH):
            await asked.ask(f"mine {n}", "handler-a1")
        refused = await clerk.get(path)
        assert (refused.status, "您已有 12 份证据" in await refused.text()) == (429, True)
        for n in range(60):
            await asked.ask(f"another's {n}", f"another {n}")
        full = await (await visit("legal-a")).get(path)
        assert (full.status, full.headers["Retry-After"]) == (503, "30")
        assert "本页会自动重试" in await full.text()
    assert (await clerk.get(path)).status == 200


async def until_one_waits(tx: BlockingTransaction) -> None:
    while not await asyncio.to_thread(tx.value, _WAITING):
        pass
