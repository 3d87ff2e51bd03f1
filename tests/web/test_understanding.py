"""What people type is brought into one form for each kind of field, kept so, and found however it is looked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

import pytest
from pydantic import Field, ValidationError

from db.pool import Database
from drawing.people import people
from tests.scenes import Keys
from tests.web.clerk import PROJECT, complete, draft, errors, make_draft, make_project, notice, submitted
from tests.web.conftest import Visitor
from web import operations
from web.forms import Form, Moment, errors_of
from web.times import CHINA
from web.understanding import Kind

Visit = Callable[..., Awaitable[Visitor]]


class Everything(Form):
    text: Annotated[str, Field(title="名称", max_length=20)] = ""
    code: Annotated[str, Field(title="编号", max_length=20), Kind.CODE] = ""
    money: Annotated[Decimal | None, Field(title="投资额（万元）", ge=0, max_digits=16, decimal_places=4)] = None
    count: Annotated[int, Field(title="人数", ge=1, le=9999)] = 1
    day: Annotated[date | None, Field(title="日期")] = None
    at: Annotated[Moment | None, Field(title="时间")] = None


class Needed(Form):
    text: Annotated[str, Field(title="名称")]


def one(**typed: str) -> object:
    (name,) = typed
    return getattr(Everything.model_validate(typed), name)


def refused(model: type[Form] = Everything, **typed: str) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(typed)
    (told,) = errors_of(model, caught.value).values()
    return told


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ＸＸ项目２０２６", "XX项目2026"), ("　甲　乙 ", "甲 乙"), ("施工（一期），ｍａ", "施工（一期），ma"), ("⻢路", "马路"),
        ("项目_x000D_", "项目"), ("e\u0301", "é"), ("一\r\n二", "一\n二"), ("一\n\n二", "一\n\n二"), ("Ⅱ期①", "Ⅱ期①"),
    ],
)  # fmt: skip
def test_free_text_keeps_its_punctuation_and_lines(typed: str, kept: str) -> None:
    assert one(text=typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("２０２００６１７１２０１", "202006171201"), ("ＧＤ—２０２６－０１", "GD-2026-01"), (" ma（01） ", "ma(01)"),
        ("gd 2026", "gd 2026"), ("无", "无"),
    ],
)  # fmt: skip
def test_a_code_is_half_width(typed: str, kept: str) -> None:
    assert one(code=typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1，500.50", "1500.50"), ("1,500.50", "1500.50"), ("１５００．５", "1500.5"), ("￥1,234,567", "1234567"),
        ("1500 万元", "1500"),
        ("1 500.5", "1500.5"), ("1500。5", "1500.5"), ("0", "0"), (".5", "0.5"), ("+5", "5"), ("007", "7"), ("人民币12万", "12"),
    ],
)  # fmt: skip
def test_money_as_people_write_it(typed: str, kept: str) -> None:
    assert one(money=typed) == Decimal(kept)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("1e5", "投资额（万元）不能用科学计数法，请写出全部数字，例如 1200.5。"), ("１Ｅ＋５", "科学计数法"),
        ("1,50", "每三位隔开"),
        ("1,0000", "每三位隔开"), ("1.500,50", "每三位隔开"), ("1_000", "应为数字"), ("NaN", "应为数字"), ("Infinity", "应为数字"),
        ("0x10", "应为数字"), ("٣", "应为数字"), ("五百", "阿拉伯数字"), ("1500元", "以万元为单位"), ("1.5亿", "以万元为单位"),
        ("-5", "不能小于 0"), ("1.23456", "最多保留 4 位小数"), ("9" * 17, "数字过大"), ("9" * 5000, "数字过大"),
        ("--5", "应为数字"),
    ],
)  # fmt: skip
def test_money_that_is_refused(typed: str, told: str) -> None:
    assert told in refused(money=typed)


def test_counts() -> None:
    assert (one(count="５"), one(count="5人"), one(count="1,000"), one(count=" 5 "), one(count="5.0")) == (5, 5, 1000, 5, 5)
    for typed in ("1e1", "1_0", "二", "5.5", "٥", "5个人"):
        assert refused(count=typed).startswith("人数")


@pytest.mark.parametrize(
    "typed",
    [
        "2026-12-01T09:30", "2026-12-01T09:30:00", "2026-12-01T01:30Z", "2026-12-01 09:30", "2026-12-1 9:30", "2026/12/1 9：30",
        "2026.12.1 9:30", "2026年12月1日 9:30", "2026年12月1日9时30分", "2026年12月1日上午9点半", "２０２６年１２月１日　９：３０",
        "2026年12月1日（周二）09:30", "2026年12月1日（星期二） 9:30", "20261201 0930", "202612010930", "2026-12-01 9:30 AM",
        "2026—12—01 9:30", "二〇二六年十二月一日上午九点半", "二○二六年十二月一日（星期二）九点三十分",
        "二零二六年十二月一日 9时三十",
        "二O二六年12月1日九时三十分", "公元2026年12月1日9時30分", "2026年12月1日 9：30（北京时间）", "2026-12-01 九点半",
    ],
)  # fmt: skip
def test_moments_as_people_write_them(typed: str) -> None:
    assert one(at=typed) == datetime(2026, 12, 1, 9, 30, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("2026-12-01", "请在日期后写明时间"), ("12/1/2026 9:30", "年份写在最前面"), ("12月1日 9:30", "年份写在最前面"),
        ("2026-02-30 9:30", "日历上没有 2026年2月30日"), ("2026-12-01 25:00", "没有这个时间"),
        ("2026年12月1日（周三）9:30", "是星期二"),
        ("2026-12-01 24:00", "次日 00:00"), ("2026年12月1日晚上十二点", "次日 00:00"), ("2026-12-01 24:30", "没有这个时间"),
        ("2026-12-01 上午13:00", "与 13 时不符"), ("26年12月1日 9:30", "年份写在最前面"),
        ("二〇二六年十三月一日 九时", "日历上没有"),
        ("二〇二六年二月三十日 九时", "日历上没有"), ("二〇二六年十十月一日 九时", "应为日期和时间"),
        ("明天9点", "应为日期和时间"), ("2026-12-01 9:30至10:30", "24 小时制"), ("0001-01-01 00:00", "2000 至 2099"),
        ("2199-01-01 00:00", "2000 至 2099"), ("9999-12-31T23:59", "2000 至 2099"),
    ],
)  # fmt: skip
def test_moments_that_are_refused(typed: str, told: str) -> None:
    assert told in refused(at=typed)


def test_days() -> None:
    assert one(day="2026年12月1日") == one(day="2026/12/1") == one(day="20261201") == date(2026, 12, 1)
    assert "日历上没有" in refused(day="2026-13-01")


def test_what_nobody_sees_is_nothing() -> None:
    assert refused(Needed, text="\u2800\ufe0f") == "请填写名称。"
    assert one(text="\u2800") == ""


# --- kept, and found ----------------------------------------------------------------------------------------------


@pytest.mark.postgres
async def test_a_project_is_kept_in_one_form(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    typed: dict[str, Any] = {"name": "ＭＡ路（２０２６）改造", "code": "ＧＤ２０２６—０１", "investment": "1，500.50"}
    await make_project(clerk, **typed, contact="张　工", investment_code="２０２６－４４")
    row = await db.one("SELECT name, code, investment, contact, investment_code FROM project")
    assert tuple(row) == ("MA路（2026）改造", "GD2026-01", Decimal("1500.5"), "张 工", "2026-44")
    await clerk.get("/projects/new")
    response = await clerk.post("/projects/new", **{**PROJECT, "investment": "1e5"})
    assert response.status == 422
    page = await response.text()
    assert set(errors(page)) == {"项目投资总额（万元）不能用科学计数法，请写出全部数字，例如 1200.5。"}
    assert 'value="1e5"' in page


@pytest.mark.postgres
async def test_it_is_found_however_it_is_written(visit: Visit, db: Database) -> None:
    """Also one that was kept as it was typed, before there was one form."""
    clerk = await visit("handler-a1")
    project = await make_project(clerk, name="MA路（2026）改造", code="GD2026-01")
    await make_project(clerk, name="别的项目", code="X1")
    activity = await make_draft(clerk, project, name="ＭＡ路（２０２６）改造一标段")
    await complete(clerk, activity)
    other = await make_draft(clerk, await make_project(clerk, name="第三个", code="X2"), name="第三个活动")
    sought = [("MA路(2026)", "GD2026-01"), ("ｍａ路（２０２６）", "ｇｄ２０２６０１"), ("ＭＡ 路", "2026－01"), ("ma路", "")]
    for kept in ("MA路（2026）改造", "ＭＡ路（２０２６）改造"):
        await db.run("UPDATE project SET name = %(name)s WHERE id = %(id)s", {"name": kept, "id": int(project)})
        for name, code in sought:
            for path in ("/projects", "/activities/new"):
                page = await clerk.text(f"{path}?name={quote(name)}&code={quote(code)}")
                assert kept in page, (path, name, code)
                assert "别的项目" not in page
            page = await clerk.text(f"/activities?project_name={quote(name)}&project_code={quote(code)}&name={quote(name)}")
            assert activity in page
            assert other not in page
            page = await clerk.text(f"/activities/{other}/copy?search={quote(name)}")
            assert activity in page
    assert activity not in await clerk.text(f"/activities/{other}/copy?search=三")
    number = activity.translate(str.maketrans("CQS0123456789", "ＣＱｓ０１２３４５６７８９"))
    assert activity in await clerk.text(f"/activities?number={quote(number)}")
    administrator = await visit("administrator-1")
    assert f">{activity}<" in await administrator.text(f"/operations?q={quote(number)}")


@pytest.mark.postgres
@pytest.mark.parametrize("words", ["handler-a1", "ＨＡＮＤＬＥＲ－Ａ１", "（Handler—a1", "dler-a"])
async def test_who_did_something_is_found_however_it_is_written(visit: Visit, words: str) -> None:
    """操作记录 by part of a name or account; each actor is read once, whatever they have done."""
    clerk, administrator = await visit("handler-a1"), await visit("administrator-1")
    activity = await make_draft(clerk, await make_project(clerk))
    page = await administrator.text(f"/operations?q={quote(words)}")
    assert f">{activity}<" in page
    assert "administrator-1）" not in page.partition("<table")[2]
    assert "没有符合的操作记录" in await administrator.text(f"/operations?q={quote('查无此人')}")


@pytest.mark.postgres
async def test_who_did_very_much_is_listed_up_to_a_limit(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, administrator = await visit("handler-a1"), await visit("administrator-1")
    activity = await make_draft(clerk, await make_project(clerk))
    assert (await clerk.post(f"/activities/{activity}/notices/new", **notice())).status == 303
    hint = "只列出最近的 2 条"
    assert hint not in await administrator.text("/operations?q=handler-a1")
    monkeypatch.setattr(operations, "MOST", 2)
    assert hint in await administrator.text("/operations?q=handler-a1")
    assert hint not in await administrator.text("/operations")
    assert hint not in await administrator.text(f"/operations?q={activity}"), "all lines about an activity are listed"


@pytest.mark.postgres
async def test_an_avoided_unit_is_found_however_it_is_written(visit: Visit, db: Database) -> None:
    """By name and by code, also of a row that was kept as it was typed."""
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/avoidance"
    await clerk.get(here)
    unit: dict[str, Any] = {"unit": "ＡＢ设计（广州）公司", "code": "91440101MA0000002U", "reason": "其他"}
    assert (await clerk.post(f"{here}/units", **unit)).status == 303
    for kept in ("91440101MA0000002U", "９１４４０１０１ｍａ００００００２Ｕ", "91440101-MA000000-2U"):
        await db.run("UPDATE avoidance SET code = %(code)s WHERE NOT fixed", {"code": kept})
        for words in ("ab设计(", "ＡＢ 设计", "ma0000002u", "０１０１－ＭＡ００００００２Ｕ"):
            page = await clerk.text(f"{here}?search={quote(words)}")
            assert "设计（广州）公司" in page, (kept, words)
            assert "<span>总计 1</span>" in page, (kept, words)


@pytest.mark.postgres
async def test_the_reviewer_sees_the_same_project_however_it_is_written(visit: Visit, db: Database) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    await db.run("UPDATE project SET investment_code = '2026-440100-44'")
    await make_project(clerk, name="招标代理 演示项目０６１７", code="", tenderer="另一招标人")
    await make_project(clerk, name="同编号的项目", code="２０２００６－１７１２０１")
    await make_project(clerk, name="同代码的项目", code="无", investment_code="２０２６４４０１００４４")
    await make_project(clerk, name="另外的项目", code="无", investment_code="/")
    page = await reviewer.text(f"/activities/{activity}/review")
    for alike in ("招标代理 演示项目0617", "同编号的项目", "同代码的项目"):
        assert alike in page
    assert "另外的项目" not in page
    await db.run("UPDATE project SET code = '无', investment_code = '/' WHERE name LIKE '%%0617'")
    page = await reviewer.text(f"/activities/{activity}/review")
    assert "另外的项目" not in page


@pytest.mark.postgres
async def test_a_draft_and_a_notice_are_kept_in_one_form(visit: Visit, db: Database, keys: Keys) -> None:
    clerk = await visit("handler-a1")
    values = draft()
    moment = datetime.fromisoformat(values["bid_opening"])
    written = f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}".translate(str.maketrans(":0123", "：０１２３"))
    card = "５１１６０２ 19921006－157×"
    activity = await make_draft(
        clerk, await make_project(clerk), bid_opening=written, seats="２人", clerk_id_card=card, remark="ＡＢ，第１批"
    )
    row = await db.one("SELECT bid_opening, seats, remark, people_enc FROM activity")
    assert (row.bid_opening, row.seats, row.remark) == (moment.replace(tzinfo=CHINA).astimezone(UTC), 2, "AB，第1批")
    entered = people(keys.custody.vault, activity, row.people_enc)
    assert entered is not None
    assert entered.id_card == "51160219921006157X"
    await clerk.get(f"/activities/{activity}/notices/new")
    typed = notice(address="广州市越秀区越华路１１８号", room="Ａ１０１")
    response = await clerk.post(f"/activities/{activity}/notices/new", **typed)
    assert response.status == 303, await response.text()
    assert tuple(await db.one("SELECT address, room FROM notice")) == ("广州市越秀区越华路118号", "A101")


@pytest.mark.postgres
async def test_avoidance_by_code_and_card(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/avoidance"
    await clerk.get(here)
    for card in ("１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002x"):
        response = await clerk.post(f"{here}/persons", person="王回避", id_card=card, reason="其他")
    assert response.status == 422
    assert "该人员已在回避人员中。" in await response.text()
    response = await clerk.post(f"{here}/persons", person="王回避", id_card="440104209901011234", reason="其他")
    assert "在将来" in await response.text()
    code = PROJECT["tenderer_code"]
    wide = code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for typed in (code, code.lower(), wide, f"{code[:8]}-{code[8:]}"):
        assert "总计 1<" in await clerk.text(f"{here}?search={quote(typed)}")
    assert "总计 0<" in await clerk.text(f"{here}?search={quote('91440101MA')}&list=persons")
    assert "总计 0<" in await clerk.text(f"{here}?search=X-")


@pytest.mark.postgres
async def test_choosing_specialties_by_words(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await clerk.get(f"/activities/{activity}/notices/new")
    await clerk.post(f"/activities/{activity}/notices/new", **notice())
    for words in ("ａ０８", "(A08)工程施工", "Ａ０８　工程", "工程施工（A08）"[:4]):
        typed: dict[str, Any] = {"main__group": "", "main__words": words, "mode": "residence"}
        response = await clerk.post(f"/activities/{activity}/notices/0/conditions/new", _refresh="main", **typed)
        assert 'value="A08"' in await response.text(), words


@pytest.mark.postgres
async def test_lots_of_one_code(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, lots=("一标段",))
    await clerk.get(f"/projects/{project}")
    assert (await clerk.post(f"/projects/{project}/lots", name="二标段", code="Ａ－０１", investment="1，000")).status == 303
    response = await clerk.post(f"/projects/{project}/lots", name="三标段", code="a-01", investment="")
    assert response.status == 422
    assert "已用此编号" in await response.text()
