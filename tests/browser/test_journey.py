"""A clerk's whole way, from a project to the opened result: one browser each, real calls, nothing that is pretended."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from asterisk.far_end import Behaviour
from db.pool import Database
from script.registering import Preregistered, preregister
from tests.browser.conftest import WIDE, Page, chromium, running
from tests.drawing.test_draw import Hand, the_clock_reaches_the_opening
from tests.postgres import TestDatabase
from tests.scenes import add_experts
from tests.system import quick_voice
from tests.system.conftest import Stack, running_stack
from tests.web.clerk import PROJECT, at, draft, notice
from tests.web.conftest import console_settings

pytestmark = [pytest.mark.browser, pytest.mark.telephone, pytest.mark.postgres]
BEHAVIOURS = [Behaviour.ACCEPTS] * 10 + [Behaviour.DECLINES] * 6 + [Behaviour.BUSY] * 4
PHONES = [behaviour.number(n) for n, behaviour in enumerate(BEHAVIOURS)]
ACCEPT = {f"专家{n}" for n, behaviour in enumerate(BEHAVIOURS) if behaviour is Behaviour.ACCEPTS}
SEATS = 3
DIGITS = "48291306"
NAMED = re.compile(r"专家\d+")
_WATCH = """
(() => {
  const watch = () => {
    const board = document.getElementById("board");
    if (!board) return;
    const see = () => sessionStorage.seen = (sessionStorage.seen || "") + board.innerText;
    see();
    new MutationObserver(see).observe(board, {childList: true, subtree: true});
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", watch); else watch();
})();
"""
"""Also after the page has loaded itself again, as it does when other buttons are due."""
_HEAR = """
const [audio, done] = arguments;
audio.addEventListener("loadedmetadata", () => done(audio.duration));
audio.addEventListener("error", () => done(0));
audio.preload = "auto"; audio.load();
"""


@pytest.fixture
def speech() -> Iterator[Path]:
    """Asterisk reads what the worker and the console have rendered."""
    with TemporaryDirectory(prefix="xl-speech-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_from_a_project_to_the_opened_result(
    db: Database, database: TestDatabase, tmp_path: Path, speech: Path
) -> None:
    async with running_stack(db, database, tmp_path, speech) as stack:
        add_experts(database.dsn, stack.keys.custody.vault, PHONES)
        official = Preregistered("supervisor-1", "李监督", Behaviour.NEVER_ANSWERS.number(99))
        await preregister(db, stack.keys.custody.vault, official)
        await stack.worker()
        await asyncio.to_thread(_whole_way, stack)


def _whole_way(stack: Stack) -> None:
    voice = {"cache": stack.speech, "command": quick_voice.COMMAND}
    settings = console_settings(stack.database, stack.keys, rules="demo-2", speech=voice)
    with running(settings) as address, chromium(stack.folder / "a") as hers, chromium(stack.folder / "b") as his:
        clerk, official = Page(hers, address), Page(his, address)
        clerk.resize(WIDE)
        official.resize(WIDE)
        clerk.log_in("handler-a1")
        enter_project(clerk)
        activity = enter_activity(clerk)
        enter_avoidance(clerk)
        enter_notice(clerk)
        enter_condition(clerk)
        submit(clerk)
        pass_verification(official, activity)
        start(clerk, activity)
        give_digits(official, activity)
        see_the_calls(clerk)
        see_it_sealed(clerk)
        asyncio.run(_the_clock(stack, activity))
        see_it_open(clerk)
        clerk.shows_no_errors()
        official.shows_no_errors()


def enter_project(clerk: Page) -> None:
    """新建项目 with two lots."""
    clerk.click("招标项目")
    clerk.click("新建项目")
    clerk.fill(**PROJECT)
    clerk.click("保存")
    assert clerk.title == PROJECT["name"]
    for lot in ("一标段", "二标段"):
        clerk.fill(name=lot, investment="100")
        clerk.click("创建")
    assert "二标段" in clerk.text


def enter_activity(clerk: Page) -> str:
    """新建抽取, 活动信息; its 活动编号."""
    clerk.click("新建抽取")
    lots = clerk.all('[name="lots"]')
    assert len(lots) == 2
    clerk.tick("lots", str(lots[0].get_attribute("value")))
    values = draft(seats=str(SEATS))
    values = {name: value[0] if isinstance(value, list) else value for name, value in values.items()}
    clerk.tick("on_site", values.pop("on_site"))
    clerk.fill(**values)
    clerk.click("保存，下一步")
    assert clerk.title == "回避单位"
    found = re.search(r"CQ[A-Z]{2}\d{12}", clerk.text)
    assert found is not None
    return found[0]


def enter_avoidance(clerk: Page) -> None:
    """One more unit than the two that are always there."""
    clerk.fill(unit="某某投标公司", reason="投标人")
    clerk.click("新增回避单位")
    assert "总计 3" in clerk.text
    clerk.click("下一步")


def enter_notice(clerk: Page) -> None:
    """语音通知, and what an expert will hear of it."""
    clerk.click("新增语音通知")
    clerk.fill(**notice(gather_at=at(1.95)))
    clerk.click("保存")
    clerk.click("试听")
    players = clerk.all("audio")
    assert len(players) == 6
    assert clerk.driver.execute_async_script(_HEAR, players[0]) > 1
    clerk.click("返回")


def enter_condition(clerk: Page) -> None:
    """越秀区 and 工程施工 out of the long lists; 预览 says a range and saves nothing."""
    clerk.click("+ 创建抽取条件")
    clerk.fill(regions__group="4401")
    clerk.leave(clerk.find('button[name="_refresh"][value="regions"]'))
    clerk.tick("regions", "440104")
    clerk.fill(main__words="工程施工")
    clerk.leave(clerk.find('button[name="_refresh"][value="main"]'))
    clerk.tick("main", "A08")
    clerk.fill(seats=str(SEATS))
    clerk.click("预览")
    assert "符合条件的专家：所需人数的 3 至 10 倍" in clerk.find("#preview").text
    clerk.click("保存")
    assert "剩余可设置人数 0" in clerk.text


def submit(clerk: Page) -> None:
    """提交审核."""
    clerk.click("下一步")
    clerk.fill(reason="资料齐全")
    clerk.click("提交审核")
    assert "申请已提交" in clerk.find(".flash").text


def pass_verification(reviewer: Page, activity: str) -> None:
    """核验通过; the supervisor's telephone will ring and not be answered."""
    reviewer.log_in("reviewer-1")
    reviewer.open("/reviews")
    reviewer.leave(reviewer.find(f'a[href="/activities/{activity}/review"]'))
    reviewer.fill(supervisor="1")
    reviewer.click("核验通过")
    assert f"活动 {activity} 已核验通过" in reviewer.find(".flash").text


def start(clerk: Page, activity: str) -> None:
    """进入抽取, 启动抽取; from here on the page follows by itself."""
    clerk.open("/activities")
    assert activity in clerk.text
    clerk.click("进入抽取")
    clerk.click("启动抽取")
    clerk.driver.execute_script(_WATCH)
    clerk.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
    clerk.waits_for("等待监督人见证")


def give_digits(supervisor: Page, activity: str) -> None:
    """The fingerprint is there to be copied before the digits are asked for."""
    supervisor.log_in("supervisor-1")
    supervisor.open("/witness")
    assert "等待您的数字" in supervisor.text
    supervisor.click(activity)
    assert len(supervisor.find(".fingerprint").text) > 16
    supervisor.fill(digits=DIGITS, repeated=DIGITS)
    supervisor.click("提供见证数字")
    assert "已收到您的见证数字" in supervisor.find(".flash").text


def see_the_calls(clerk: Page) -> None:
    """Nobody touches the page: it goes from the witness over calls to the end."""
    clerk.waits_for("结果已封存")
    seen = clerk.driver.execute_script("return sessionStorage.seen")
    assert "监督人已见证" in seen
    assert "呼叫中" in seen
    assert "抽取完成" in clerk.text
    assert NAMED.search(seen + clerk.text) is None


def see_it_sealed(clerk: Page) -> None:
    """Numbers and the time, no names."""
    clerk.click("抽取结果")
    assert "结果尚未解密" in clerk.text
    assert "解密时间" in clerk.text
    assert NAMED.search(clerk.text) is None
    clerk.screenshot("journey-sealed")


async def _the_clock(stack: Stack, activity: str) -> None:
    async with Database(stack.database.dsn) as db:  # of this thread's own loop
        await the_clock_reaches_the_opening(Hand(db, stack.database.dsn, stack.keys, activity))


def see_it_open(clerk: Page) -> None:
    """Who agreed by telephone, and nobody else."""
    clerk.click("刷新")
    names = {each.text.split()[-1] for each in clerk.all("table.result tbody th")}
    assert len(names) == SEATS
    assert names <= ACCEPT
    clerk.screenshot("journey-open")
