"""`/activities/{activity}/witnesses`: 更换监督人, by the terminal's reviewer, before each draw and supplement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from drawing import supervisors, witnesses
from drawing.chain import Q as COMMON
from drawing.lifecycle import Act, Role
from drawing.planning import Refused, confirm
from drawing.rules import Rules
from drawing.witnesses import Chosen
from web import ownership
from web.access import get, post
from web.editing import changing, visible
from web.forms import Filled, Invalid, blank, read
from web.keys import CUSTODY, DATABASE, identity
from web.pages import flash, redirect, render
from web.people_forms import ReplacementForm
from web.rows import refused
from web.versions import OUTDATED, Outdated, confirm_shown, stand

REVIEWERS = frozenset({Role.REVIEWER})
_HERE = "/activities/{activity}/witnesses"


async def show(request: web.Request) -> web.Response:
    """Who witnesses it now, who did before, and the form."""
    return await _show(request, blank(ReplacementForm))


async def replace(request: web.Request) -> web.Response:
    """更换监督人, with a reason."""
    me, activity, form = identity(request), request.match_info["activity"], await read(request, ReplacementForm)
    if isinstance(form, Invalid):
        return await _show(request, form, form.status)
    wanted = {name: getattr(form, name) for name in witnesses.FIELDS}
    faults = {witnesses.FIELDS[0]: witnesses.NEEDED} if not form.supervisor and await _needed(request, activity) else {}
    vault = request.app[CUSTODY].vault
    try:
        async with changing(request) as tx:
            await ownership.locked(tx, me, activity)
            await confirm_shown(request, _stand(await witnesses.chosen(tx, vault, activity)))
            confirm(faults)
            told_now = await witnesses.choose(tx, vault, activity, me.terminal or "", wanted, form.reason)
            remark = f"改为：{told_now or '无监督人'}。原因：{form.reason}"
            await ownership.step(tx, me, activity, Act.REPLACE_WITNESS, remark)
    except Outdated:
        return await _show(request, await refused(request, ReplacementForm, {"": OUTDATED}), 409)
    except Refused as error:
        return await _show(request, await refused(request, ReplacementForm, error.faults), 422)
    await flash(request, "监督人已更换，原监督人和新监督人都能在各自的“见证”页面看到。")
    return redirect(request, "witnesses", activity=activity)


async def _show(request: web.Request, form: Filled, status: int = 200) -> web.Response:
    found, db, me, vault = await visible(request), request.app[DATABASE], identity(request), request.app[CUSTODY].vault
    chosen = await witnesses.chosen(db, vault, found.id)
    values: dict[str, Any] = {
        "activity": found,
        "form": form,
        "chosen": chosen,
        "stand": _stand(chosen),
        "replaced": await witnesses.replaced(db, vault, found.id),
        "fixed": await db.value(supervisors.Q.fixed, {"activity": found.id}),
        "register": await supervisors.supervisors(db, vault, terminal=me.terminal or ""),
        "may": Act.REPLACE_WITNESS in ownership.acts(me, found),
        "why_fixed": witnesses.FIXED,
    }
    return render(request, "witnesses.html", status=status, **values)


def _stand(chosen: Sequence[Chosen]) -> str:
    """The version of who witnesses: of two reviewers who replace at once, the second one sees the first one's choice."""
    return stand([(each.account, each.supervisor, each.position) for each in chosen])


async def _needed(request: web.Request, activity: str) -> bool:
    rules: str | None = await request.app[DATABASE].value(COMMON.rules_of, {"activity": activity})
    return rules is not None and Rules.load(rules).witness_required


ROUTES = (
    get(_HERE, show, REVIEWERS, name="witnesses"),
    post(_HERE, replace, REVIEWERS, act=None),
)
