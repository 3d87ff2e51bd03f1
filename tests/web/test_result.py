"""The result: sealed until the clock opens it, then for who may see it; the evidence as a file that verifies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from db.pool import Database
from drawing.__main__ import main
from tests.web.conftest import Visitor
from tests.web.draws import Draws, everybody_agrees, opened

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def test_before_it_opens_there_are_numbers_only(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    await everybody_agrees(hand)
    clerk = await visit("handler-a1")
    text = await clerk.text(f"/activities/{hand.activity}/result")
    assert "解密时间" in text
    assert "同意参评</dt><dd>2" in text
    assert "专家0" not in text
    assert "打印结果" not in text
    assert (await clerk.post(f"/activities/{hand.activity}/result/print")).status == 409
    assert await db.value("SELECT count(*) FROM operation WHERE act IN ('查看抽取结果', 'print')") == 0
    assert (await hand.types())[-1] == "seal"


async def test_the_open_result_is_shown_noted_and_printed(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    await opened(hand)
    clerk, page = await visit("handler-a1"), f"/activities/{hand.activity}/result"
    text = await clerk.text(page)
    codes = await db.all("SELECT code FROM pick WHERE outcome = 'accepted'")
    headings = ("姓名", "工作单位", "专业", "职称", "验证码", "集合时间", "监督人员签字", "(A0801)")
    for words in (*headings, *(row.code for row in codes)):
        assert words in text
    assert text.count('data-label="姓名">专家') == 2
    assert (await clerk.post(f"{page}/print")).headers["Location"] == f"{page}?print"
    assert "print.js" in await clerk.text(f"{page}?print")
    assert (await hand.types())[-2:] == ["seal", "unseal"]  # prints stand in 操作记录, with the head on the sheet
    head = await db.one("SELECT size, encode(root, 'hex') AS root, whom FROM ledger_head WHERE given = 'print'")
    assert (head.size, head.whom) == (2, "handler-a1")
    assert await db.value("SELECT remark FROM operation WHERE act = 'print'") == f"账本 {head.size} 条 {head.root}"
    assert f"{head.size} 条，校验值" in text
    assert "<title>二维码：公共账本的“条数:校验值”</title>" in text
    assert head.root in text
    acts = await db.all("SELECT act FROM operation WHERE role = 'handler' ORDER BY id")
    assert [row.act for row in acts][-3:] == ["查看抽取结果", "print", "查看抽取结果"]
    assert "验证码" in await (await visit("legal-a")).text(page)
    assert (await (await visit("handler-b1")).get(page)).status == 404


@pytest.mark.parametrize("supervisors", [False, True])
async def test_the_evidence_verifies(
    visit: Visit, draws: Draws, tmp_path: Path, capsys: pytest.CaptureFixture[str], supervisors: bool
) -> None:
    hand = await draws.committed()
    supervisor = await visit("supervisor-1")
    await supervisor.text(f"/witness/{hand.activity}")
    await supervisor.post(f"/witness/{hand.activity}", draw="1", digits="48291306", repeated="48291306")
    await hand.advance()
    early = await supervisor.get(f"/activities/{hand.activity}/evidence-supervisor.zip")
    assert early.status == 409
    await opened(hand)
    assert "证据（监督）" in await supervisor.text(f"/activities/{hand.activity}/result")
    name = "evidence-supervisor" if supervisors else "evidence"
    response = await supervisor.get(f"/activities/{hand.activity}/{name}.zip")
    assert response.content_type == "application/zip"
    (tmp_path / "evidence.zip").write_bytes(await response.read())
    code = main(["verify", str(tmp_path / "evidence.zip"), "--share", "48291306"])
    assert code == 3, capsys.readouterr().out


async def test_evidence_is_for_who_may_see_the_activity(visit: Visit, draws: Draws) -> None:
    hand = await draws.ready()
    nothing = await (await visit("handler-a1")).get(f"/activities/{hand.activity}/evidence.zip")
    assert (nothing.status, "还没有证据" in await nothing.text()) == (409, True)
    assert (await (await visit("handler-b1")).get(f"/activities/{hand.activity}/evidence.zip")).status == 404
    assert (await (await visit("supervisor-1")).get(f"/activities/{hand.activity}/evidence-supervisor.zip")).status == 404


async def test_a_result_that_does_not_fit_is_refused_and_not_printed(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.started()
    await opened(hand)
    clerk, page = await visit("handler-a1"), f"/activities/{hand.activity}/result"
    assert "登记信息已更正" not in await clerk.text(page)
    await db.run("UPDATE expert SET unit = '新单位' WHERE id = (SELECT max(expert) FROM pick)")
    corrected = await clerk.text(page)
    assert corrected.count("登记信息已更正") == 2  # beside the name, and what it means
    assert "新单位" not in corrected
    await db.run("UPDATE pick SET expert = (SELECT min(id) FROM expert WHERE id NOT IN (SELECT expert FROM pick)) WHERE seat = 1")
    refused = await clerk.text(page)
    assert "名单与承诺不符，已停止显示并报警" in refused
    assert "打印结果" not in refused
    assert "专家0" not in refused
    assert "下载证据（公开）" in refused
    response = await clerk.post(f"{page}/print")
    assert (response.status, "结果不能打印" in await response.text()) == (409, True)
    assert (await hand.types())[-1] == "unseal"
