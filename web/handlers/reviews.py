"""提交审核, 撤回, and the terminal's 核验 (V1 to V3)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from drawing import attachments, avoiding, drafts, earlier_draws, projects, reviews, supervisors, witnesses
from drawing.bands import Band, label
from drawing.condition_names import condition_names
from drawing.lifecycle import Act, NotAllowed, Role
from drawing.planning import Refused, confirm
from drawing.preview import look_numbers, looks
from drawing.reference import reference
from drawing.reviews import Application, Decision
from drawing.rules import Rules
from web import last_look, options, ownership
from web.access import CLERKS, get, post
from web.activity_forms import SubmissionForm
from web.editing import changing, may_edit, visible
from web.forms import Filled, Invalid, Upload, blank, read
from web.handlers.attachments import BODY_BYTES, AttachmentForm, back, keep
from web.keys import CUSTODY, DATABASE, identity
from web.ownership import scope
from web.pages import flash, redirect, render
from web.paging import Paging
from web.people_forms import ApprovalForm, RejectionForm
from web.presses import Repeated
from web.rows import refused, rows
from web.typed import posted
from web.versions import OUTDATED, Outdated, confirm_shown

REVIEWERS = frozenset({Role.REVIEWER})
NOWHERE = "-"
"""The terminal of who has none: its queue is empty."""
_KEPT = ("reason", "terminal")


async def submission(request: web.Request) -> web.Response:
    """抽取申请, and what was applied for before."""
    initial = {"terminal": "440000", **{name: request.query[name] for name in _KEPT if name in request.query}}
    return await _submission(request, blank(SubmissionForm, **initial))


async def submit(request: web.Request) -> web.Response:
    """提交审核; a file that was chosen and not uploaded yet goes with it."""
    me, activity = identity(request), request.match_info["activity"]
    form, told = await read(request, SubmissionForm), await _kept(request)
    faults = {"file": told} if told else {}
    if isinstance(form, Invalid):
        return await _submission(request, form.also(**faults) if form.errors else form, form.status)
    if faults:
        return await _submission(request, await refused(request, SubmissionForm, faults), 422)
    assert me.company is not None
    application = Application(me.company.code, me.company.name, me.name, form.reason, form.terminal)
    try:
        async with changing(request) as tx:
            await ownership.step(tx, me, activity, Act.SUBMIT, form.reason)
            vault = request.app[CUSTODY].vault
            await confirm_shown(request, (await last_look.of(tx, vault, activity, scope(me))).stand)
            await reviews.submit(tx, activity, application)
    except Outdated:
        return await _submission(request, await refused(request, SubmissionForm, {"": OUTDATED}), 409)
    except Refused as error:
        return await _submission(request, await refused(request, SubmissionForm, error.faults), 422)
    await flash(request, "申请已提交。抽取终端审核前可以撤回。")
    return redirect(request, "submission", activity=activity)


async def _kept(request: web.Request) -> str:
    """What is wrong with the file that was chosen; kept is kept, even if the application is refused."""
    chosen = await read(request, AttachmentForm)
    if isinstance(chosen, Invalid):
        return await _unchosen(request, chosen)
    try:
        return await keep(request, chosen, part="file")
    except Repeated as before:
        if not before.same:
            raise
        return ""


async def _unchosen(request: web.Request, chosen: Invalid) -> str:
    """What is wrong with the file that was chosen; nothing if none was."""
    return chosen.error("file") if isinstance((await posted(request)).get("file"), Upload) else ""


async def attach(request: web.Request) -> web.Response:
    """上传附件; what can't be attached is told on the same page, with what was typed there."""
    chosen = await read(request, AttachmentForm)
    if told := chosen.error("file") if isinstance(chosen, Invalid) else await keep(request, chosen):
        return await _submission(request, await refused(request, SubmissionForm, {"file": told}), 422)
    return await back(request)


async def withdraw(request: web.Request) -> web.Response:
    """撤回, until it is decided."""
    activity = request.match_info["activity"]
    try:
        async with changing(request) as tx:
            await ownership.step(tx, identity(request), activity, Act.WITHDRAW)
            await reviews.withdraw(tx, activity)
    except Refused as error:
        raise NotAllowed(str(error)) from None
    await flash(request, "申请已撤回，活动回到草稿，可以修改后再次提交。")
    return redirect(request, "submission", activity=activity)


async def queue(request: web.Request) -> web.Response:
    """待审核 of this reviewer's own 抽取终端, the nearest evaluation first."""
    db, terminal = request.app[DATABASE], identity(request).terminal or NOWHERE
    paging = Paging.of(request, await reviews.count_queue(db, terminal))
    found = await reviews.queue(db, terminal, paging.limits)
    return render(request, "reviews.html", rows=found, paging=paging, terminal=terminal, options=options)


async def review(request: web.Request) -> web.Response:
    """All that the reviewer decides by."""
    return await _review(request, blank(ApprovalForm), blank(RejectionForm))


async def approve(request: web.Request) -> web.Response:
    """核验通过, with who of the terminal's register will witness."""
    me, activity = identity(request), request.match_info["activity"]
    form = await read(request, ApprovalForm)
    if isinstance(form, Invalid):
        return await _review(request, form, blank(RejectionForm), form.status)
    seen = await reviews.bands(request.app[DATABASE], request.app[CUSTODY].vault, (await visible(request)).id, me.actor)
    faults = {}
    if any(each.consent for each in seen.values()) and not form.consent:
        faults["consent"] = "有抽取条件的可抽人数低于规定比例，须勾选同意，或核验不通过并说明原因。"
    try:
        async with changing(request) as tx:
            await ownership.step(tx, me, activity, Act.PASS_VERIFICATION, form.remark)
            decision = Decision(form.application, me.actor, form.remark)
            wanted = {name: getattr(form, name) for name in witnesses.FIELDS}
            vault, terminal = request.app[CUSTODY].vault, me.terminal or NOWHERE
            others = await _others(request, form)
            told = await reviews.approve(tx, vault, activity, decision, terminal, wanted, others)
            confirm(faults)
            await ownership.record(tx, me, "选定监督人", activity, told or "无监督人")
    except Refused as error:
        told_all = await refused(request, ApprovalForm, faults | error.faults)
        return await _review(request, told_all, blank(RejectionForm), 422)
    await flash(request, f"活动 {activity} 已核验通过。")
    return redirect(request, "reviews")


async def _others(request: web.Request, form: ApprovalForm) -> dict[str, str]:
    """Why which 标段 is another one than that drawn for before; those that are ticked."""
    given = {lot: reason for lot, reason in await rows(request, ("another_lot", "another_reason"))}  # noqa: C416
    return {lot: given.get(lot, "") for lot in form.another}


async def reject(request: web.Request) -> web.Response:
    """核验不通过, with a reason."""
    me, form, activity = identity(request), await read(request, RejectionForm), request.match_info["activity"]
    if isinstance(form, Invalid):
        return await _review(request, blank(ApprovalForm), form, form.status)
    try:
        async with changing(request) as tx:
            await ownership.step(tx, me, activity, Act.REJECT, form.reason)
            await reviews.reject(tx, activity, Decision(form.application, me.actor, form.reason))
    except Refused as error:
        return await _review(request, blank(ApprovalForm), await refused(request, RejectionForm, error.faults), 422)
    await flash(request, f"活动 {activity} 核验不通过，已退回申请单位。")
    return redirect(request, "reviews")


async def _submission(request: web.Request, form: Filled, status: int = 200) -> web.Response:
    found, db, me = await visible(request), request.app[DATABASE], identity(request)
    row, vault = await _details(request), request.app[CUSTODY].vault
    lots, acts = await earlier_draws.lots_of(db, found.id), ownership.acts(me, found)
    values: dict[str, Any] = {
        "look": await last_look.of(db, vault, found.id, scope(me)) if Act.SUBMIT in acts else None,
        "matched_unit": avoiding.matched_unit,
        "matched_person": lambda each: avoiding.matched_person(vault, each),
        "draws": await earlier_draws.of_lots(db, lots, found.id),
        "explained": await earlier_draws.explained(db, found.id),
        "missing": await reviews.missing(db, found.id, row.seats, row.rules),
        "attachments": await attachments.attached(db, found.id),
        "attachment_form": Invalid(AttachmentForm, {}, {"file": told} if (told := form.error("file")) else {}),
        "reviews": await reviews.of_activity(db, found.id),
        "editable": may_edit(request, found),
        "acts": acts,
    }
    values |= {"activity": found, "form": form, "options": options, "step": 4}
    return render(request, "submission.html", status=status, **values)


async def _review(request: web.Request, approval: Filled, rejection: Filled, status: int = 200) -> web.Response:
    found, db, me = await visible(request), request.app[DATABASE], identity(request)
    look = await last_look.of(db, request.app[CUSTODY].vault, found.id, scope(me))
    row, project = look.row, look.project
    draws = await earlier_draws.of_lots(db, [each.id for each in look.lots], found.id)
    values: dict[str, Any] = {
        "look": look,
        "row": row,
        "project": project,
        "duplicates": [] if project is None else await projects.likely_duplicates(db, project.id),
        "lots": look.lots,
        "draws": draws,
        "draws_by_lot": earlier_draws.by_lot(draws),
        "explained": await earlier_draws.explained(db, found.id),
        "earlier": look.earlier,
        "notices": look.notices,
        "conditions": look.conditions,
        "condition_names": condition_names(look.conditions, reference()),
        "units": look.units,
        "persons": look.persons,
        "matched": lambda each: avoiding.matched_person(request.app[CUSTODY].vault, each),
        "matched_unit": avoiding.matched_unit,
        "attachments": await attachments.attached(db, found.id),
        "reviews": await reviews.of_activity(db, found.id),
        "people": look.people,
        "bands": await reviews.bands(db, request.app[CUSTODY].vault, found.id, me.actor),
        "looks": await looks(db, found.id),
        "look_numbers": await look_numbers(db, found.id),
        "band_words": {each.value: label(each, Rules.load(row.rules).preview.bands) for each in Band},
        "register": await supervisors.supervisors(db, request.app[CUSTODY].vault, terminal=me.terminal or NOWHERE),
        "needs_witness": Rules.load(row.rules).witness_required,
        "acts": ownership.acts(me, found),
    }
    values |= {"activity": found, "approval": approval, "rejection": rejection, "options": options}
    return render(request, "review.html", status=status, **values)


async def _details(request: web.Request) -> Any:
    row = await drafts.details(request.app[DATABASE], request.match_info["activity"], scope(identity(request)))
    if row is None:
        raise web.HTTPNotFound
    return row


_HERE = "/activities/{activity}"
ROUTES = (
    get(f"{_HERE}/submission", submission, CLERKS, name="submission"),
    post(f"{_HERE}/submission", submit, CLERKS, act=None, body=BODY_BYTES),
    post(f"{_HERE}/attachments", attach, CLERKS, act=None, name="attach", body=BODY_BYTES),
    get(f"{_HERE}/attachments", submission, CLERKS),
    post(f"{_HERE}/withdraw", withdraw, CLERKS, act=None, name="withdraw"),
    get("/reviews", queue, REVIEWERS, name="reviews"),
    get(f"{_HERE}/review", review, REVIEWERS, name="review"),
    post(f"{_HERE}/review/pass", approve, REVIEWERS, act=None, name="review_pass"),
    post(f"{_HERE}/review/reject", reject, REVIEWERS, act=None, name="review_reject"),
)
