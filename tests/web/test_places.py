"""省 > 市 > 区 without a script: by HTTP, as a browser sends it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from drawing.reference import reference
from tests.web.clerk import CONDITION, PROJECT, complete, draft, errors, make_draft, make_project, notice
from tests.web.conftest import Visitor
from web.places import EVERYWHERE, labels, places

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
DISTRICTS = re.compile(r'<option value="(\d{6})"( selected)?>([^<]+)</option>')


def offered(page: str, name: str) -> dict[str, str]:
    """What the field for the 区 offers."""
    field = re.search(rf'<select name="{name}" .*?</select>', page, re.DOTALL)
    assert field is not None
    return {code: label for code, _, label in DISTRICTS.findall(field[0])}


def test_every_region_can_be_chosen_once() -> None:
    codes = [code for each in places("", whole=True).groups for code, _ in each.options]
    assert sorted(codes) == sorted(reference().regions)
    assert set(labels()) == set(codes)
    codes = [code for each in places("", whole=False).groups for code, _ in each.options]
    assert sorted(codes) == sorted(reference().residences())


async def test_first_the_city_then_its_districts(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    page = await clerk.text("/projects/new")
    assert offered(page, "region")["440100"] == "所有区级"
    assert offered(page, "region")["440104"] == "越秀区"
    typed = {**PROJECT, "region__city": "440300"}
    response = await clerk.post("/projects/new", **typed, _refresh="region")
    page = await response.text()
    assert response.status == 200
    assert offered(page, "region")["440304"] == "福田区"
    assert "440104" not in offered(page, "region")
    assert PROJECT["name"] in page, "nothing that was typed is lost"


async def test_another_city_and_no_district_is_no_answer(visit: Visit) -> None:
    """Saved before its 区 were shown: what was chosen for the city before is not kept unseen."""
    clerk = await visit("handler-a1")
    await clerk.get("/projects/new")
    response = await clerk.post("/projects/new", **{**PROJECT, "region": "440104", "region__city": "440300"})
    assert (response.status, errors(await response.text())) == (422, ["请选择项目所在地。"])
    assert "440304" in offered(await response.text(), "region")
    for city in ("440000", "441900"):  # the whole 省, a city without 区: there is nothing more to choose
        number = await make_project(clerk, region="440104", region__city=city)
        assert f'<option value="{city}" selected>' in await clerk.text(f"/projects/{number}/edit")


async def test_what_is_stored_is_shown_with_its_city(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk), district="440304")
    page = await clerk.text(f"/activities/{activity}/edit")
    assert '<option value="440304" selected>福田区</option>' in page
    assert '<option value="440300" selected>深圳市</option>' in page


async def test_the_next_form_begins_with_the_city_of_the_one_before(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    project = await make_project(clerk, region="440300")
    assert '<option value="440300" selected>深圳市</option>' in await clerk.text(f"/projects/{project}/activities/new")
    activity = await make_draft(clerk, project, district="440604")
    assert (await clerk.post(f"/activities/{activity}/notices/new", **notice())).status == 303
    assert "> 佛山市 顺德区</label>" in await clerk.text(f"/activities/{activity}/notices/0/conditions/new")
    assert '<option value="440600" selected>佛山市</option>' in await clerk.text(f"/activities/{activity}/notices/new")
    project = await make_project(clerk, region=EVERYWHERE)
    assert len(offered(await clerk.text(f"/projects/{project}/activities/new"), "district")) == len(reference().regions)


async def test_a_notice_is_in_a_district_or_a_city_without_any(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    here = f"/activities/{activity}/notices/new"
    assert "440100" not in offered(await clerk.text(here), "district")
    response = await clerk.post(here, **notice(district="440100"))
    assert errors(await response.text()) == ["选项无效，请从列表中选择。"]
    response = await clerk.post(here, **notice(district="", district__city="441900", _refresh="district"))
    assert offered(await response.text(), "district") == {"441900": "不设区"}
    assert (await clerk.post(here, **notice(district="", district__city="441900"))).status == 303


async def test_regions_of_a_condition_are_told_by_words(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    activity = await make_draft(clerk, await make_project(clerk))
    await complete(clerk, activity)
    here = f"/activities/{activity}/notices/0/conditions/c1"
    page = await clerk.text(here)
    assert "> 广州市 所有区级</label>" in page
    typed = {**CONDITION, "regions": ["440100", "440304"], "_refresh": "regions"}
    page = await (await clerk.post(here, **typed, regions__group="4406")).text()
    assert all(
        f"> {each}</label>" in page for each in ("广州市 所有区级", "深圳市 福田区", "佛山市 所有区级", "佛山市 顺德区")
    )
    page = await (await clerk.post(here, **typed, regions__words="顺德")).text()
    assert "> 佛山市 顺德区</label>" in page
    page = await (await clerk.post(here, **typed, regions__group="440000")).text()
    assert "> 广东省 所有市级</label>" in page
    assert "440104 " not in page


async def test_the_list_by_city_and_district(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    for district in ("440104", "440304"):
        project = await make_project(clerk, region=district)
        await clerk.get(f"/projects/{project}/activities/new")
        response = await clerk.post(f"/projects/{project}/activities/new", **draft(district=district))
        assert response.status == 303
    assert "项目数量：2" in await clerk.text("/activities")
    page = await clerk.text("/activities?city=440100")
    assert "项目数量：1" in page
    assert set(offered(page, "district")) == {code for code in reference().residences() if code.startswith("4401")}
    assert "项目数量：1" in await clerk.text("/activities?city=440100&district=440104")
    assert "项目数量：1" in await clerk.text("/activities?city=440300&district=440104"), "a district of another city"
    assert "项目数量：0" in await clerk.text("/activities?city=440600&district=440104")
