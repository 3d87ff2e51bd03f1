"""Wherever a console form takes a telephone number it takes it as people write it, keeps one form, and says what it can't take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from db.contexts import SUPERVISOR_PHONE
from db.pool import Database
from drawing.people import People, people
from tests.scenes import Keys
from tests.web.clerk import draft, errors, make_draft, make_project, notice
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]

LANDLINE = ["020-83186888", "02083186888", "(020) 8318 6888", "（０２０）８３１８－６８８８", "+86 20 8318 6888",
            "+86 (0)20-83186888", "0086 20 83186888", "862083186888", "020—83186888"]  # fmt: skip
MOBILE = ["13900000000", "139-0000-0000", "+86 139 0000 0000", "008613900000000", "8613900000000", "013900000000",
          "１３９００００００００"]  # fmt: skip
WRITTEN = [*((each, "020-83186888") for each in LANDLINE), *((each, "13900000000") for each in MOBILE)]
REFUSED = {
    "020-83186888转801": "系统不能拨打分机，请填写能直接接通的号码，不带分机号。",
    "020-83186888-801": "系统不能拨打分机，请填写能直接接通的号码，不带分机号。",
    "+852 6123 4567": "不能填写香港号码（国家或地区代码不是 86），请填写内地的手机号码或带区号的固定电话。",
    "+853 6612 3456": "不能填写澳门号码（国家或地区代码不是 86），请填写内地的手机号码或带区号的固定电话。",
    "+886 912 345 678": "不能填写台湾号码（国家或地区代码不是 86），请填写内地的手机号码或带区号的固定电话。",
    "83186888": "固定电话请加区号，如 020-83180000。",
    "14600000000": "以 146 开头的不是个人手机号码（物联网、数据卡或未分配的号段），请核对。",
    "1390000000": "手机号码应为 11 位，现为 10 位。",
    "13900000000 / 020-83186888": "只能填写一个电话号码。",
}


@pytest.mark.parametrize(("typed", "kept"), WRITTEN)
async def test_what_is_kept_of_it(visit: Visit, db: Database, keys: Keys, typed: str, kept: str) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, contact_phone=typed)
    activity = await make_draft(clerk, project, clerk_phone=typed, supervisor_phone=[typed, ""])
    assert (await clerk.post(f"/activities/{activity}/notices/new", **notice(contact_phone=typed))).status == 303
    assert await db.value("SELECT contact_phone FROM project") == kept
    assert await db.value("SELECT contact_phone FROM notice") == kept
    entered = people(keys.custody.vault, activity, await db.value("SELECT people_enc FROM activity"))
    assert isinstance(entered, People)
    assert (entered.phone, entered.supervision[0].phone) == (kept, kept)
    reviewer = await visit("reviewer-1")
    assert (await reviewer.post("/supervisors/new", **_supervisor(phone=typed))).status == 303
    row = await db.one("SELECT id, phone_enc, phone_hash FROM supervisor")
    digits = kept.replace("-", "")
    assert keys.custody.vault.decrypt(bytes(row.phone_enc), SUPERVISOR_PHONE.at(row.id)).decode() == digits
    assert bytes(row.phone_hash) == keys.custody.vault.keyed_hash("phone", digits)


@pytest.mark.parametrize(("typed", "why"), REFUSED.items())
async def test_what_is_refused_is_shown_again_with_a_word(visit: Visit, typed: str, why: str) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    await clerk.get("/")
    project = await make_project(clerk)
    activity, other = await make_draft(clerk, project), await make_project(clerk)  # one not drawn for yet
    await _refuses(clerk, f"/projects/{other}/activities/new", draft(clerk_phone=typed), typed, why)
    supervision = draft(supervisor_phone=[typed, ""])
    await _refuses(clerk, f"/activities/{activity}/edit", supervision, typed, f"监督人员1：{why}")
    await _refuses(clerk, f"/activities/{activity}/notices/new", notice(contact_phone=typed), typed, why)
    await _refuses(reviewer, "/supervisors/new", _supervisor(phone=typed), typed, why)


@pytest.mark.parametrize(("typed", "may"), [("400-123-4567", True), ("12345", True), ("800 123 4567", False), ("110", False)])
async def test_who_is_told_to_ring_may_be_a_hotline(visit: Visit, typed: str, may: bool) -> None:
    """项目联系方式 and a notice's 联系方式; a person's own number and one that the system rings are none."""
    clerk = await visit("handler-a1")
    project = await make_project(clerk)
    activity = await make_draft(clerk, project)
    response = await clerk.post(f"/activities/{activity}/notices/new", **notice(contact_phone=typed))
    assert response.status == (303 if may else 422)
    assert (await clerk.post(f"/activities/{activity}/edit", **draft(clerk_phone=typed))).status == 422


@pytest.mark.parametrize(("contact", "filled_in"), [("020 8318 6888", "020-83186888"), ("400-123-4567", "")])
async def test_the_clerks_own_number_is_filled_in_where_it_can_be_one(visit: Visit, contact: str, filled_in: str) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, contact_phone=contact)
    page = await clerk.text(f"/projects/{project}/activities/new")
    assert f'name="clerk_phone" value="{filled_in}"' in page


async def _refuses(visitor: Visitor, path: str, values: Mapping[str, Any], typed: str, why: str) -> None:
    response = await visitor.post(path, **values)
    assert response.status == 422
    page = await response.text()
    assert errors(page) == [why]
    assert f'value="{typed}"' in page  # nothing that was typed is lost


def _supervisor(**changes: str) -> dict[str, Any]:
    values = {"name": "李监督", "unit": "监督办公室", "account": "supervisor-1", "language": "cmn"}
    return values | changes
