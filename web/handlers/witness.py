"""`/witness`: the supervisor's own pages (见证); digits given here stand instead of the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from drawing import earlier_draws, witnesses
from drawing.decide import ShareRefused, share_on_page, used_share
from drawing.lifecycle import NotAllowed, Role
from drawing.lots import weak_share
from drawing.words import WEAK_SHARES
from web import witnessing
from web.access import get, post
from web.editing import changing
from web.forms import Filled, Form, Invalid, again, blank, read
from web.keys import CUSTODY, DATABASE, identity
from web.pages import flash, redirect, render
from web.understanding import Kind

HINT = "8 至 12 位。请现场掷骰子、摸球或取纸币号码得到，不要自己想。"
SUPERVISORS = frozenset({Role.SUPERVISOR})
_HERE = "/witness/{activity}"


class Digits(Form):
    """见证数字, typed twice; `draw` is the one whose fingerprint the page has shown."""

    draw: Annotated[int, Field(title="抽取次序", ge=1)]
    digits: Annotated[str, Field(title="见证数字", description=HINT), Kind.CODE]
    repeated: Annotated[str, Field(title="再次输入见证数字", description="请再输入一遍，两次须一致。"), Kind.CODE]

    @classmethod
    def across(cls, known: Mapping[str, Any]) -> Mapping[str, str]:
        faults = {}
        if "digits" in known and (reason := weak_share(known["digits"])):
            faults["digits"] = WEAK_SHARES[reason]
        if "digits" in known and "repeated" in known and known["digits"] != known["repeated"]:
            faults["repeated"] = "两次输入的数字不一致，请核对。"
        return faults


async def listing(request: web.Request) -> web.Response:
    """The activities that this supervisor witnesses, those that wait first."""
    db, me = request.app[DATABASE], identity(request)
    duties, replaced = await witnessing.duties(db, me.id), await witnesses.replaced_of(db, me.id)
    return render(request, "witness_list.html", duties=duties, replaced=replaced)


async def show(request: web.Request) -> web.Response:
    """The commit in numbers, and the form for the digits."""
    return await _show(request, blank(Digits))


async def give(request: web.Request) -> web.Response:
    """The digits, once."""
    me, activity, form = identity(request), request.match_info["activity"], await read(request, Digits)
    if isinstance(form, Invalid):
        digits = form.known.get("digits")
        if digits and not form.error("digits") and (used := await used_share(request.app[DATABASE], digits)):
            form = form.also(digits=used)
        return await _show(request, form, form.status)
    try:
        async with changing(request) as tx:
            await share_on_page(tx, request.app[CUSTODY], activity, me.id, form.draw, form.digits)
    except LookupError:
        raise web.HTTPNotFound from None
    except ShareRefused as error:
        if not error.weak:
            raise NotAllowed(str(error)) from None
        return await _show(request, again(form, digits=str(error)), 422)
    await flash(request, "已收到您的见证数字，抽取随即开始。请保存承诺指纹和您的数字，结果解密后可据此核验。")
    return redirect(request, "witness", activity=activity)


async def _show(request: web.Request, form: Filled, status: int = 200) -> web.Response:
    me, db, activity = identity(request), request.app[DATABASE], request.match_info["activity"]
    duty = await witnessing.duty(db, me.id, activity)
    if duty is None:
        raise web.HTTPNotFound
    receipt = await witnessing.receipt(db, activity, me.id)
    vault = request.app[CUSTODY].vault
    values = {
        "chosen": await witnesses.chosen(db, vault, activity),
        "replaced": await witnesses.replaced(db, vault, activity),
        "draws": await earlier_draws.of_lots(db, await earlier_draws.lots_of(db, activity), activity),
        "explained": await earlier_draws.explained(db, activity),
    }
    return render(request, "witness.html", status=status, duty=duty, receipt=receipt, form=form, **values)


ROUTES = (
    get("/witness", listing, SUPERVISORS, name="witness_list"),
    get(_HERE, show, SUPERVISORS, name="witness"),
    post(_HERE, give, SUPERVISORS, act="提供见证数字"),
)
