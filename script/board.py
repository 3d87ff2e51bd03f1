"""The live board in the terminal: a draw as a clerk sees it, in the manual's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from drawing.board import Board, Row, live_words, stage_words
from drawing.seats import PickOutcome
from drawing.words import CALL_OUTCOMES

STYLES = {
    PickOutcome.OPEN: "white",
    PickOutcome.ACCEPTED: "bold green",
    PickOutcome.DECLINED: "red",
    PickOutcome.UNREACHED: "yellow",
    PickOutcome.UNAVAILABLE: "yellow",
    PickOutcome.CANCELLED: "dim",
}
MARKS = {PickOutcome.ACCEPTED: "✔ ", PickOutcome.DECLINED: "✘ "}


WIDE, MEDIUM = 92, 64
"""Columns of a terminal from which the whole table fits, and one without the calls' number."""


def render(board: Board, now: datetime, awaited: tuple[str, ...] = (), width: int = WIDE) -> RenderableType:
    """The board at this moment, for a terminal of so many columns, with what is awaited."""
    waiting = [Text(awaited[0]), *(Text(each, style="dim") for each in awaited[1:])] if awaited else []
    title = Text(f"{board.activity} {board.name}", style="bold")
    if width < MEDIUM:
        return Group(title, _head(board, now), *waiting, *_lines(board, now))
    return Panel(Group(_head(board, now), *waiting, _rows(board, now, width)), title=title, padding=(0, 1))


def summary(board: Board) -> str:
    """The board in one line, for a log."""
    witness = "已见证" if board.witnessed else "等待见证" if board.fingerprint else "固定专家池"
    sealed = "，结果已封存" if board.sealed else ""
    return (
        f"{board.state.label}（{witness}）：计划 {board.planned}，同意 {board.agreed}，总呼叫 {board.called}，"
        f"呼叫中 {board.ringing}，通话中 {board.talking}{sealed}"
    )


def _head(board: Board, now: datetime) -> Text:
    numbers = Text()
    for label, value, style in (
        ("当前状态", board.state.label, "bold"),
        ("计划抽取人数", str(board.planned), "bold"),
        ("同意参评", str(board.agreed), "bold green"),
        ("总呼叫人数", str(board.called), "bold"),
        ("呼叫中", str(board.ringing), "bold cyan"),
        ("通话中", str(board.talking), "bold cyan"),
    ):
        numbers.append(f"{label} ").append(value, style=style).append("   ")
    return numbers.append("\n").append("   ".join(_seal(board, now)))


def _seal(board: Board, now: datetime) -> tuple[str, ...]:
    if board.fingerprint is None:
        return ("正在固定专家池…",)
    call = f"，{stage_words(board.witness_stage)}" if board.witness_stage else ""
    witness = "监督人已见证" if board.witnessed else f"等待监督人见证（第 {board.witness_calls} 次呼叫{call}）"
    lines = (f"承诺指纹 {board.fingerprint}", witness)
    if not board.sealed:
        return lines
    left = max(0, int((board.opens_at - now).total_seconds()))
    return (*lines, f"\n结果已封存，{left // 60} 分 {left % 60:02d} 秒后解密")


def _rows(board: Board, now: datetime, width: int) -> Table:
    table = Table(expand=True)
    for title in ("专家", "条件", "席位", "呼叫次数", "最近一次呼叫", "结果"):
        if width >= WIDE or title not in ("条件", "呼叫次数"):
            table.add_column(title)
    for row in board.rows:
        calling = (_call(row, now), _result(row))
        if width >= WIDE:
            table.add_row(f"第 {row.n} 位专家", row.condition, str(row.seat), str(row.calls), *calling)
        else:
            table.add_row(f"第 {row.n} 位", f"{row.condition}-{row.seat}", *calling)
    return table


def _lines(board: Board, now: datetime) -> Iterator[Text]:
    """A line for each pick instead of a table."""
    for row in board.rows:
        yield Text(f"{row.n:2} {row.condition}-{row.seat} ").append(_call(row, now)).append(" ").append(_result(row))


def _result(row: Row) -> Text:
    return Text(MARKS.get(row.outcome, "") + row.result, style=STYLES[row.outcome])


def _call(row: Row, now: datetime) -> Text:
    if row.call_state == "live":
        seconds = f" {max(0, int((now - row.ringing_since).total_seconds()))} 秒" if row.ringing_since else ""
        return Text(f"☎ {live_words(row)}{seconds}", style="cyan" if row.call_outcome else "bold cyan")
    last = CALL_OUTCOMES.get(row.call_outcome or "", "")
    if row.call_state == "waiting" and row.outcome is PickOutcome.OPEN:
        due = f"，{max(0, int(row.due_in or 0))} 秒后再呼叫" if row.calls else "等待呼叫"
        return Text(f"{last}{due}", style="dim")
    return Text(last)
