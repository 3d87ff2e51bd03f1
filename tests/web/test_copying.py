"""语音通知 and 抽取条件 copied from an earlier activity: all that is ticked or nothing, and only from one's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.pool import Database
from tests.web.clerk import CONDITION, at, complete, errors, make_draft, make_project, notice, submitted
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def two_drafts(clerk: Visitor, seats: str = "3") -> tuple[str, str]:
    """An activity with two notices and three conditions, and an empty draft."""
    earlier = await make_draft(clerk, await make_project(clerk, name="以往的项目"), seats="3")
    await complete(clerk, earlier, seats="1")
    await clerk.post(f"/activities/{earlier}/notices/new", **notice(address="广州市越秀区别处1号", note=""))
    for main in ("A08", "B01"):
        values = {**CONDITION, "main": main, "seats": "1"}
        assert (await clerk.post(f"/activities/{earlier}/notices/1/conditions/new", **values)).status == 303
    return earlier, await make_draft(clerk, await make_project(clerk, name="新的项目"), seats=seats)


async def test_everything_is_copied_but_the_times(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    earlier, new = await two_drafts(clerk)
    here = f"/activities/{new}/copy"
    assert "从以往活动复制" in await clerk.text(f"/activities/{new}/conditions")
    page = await clerk.text(f"{here}?search=以往")
    assert earlier in page
    assert "总计 1<" in page
    assert "总计 0" in await clerk.text(f"{here}?search=没有的")
    page = await clerk.text(f"{here}/{earlier}")
    assert "广州市越秀区别处1号" in page
    ticked: dict[str, Any] = {"notices": ["0", "1"], "conditions": ["c1", "c2", "c3"]}
    response = await clerk.post(f"{here}/{earlier}", **ticked)
    assert errors(await response.text()) == ["请填写集合时间：时间不从以往活动复制。"]
    assert (await clerk.post(f"{here}/{earlier}", **ticked, gather_at=at(1.9))).status == 303
    page = await clerk.text(f"/activities/{new}/conditions")
    assert "已从活动" in page
    assert "剩余可设置人数 0" in page
    same = "SELECT c.main, c.seats, n.address FROM condition c JOIN notice n ON n.activity = c.activity AND n.id = c.notice"
    of = " WHERE c.activity = %(a)s ORDER BY c.position"
    assert await db.all(same + of, {"a": new}) == await db.all(same + of, {"a": earlier})
    assert await db.value("SELECT remark FROM operation WHERE act = '复制以往活动'") == f"来自 {earlier}"


async def test_what_does_not_fit_is_said_and_nothing_is_copied(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    earlier, new = await two_drafts(clerk, seats="2")
    here = f"/activities/{new}/copy/{earlier}"
    await clerk.text(here)
    response = await clerk.post(here, notices=["0", "1"], conditions=["c1", "c2", "c3"], gather_at=at(1.9))
    assert "所选抽取条件共 3 人，剩余可设置人数为 2，放不下：(B01)机电产品类 · 广州市（1 人）" in await response.text()
    response = await clerk.post(here, notices=["0"], conditions=["c1"], gather_at=at(5))
    assert errors(await response.text()) == ["集合时间不能晚于预计评标开始时间。"]
    response = await clerk.post(here, conditions=["c1"])
    assert "请选择放入哪条语音通知" in await response.text()
    response = await clerk.post(here)
    assert "请至少勾选一条" in await response.text()
    assert await db.value("SELECT count(*) FROM notice WHERE activity = %(a)s", {"a": new}) == 0


async def test_conditions_alone_go_under_a_notice_that_is_there(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    earlier, new = await two_drafts(clerk)
    await clerk.post(f"/activities/{new}/notices/new", **notice())
    here = f"/activities/{new}/copy/{earlier}"
    await clerk.text(here)
    assert (await clerk.post(here, conditions=["c2", "c3"], into="7")).status == 404
    assert (await clerk.post(here, conditions=["c2", "c3"], into="0")).status == 303
    assert await db.value("SELECT count(*) FROM condition WHERE activity = %(a)s AND notice = 0", {"a": new}) == 2


async def test_a_notice_that_names_this_projects_unit_is_refused(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    earlier, _ = await two_drafts(clerk)
    new = await make_draft(clerk, await make_project(clerk, tenderer="越秀区别处"), seats="3")
    here = f"/activities/{new}/copy/{earlier}"
    await clerk.text(here)
    response = await clerk.post(here, notices=["1"], gather_at=at(1.9))
    assert "第 1 条所选语音通知（广州市越秀区别处1号）：不能出现单位或项目的名称" in await response.text()


async def test_only_from_ones_own_and_only_into_what_may_be_edited(visit: Visit) -> None:
    clerk, colleague = await visit("handler-a1"), await visit("handler-a2")
    earlier, _ = await two_drafts(clerk)
    theirs = await make_draft(colleague, await make_project(colleague))
    assert earlier not in await colleague.text(f"/activities/{theirs}/copy")
    assert (await colleague.get(f"/activities/{theirs}/copy/{earlier}")).status == 404
    assert (await colleague.post(f"/activities/{theirs}/copy/{earlier}", conditions=["c1"])).status == 404
    waits = await submitted(clerk)
    response = await clerk.post(f"/activities/{waits}/copy/{earlier}", notices=["0"], gather_at=at(1.9))
    assert response.status == 409
