"""Changing an activity: lock it, ask whether this person may change it now, do it, write 操作记录: one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from db.pool import Transaction
from drawing import planning, supervisors
from drawing.lifecycle import ActivityState, NotAllowed
from drawing.projects import NotThere
from web import ownership, presses
from web.keys import DATABASE, identity
from web.ownership import Seen

STEPS = ("项目信息", "活动信息", "回避单位", "抽取条件", "提交审核", "项目抽取")
"""新建抽取, as the manual names its steps."""


@asynccontextmanager
async def editing(
    request: web.Request, act: str, remark: str = "", *, also: frozenset[ActivityState] = frozenset(), part: str = ""
) -> AsyncIterator[tuple[Transaction, Seen]]:
    """The locked activity of this address; `also`: states besides 草稿 and 核验未通过 in which this may be changed;
    `part` as for presses.once.

    Raises 404, NotAllowed, presses.Repeated.
    """
    me = identity(request)
    async with changing(request, part=part) as tx:
        found = await ownership.locked(tx, me, request.match_info["activity"])
        if found.state not in also:
            planning.editable(found.state)
        yield tx, found
        await ownership.record(tx, me, act, found.id, remark)


@asynccontextmanager
async def changing(request: web.Request, *, part: str = "") -> AsyncIterator[Transaction]:
    """The transaction of a form: what is not there for this person is 404, and a form that was sent before is Repeated
    (web/presses.py)."""
    try:
        async with request.app[DATABASE].transaction() as tx:
            await presses.once(tx, request, part=part)
            yield tx
    except (NotThere, supervisors.NotThere):
        raise web.HTTPNotFound from None


async def visible(request: web.Request) -> Seen:
    """The activity of this address for looking at."""
    return await ownership.seen(request.app[DATABASE], identity(request), request.match_info["activity"])


def may_edit(request: web.Request, found: Seen, *, also: frozenset[ActivityState] = frozenset()) -> bool:
    """Whether the wizard's forms are shown to this person; `also` as for `editing`."""
    me = identity(request)
    try:
        if found.state not in also:
            planning.editable(found.state)
    except NotAllowed:
        return False
    return me.is_clerk and found.handler == me.id
