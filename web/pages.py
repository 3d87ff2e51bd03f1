"""Templates to responses. Autoescape is on for every template, and a missing value is an error, not a gap."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from drawing.board import call_words, stage_words
from web import keys, wording
from web.forms import Filled
from web.keys import DATABASE, SETTINGS
from web.navigation import navigation
from web.presses import Token
from web.qr import head_code
from web.sessions import add_flash
from web.times import china_time

FOLDER = Path(__file__).parent
PAGES: web.AppKey[Environment] = web.AppKey("pages", Environment)


def environment() -> Environment:
    """The templates of web/templates, with the filters `china` (a moment), `minute` (without seconds), `call` (the last
    call of a drawing.board.Row), `stage` (a Stage), `qr` (a LedgerHead), `act`,
    `actor`, `remark` and `size` (web.wording).
    """
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["china"] = china_time
    made.filters["minute"] = lambda moment: china_time(moment)[:16]
    made.filters["call"] = call_words
    made.filters["stage"] = stage_words
    made.filters["qr"] = head_code
    made.filters["zip"] = zip
    made.globals["labelled"] = lambda pairs: {str(value): label for value, label in pairs}
    made.filters["act"] = wording.act
    made.filters["actor"] = wording.actor
    made.filters["remark"] = wording.remark
    made.filters["size"] = wording.size
    return made


def render(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A whole page. Every template also gets `me` (Identity or None), `csrf`, `faults` (what the title says
    of a refused form), `navigation`, `path`, `flash`, `development` and `url(name, **parts)`, the address of a named route.
    """
    me = keys.visitor(request)
    frame = {
        "me": me,
        "csrf": Token.of(request),
        "faults": _faults(values.values()),
        "navigation": navigation(me, request.path),
        "path": request.path,
        "flash": keys.take_flash(request),
        "development": request.app[SETTINGS].development.identities,
        "url": lambda name, **parts: str(request.app.router[name].url_for(**parts)),
    }
    text = request.app[PAGES].get_template(template).render({**frame, **values})
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _faults(values: Iterable[object]) -> str:
    """
    >>> from web.forms import Form, Invalid
    >>> _faults([Invalid(Form, {}, {"name": "请填写名称。"})]), _faults([1])
    ('错误（1 处）：', '')
    """
    for form in values:
        if isinstance(form, Filled) and form.stale:
            return "内容已被修改："
        if isinstance(form, Filled) and form.errors:
            return f"错误（{len(form.errors)} 处）："
    return ""


async def flash(request: web.Request, text: str, kind: str = "ok") -> None:
    """Tell it on the next page, once. `kind`: ok, warning or error."""
    if session := keys.session(request):
        await add_flash(request.app[DATABASE], session, kind, text)


def redirect(request: web.Request, name: str, **parts: str) -> web.Response:
    """After a successful POST: 303 to a named route, so that loading again repeats nothing."""
    return web.Response(status=303, headers={"Location": str(request.app.router[name].url_for(**parts))})
