"""The supervisor's page: what they see, and digits instead of the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from db.pool import Database
from drawing import decide
from drawing.__main__ import main
from drawing.chain import Q
from drawing.decide import Call, NotOurs, ShareRefused, share_on_page
from drawing.evidence import export
from drawing.lots import fingerprint
from ivr.preparing import UsedShares
from tests.drawing.test_draw import Hand
from tests.web.conftest import Visitor
from tests.web.draws import DIGITS, Draws, opened

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]


async def give(visitor: Visitor, hand: Hand, digits: str = DIGITS, repeated: str | None = None) -> tuple[int, str]:
    response = await visitor.post(
        f"/witness/{hand.activity}", draw="1", digits=digits, repeated=digits if repeated is None else repeated, follow=True
    )
    return response.status, await response.text()


async def test_the_supervisor_sees_the_commit_and_gives_the_digits_once(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.committed()
    supervisor = await visit("supervisor-1")
    assert "等待您的数字" in await supervisor.text("/witness")
    text = await supervisor.text(f"/witness/{hand.activity}")
    shown = (await db.one(Q.current_draw, {"activity": hand.activity})).commit_hash
    for words in (fingerprint(bytes(shown).hex()), "专家池人数</dt><dd>6", "主专业 6 人", "1 条，", "请拒绝并报告"):
        assert words in text
    status, text = await give(supervisor, hand)
    assert (status, "已收到您的见证数字" in text) == (200, True)
    assert DIGITS not in text
    assert await db.value("SELECT outcome::text FROM call WHERE flow = 'witness'") == "cancelled"
    status, text = await give(supervisor, hand, "59302417")
    assert (status, "每次抽取只能有一份" in text) == (409, True)
    await hand.advance()
    assert (await hand.types())[:3] == ["commit", "witness", "pick"]
    assert await db.value("SELECT count(*) FROM operation WHERE act = '提供见证数字'") == 1


@pytest.mark.parametrize(
    ("digits", "repeated", "reason"),
    [
        ("1234567", None, "不足 8 位"),
        ("1234567890123", None, "超过 12 位"),
        ("11111111", None, "都相同"),
        ("87654321", None, "连续"),
        ("20261123", None, "像日期"),
        ("4829 1306", None, "只能输入数字"),
        (DIGITS, "48291307", "不一致"),
        ("", "", "请填写"),
    ],
)
async def test_what_can_be_guessed_is_refused_with_the_reason(
    visit: Visit, draws: Draws, digits: str, repeated: str | None, reason: str
) -> None:
    hand = await draws.committed()
    supervisor = await visit("supervisor-1")
    await supervisor.text(f"/witness/{hand.activity}")
    status, text = await give(supervisor, hand, digits, repeated)
    assert status == 422
    assert reason in text
    assert await hand.types() == ["commit"]


async def test_digits_used_before_are_refused(visit: Visit, draws: Draws, db: Database) -> None:
    hand = await draws.committed()
    supervisor = await visit("supervisor-1")
    await supervisor.text(f"/witness/{hand.activity}")
    await give(supervisor, hand)
    other = await draws.committed_more()
    status, text = await give(supervisor, other)
    assert (status, "以前用过" in text) == (422, True)
    status, text = await give(supervisor, other, DIGITS, DIGITS[::-1])
    assert (status, "以前用过" in text, "不一致" in text) == (422, True, True), "both at once"


async def test_a_call_knows_the_digits_that_were_given_until_now(visit: Visit, draws: Draws, db: Database) -> None:
    """All once, then those that have come since."""
    shares = UsedShares(db)
    assert not await shares.used()
    hand, supervisor = await draws.committed(), await visit("supervisor-1")
    await supervisor.text(f"/witness/{hand.activity}")
    await give(supervisor, hand)
    assert set(await shares.used()) == {DIGITS}
    await give(supervisor, await draws.committed_more(), "70618243", "70618243")
    assert set(await shares.used()) == {DIGITS, "70618243"} == set(await UsedShares(db).used())


async def test_who_is_no_witness_of_it_sees_nothing(visit: Visit, draws: Draws) -> None:
    hand = await draws.started()
    supervisor = await visit("supervisor-1")
    assert "没有由您见证的抽取活动" in await supervisor.text("/witness")
    assert (await supervisor.get(f"/witness/{hand.activity}")).status == 404
    assert (await give(supervisor, hand))[0] == 404
    assert "witness" not in await hand.types()


async def test_a_draw_other_than_the_one_shown_gets_nothing(draws: Draws, db: Database) -> None:
    hand = await draws.committed()
    with pytest.raises(ShareRefused, match="重新固定专家池"):
        async with db.transaction() as tx:
            await share_on_page(tx, draws.keys.custody, hand.activity, "supervisor-1", 2, DIGITS)
    with pytest.raises(LookupError):
        async with db.transaction() as tx:
            await share_on_page(tx, draws.keys.custody, hand.activity, "somebody", 1, DIGITS)


async def test_a_live_call_is_refused_and_the_evidence_holds(
    visit: Visit, draws: Draws, db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand = await draws.committed()
    (call,) = await hand.live()
    supervisor = await visit("supervisor-1")
    await supervisor.text(f"/witness/{hand.activity}")
    assert (await give(supervisor, hand))[0] == 200
    live = Call(call.id, hand.activity, 1)
    with pytest.raises(NotOurs):
        async with db.transaction() as tx:
            await decide.share(tx, draws.keys.custody, live, "59302417", {"expert": "supervisor-1"})
    async with db.transaction() as tx:
        await decide.end_call(tx, draws.keys.custody, live, "withdrawn", {"expert": "supervisor-1"}, "{}")
    await hand.advance()
    await opened(hand)
    await (await visit("handler-a1")).text(f"/activities/{hand.activity}/result")
    await export(db, draws.keys.custody, hand.activity, tmp_path / "evidence")
    code = main(["verify", str(tmp_path / "evidence"), "--share", DIGITS])
    assert code == 3, capsys.readouterr().out
    assert "witness_try" not in await hand.types()

