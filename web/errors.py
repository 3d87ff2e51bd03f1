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
from web.guard import Expired, Forged, kept
from web.pages import render

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
REFUSED = ("无法处理该请求", "请返回首页重试。")
EXPIRED = ("登录已过期", "刚才提交的内容没有保存。")
AGAIN = ("请再次提交", "您已重新登录，刚才的表单是登录前打开的，还没有保存。")
FORGED = ("无法确认该请求来自本系统的页面", "没有保存任何内容。")
NOT_ALLOWED = "现在不能办理"
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
    except (NotAllowed, Closed) as error:
        return _error(request, 409, (NOT_ALLOWED, str(error)))
    except NoPlace as error:
        status, headers = (429, {}) if error.yours else (503, {"Retry-After": "30"})
        return _error(request, status, (QUEUE_IS_FULL, error.message), headers)
    except web.HTTPRedirection as error:
        return web.Response(status=error.status, headers={"Location": error.headers["Location"]})
    except web.HTTPError as error:
        allowed = {name: value for name, value in error.headers.items() if name in ("Allow", "Retry-After")}
        return _error(request, error.status, MESSAGES.get(error.status, REFUSED), allowed)
    except Unavailable as error:
        LOG.warning("%s: the database is away: %s", request.path, error)
        return _error(request, 503, MESSAGES[503], {"Retry-After": "5"})
    except Exception as error:
        if isinstance(error, ConnectionError) and _is_gone(request):
            return web.Response(status=400)  # to nobody
        LOG.exception("%s failed", request.path)
        return _error(request, 500, MESSAGES[500])


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
        token=session.csrf if session else "",
    )  # fmt: skip


def _error(
    request: web.Request, status: int, message: tuple[str, str], headers: Mapping[str, str] | None = None
) -> web.Response:
    title, advice = message
    response = render(request, "error.html", status=status, title=title, advice=advice, code=status)
    response.headers.update(headers or {})
    return response
