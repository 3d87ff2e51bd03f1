"""Error pages, in Chinese: what happened, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from db.errors import Unavailable
from drawing.chain import Closed
from drawing.lifecycle import NotAllowed
from web import keys
from web.exports import NoPlace
from web.guard import Expired, Forged, kept, typed_fields
from web.pages import render
from web.presses import KEY_FIELD, Repeated

LOG = logging.getLogger(__name__)

MESSAGES: Mapping[int, tuple[str, str]] = {
    403: ("您的角色不能打开此页面", "请从导航进入您可以办理的模块；如需更多权限，请联系系统管理员。"),
    404: ("没有这个页面", "请核对地址，或返回首页。您查找的内容也可能不属于您经办的范围。"),
    405: ("不能这样访问本页面", "请返回首页，从页面上的链接进入。"),
    413: ("提交的内容过大", "请减少内容，或按页面提示的大小上传文件。没有保存任何内容。"),
    429: ("登录过于频繁", "请一分钟后再试。"),
    500: ("系统出错", "错误已记入日志。请稍后再试；如仍出现，请联系系统管理员。"),
    503: ("数据库暂时无法连接", "进行中的通话不受影响。本页会自动重试；如持续出现，请联系系统管理员。"),
}
AWAY = (
    MESSAGES[503][0],
    "进行中的通话不受影响。请过一会儿再提交一次，已经办理的不会重复办理；如持续出现，请联系系统管理员。",
)
"""The same where a form was sent: no page sends it again by itself."""
REFUSED = ("无法处理该请求", "请返回首页重试。")
EXPIRED = ("登录已过期", "刚才提交的内容没有保存。")
AGAIN = ("请再次提交", "您已重新登录，刚才的表单是登录前打开的，还没有保存。")
TWICE = (
    "这个表单已经提交过",
    "第一次提交已经办理，没有重复办理。现在的内容与那次不同，还没有保存：如需按现在的内容再办理一次，请再次提交。",
)
FORGED = ("无法确认该请求来自本系统的页面", "没有保存任何内容。")
NOT_ALLOWED = "现在不能办理"
_KEEPS = frozenset({404, 409, 500, 503})
"""Errors after which a form may be sent once more."""
QUEUE_IS_FULL = "证据正在排队生成"


@web.middleware
async def error_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a page; a redirect stays what it is."""
    try:
        return await handler(request)
    except Expired:
        return await _typed(request, EXPIRED)
    except Forged:
        LOG.warning("%s %s refused: origin or token", request.method, request.path)
        return await _typed(request, FORGED)
    except Repeated as before:
        return await _changed(request, before)
    except (NotAllowed, Closed) as error:
        return await _failed(request, 409, (NOT_ALLOWED, str(error)))
    except NoPlace as error:
        status, headers = (429, {}) if error.yours else (503, {"Retry-After": "30"})
        return _error(request, status, (QUEUE_IS_FULL, error.message), headers)
    except web.HTTPRedirection as error:
        return web.Response(status=error.status, headers={"Location": error.headers["Location"]})
    except web.HTTPError as error:
        allowed = {name: value for name, value in error.headers.items() if name in ("Allow", "Retry-After")}
        return await _failed(request, error.status, MESSAGES.get(error.status, REFUSED), allowed)
    except Unavailable as error:
        LOG.warning("%s: the database is away: %s", request.path, error)
        return await _failed(request, 503, MESSAGES[503], {"Retry-After": "5"})
    except Exception as error:
        if isinstance(error, ConnectionError) and _is_gone(request):
            return web.Response(status=400)  # to nobody
        LOG.exception("%s failed", request.path)
        return await _failed(request, 500, MESSAGES[500])


def _is_gone(request: web.Request) -> bool:
    """Whether the browser has left in the middle of its request."""
    return request.transport is None or request.transport.is_closing()


async def _typed(request: web.Request, message: tuple[str, str]) -> web.Response:
    """Nothing was saved, and nothing that was typed is lost: where the browser says that the form stood on a page of ours,
    it can be sent again after a new login, with the token of that."""
    session, fields = keys.session(request), await kept(request)
    title, advice = AGAIN if session and fields else message
    return render(
        request, "again.html", status=403, title=title, advice=advice, fields=fields, target=request.path_qs,
        first="", fresh=False, press="", token=session.csrf if session else "",
    )  # fmt: skip


async def _changed(request: web.Request, before: Repeated) -> web.Response:
    """Somebody went back to a form that had been sent, changed it and sent it again."""
    session, title, advice = keys.session(request), *TWICE
    fields = [(name, text) for name, text in await typed_fields(request) if name != KEY_FIELD]
    return render(
        request, "again.html", status=409, title=title, advice=advice, fields=fields, target=request.path_qs, fresh=True,
        press="按现在的内容再次提交", first=before.answer or "", token=session.csrf if session else "",
    )  # fmt: skip


async def _failed(
    request: web.Request, status: int, message: tuple[str, str], headers: Mapping[str, str] | None = None
) -> web.Response:
    """The error's page; for a form with what was typed, to be sent once more when that is possible again. It has the same key, so
    that it acts once even if it has acted already."""
    if status == 503 and request.method == "POST":
        message = AWAY
    fields = await kept(request) if request.method == "POST" and keys.upload(request) is None and status in _KEEPS else []
    if not any(text.strip() and not name.startswith("_") for name, text in fields):
        return _error(request, status, message, headers)
    session, (title, advice) = keys.session(request), message
    response = render(
        request, "again.html", status=status, title=title, advice=advice, fields=fields, target=request.path_qs, first="",
        fresh=False, press="重新提交", token=session.csrf if session else "",
    )  # fmt: skip
    response.headers.update(headers or {})
    return response


def _error(
    request: web.Request, status: int, message: tuple[str, str], headers: Mapping[str, str] | None = None
) -> web.Response:
    title, advice = message
    retries = status == 503 and request.method == "GET"
    response = render(request, "error.html", status=status, title=title, advice=advice, code=status, retries=retries)
    response.headers.update(headers or {})
    return response
