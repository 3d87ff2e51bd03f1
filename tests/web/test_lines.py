"""线路: trunks and their alarms, for the administrator and for monitoring; experts' numbers, which tell nothing of a draw that is
not open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from unicodedata import normalize

import pytest

from db.pool import Database
from drawing import halts, number_faults
from drawing.lifecycle import Role
from drawing.number_faults import Fault
from drawing.result import unseal
from ivr.trunk_alarms import TrunkAlarm
from tests.drawing.test_draw import Hand, the_clock_reaches_the_opening
from tests.scenes import a_day_passes, condition
from tests.web.conftest import Client, Visitor
from tests.web.draws import Draws, everybody_agrees
from web.handlers.lines import TODO
from web.lines import ALARMS

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def administrator(visit: Visit) -> Visitor:
    return await visit("administrator-1")


# --- trunks -------------------------------------------------------------------------------------------------------

NODES = """
INSERT INTO node VALUES ('node-1', gen_random_uuid(), 1, clock_timestamp() + interval '1 hour'), ('node-2', NULL, 1, '-infinity');
INSERT INTO trunk (node, name, position, online) VALUES
  ('node-1', 'carrier', 1, true), ('node-1', 'spare', 2, false), ('node-2', 'carrier', 1, true)
"""
ALARM = "INSERT INTO trunk_alarm (node, trunk, alarm, calls) VALUES ('node-1', 'carrier', %(alarm)s::trunk_alarm_kind, 8)"


async def test_without_a_worker_there_is_no_trunk(administrator: Visitor, client: Client) -> None:
    assert "还没有中继" in await administrator.text("/lines")
    assert (await (await client.get("/health")).json())["trunks"] == []


async def test_health_names_trunks_and_alarms_and_no_numbers(client: Client, db: Database) -> None:
    await db.run(NODES)
    told = await (await client.get("/health")).json()
    assert (told["status"], told["trunks"]) == (
        "ok",
        [
            {"node": "node-1", "name": "carrier", "online": True, "alarms": []},
            {"node": "node-1", "name": "spare", "online": False, "alarms": []},
            {"node": "node-2", "name": "carrier", "online": True, "alarms": []},
        ],
    )
    await db.run(ALARM, {"alarm": "keyless"})
    await db.run(ALARM, {"alarm": "failing"})
    told = await (await client.get("/health")).json()
    assert (told["status"], told["trunks"][0]["alarms"]) == ("degraded", ["failing", "keyless"])
    await db.run("UPDATE trunk_alarm SET lifted_at = clock_timestamp()")
    assert (await (await client.get("/health")).json())["status"] == "ok"


async def test_the_page_says_how_each_trunk_stands(administrator: Visitor, db: Database) -> None:
    await db.run(NODES)
    page = await administrator.text("/lines")
    states = ["在线", "离线", "呼叫服务未运行"]
    assert [page.count(f">{state}</span>") for state in states] == [1, 1, 1]
    assert page.count("没有呼叫") == 3
    assert "故障已排除" not in page


async def test_a_node_that_has_stopped_dialling_says_so(administrator: Visitor, db: Database) -> None:
    await db.run(NODES)
    await db.run("UPDATE node SET dialling_stopped_at = clock_timestamp(), dialling_stopped_why = 'x' WHERE name = 'node-1'")
    page = await administrator.text("/lines")
    assert page.count(">已停止拨号</span>") == 2
    assert "语音不能播放" in page


@pytest.mark.parametrize("alarm", TrunkAlarm)
async def test_an_alarm_says_what_to_do(administrator: Visitor, db: Database, alarm: TrunkAlarm) -> None:
    await db.run(NODES)
    await db.run(ALARM, {"alarm": alarm.value})
    page = await administrator.text("/lines")
    assert ALARMS[alarm].title.format(8) in page
    assert all(each in page for each in ALARMS[alarm].todo)
    assert 'http-equiv="refresh"' not in page


async def test_a_trunk_that_was_mended_is_used_again_and_it_is_on_record(administrator: Visitor, db: Database) -> None:
    await db.run(NODES)
    await db.run(ALARM, {"alarm": "keyless"})
    await administrator.text("/lines")
    assert "线路告警，请查看怎么办" in await administrator.text("/")
    response = await administrator.post("/lines/mended", node="node-1", trunk="carrier", follow=True)
    page = await response.text()
    assert "告警已解除" in page
    assert "一天内已解除的告警" in page
    mended = await db.all("SELECT node, name FROM trunk WHERE isfinite(mended_at)")
    assert [tuple(row) for row in mended] == [("node-1", "carrier")]
    row = await db.one("SELECT actor, act, remark FROM operation ORDER BY id DESC LIMIT 1")
    assert (row.act, row.remark) == ("线路告警已处理", "节点 node-1，中继 carrier")
    for node, trunk in (("node-1", "nobody"), ("", "")):
        again = await administrator.post("/lines/mended", follow=True, node=node, trunk=trunk)
        assert "没有改变" in await again.text()


async def test_what_the_last_hour_came_to(administrator: Visitor, db: Database, draws: Draws) -> None:
    await db.run(NODES)
    hand = await draws.started(4, [condition(seats=2)])
    first, second = await hand.live()
    await db.run("UPDATE call SET node = 'node-1', trunk = 'carrier' WHERE state = 'live'")
    await hand.ends(first, "trunk_failure")
    await hand.advance()
    page = await administrator.text("/lines")
    assert "线路故障 1" in page
    assert "<dt>呼叫中和通话中</dt><dd>1</dd>" in page
    assert second.id not in page
    assert hand.activity not in page


async def test_the_last_hour_does_not_tell_whose_wrong_number_was_called(
    administrator: Visitor, db: Database, draws: Draws
) -> None:
    """Where one expert stands in the list as 空号, a count of 空号 says that they were drawn: it looks like no answer."""
    await db.run(NODES)
    hand = await draws.started(8, [condition(seats=4)])
    told = set()
    for outcome in ("no_answer", *Fault):
        call = (await hand.live())[0]
        await db.run("UPDATE call SET node = 'node-1', trunk = 'carrier' WHERE id = %(id)s", {"id": call.id})
        await hand.ends(call, str(outcome))
        told.add((await administrator.text("/lines")).partition("<dt>最近一小时</dt><dd>")[2].partition("</dd>")[0])
        await db.run("UPDATE call SET trunk = NULL WHERE id = %(id)s", {"id": call.id})
    assert told == {"未联系到本人 1"}


# --- numbers ------------------------------------------------------------------------------------------------------


async def found(hand: Hand, call: object, outcome: str) -> None:
    """An invitation ended so, as the worker writes it."""
    await hand.ends(call, outcome)
    async with hand.db.transaction() as tx:
        await number_faults.note(tx, call.id, outcome)  # type: ignore[attr-defined]
    await hand.advance()


async def drawn(draws: Draws, experts: int = 4) -> Hand:
    """Two seats: one call was redirected, one number is none, then others agreed; sealed, and not open yet."""
    hand = await draws.started(experts, [condition(seats=2)])
    first, second = await hand.live()
    await found(hand, first, "redirected")
    await found(hand, second, "invalid_number")
    await everybody_agrees(hand)
    return hand


async def open_since_yesterday(hand: Hand) -> None:
    await the_clock_reaches_the_opening(hand)
    await unseal(hand.db, hand.keys.custody, hand.activity)
    a_day_passes(hand.dsn, hand.activity)


async def test_nothing_is_told_before_the_day_after_the_opening(administrator: Visitor, draws: Draws) -> None:
    """Neither a name, nor that there is an entry, nor how many: who was called was drawn."""
    empty = (await administrator.text("/lines/numbers"), await administrator.text("/lines"))
    hand = await drawn(draws)

    async def tells_nothing() -> None:
        assert await administrator.text("/lines/numbers") == empty[0]
        assert "没有待核实的专家号码问题" in await administrator.text("/lines")
        assert "暂无待办事项" in await administrator.text("/")
        for row in await draws.db.all("SELECT expert, fault::text AS fault FROM number_fault"):
            assert (await administrator.get(f"/lines/numbers/{row.expert}/{row.fault}")).status == 404
            response = await administrator.post(f"/lines/numbers/{row.expert}/{row.fault}", word="已联系专家", follow=True)
            assert "名单中已没有这一条" in await response.text()
            assert await administrator.text("/lines/numbers") == empty[0]

    assert await draws.db.value("SELECT count(*) FROM number_fault") == 2
    await tells_nothing()
    await the_clock_reaches_the_opening(hand)
    await unseal(hand.db, hand.keys.custody, hand.activity)
    await tells_nothing()  # opened a moment ago: they evaluate now
    a_day_passes(hand.dsn, hand.activity)
    page = await administrator.text("/lines/numbers")
    assert page.count('warning">呼叫转移</span>') == 1
    assert page.count('bad">空号</span>') == 1
    assert hand.activity not in page
    assert "<strong>2</strong> 条专家号码问题" in await administrator.text("/lines")
    assert '<strong class="count">2 项</strong>' in await administrator.text("/")


async def test_a_running_draw_changes_nothing_of_an_entry(administrator: Visitor, draws: Draws) -> None:
    """The same expert is redirected again in a draw that is sealed: number and day of the entry stay."""
    hand = await drawn(draws, 3)
    await open_since_yesterday(hand)
    before = await administrator.text("/lines/numbers")
    await draws.db.run("DELETE FROM appointment")  # the evaluation is over, and they are free again
    other = await draws.started(0, [condition(seats=3)])
    for call in await other.live():
        await found(other, call, "redirected")
    assert await draws.db.value("SELECT count(*) FROM number_fault") == 5
    assert await administrator.text("/lines/numbers") == before


async def test_a_draw_that_names_nobody_shows_nobody(administrator: Visitor, draws: Draws) -> None:
    """强制结束: opened for its evidence only."""
    hand = await draws.started(4, [condition(seats=2)])
    first, second = await hand.live()
    await found(hand, first, "redirected")
    async with draws.db.transaction() as tx:
        await halts.force_end(tx, draws.keys.custody, hand.activity, "张经办（handler-a1）", Role.HANDLER, "项目取消")
    await hand.ends(second, "no_answer")
    for call in await hand.live():
        await hand.ends(call, "cancelled")
    await hand.advance()
    await the_clock_reaches_the_opening(hand)
    async with draws.db.transaction() as tx:
        await tx.run("UPDATE draw SET unsealed_at = clock_timestamp(), names_nobody = true")
    a_day_passes(hand.dsn, hand.activity)
    assert "没有待核实的号码" in await administrator.text("/lines/numbers")


async def test_how_an_entry_is_shown(administrator: Visitor, draws: Draws) -> None:
    hand = await drawn(draws)
    await open_since_yesterday(hand)
    page = await administrator.text("/lines/numbers")
    for row in await draws.db.all("SELECT expert FROM number_fault"):
        phone = f"138000000{row.expert - 1:02d}"
        assert f"138******{phone[-2:]}" in page
        assert phone not in page
    day = await draws.db.value("SELECT (max(at) AT TIME ZONE 'Asia/Shanghai')::date FROM number_fault")
    assert f'data-label="最近日期">{day}</td>' in page


async def test_a_row_that_does_not_open_hides_no_other(administrator: Visitor, draws: Draws) -> None:
    hand = await drawn(draws)
    await open_since_yesterday(hand)
    await draws.db.run("UPDATE expert SET name_enc = phone_enc WHERE id = (SELECT min(expert) FROM number_fault)")
    page = await administrator.text("/lines/numbers")
    assert page.count("（无法解开）</th>") == 1
    assert 'warning">呼叫转移</span>' in page
    assert 'bad">空号</span>' in page


async def test_each_look_is_on_record(administrator: Visitor, draws: Draws) -> None:
    hand = await drawn(draws)
    await open_since_yesterday(hand)
    await administrator.text("/lines")
    assert await draws.db.value("SELECT count(*) FROM operation WHERE act = '查看号码问题'") == 0
    await administrator.text("/lines/numbers")
    remark = await draws.db.value("SELECT remark FROM operation WHERE act = '查看号码问题'")
    experts = [row.expert for row in await draws.db.all("SELECT expert FROM number_fault ORDER BY expert")]
    assert sorted(map(int, remark.removeprefix("专家 ").split("、"))) == experts


async def test_an_entry_is_dealt_with_and_comes_back_when_it_is_found_again(administrator: Visitor, draws: Draws) -> None:
    hand = await drawn(draws)
    await open_since_yesterday(hand)
    expert = await draws.db.value("SELECT expert FROM number_fault WHERE fault = 'redirected'")
    address = f"/lines/numbers/{expert}/redirected"
    page = await administrator.text(address)
    assert all(each in page for each in TODO[Fault.REDIRECTED])
    response = await administrator.post(address, word="2026-11-30 已请专家取消呼叫转移")
    assert (response.status, response.headers["Location"]) == (303, "/lines/numbers")
    page = await administrator.text("/lines/numbers")
    assert ("呼叫转移</span>" in page, "空号</span>" in page) == (False, True)
    assert (await administrator.get(address)).status == 404
    row = await draws.db.one("SELECT actor, act, remark FROM operation WHERE act = '处理号码问题'")
    assert row.remark == f"专家 {expert}，呼叫转移：2026-11-30 已请专家取消呼叫转移"
    again = await administrator.post(address, word="又一次", follow=True)
    assert "可能已由他人处理" in await again.text()
    await draws.db.run(
        "UPDATE number_fault_handled SET at = (SELECT min(at) FROM number_fault) - interval '1 second'"
    )  # as if the call had come after it
    assert "呼叫转移</span>" in await administrator.text("/lines/numbers")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("", "请填写"),
        ("好", "2 至 200 个字"),
        ("新号码 138 0013-8000", "请勿填写电话号码"),
        ("新号码１３８００１３８０００", "请勿填写电话号码"),
        ("座机 020-8318 6888", "请勿填写电话号码"),
        ("字" * 201, "200"),
    ],
)
async def test_what_is_typed_wrong_is_kept(administrator: Visitor, draws: Draws, word: str, told: str) -> None:
    hand = await drawn(draws)
    await open_since_yesterday(hand)
    expert = await draws.db.value("SELECT expert FROM number_fault WHERE fault = 'redirected'")
    await administrator.text(f"/lines/numbers/{expert}/redirected")
    response = await administrator.post(f"/lines/numbers/{expert}/redirected", word=word)
    page = await response.text()
    assert response.status == 422, page
    assert told in page
    assert normalize("NFKC", word) in page
    assert await draws.db.value("SELECT count(*) FROM number_fault_handled") == 0
    assert await draws.db.value("SELECT count(*) FROM operation WHERE remark LIKE '%%8000%%'") == 0


async def test_the_console_cannot_read_what_may_not_be_shown(administrator: Visitor, draws: Draws, client: Client) -> None:
    """Its role has the view and not the table: a page written in a hurry shows nothing more."""
    rows = await draws.db.all(
        "SELECT table_name AS t FROM information_schema.role_table_grants"
        " WHERE grantee = 'expertline_console' AND table_name IN ('number_fault', 'number_fault_open')"
    )
    assert {row.t for row in rows} <= {"number_fault_open"}


async def test_only_these_outcomes_are_faults_of_a_number(draws: Draws) -> None:
    hand = await draws.started(4, [condition(seats=2)])
    first, second = await hand.live()
    await found(hand, first, "busy")
    await found(hand, second, "wrong_person")
    kept = await draws.db.all("SELECT fault::text AS fault, expert = %(e)s AS theirs FROM number_fault", {
        "e": await draws.db.value("SELECT expert FROM pick WHERE id = %(p)s", {"p": second.pick}),
    })  # fmt: skip
    assert [tuple(row) for row in kept] == [("wrong_person", True)]
    assert sorted(await draws.db.value("SELECT enum_range(null::number_fault_kind)::text[]")) == sorted(Fault)
