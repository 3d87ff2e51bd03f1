"""`/samples`: every part that pages are made of, to be looked at and tested; only with development identities.

The example of a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from drawing.lifecycle import ActivityState
from drawing.reference import reference
from web.access import ANYBODY, get, post
from web.choosing import chooser
from web.forms import Filled, Form, Invalid, Moment, Upload, blank, read
from web.keys import SETTINGS
from web.pages import flash, redirect, render
from web.paging import Paging

CLASSES = {"A": "工程", "B": "货物", "C": "服务"}


class Sample(Form):
    """One field of each kind."""

    name: Annotated[str, Field(title="项目名称", description="与招标文件一致，最多 50 个字。", max_length=50)]
    amount: Annotated[Decimal, Field(title="投资总额（万元）", gt=0, decimal_places=2)]
    seats: Annotated[int, Field(title="拟抽取专家人数", ge=1, le=9999)]
    opens: Annotated[Moment, Field(title="开标时间")]
    starts: Annotated[Moment, Field(title="预计评标开始")]
    kind: Annotated[Literal["A", "B", "C"], Field(title="项目类型")]
    on_site: Annotated[Literal["yes", "no"], Field(title="是否进场项目")]
    specialties: Annotated[list[str], Field(title="评标专业", min_length=1, max_length=20)]
    note: Annotated[str, Field(title="备注", max_length=100)] = ""
    agreed: Annotated[bool, Field(title="已阅读填写说明")] = False
    file: Annotated[Upload | None, Field(title="附件", description="可不上传。")] = None

    @classmethod
    def across(cls, known: Mapping[str, Any]) -> Mapping[str, str]:
        late = "starts" in known and "opens" in known and known["starts"] <= known["opens"]
        return {"starts": "预计评标开始应晚于开标时间。"} if late else {}


async def show(request: web.Request) -> web.Response:
    """The blank form, with the other parts below it."""
    _only_in_development(request)
    return _show(request, blank(Sample))


async def save(request: web.Request) -> web.Response:
    """Takes the form in and tells it; nothing is kept."""
    _only_in_development(request)
    form = await read(request, Sample)
    if isinstance(form, Invalid):
        return _show(request, form, form.status)
    await flash(request, f"已收到“{form.name}”，选择了 {len(form.specialties)} 个专业。")
    return redirect(request, "samples")


def _show(request: web.Request, form: Filled, status: int = 200) -> web.Response:
    names = {code: each.name for code, each in reference().specialties.items()}
    groups = [(code, f"{code} {name}") for code, name in names.items() if len(code) <= 3]
    values = {"specialties": chooser(form, "specialties", names, groups), "states": list(ActivityState)}
    return render(
        request, "samples.html", status=status, form=form, kinds=CLASSES.items(), paging=Paging(61, 2), **values
    )


def _only_in_development(request: web.Request) -> None:
    if not request.app[SETTINGS].development.identities:
        raise web.HTTPNotFound


ROUTES = (
    get("/samples", show, ANYBODY, name="samples"),
    post("/samples", save, ANYBODY, act="提交样例"),
)
