"""新建抽取, step 抽取条件: 语音通知, 抽取条件, 预览 (N1, N2, C1 to C4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from drawing import drafts, planning
from drawing.activities import Notice
from drawing.condition_names import condition_names
from drawing.eligibility import Condition, Mode
from drawing.lifecycle import ActivityState
from drawing.planning import Refused
from drawing.preview import Looker, LooksUsedUp, Preview, preview
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference
from web import options, places
from web.access import CLERKS, get, post
from web.activity_forms import TIPS, ConditionForm, NoticeForm
from web.choosing import chooser
from web.editing import editing, may_edit, visible
from web.forms import REFRESH, Filled, Invalid, again, blank, filled, read
from web.keys import CUSTODY, DATABASE, identity
from web.ownership import Seen, record, scope
from web.pages import flash, redirect, render
from web.rows import refused
from web.times import CHINA

PREVIEW, LOOK = "_preview", "预览抽取条件"
UNTIL_START = frozenset({ActivityState.READY})
"""A notice says where and when, not who: it can be changed until the draw starts (N1)."""


async def show(request: web.Request) -> web.Response:
    """Every notice with its conditions, and how many seats remain."""
    found, db = await visible(request), request.app[DATABASE]
    row = await drafts.details(db, found.id, scope(identity(request)))
    conditions, notices = await drafts.conditions(db, found.id), await drafts.notices(db, found.id)
    left = planning.seats_left(row.seats, sum(each.seats for each in conditions))
    editable = may_edit(request, found)
    return render(
        request, "conditions.html", activity=found, row=row, conditions=conditions, notices=notices, left=left,
        editable=editable, notice_editable=editable or found.state in UNTIL_START, options=options, step=3,
    )  # fmt: skip


async def edit_notice(request: web.Request) -> web.Response:
    """新增语音通知, 编辑语音通知."""
    found, number = await visible(request), _number(request)
    if number is None:
        row = await drafts.details(request.app[DATABASE], found.id, scope(identity(request)))
        return _notice_form(request, found, blank(NoticeForm, district__city=places.city_of(row.district)))
    row = await _notice(request, found.id, number)
    values = {name: getattr(row, name) for name in NoticeForm.model_fields}
    return _notice_form(request, found, blank(NoticeForm, **values))


async def save_notice(request: web.Request) -> web.Response:
    """Save it."""
    form, number = await read(request, NoticeForm), _number(request)
    if isinstance(form, Invalid):
        return _notice_form(request, await visible(request), _tipped(form), form.status)
    also = UNTIL_START if number is not None else frozenset()
    act = "新增语音通知" if number is None else "编辑语音通知"
    try:
        async with editing(request, act, also=also) as (tx, found):
            await drafts.save_notice(tx, found.id, number, Notice(**form.model_dump()))
    except Refused as error:
        return _notice_form(request, await visible(request), await refused(request, NoticeForm, error.faults), 422)
    await flash(request, "语音通知已保存。可以先试听，再创建抽取条件。")
    return redirect(request, "conditions", activity=found.id)


async def delete_notice(request: web.Request) -> web.Response:
    """删除语音通知, with its conditions."""
    async with editing(request, "删除语音通知") as (tx, found):
        await drafts.delete_notice(tx, found.id, int(request.match_info["notice"]))
    await flash(request, "语音通知及其抽取条件已删除。")
    return redirect(request, "conditions", activity=found.id)


async def edit_condition(request: web.Request) -> web.Response:
    """创建抽取条件, 编辑."""
    found, condition = await visible(request), request.match_info.get("condition")
    await _notice(request, found.id, int(request.match_info["notice"]))
    if condition is None:
        row = await drafts.details(request.app[DATABASE], found.id, scope(identity(request)))
        near = places.city_group(row.district)
        return await _condition_form(request, found, blank(ConditionForm, mode="residence", regions__group=near))
    row = await _condition(request, found.id, condition)
    values = {name: getattr(row, name) for name in ConditionForm.model_fields}
    return await _condition_form(request, found, blank(ConditionForm, **values))


async def save_condition(request: web.Request) -> web.Response:
    """保存; or 预览, which saves nothing but the record that somebody looked."""
    form = await read(request, ConditionForm)
    if isinstance(form, Invalid):
        return await _condition_form(request, await visible(request), form, form.status)
    wanted = _wanted(form, request.match_info.get("condition", ""))
    if PREVIEW in await request.post():
        return await _preview(request, form, wanted)
    act = "编辑抽取条件" if wanted.id else "创建抽取条件"
    try:
        async with editing(request, act) as (tx, found):
            await drafts.save_condition(tx, found.id, int(request.match_info["notice"]), wanted)
    except Refused as error:
        typed = await refused(request, ConditionForm, error.faults)
        return await _condition_form(request, await visible(request), typed, 422)
    await flash(request, "抽取条件已保存。")
    return redirect(request, "conditions", activity=found.id)


async def delete_condition(request: web.Request) -> web.Response:
    """删除."""
    row = await _condition(request, (await visible(request)).id, request.match_info["condition"])
    name = condition_names([row], reference())[row.id]
    async with editing(request, "删除抽取条件", name) as (tx, found):
        await drafts.delete_condition(tx, found.id, request.match_info["condition"])
    await flash(request, "抽取条件已删除。")
    return redirect(request, "conditions", activity=found.id)


async def _preview(request: web.Request, form: ConditionForm, wanted: Condition) -> web.Response:
    """Only who could save this condition may look at it, and the look is in 操作记录 before it is answered."""
    me, db = identity(request), request.app[DATABASE]
    try:
        async with editing(request, LOOK) as (tx, found):
            await drafts.confirm_condition(tx, found.id, int(request.match_info["notice"]), wanted)
    except Refused as error:
        return await _condition_form(request, await visible(request), again(form, **error.faults), 422)
    assert me.company is not None
    try:
        looker = Looker(me.actor, me.id, me.company.code)
        seen = await preview(db, request.app[CUSTODY].vault, found.id, wanted, looker)
    except LooksUsedUp as error:
        await record(db, me, LOOK, found.id, "预览次数已用完，没有显示结果")
        return await _condition_form(request, found, again(form, **{"": _used_up(error)}), 429)
    return await _condition_form(request, found, filled(form), preview=seen)


def _used_up(error: LooksUsedUp) -> str:
    """To the minute, and not before it.

    >>> from datetime import UTC, datetime
    >>> _used_up(LooksUsedUp(datetime(2026, 12, 1, 1, 4, 30, tzinfo=UTC)))
    '一小时内的预览次数已用完，12月1日 09:05 后可以再次预览。填写的内容没有丢失，不预览也可以直接保存。'
    """
    at = (error.until + timedelta(minutes=1)).astimezone(CHINA)
    when = f"{at.month}月{at.day}日 {at:%H:%M}"
    return f"一小时内的预览次数已用完，{when} 后可以再次预览。填写的内容没有丢失，不预览也可以直接保存。"


def _wanted(form: ConditionForm, identifier: str) -> Condition:
    return Condition(
        id=identifier,
        mode=Mode(form.mode),
        regions=tuple(form.regions),
        main=tuple(form.main),
        backup=tuple(form.backup),
        titles=tuple(form.titles),
        qualifications=tuple(form.qualifications),
        authorities=tuple(form.authorities),
        seats=form.seats,
    )


def _tipped(form: Invalid) -> Invalid:
    """With the 快捷提示 whose button was pressed at the end of 注意事项."""
    if (tip := form.value(REFRESH)) not in TIPS:
        return form
    note = "，".join(filter(None, (form.value("note").strip().rstrip("，。；"), tip)))
    return replace(form, values={**form.values, "note": [note]})


def _notice_form(request: web.Request, found: Seen, form: Filled, status: int = 200) -> web.Response:
    title = "新增语音通知" if _number(request) is None else "编辑语音通知"
    values: dict[str, Any] = {"activity": found, "form": form, "options": options, "title": title, "tips": TIPS}
    values["places"] = places.of(form, "district", whole=False)
    return render(request, "notice_form.html", status=status, step=3, **values)


async def _condition_form(
    request: web.Request, found: Seen, form: Filled, status: int = 200, preview: Preview | None = None
) -> web.Response:
    db, own = request.app[DATABASE], request.match_info.get("condition", "")
    row = await drafts.details(db, found.id, scope(identity(request)))
    others = sum(each.seats for each in await drafts.conditions(db, found.id) if each.id != own)
    kinds, groups = options.specialties(), options.specialty_groups()
    values: dict[str, Any] = {
        "regions": chooser(form, "regions", places.labels(), places.city_groups(), coded=False),
        "main": chooser(form, "main", kinds, groups),
        "backup": chooser(form, "backup", kinds, groups),
        "titles": options.expert_names(TITLES),
        "qualifications": options.expert_names(QUALIFICATIONS),
        "authorities": options.expert_names(AUTHORITIES),
        "title": "编辑抽取条件" if own else "新增抽取条件",
    }
    values |= {"activity": found, "form": form, "preview": preview, "left": planning.seats_left(row.seats, others)}
    return render(request, "condition_form.html", status=status, step=3, **values)


def _number(request: web.Request) -> int | None:
    given = request.match_info.get("notice")
    return None if given is None else int(given)


async def _notice(request: web.Request, activity: str, number: int) -> Any:
    notices = await drafts.notices(request.app[DATABASE], activity)
    return _one([each for each in notices if each.id == number])


async def _condition(request: web.Request, activity: str, condition: str) -> Any:
    return _one([each for each in await drafts.conditions(request.app[DATABASE], activity) if each.id == condition])


def _one(found: list[Any]) -> Any:
    if not found:
        raise web.HTTPNotFound
    return found[0]


_NOTICES = "/activities/{activity}/notices"
_NOTICE = _NOTICES + r"/{notice:\d{1,9}}"
_CONDITION = _NOTICE + r"/conditions/{condition:[a-z0-9]{1,12}}"
ROUTES = (
    get("/activities/{activity}/conditions", show, CLERKS, name="conditions"),
    get(f"{_NOTICES}/new", edit_notice, CLERKS, name="notice_new"),
    post(f"{_NOTICES}/new", save_notice, CLERKS, act=None),
    get(_NOTICE, edit_notice, CLERKS, name="notice"),
    post(_NOTICE, save_notice, CLERKS, act=None),
    post(f"{_NOTICE}/delete", delete_notice, CLERKS, act=None, name="notice_delete"),
    get(f"{_NOTICE}/conditions/new", edit_condition, CLERKS, name="condition_new"),
    post(f"{_NOTICE}/conditions/new", save_condition, CLERKS, act=None),
    get(_CONDITION, edit_condition, CLERKS, name="condition"),
    post(_CONDITION, save_condition, CLERKS, act=None),
    post(f"{_CONDITION}/delete", delete_condition, CLERKS, act=None, name="condition_delete"),
)
