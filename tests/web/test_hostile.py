"""What no browser sends, and what a person can type that nobody expects: a clear answer, never a failure of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.web.clerk import CONDITION, PROJECT, complete, draft, errors, make_draft, make_project, notice
from tests.web.conftest import Visitor

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def test_probe(visit: Visit) -> None:
    clerk = await visit("handler-a1")
    seen = []
    project = await make_project(clerk)
    activity = await make_draft(clerk, project)
    await complete(clerk, activity)
    project2 = await make_project(clerk, name="x")

    async def p(label, path, **f):
        await clerk.get("/projects/new")
        r = await clerk.post(path, **f)
        seen.append((label, r.status, errors(await r.text())[:3] if r.status != 303 else r.headers["Location"]))

    async def g(path):
        r = await clerk.client.get(path)
        seen.append((path, r.status))
    await p("nul project", "/projects/new", **{**PROJECT, "name": "a\0b"})
    await p("surrogate project", "/projects/new", **{**PROJECT, "name": "a\ud800b".encode("utf-8","surrogatepass").decode("utf-8","replace")})
    await p("control", "/projects/new", **{**PROJECT, "name": "a\x07b\u202e"})
    await p("long", "/projects/new", **{**PROJECT, "name": "长"*300})
    await p("fullwidth money", "/projects/new", **{**PROJECT, "investment": "１５０"})
    await p("nan money", "/projects/new", **{**PROJECT, "investment": "NaN"})
    await p("inf money", "/projects/new", **{**PROJECT, "investment": "Infinity"})
    await p("1e5 money", "/projects/new", **{**PROJECT, "investment": "1e5"})
    await p("comma money", "/projects/new", **{**PROJECT, "investment": "1,500"})
    await p("huge money", "/projects/new", **{**PROJECT, "investment": "9"*40})
    await p("neg money", "/projects/new", **{**PROJECT, "investment": "-1"})
    await p("fw phone", "/projects/new", **{**PROJECT, "contact_phone": "１８０８０８０８０８０"})
    await p("phone", "/projects/new", **{**PROJECT, "contact_phone": "-----"})
    for when in ("0001-01-01T00:00", "9999-12-31T23:59", "2020-01-01T00:00", "", "abc", "2026-11-25", "10000-01-01T00:00", "2026-11-25T09:30+99:00"):
        await p("opening " + when, f"/projects/{project2}/activities/new", **draft(bid_opening=when))
        await p("end " + when, f"/projects/{project2}/activities/new", **draft(evaluation_end=when))
        await p("gather " + when, f"/activities/{activity}/notices/0", **notice(gather_at=when))
    for seats in ("０", "４", "4.0", "-1", "99999", "1e3", "", "四", " 4 "):
        await p("seats " + seats, f"/projects/{project2}/activities/new", **draft(seats=seats, bid_opening="x"))
    await p("sup long", f"/activities/{activity}/edit", **draft(supervisor_name=["长"*3000], supervisor_phone=["abc"], supervisor_department=["<script>alert(1)</script>"]))
    await p("sup nul", f"/activities/{activity}/edit", **draft(supervisor_name=["a\0"], supervisor_phone=["1"], supervisor_department=["x"]))
    await p("sup uneven", f"/activities/{activity}/edit", **draft(supervisor_name=["a", "b"], supervisor_phone=["1"], supervisor_department=["x"]))
    await p("sup many", f"/activities/{activity}/edit", **draft(supervisor_name=["a"]*300, supervisor_phone=["13900000001"]*300, supervisor_department=["x"]*300))
    await p("idcard", f"/activities/{activity}/edit", **draft(clerk_id_card="<b>12</b>"))
    await p("idcard fw", f"/activities/{activity}/edit", **draft(clerk_id_card="５１１６０２１９９２１００６１５７１"))
    await p("earlier self", f"/activities/{activity}/edit", **draft(drawn_before="yes", earlier=[activity]))
    await p("unit nul", f"/activities/{activity}/avoidance/units", unit="a\0b", reason="投标人")
    await p("unit", f"/activities/{activity}/avoidance/units", unit="招标人法人名称", reason="投标人")
    await p("person nul", f"/activities/{activity}/avoidance/persons", person="a\0b", reason="其他")
    await p("person", f"/activities/{activity}/avoidance/persons", person="某人", id_card="123", reason="其他")
    await p("notice project", f"/activities/{activity}/notices/0", **notice(note="招标代理演示项目0617"))
    await p("notice project spaced", f"/activities/{activity}/notices/0", **notice(note="招标 代理-演示·项目０６１７"))
    await p("notice agency part", f"/activities/{activity}/notices/0", **notice(note="招标代理机构"))
    await p("notice script", f"/activities/{activity}/notices/0", **notice(note="<script>alert(1)</script>"))
    await p("notice phone fw", f"/activities/{activity}/notices/0", **notice(contact_phone="１８０８８８８８８８８"))
    await p("notice nul", f"/activities/{activity}/notices/0", **notice(room="a\0b"))
    await p("notice other", f"/activities/{activity}/notices/0", **notice(venue="其他"))
    await p("condition bad", f"/activities/{activity}/notices/0/conditions/c1", **{**CONDITION, "main": ["ZZZ"], "regions": ["x\0"]})
    await p("condition words", f"/activities/{activity}/notices/0/conditions/c1", **{**CONDITION, "_refresh": "main", "main__words": "a\0", "main__group": "\0"})
    await p("condition seats", f"/activities/{activity}/notices/0/conditions/c1", **{**CONDITION, "seats": "3"})
    await p("condition all regions", f"/activities/{activity}/notices/0/conditions/c1", **{**CONDITION, "regions": ["440100"]*50})
    await p("condition gone", f"/activities/{activity}/notices/0/conditions/c9", **CONDITION)
    await p("notice gone", f"/activities/{activity}/notices/7", **notice())
    await p("submit", f"/activities/{activity}/submission", reason="x"*600, terminal="999999")
    await p("copy", f"/activities/{activity}/copy/{activity}", notices=["99999999999999999999999"], conditions=["c1"], gather_at="")
    await p("copy2", f"/activities/{activity}/copy/{activity}", notices=["99999999999"], into="99999999999", conditions=["c1"], gather_at="2026-12-12T00:00")
    for path in ("/projects?name=%00", "/projects?name=%ff", "/projects?page=99999999", "/projects?page=-1", "/activities?state=nix&kind=x&city=%00", "/activities?name=%00",
                 "/activities/%00/conditions", f"/activities/{activity}/avoidance?search=%00", f"/activities/{activity}/copy?search=%00", f"/activities/{activity}/copy/%00",
                 f"/activities/{activity}?tab=nix", "/activities/new?name=%00", "/projects/1/lots/%00/delete", "/projects/999999999999", f"/activities/{activity}/notices/٣",
                 f"/activities/{activity}/avoidance/999999999999999999/delete", "/login?next=%00", "/projects/new?draw=1", "/activities/CQSQ202611230001/draw"):
        await g(path)
    for head, body in (({"Content-Type": "application/x-www-form-urlencoded; charset=foo"}, b"a=b"), ({"Content-Type": "application/x-www-form-urlencoded"}, b"\xff\xfe=1"),
                 ({"Content-Type": "multipart/form-data"}, b"a"), ({"Content-Type": "multipart/form-data; boundary=x"}, b"--y"), ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\n"), ({"Content-Type": "text/plain"}, b"x"), ({"Content-Type": "application/json"}, b"{}"),
                 ({"Content-Type": "application/x-www-form-urlencoded"}, b"&".join(b"a=1" for _ in range(200000)))):
        r = await clerk.client.post("/projects/new", data=body, headers=head, allow_redirects=False)
        seen.append((head, r.status))
        r = await clerk.client.post("/login", data=body, headers=head, allow_redirects=False)
        seen.append((head, r.status))
    for each in seen:
        print(each)
    assert [each for each in seen if each[1] >= 500] == []
