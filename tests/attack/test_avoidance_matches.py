"""回避 that looks right and matches nobody: names and units written as programs and people write them. Each of them once was taken,
and the expert whom it meant was eligible all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from db.blocking import transaction
from db.contexts import AVOIDED_NAME, EXPERT_NAME
from db.pool import Database
from drawing.activities import AvoidedPerson, AvoidedUnit
from drawing.avoiding_files import Kind, template
from drawing.canonical import read
from drawing.credit_code import check_character
from drawing.experts import identity, rehash
from drawing.experts.row import ExpertRow, check_row
from drawing.experts.store import COLUMNS, columns_of
from drawing.lifecycle import Role
from drawing.start import start
from tests.drawing.test_draw import Hand
from tests.postgres import TestDatabase
from tests.scenes import Keys, condition, make_activity, plan
from tests.web.clerk import PROJECT, errors, make_draft, make_project, notice
from tests.web.conftest import Visitor
from tests.web.test_avoidance import send

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
CODE = "91440101MA0000003Y"
PEOPLE = ("阿卜杜拉·买买提", "张三", "马方超", "𠮷某", "John Smith")
UNITS = ("西水（广州）建设有限公司", "某某设计院", "ABC咨询有限公司")


def expert(n: int, name: str, unit: str, former: str = "") -> ExpertRow:
    """As a file of the pool has them."""
    card = f"44010419800101{n:03d}"
    own = {"姓名": name, "证件号": card + identity.check_character(card), "手机号码": f"138000001{n:02d}"}
    cells = {
        **own, "常驻地": "440104", "意愿评标区": "440100", "专业": "A0801", "职称等级": "副高级", "执业资格": "",
        "所属行业主管部门": "", "工作单位": unit, "曾任职单位": former, "暂停": "",
    }  # fmt: skip
    row = check_row(cells, date(2026, 11, 30))
    assert isinstance(row, ExpertRow), row
    return row


@pytest.fixture
def pool(database: TestDatabase, keys: Keys) -> None:
    """Everybody of PEOPLE at a unit of their own, one at each of UNITS, one who left the first of these last year, one more."""
    rows = [expert(n, name, f"单位{n}") for n, name in enumerate(PEOPLE)]
    rows += [expert(20 + n, "李某某", unit) for n, unit in enumerate(UNITS)]
    rows += [expert(40, "王某某", "单位某", f"{UNITS[0]}@2026-06-30"), expert(41, "赵某某", "别的单位")]
    with transaction(database.dsn) as tx:
        tx.copy("expert", COLUMNS, [columns_of(key, row, keys.custody.vault) for key, row in enumerate(rows, start=1)])


async def excluded(db: Database, database: TestDatabase, keys: Keys, **avoided: Any) -> dict[str, int]:
    """Whom the commit of a draw leaves out, by reason."""
    number = await make_activity(db, keys.custody.vault, plan([condition()], **avoided))
    await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
    await Hand(db, database.dsn, keys, number).advance()
    body = await db.value("SELECT body FROM transcript WHERE activity = %(a)s AND type = 'commit'", {"a": number})
    return dict(read(body)["excluded"])


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize(
    "name",
    ["阿卜杜拉•买买提", "阿卜杜拉・买买提", "阿卜杜拉．买买提", "阿卜杜拉‧买买提", "阿卜杜拉 · 买买提", "张 三",
     "张\u3000三", "张\u200b三", "张三\ufeff", "张三_x000D_", "⻢⽅超", "𠮷\ufe00某", "JOHN  SMITH"],
)  # fmt: skip
async def test_a_person_is_left_out_however_the_name_is_written(
    db: Database, database: TestDatabase, keys: Keys, name: str
) -> None:
    assert await excluded(db, database, keys, persons=(AvoidedPerson(name),)) == {"avoided_person": 1}


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize(
    ("unit", "experts"),
    [
        ("⻄水（广州）建设有限公司", 2),
        ("⻄⽔(广州)建设有限公司", 2),
        ("西水【广州】建设有限公司_x000D_", 2),
        ("西水（广州）建设\u00ad有限公司\u00a0", 2),
        ("某某设计院_x000d_\n", 1),
        ("ａｂｃ 咨询有限公司", 1),
        ("\u2060某某设计\ufe0f院", 1),
    ],
)
async def test_a_unit_s_experts_are_left_out_however_it_is_written(
    db: Database, database: TestDatabase, keys: Keys, unit: str, experts: int
) -> None:
    assert await excluded(db, database, keys, units=(AvoidedUnit(unit),)) == {"avoided_unit": experts}


@pytest.mark.parametrize(
    ("typed", "sign"),
    [
        ("张三（总工）", "U+FF08"), ("张三、李四", "U+3001"), ("张三 李四", "可能是两个人"), ("张三1", "U+0031"),
        ("张三*", "U+002A"), ("张" * 31, "2 至 30"),
    ],
)  # fmt: skip
async def test_a_person_who_can_match_nobody_is_refused_with_the_sign(
    visit: Visit, db: Database, typed: str, sign: str
) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    response = await clerk.post(f"/activities/{activity}/avoidance/persons", person=typed, reason="其他")
    page = await response.text()
    assert response.status == 422
    assert sign in errors(page)[0]
    assert f'value="{typed}"' in page  # nothing that was typed is lost
    data = filled(Kind.PERSONS, (typed, "", "其他"))
    page = await (await send(clerk, activity, "persons", data)).text()
    assert sign in page
    assert typed not in page
    assert await db.value("SELECT count(*) FROM avoidance WHERE unit IS NULL") == 0
    assert await db.value("SELECT count(*) FROM operation WHERE remark LIKE '%张%'") == 0


@pytest.mark.parametrize(
    ("typed", "sign"), [("甲公司；乙公司", "U+FF1B"), ("某?公司", "U+003F"), ("甲乙公司、丙丁公司", "2 个单位")]
)
async def test_a_unit_that_can_match_nobody_is_refused_with_the_sign(
    visit: Visit, db: Database, typed: str, sign: str
) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    response = await clerk.post(f"/activities/{activity}/avoidance/units", unit=typed, reason="其他")
    assert sign in errors(await response.text())[0]
    page = await (await send(clerk, activity, "units", filled(Kind.UNITS, (typed, "", "其他")))).text()
    assert sign in page
    assert await db.value("SELECT count(*) FROM avoidance") == 2


async def test_the_list_shows_what_an_entry_is_matched_by(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/avoidance"
    assert (await clerk.post(f"{here}/units", unit="⻄水（广州）公司", reason="投标人")).status == 303
    assert "西水（广州）公司<br><small>将按“西水(广州)公司”匹配" in await clerk.text(here)
    assert "总计 1<" in await clerk.text(f"{here}?search=⻄⽔ (广州)")
    data = filled(Kind.PERSONS, ("阿卜杜拉•买买提", "", "其他"))
    assert (await send(clerk, activity, "persons", data)).status == 303
    assert "阿卜杜拉·买买提" in await clerk.text(f"{here}?list=persons&search=阿卜杜拉．买买提")


async def test_an_entry_from_before_that_can_match_nobody_says_so(visit: Visit, db: Database, keys: Keys) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    key = await db.value("SELECT nextval(pg_get_serial_sequence('avoidance', 'id'))")
    await db.run(
        "INSERT INTO avoidance (id, activity, name_enc, name_hash, reason) OVERRIDING SYSTEM VALUE"
        " VALUES (%(id)s, %(a)s, %(name)s, 'x', '其他')",
        {"id": key, "a": activity, "name": keys.custody.vault.encrypt("张三（总工）".encode(), AVOIDED_NAME.at(key))},
    )
    assert "不能匹配任何专家：第 3 个字符“（”（U+FF08）" in await clerk.text(f"/activities/{activity}/avoidance?list=persons")


async def test_a_sheet_with_something_in_its_last_row_is_read(visit: Visit, db: Database) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    book = load_workbook(BytesIO(filled(Kind.UNITS, ("某某投标公司", "", "其他"))))
    book[Kind.UNITS.value].cell(1_048_576, 1).number_format = "@"
    data = BytesIO()
    book.save(data)
    assert (await send(clerk, activity, "units", data.getvalue())).status == 303
    assert await db.value("SELECT count(*) FROM avoidance") == 3


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (CODE[:4] + "O" + CODE[5:], "第 5 个字符是字母“O”，应为数字 0"),
        ("9144010IMA0000003Y", "第 8 个字符是字母“I”，应为数字 1"),
        ("440101000012345", "15 位的是旧的营业执照注册号"),
        ("12345678-9", "9 位的是旧的组织机构代码"),
        (CODE[:-1] + "0", "校验码"),
        (CODE[:-1], "现为 17 位"),
    ],
)
async def test_a_wrong_code_is_refused_wherever_it_is_typed(visit: Visit, code: str, told: str) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/avoidance"
    response = await clerk.post(f"{here}/units", unit="某某投标公司", code=code, reason="投标人")
    assert told in errors(await response.text())[0]
    assert told in await (await send(clerk, activity, "units", filled(Kind.UNITS, ("某某公司", code, "其他")))).text()
    await clerk.get("/projects/new")
    for field in ("tenderer_code", "agency_code"):
        response = await clerk.post("/projects/new", **{**PROJECT, field: code})
        assert told in errors(await response.text())[0], field


async def test_a_code_is_kept_in_one_form_and_who_is_no_legal_person_may_have_their_own(visit: Visit, db: Database) -> None:
    assert check_character(CODE[:-1]) == CODE[-1]
    clerk = await visit("handler-a1")
    await make_project(clerk, tenderer_code="９１４４０１０１ｍａ0000003y ")
    await make_project(clerk, tenderer_kind="2", tenderer_code="部 2026-1号")
    assert [row[0] for row in await db.all("SELECT tenderer_code FROM project ORDER BY id")] == [CODE, "部20261号"]


async def test_a_notice_names_no_unit_in_other_signs(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    typed = notice(address="广州市越秀区招标人_x000D_法⼈名称大楼")
    page = await (await clerk.post(f"/activities/{activity}/notices/new", **typed)).text()
    assert any("不能出现单位或项目的名称" in each for each in errors(page))


@pytest.mark.usefixtures("pool")
async def test_hashes_from_before_are_brought_up_to_date_and_one_who_is_stopped_goes_on(
    db: Database, database: TestDatabase, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = keys.custody.vault
    number = await make_activity(db, vault, plan([condition()], persons=(AvoidedPerson("阿卜杜拉·买买提"),)))
    before = {"阿卜杜拉•买买提": "avoidance", "John Smith": "expert"}  # as they were hashed then: exactly as they were written
    with transaction(database.owner_dsn) as tx:
        for name, table in before.items():
            right = vault.keyed_hash("name", {"expert": "johnsmith", "avoidance": "阿卜杜拉·买买提"}[table])
            key = tx.value(f"SELECT id FROM {table} WHERE name_hash = %(right)s", {"right": right})
            sealed = vault.encrypt(name.encode(), {"expert": EXPERT_NAME, "avoidance": AVOIDED_NAME}[table].at(key))
            values = {"id": key, "enc": sealed, "hash": vault.keyed_hash("name", name)}
            tx.run(f"UPDATE {table} SET name_enc = %(enc)s, name_hash = %(hash)s WHERE id = %(id)s", values)
        tx.run("UPDATE normal_form_progress SET last = 11 WHERE what = 'expert'")
        tx.run("UPDATE normal_form_progress SET last = (SELECT max(id) FROM avoidance) WHERE what = 'avoidance'")
    monkeypatch.setattr(rehash, "BATCH", 2)

    class Stopped(Exception):
        pass

    def stop(rows: int) -> None:
        if rows >= 4:
            raise Stopped

    with pytest.raises(Stopped):
        rehash.rehash_names(database.dsn, vault, stop)
    assert await db.value("SELECT up_to FROM normal_form_progress WHERE what = 'expert'") == 4
    assert rehash.rehash_names(database.dsn, vault) == 2
    assert rehash.rehash_names(database.dsn, vault) == 0
    await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
    await Hand(db, database.dsn, keys, number).advance()
    body = await db.value("SELECT body FROM transcript WHERE type = 'commit'")
    assert read(body)["excluded"] == {"avoided_person": 1}


def filled(kind: Kind, *rows: tuple[str, ...]) -> bytes:
    """The template with these rows in it, as text, whatever they hold."""
    book = load_workbook(BytesIO(template(kind)))
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            book[kind.value].cell(number, place, value)
    data = BytesIO()
    book.save(data)
    return data.getvalue()
