"""The live board in the terminal: a draw as a clerk sees it, in the manual's words."""

from __future__ import annotations

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


def render(board: Board, now: datetime) -> RenderableType:
    """The board at this moment."""
    return Panel(Group(_head(board, now), _rows(board, now)), title=f"{board.activity} {board.name}", padding=(0, 1))


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


def _rows(board: Board, now: datetime) -> Table:
    table = Table(expand=True)
    for title in ("专家", "条件", "席位", "呼叫次数", "最近一次呼叫", "结果"):
        table.add_column(title)
    for row in board.rows:
        result = Text(MARKS.get(row.outcome, "") + row.result, style=STYLES[row.outcome])
        table.add_row(f"第 {row.n} 位专家", row.condition, str(row.seat), str(row.calls), _call(row, now), result)
    return table


def _call(row: Row, now: datetime) -> Text:
    if row.call_state == "live":
        seconds = f" {max(0, int((now - row.ringing_since).total_seconds()))} 秒" if row.ringing_since else ""
        return Text(f"☎ {live_words(row)}{seconds}", style="cyan" if row.call_outcome else "bold cyan")
    last = CALL_OUTCOMES.get(row.call_outcome or "", "")
    if row.call_state == "waiting" and row.outcome is PickOutcome.OPEN:
        due = f"，{max(0, int(row.due_in or 0))} 秒后再呼叫" if row.calls else "等待呼叫"
        return Text(f"{last}{due}", style="dim")
    return Text(last)
