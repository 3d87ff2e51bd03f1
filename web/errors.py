"""Error pages, in Chinese: what happened, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from db.errors import Unavailable
from web.pages import page

LOG = logging.getLogger(__name__)

MESSAGES: Mapping[int, tuple[str, str]] = {
    404: ("没有这个页面", "请核对地址，或返回首页。"),
    405: ("不能这样访问本页面", "请返回首页，从页面上的链接进入。"),
    500: ("系统出错", "错误已记入日志。请稍后再试；如仍出现，请联系系统管理员。"),
    503: ("数据库暂时无法连接", "进行中的通话不受影响。本页会自动重试；如持续出现，请联系系统管理员。"),
}
REFUSED = ("无法处理该请求", "请返回首页重试。")


@web.middleware
async def error_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a page; a redirect stays what it is."""
    try:
        return await handler(request)
    except web.HTTPError as error:
        allowed = {name: value for name, value in error.headers.items() if name == "Allow"}
        return _error(request, error.status, allowed)
    except Unavailable as error:
        LOG.warning("%s: the database is away: %s", request.path, error)
        return _error(request, 503, {"Retry-After": "5"})
    except Exception:
        LOG.exception("%s failed", request.path)
        return _error(request, 500, {})


def _error(request: web.Request, status: int, headers: Mapping[str, str]) -> web.Response:
    title, advice = MESSAGES.get(status, REFUSED)
    response = page(request, "error.html", status=status, title=title, advice=advice, code=status)
    response.headers.update(headers)
    return response
