"""暂停抽取, 继续抽取, 强制结束 (D3, D4): a page that says what will become of the calls, and asks for the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from aiohttp import web
from pydantic import Field

from db.pool import Transaction
from drawing import halts
from drawing.board import Board
from drawing.chain import Custody
from drawing.halts import CannotHalt
from drawing.lifecycle import Act, Role
from web import drawn, ownership
from web.access import CLERKS, get, post
from web.editing import changing
from web.forms import Filled, Form, Invalid, blank, read
from web.keys import CUSTODY, DATABASE, identity
from web.pages import flash, redirect, render

_Do = Callable[[Transaction, Custody, str, str, Role, str], Awaitable[None]]


class Reason(Form):
    """Why."""

    reason: Annotated[str, Field(title="原因", max_length=200, description="写入记录链和操作记录，不能更改")]


@dataclass(frozen=True, slots=True)
class _Halt:
    act: Act
    do: _Do
    told: Callable[[Board], str]
    """What is said of it; with the board just after."""


def _paused(board: Board) -> str:
    live = f"正在进行的 {board.live} 个呼叫和通话继续到结束并计入结果，" if board.live else ""
    return f"抽取已暂停。{live}继续抽取之前不再拨出新的呼叫。"


def _ended(board: Board) -> str:
    """Who has agreed is told after the last call (drawing.closing)."""
    parts = []
    if board.live:
        parts.append(f"正在进行的 {board.live} 个呼叫和通话继续到结束，其余呼叫已取消")
    if board.agreed:
        parts.append(f"已同意参评的 {board.agreed} 位专家由系统以电话和短信通知不再参加")
    return f"抽取已强制结束。{'；'.join(parts)}{'。' if parts else ''}"


PAUSE = _Halt(Act.PAUSE, halts.pause, _paused)
FORCE_END = _Halt(Act.FORCE_END, halts.force_end, _ended)


async def ask(request: web.Request, halt: _Halt) -> web.Response:
    """The page, for whoever may do it now."""
    return await _show(request, halt, blank(Reason))


async def carry_out(request: web.Request, halt: _Halt) -> web.Response:
    """Do it, with the reason."""
    me, activity, form = identity(request), request.match_info["activity"], await read(request, Reason)
    if isinstance(form, Invalid):
        return await _show(request, halt, form, form.status)
    try:
        async with changing(request) as tx:
            await ownership.locked(tx, me, activity)
            await halt.do(tx, request.app[CUSTODY], activity, me.actor, me.role, form.reason)
    except CannotHalt as error:
        await flash(request, str(error), "error")
    else:
        await flash(request, halt.told((await drawn.picture(request.app[DATABASE], request.app[CUSTODY].vault, activity)).board))
    return redirect(request, "draw", activity=activity)


async def resume(request: web.Request) -> web.Response:
    """继续抽取."""
    me, activity = identity(request), request.match_info["activity"]
    async with changing(request) as tx:
        await ownership.locked(tx, me, activity)
        await halts.resume(tx, request.app[CUSTODY], activity, me.actor, me.role)
    await flash(request, "抽取已继续：接着呼叫等待中的专家。")
    return redirect(request, "draw", activity=activity)


async def _show(request: web.Request, halt: _Halt, form: Filled, status: int = 200) -> web.Response:
    me, db = identity(request), request.app[DATABASE]
    found = await ownership.seen(db, me, request.match_info["activity"])
    if halt.act not in ownership.acts(me, found):  # ended meanwhile, or not theirs: the draw's page says how it stands
        raise web.HTTPSeeOther(str(request.app.router["draw"].url_for(activity=found.id)))
    picture = await drawn.picture(db, request.app[CUSTODY].vault, found.id)
    if halt.act is Act.PAUSE and not picture.pausable:
        await flash(request, halts.TOO_EARLY, "error")
        raise web.HTTPSeeOther(str(request.app.router["draw"].url_for(activity=found.id)))
    return render(request, "halt.html", status=status, activity=found, act=halt.act, form=form, picture=picture)


_HERE = "/activities/{activity}/draw"
ROUTES = (
    get(f"{_HERE}/pause", partial(ask, halt=PAUSE), CLERKS, name="draw_pause"),
    post(f"{_HERE}/pause", partial(carry_out, halt=PAUSE), CLERKS, act=None),
    post(f"{_HERE}/resume", resume, CLERKS, act=None, name="draw_resume"),
    get(f"{_HERE}/force-end", partial(ask, halt=FORCE_END), CLERKS, name="draw_force_end"),
    post(f"{_HERE}/force-end", partial(carry_out, halt=FORCE_END), CLERKS, act=None),
)
