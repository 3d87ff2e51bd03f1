"""How many rows each statement of a page reads when there are 2,000 activities: what is looked up row by row shows at once.

A statement may read MOST rows; ALLOWED names those that may read more, and why. Nothing is timed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

import pytest
from aiohttp import CookieJar

from bench.loaded.arrivals import Page
from bench.loaded.fill import Filled, fill
from bench.loaded.pages import pages
from db.pool import Database
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import Keys, make_keys
from tests.web.clerk import decide, submitted
from tests.web.conftest import Client, Visitor, console_settings, opened
from tests.web.draws import Draws
from tests.web.draws import opened as opened_draw
from tests.web.plans import Plans, Statement

pytestmark = pytest.mark.postgres
ACTIVITIES, EXPERTS = 2_000, 300
MOST = 300
CLERKS, REVIEWER, SUPERVISOR, REGISTRAR = ("legal-a", "handler-a1"), ("reviewer-1",), ("supervisor-1",), ("registrar-1",)


class Allowed(NamedTuple):
    """A statement that may read more than MOST rows: at most `per_activity` times all activities, or `rows`."""

    statement: str
    why: str
    who: tuple[str, ...] = ()
    per_activity: float = 0
    rows: int = 0

    @property
    def most(self) -> float:
        return self.per_activity * ACTIVITIES + self.rows


_LIST, _COUNT = "drawing.activities", "drawing.count_activities"
_ONCE = "a filter, and 项目数量, look at each activity of the scope once"
ALLOWED = (
    *(Allowed(each, f"{_ONCE}, its project (a fifth) too", REVIEWER + REGISTRAR, 1.25) for each in (_LIST, _COUNT)),
    *(Allowed(each, f"{_ONCE}, whose it is, its project", CLERKS, 1.75) for each in (_LIST, _COUNT)),
    *(Allowed(each, f"{_ONCE} (a tenth), that it is witnessed, its project", SUPERVISOR, 0.35) for each in (_LIST, _COUNT)),
    Allowed("drawing.witnessed_by", "of each that one witnesses (a tenth): that, its state, its draw", SUPERVISOR, 0.4),
    *(Allowed(f"drawing.{each}", "each of one's own activities, whose it is, that it has a notice", CLERKS, 2.55)
      for each in ("copy_choices", "count_copy_choices")),
    Allowed("drawing.earlier_choices", "the completed activities of one's company", CLERKS, 1.55),
    *(Allowed(f"drawing.{each}", "a filter looks at each project, a fifth of the activities", CLERKS, 0.21)
      for each in ("projects", "count_projects")),
    Allowed("web.count_operations_by", "by part of a name: half of five lines of 操作记录 for an activity", per_activity=2.55),
    Allowed("web.operations_by", "the same on the last page, past the lines of others", per_activity=5.1),
    Allowed("drawing.known_numbers", "of 500 activities: its owner, itself, its project, two looks for calls", rows=2_600),
    Allowed("web.under_way", "of 30 draws under way the calls", rows=900),
    Allowed("drawing.experts.pool_size", "all experts, counted once an hour", rows=EXPERTS + 20),
)  # fmt: skip


class Ground(NamedTuple):
    """A filled database, and its keys."""

    database: TestDatabase
    keys: Keys
    found: Filled


@pytest.fixture(scope="module")
def ground(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    keys = make_keys(tmp_path_factory.mktemp("keys"))
    with fresh_database(cluster) as database:
        found = fill(database.superuser_dsn, keys.custody.vault, EXPERTS, ACTIVITIES)
        yield Ground(database, keys, found)


class Reader:
    """Opens pages as anybody, and keeps for each statement where it read the most."""

    def __init__(self, plans: Plans, client: Client, another: Callable[[], Awaitable[Client]]) -> None:
        self._plans, self._another = plans, another
        self._visitors: dict[str, Visitor] = {"": Visitor(client)}
        self.most: dict[tuple[str, str], tuple[int, str]] = {}

    async def visitor(self, who: str) -> Visitor:
        """That person, logged in."""
        if who not in self._visitors:
            self._visitors[who] = Visitor(await self._another())
            await self._visitors[who].log_in(who)
        return self._visitors[who]

    async def open(self, page: Page) -> None:
        """A page that must be there."""
        visitor = await self.visitor(page.who)
        if page.form is None:
            self._plans.since()
            response = await visitor.get(page.path, allow_redirects=False)
        else:
            await visitor.get(page.csrf_from)
            self._plans.since()
            response = await visitor.post(page.path, **page.form)
        assert response.status == 200, (page.name, page.who, page.path, response.status)
        await response.read()
        self.keep(page.who, f"{page.name} {page.path}")

    def forget(self) -> None:
        """What was done until now was done by the test."""
        self._plans.since()

    def keep(self, who: str, where: str) -> None:
        """What was done until now was done by that page."""
        statements = self._plans.since()
        assert statements or not who, f"{where}: nothing was logged"
        for each in statements:
            key = name(each), who
            self.most[key] = max(self.most.get(key, (0, "")), (each.rows, where))

    def too_many(self) -> list[str]:
        """What read more than it may."""
        return [
            f"{statement}: {rows} rows, {most(statement, who):.0f} allowed, as {who or 'nobody'}: {where}"
            for (statement, who), (rows, where) in sorted(self.most.items())
            if rows > most(statement, who)
        ]


def name(statement: Statement) -> str:
    """The query's, or how its text begins."""
    return statement.names[0] if statement.names else " ".join(statement.text.split())[:80]


def most(statement: str, who: str) -> float:
    """How many rows a statement may read for somebody."""
    return max([MOST, *(each.most for each in ALLOWED if each.statement == statement and who in (each.who or (who,)))])


@pytest.fixture
async def reader(ground: Ground, aiohttp_client: Callable[..., Awaitable[Client]]) -> Reader:
    plans = Plans(ground.database)
    client = await opened(console_settings(ground.database, ground.keys), aiohttp_client)

    async def another() -> Client:
        return await aiohttp_client(client.server, cookie_jar=CookieJar(unsafe=True))

    return Reader(plans, client, another)


async def test_no_page_reads_more_rows_than_it_may(ground: Ground, reader: Reader) -> None:
    for page in pages(ground.found):
        await reader.open(page)
    assert not reader.too_many(), "\n".join(reader.too_many())
    for each in ALLOWED:  # what is never needed is no reason
        needed = max(rows for (statement, who), (rows, _) in reader.most.items()
                     if statement == each.statement and who in (each.who or (who,)))  # fmt: skip
        assert needed > each.most * 0.7, (each, needed)


async def test_no_page_of_a_real_draw_reads_more_rows_than_it_may(ground: Ground, reader: Reader) -> None:
    async with Database(ground.database.dsn) as db:
        hand = await Draws(db, ground.database, ground.keys).committed()
        here, there = f"/activities/{hand.activity}", f"/witness/{hand.activity}"
        await reader.open(Page("见证一个活动，已固定专家池", "supervisor-1", there))
        supervisor = await reader.visitor("supervisor-1")
        response = await supervisor.post(there, draw="1", digits="48291306", repeated="48291306")
        assert response.status == 303
        reader.keep("supervisor-1", "提供见证数字")
        await hand.advance()
        await opened_draw(hand)
    for who in ("handler-a1", "legal-a", "reviewer-1", "supervisor-1"):
        for path in ("/draw", "/result", "/evidence.zip", ""):
            reader.forget()
            await reader.open(Page("结果", who, here + path))
    assert not reader.too_many(), "\n".join(reader.too_many())


async def test_no_act_of_clerk_and_reviewer_reads_more_rows_than_it_may(reader: Reader) -> None:
    clerk, reviewer = await reader.visitor("handler-a1"), await reader.visitor("reviewer-1")
    reader.forget()
    activity = await submitted(clerk)
    reader.keep("handler-a1", "新建项目至提交审核")
    assert (await decide(reviewer, activity, "reject", reason="资料不齐全")).status == 303
    reader.keep("reviewer-1", "核验不通过")
    assert not reader.too_many(), "\n".join(reader.too_many())
