"""A result that is not liked is thrown away by 强制结束, and the same 标段 drawn for again as if it were new: with a blank in its
name, with 第, under another name with the same 编号, in a project that is entered again. Nothing told the reviewer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from db.blocking import transaction
from db.errors import DatabaseError
from db.pool import Database
from drawing.canonical import read
from drawing.commit import Commit
from drawing.earlier_draws import fill_keys
from drawing.evidence import export
from drawing.halts import force_end
from drawing.ledger import lot_hash
from drawing.lifecycle import Role
from drawing.start import CannotStart, start
from drawing.verify import verify
from script.registering import preregister
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, plan, witness
from tests.web.clerk import PROJECT, complete, decide, draft, errors, make_draft, make_project
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
SAME = "是同一标段，已在活动"
REASON = "本标段为道路工程，与前次抽取的桥梁工程不同"


class Office:
    """A clerk, a reviewer, and the worker's hand."""

    def __init__(self, clerk: Visitor, reviewer: Visitor, db: Database, database: TestDatabase, keys: Keys) -> None:
        self.clerk, self.reviewer, self.db, self.database, self.keys = clerk, reviewer, db, database, keys

    async def project(self, *lots: tuple[str, str], **changes: Any) -> str:
        """With these 标段 (name, 编号)."""
        number = await make_project(self.clerk, **{**PROJECT, **changes})
        for name, code in lots:
            await self.clerk.get(f"/projects/{number}")
            response = await self.clerk.post(f"/projects/{number}/lots", name=name, code=code)
            assert response.status == 303, await response.text()
        return number

    async def submitted(self, project: str, *places: int) -> str:
        """An activity for these of its 标段."""
        lots = [f"P{int(project):06d}-{place:02d}" for place in places]
        activity = await make_draft(self.clerk, project, lots=lots)
        await complete(self.clerk, activity)
        response = await self.clerk.post(f"/activities/{activity}/submission", reason="一", terminal="440000")
        assert response.status == 303, errors(await response.text())
        return activity

    async def approval(self) -> dict[str, str]:
        """What the reviewer fills in: a supervisor of the register."""
        return {"consent": "true", "supervisor": str(await preregister(self.db, self.keys.custody.vault, witness()))}

    async def passed(self, project: str, *places: int) -> str:
        """One that may be started."""
        activity = await self.submitted(project, *places)
        response = await decide(self.reviewer, activity, "pass", **await self.approval())
        assert response.status == 303, errors(await response.text())
        return activity

    async def started(self, activity: str) -> Hand:
        """Its pool is committed."""
        await start(self.db, self.keys.custody.vault, activity, "handler-a1", Role.HANDLER)
        hand = Hand(self.db, self.database.dsn, self.keys, activity)
        await hand.advance()
        return hand

    async def thrown_away(self, project: str, *places: int) -> str:
        """Drawn for, and ended by force."""
        activity = await self.passed(project, *places)
        hand = await self.started(activity)
        async with self.db.transaction() as tx:
            await force_end(tx, self.keys.custody, activity, "handler-a1", Role.HANDLER, "不满意")
        await hand.advance()
        return activity

    async def refused(self, project: str, *places: int) -> str:
        """What the form says."""
        lots = [f"P{int(project):06d}-{place:02d}" for place in places]
        await self.clerk.get(f"/projects/{project}/activities/new")
        response = await self.clerk.post(
            f"/projects/{project}/activities/new", **draft(lots=lots, remark="不要丢失")
        )
        page = await response.text()
        assert response.status == 422, "taken as new"
        assert "不要丢失" in page
        return errors(page)[0]


@pytest.fixture
async def office(visit: Visit, db: Database, database: TestDatabase, keys: Keys) -> Office:
    add_experts(database.dsn, keys.custody.vault, [f"138000000{n:02d}" for n in range(8)])
    return Office(await visit("handler-a1"), await visit("reviewer-1"), db, database, keys)


@pytest.mark.parametrize("name", ["一 标段", "第一标段", "第1标段", "01标段", "标段一", "1包", "一\u200b标段"])
async def test_one_project_gets_no_second_lot_of_the_same_name(office: Office, name: str) -> None:
    project = await office.project(("一标段", "GD2026-0617-A01"))
    response = await office.clerk.post(f"/projects/{project}/lots", name=name, code="")
    assert errors(await response.text())[0].startswith("该项目已有同名标段“一标段”")
    response = await office.clerk.post(f"/projects/{project}/lots", name="道路", code="gd2026 0617 a01")
    assert errors(await response.text()) == ["该项目的标段“一标段”已用此编号，请核对。"]
    assert await office.db.value("SELECT count(*) FROM lot") == 1


async def test_the_same_in_a_project_that_is_entered_again_is_refused(office: Office) -> None:
    first = await office.thrown_away(await office.project(("一标段", "")), 1)
    again = await office.project(("第 1 标段", ""), name="招标代理 演示项目0617", code="")
    told = await office.refused(again, 1)
    assert SAME in told
    assert first in told
    assert "强制结束" in told
    assert "重新抽取" not in told  # which is not there yet
    assert first in await office.clerk.text(f"/projects/{again}/activities/new")


async def test_a_project_without_lots_is_its_own_and_not_drawn_for_again(office: Office) -> None:
    await office.thrown_away(await office.project())
    assert SAME in await office.refused(await office.project(code=""))


async def test_what_is_likely_the_same_needs_the_reviewer_s_word_and_stays_in_the_chain(
    office: Office, visit: Visit, tmp_path: Path
) -> None:
    first = await office.thrown_away(await office.project(("桥梁", "A-01")), 1)
    project = await office.project(("道路", "A01"), name=PROJECT["name"] + "（第二次）", code="")
    activity = await office.submitted(project, 1)
    for who, page in ((office.clerk, "submission"), (office.reviewer, "review")):
        text = await who.text(f"/activities/{activity}/{page}")
        assert "疑似相同" in text
        assert first in text
        assert "强制结束" in text
    lot = f"P{int(project):06d}-01"
    for typed in (
        {}, {"another_lot": lot, "another_reason": REASON}, {"another": lot, "another_lot": lot, "another_reason": "不同"}
    ):  # fmt: skip
        response = await decide(office.reviewer, activity, "pass", **await office.approval(), **typed)
        page = await response.text()
        assert response.status == 422
        assert "须勾选确认是另一标段，并写明理由" in errors(page)[0]
        assert typed.get("another_reason", "") in page
    typed = {"another": lot, "another_lot": lot, "another_reason": REASON}
    response = await decide(office.reviewer, activity, "pass", **await office.approval(), **typed)
    assert response.status == 303, errors(await response.text())
    hand = await office.started(activity)
    commit = Commit.from_json(read(await office.db.value(
        "SELECT body FROM transcript WHERE activity = %(a)s AND type = 'commit'", {"a": activity}
    )))  # fmt: skip
    last = await office.db.value("SELECT hash FROM ledger WHERE activity = %(a)s ORDER BY n DESC LIMIT 1", {"a": first})
    assert commit.others == ((lot, REASON),)
    assert commit.previous == (bytes(last).hex(),)
    supervisor = await visit("supervisor-1")
    page = await supervisor.text(f"/witness/{activity}")
    assert first in page
    assert REASON in page
    await export(office.db, office.keys.custody, activity, tmp_path / "evidence")
    assert verify(tmp_path / "evidence").broken == []
    assert await hand.types() == ["commit"]


async def test_two_that_wait_at_once_are_not_both_taken(office: Office) -> None:
    """The second is refused when it is applied for; however it came to be ready, it does not start."""
    one = await office.passed(await office.project(("一标段", "")), 1)
    again = await office.project(("1标段", ""))
    assert one in await office.refused(again, 1)
    other = await make_activity(
        office.db, office.keys.custody.vault,
        plan([condition(seats=2)], rules="demo-1"),
    )  # fmt: skip
    await office.db.run("DELETE FROM activity_lot WHERE activity = %(a)s", {"a": other})
    await office.db.run(
        "INSERT INTO activity_lot SELECT %(a)s, id FROM lot WHERE of_project = %(p)s", {"a": other, "p": int(again)}
    )
    await office.started(one)
    with pytest.raises(CannotStart, match=SAME):
        await start(office.db, office.keys.custody.vault, other, "handler-a1", Role.HANDLER)


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE lot SET name = '别的'",
        "UPDATE lot SET code = 'B-99'",
        "UPDATE lot SET project_keys = '{}'",
        "UPDATE lot SET of_project = NULL",
        "UPDATE project SET name = '别的'",
        "UPDATE project SET tenderer = '别的'",
        "DELETE FROM activity_lot",
        "UPDATE activity_lot SET lot = 'other'",
        "INSERT INTO another_lot (activity, lot, reason, seen, reviewer)"
        " SELECT activity, lot, '另一标段', '{}', 'x' FROM activity_lot",
    ],
)
async def test_what_was_drawn_for_is_not_renamed_by_the_service_s_role(office: Office, act: str) -> None:
    await office.thrown_away(await office.project(("一标段", "")), 1)
    await office.db.run("INSERT INTO lot (id, project, name) VALUES ('other', '别的', '一')")
    with pytest.raises(DatabaseError, match=r"drawn for|fixed once"):
        await office.db.run(act)


async def test_a_lot_from_before_is_found_once_its_keys_are_filled_in(office: Office) -> None:
    first = await office.passed(await office.project(("一标段", "")), 1)
    hand = await office.started(first)
    async with office.db.transaction() as tx:
        await force_end(tx, office.keys.custody, first, "handler-a1", Role.HANDLER, "不满意")
    await hand.advance()
    with transaction(office.database.owner_dsn) as tx:
        tx.run("ALTER TABLE lot DISABLE TRIGGER keep_drawn_lot")
        tx.run("UPDATE lot SET project_keys = NULL, code_key = NULL")
        tx.run("ALTER TABLE lot ENABLE TRIGGER keep_drawn_lot")
    assert fill_keys(office.database.dsn) == 1
    assert first in await office.refused(await office.project(("第1标段", "")), 1)


async def test_the_chain_follows_the_normal_form_whatever_the_pages_let_pass(office: Office) -> None:
    """An activity that somebody wrote into the database: `previous` names the draw that was thrown away."""
    first = await office.thrown_away(await office.project(("一标段", "")), 1)
    again = await office.project(("第1标段", ""), code="")
    other = await make_activity(office.db, office.keys.custody.vault, plan([condition(seats=2)]))
    await office.db.run("DELETE FROM activity_lot WHERE activity = %(a)s", {"a": other})
    lot = f"P{int(again):06d}-01"
    await office.db.run("INSERT INTO activity_lot VALUES (%(a)s, %(l)s)", {"a": other, "l": lot})
    await office.db.run("UPDATE activity SET state = 'drawing', started_at = now() WHERE id = %(a)s", {"a": other})
    await Hand(office.db, office.database.dsn, office.keys, other).advance()
    body = await office.db.value("SELECT body FROM transcript WHERE activity = %(a)s AND type = 'commit'", {"a": other})
    row = await office.db.one("SELECT hash, lots FROM ledger WHERE activity = %(a)s ORDER BY n DESC LIMIT 1", {"a": first})
    assert read(body)["previous"] == [bytes(row.hash).hex()]
    assert row.lots != [lot_hash(lot)]
