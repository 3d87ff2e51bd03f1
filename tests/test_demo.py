"""What the demo says while somebody watches: on terminals of any width, in two languages, and what it waits for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.cells import cell_len
from rich.console import Console

from drawing.board import Board, Row
from drawing.lifecycle import ActivityState
from drawing.seats import PickOutcome
from drawing.stages import Stage
from script import demo, telling
from script.board import render
from script.install import Choices, install
from script.sample import RULES
from script.staging import DISK_MIB, Ports, check_disk
from script.telling import Failed, note, step
from script.waiting import Phase, so_far, until
from tests.postgres import Cluster, private_cluster
from web.development import IDENTITIES

NOW = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
ROWS = (
    Row(1, "c1", 1, PickOutcome.ACCEPTED, 1, "live", "accepted", None, stage=Stage.GATHERING),
    Row(2, "c1", 2, PickOutcome.UNREACHED, 3, "ended", "busy", None),
    Row(3, "c2", 1, PickOutcome.OPEN, 1, "live", None, None, stage=Stage.RINGING, since=NOW),
    Row(4, "c2", 2, PickOutcome.OPEN, 2, "waiting", "busy", 7.0),
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def a_board(*, fixed: bool = True, witnessed: bool = True, sealed: bool = False) -> Board:
    return Board(
        "CQSQ202611280001", "招标代理演示项目(一标段)", ActivityState.DRAWING, 5, 1, 8, 1, 4, 1, NOW, NOW + timedelta(minutes=1),
        "1924 6138 3958 7353 3296" if fixed else None, witnessed, 1, None, sealed, NOW, ROWS,
    )  # fmt: skip


def shown(width: int, board: Board, awaited: tuple[str, ...]) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(render(board, NOW, awaited, width))
    return capture.get()


@pytest.mark.parametrize("width", [20, 40, 63, 64, 80, 91, 92, 200])
def test_the_board_fits_and_loses_nothing(width: int) -> None:
    board = a_board()
    awaited = so_far(Phase.of(board), 65)
    text = shown(width, board, awaited)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    told = re.sub(r"[\s│]", "", text)
    for wanted in ("CQSQ202611280001", "一标段", "19246138395873533296", "同意参评", "未接通", "7秒后再呼叫", *awaited):
        assert re.sub(r"\s", "", wanted) in told, "no part of it is cut off"


@pytest.mark.parametrize(
    ("board", "phase"),
    [
        (a_board(fixed=False, witnessed=False), Phase.FIXING),
        (a_board(witnessed=False), Phase.WITNESS),
        (a_board(), Phase.CALLING),
        (a_board(sealed=True), Phase.SEALED),
    ],
    ids=lambda each: each.name if isinstance(each, Phase) else "",
)
def test_each_phase_says_what_is_awaited_and_for_how_long(board: Board, phase: Phase) -> None:
    assert Phase.of(board) is phase
    chinese, english = so_far(phase, 90)
    assert "1:30" in chinese
    assert "1:30" in english
    assert CHINESE.search(chinese)
    assert not CHINESE.search(english)


def test_the_minute_before_the_opening_is_counted_down() -> None:
    assert until("等待", "Waiting", NOW + timedelta(seconds=42), NOW) == ("等待：还有 0:42", "Waiting: 0:42 to go")
    assert "时间已到" in until("等待", "Waiting", NOW, NOW)[0]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Console:
    """What the demo says, recorded, on a narrow terminal."""
    recorded = Console(width=30, record=True, force_terminal=False, quiet=False)
    for module in (demo, telling):
        monkeypatch.setattr(module, "console", recorded)
    return recorded


def test_every_step_has_one_line_of_english_and_addresses_stay_whole(told: Console) -> None:
    ports = Ports(1, 2, 3, 4, 5, 28080, SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    demo.tell_console(ports.console, "CQSQ202611280001", "CQSQ202611280002", NOW)
    lines = told.export_text().splitlines()
    said = [n for n, line in enumerate(lines) if CHINESE.search(line) and not any(each.id in line for each in IDENTITIES)]
    assert "http://127.0.0.1:28080/activities/CQSQ202611280001/draw" in "".join(lines)
    assert any("http://127.0.0.1:28080/activities/CQSQ202611280002/draw" in line for line in lines), "no line break in an address"
    following = [lines[n + 1] for n in said if lines[n].startswith(("▶", "   "))]
    assert len(following) >= 6
    assert all(re.match(r"  [A-Z]", line) for line in following)


def test_what_is_said_is_no_markup(told: Console) -> None:
    step("路径 /tmp/[a]", "a path /tmp/[a]")
    note("[bold]", "[bold]")
    telling.failed("失败 [x]", "failed [x]")
    text = told.export_text()
    assert text.count("[a]") == 2
    assert text.count("[bold]") == 2
    assert text.count("[x]") == 2


def test_a_full_disk_is_said_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_disk(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=(DISK_MIB - 1) * 2**20))
    with pytest.raises(Failed, match="not enough disk space") as refused:
        check_disk(tmp_path)
    assert "磁盘空间不足" in refused.value.chinese
    assert "EXPERTLINE_STATE" in refused.value.chinese


@pytest.fixture
def empty() -> Iterator[Cluster]:
    """A PostgreSQL without any database of ours."""
    with private_cluster() as cluster:
        yield cluster


@pytest.mark.postgres
def test_the_demo_says_nothing_of_its_schema_and_keys(
    empty: Cluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    password = tmp_path / "ari"
    password.write_text("x")
    install(tmp_path, empty.server.dsn_prefix, Choices(ari_password=password, rules=RULES.version), say=lambda _: None)
    assert capfd.readouterr() == ("", "")
    install(tmp_path, empty.server.dsn_prefix, Choices(ari_password=password, rules=RULES.version))
    assert "signing key" in capfd.readouterr().err
