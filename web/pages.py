"""Templates to responses. Autoescape is on for every template, and a missing value is an error, not a gap."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent
CHINA = timezone(timedelta(hours=8))  # one time zone, no daylight saving since 1991
PAGES: web.AppKey[Environment] = web.AppKey("pages", Environment)


def environment() -> Environment:
    """The templates of web/templates, with the filter `china` for times."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["china"] = china_time
    return made


def china_time(moment: datetime | None) -> str:
    """
    >>> from datetime import UTC
    >>> china_time(datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)), china_time(None)
    ('2026-11-23 09:02:03', '—')
    """
    return "—" if moment is None else moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A whole page."""
    text = request.app[PAGES].get_template(template).render(values)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
