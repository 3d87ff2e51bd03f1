"""新建抽取, step 抽取条件: 语音通知, 抽取条件, 预览 (N1, N2, C1 to C4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from db.pool import Database, Transaction
from drawing import drafts, planning
from drawing.activities import Notice
from drawing.condition_names import condition_names
from drawing.eligibility import Condition, Mode
from drawing.lifecycle import ActivityState
from drawing.planning import Refused
from drawing.preview import Looker, LooksUsedUp, Preview, preview
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference
from web import options, places, presses
from web.access import CLERKS, get, post
from web.activity_forms import TIPS, ConditionForm, NoticeForm
from web.choosing import chooser
from web.editing import editing, may_edit, visible
from web.forms import REFRESH, Filled, Invalid, blank, read
from web.keys import CUSTODY, DATABASE, identity
from web.ownership import Seen, record, scope
from web.pages import flash, redirect, render
from web.rows import refused
from web.versions import Changed, Outdated, confirm_based, confirm_shown, stand, versioned

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
        editable=editable, notice_editable=_notice_editable(request, found), stands=_stands(notices, conditions),
        options=options, step=3,
    )  # fmt: skip


async def edit_notice(request: web.Request) -> web.Response:
    """新增语音通知, 编辑语音通知."""
    found, number = await visible(request), _number(request)
    if not _notice_editable(request, found):
        return redirect(request, "conditions", activity=found.id)
    if number is None:
        row = await drafts.details(request.app[DATABASE], found.id, scope(identity(request)))
        return _notice_form(request, found, blank(NoticeForm, district__city=places.city_of(row.district)))
    row = await _notice(request.app[DATABASE], found.id, number)
    return _notice_form(request, found, versioned(_notice_filled(row)))


async def save_notice(request: web.Request) -> web.Response:
    """Save it."""
    form, number = await read(request, NoticeForm), _number(request)
    if isinstance(form, Invalid):
        found = await visible(request)
        if form.errors:
            form = form.also(**await drafts.notice_faults(request.app[DATABASE], found.id, form.known))
        return _notice_form(request, found, _tipped(form), form.status)
    also = UNTIL_START if number is not None else frozenset()
    act = "新增语音通知" if number is None else "编辑语音通知"
    try:
        async with editing(request, act, also=also) as (tx, found):
            if number is not None:
                confirm_based(await refused(request, NoticeForm, {}), _notice_filled(await _notice(tx, found.id, number)))
            await drafts.save_notice(tx, found.id, number, Notice(**form.model_dump()))
    except Changed as changed:
        return _notice_form(request, await visible(request), changed.form, changed.form.status)
    except Refused as error:
        return _notice_form(request, await visible(request), await refused(request, NoticeForm, error.faults), 422)
    await flash(request, "语音通知已保存。可以先试听，再创建抽取条件。")
    return redirect(request, "conditions", activity=found.id)


async def delete_notice(request: web.Request) -> web.Response:
    """删除语音通知, with its conditions."""
    number = int(request.match_info["notice"])
    try:
        async with editing(request, "删除语音通知") as (tx, found):
            await _confirm_shown(request, tx, found.id, number)
            await drafts.delete_notice(tx, found.id, number)
        await flash(request, "语音通知及其抽取条件已删除。")
    except Outdated as told:
        await flash(request, str(told), "error")
    return redirect(request, "conditions", activity=request.match_info["activity"])


async def edit_condition(request: web.Request) -> web.Response:
    """创建抽取条件, 编辑."""
    found, condition, db = await visible(request), request.match_info.get("condition"), request.app[DATABASE]
    if not may_edit(request, found):
        return redirect(request, "conditions", activity=found.id)
    await _notice(db, found.id, int(request.match_info["notice"]))
    if condition is None:
        row = await drafts.details(db, found.id, scope(identity(request)))
        near = places.city_group(row.district)
        return await _condition_form(request, found, blank(ConditionForm, mode="residence", regions__group=near))
    return await _condition_form(request, found, versioned(_condition_filled(await _condition(db, found.id, condition))))


async def save_condition(request: web.Request) -> web.Response:
    """保存; or 预览, which saves nothing but the record that somebody looked."""
    form = await read(request, ConditionForm)
    if isinstance(form, Invalid):
        found = await visible(request)
        if "seats" in form.known:
            form = form.also(**await _too_many(request, found, form.known["seats"]))
        return await _condition_form(request, found, form, form.status)
    wanted = _wanted(form, request.match_info.get("condition", ""))
    if PREVIEW in await request.post():
        return await _preview(request, form, wanted)
    act = "编辑抽取条件" if wanted.id else "创建抽取条件"
    try:
        async with editing(request, act) as (tx, found):
            if wanted.id:
                stored = _condition_filled(await _condition(tx, found.id, wanted.id))
                confirm_based(await refused(request, ConditionForm, {}), stored)
            await drafts.save_condition(tx, found.id, int(request.match_info["notice"]), wanted)
    except Changed as changed:
        return await _condition_form(request, await visible(request), changed.form, changed.form.status)
    except Refused as error:
        typed = await refused(request, ConditionForm, error.faults)
        return await _condition_form(request, await visible(request), typed, 422)
    await flash(request, "抽取条件已保存。")
    return redirect(request, "conditions", activity=found.id)


async def delete_condition(request: web.Request) -> web.Response:
    """删除."""
    condition = request.match_info["condition"]
    row = await _condition(request.app[DATABASE], (await visible(request)).id, condition)
    try:
        async with editing(request, "删除抽取条件", condition_names([row], reference())[row.id]) as (tx, found):
            await _confirm_shown(request, tx, found.id, condition)
            await drafts.delete_condition(tx, found.id, condition)
        await flash(request, "抽取条件已删除。")
    except Outdated as told:
        await flash(request, str(told), "error")
    return redirect(request, "conditions", activity=request.match_info["activity"])


async def _confirm_shown(request: web.Request, tx: Transaction, activity: str, what: int | str) -> None:
    """A notice is taken away with the conditions that its page showed, and a condition as it was shown."""
    stands = _stands(await drafts.notices(tx, activity), await drafts.conditions(tx, activity))
    if what in stands:  # else it is gone already
        await confirm_shown(request, stands[what])


def _stands(notices: Sequence[Any], conditions: Sequence[Any]) -> dict[int | str, str]:
    """The version of each notice, with its conditions, and of each condition."""
    of_notices = {each.id: stand(tuple(each), [tuple(row) for row in conditions if row.notice == each.id]) for each in notices}
    return {**of_notices, **{each.id: stand(tuple(each)) for each in conditions}}


async def _preview(request: web.Request, form: ConditionForm, wanted: Condition) -> web.Response:
    """Only who could save this condition may look at it, and the look is in 操作记录 before it is answered."""
    me, db, repeats = identity(request), request.app[DATABASE], presses.state(request).repeats
    found, typed = await visible(request), await refused(request, ConditionForm, {})
    try:
        if not repeats:
            async with editing(request, LOOK, part=PREVIEW) as (tx, _):
                await drafts.confirm_condition(tx, found.id, int(request.match_info["notice"]), wanted)
    except Refused as error:
        return await _condition_form(request, found, typed.also(**error.faults), 422)
    assert me.company is not None
    try:
        looker = Looker(me.actor, me.id, me.company.code)
        seen = await preview(db, request.app[CUSTODY].vault, found.id, wanted, looker, repeats=repeats)
    except LooksUsedUp as error:
        if not repeats:
            await record(db, me, LOOK, found.id, "预览次数已用完，没有显示结果")
        return await _condition_form(request, found, typed.also(**{"": error.told()}), 429)
    return await _condition_form(request, found, typed, preview=seen)


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


def _notice_editable(request: web.Request, found: Seen) -> bool:
    """Until the draw starts (N1); a new one only while the application may be changed."""
    also = UNTIL_START if _number(request) is not None or request.path.endswith("/conditions") else frozenset()
    return may_edit(request, found, also=also)


def _notice_filled(row: Any) -> Filled:
    return blank(NoticeForm, **{name: getattr(row, name) for name in NoticeForm.model_fields})


def _condition_filled(row: Any) -> Filled:
    return blank(ConditionForm, **{name: getattr(row, name) for name in ConditionForm.model_fields})


async def _too_many(request: web.Request, found: Seen, wanted: int) -> dict[str, str]:
    """C3, of a form in which something else is wrong too."""
    db, own = request.app[DATABASE], request.match_info.get("condition", "")
    row = await drafts.details(db, found.id, scope(identity(request)))
    return planning.seats(wanted, row.seats, sum(each.seats for each in await drafts.conditions(db, found.id) if each.id != own))


def _number(request: web.Request) -> int | None:
    given = request.match_info.get("notice")
    return None if given is None else int(given)


async def _notice(db: Database | Transaction, activity: str, number: int) -> Any:
    return _one([each for each in await drafts.notices(db, activity) if each.id == number])


async def _condition(db: Database | Transaction, activity: str, condition: str) -> Any:
    return _one([each for each in await drafts.conditions(db, activity) if each.id == condition])


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
