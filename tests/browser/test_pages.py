"""Every page of the console with something on it, on a desk and on a telephone: accessible, nothing sticks out, a picture kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from aiohttp import web

from bench.loaded.pages import LEFT_OUT, address_of
from db.pool import Database
from drawing.avoiding_files import Kind
from tests.browser.conftest import NARROW, WIDE, Page
from tests.browser.world import World, make_world
from tests.drawing.test_avoiding_files import filled
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.conftest import console_settings
from tests.web.draws import Draws
from web.routes import ROUTES
from web.settings import Settings

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
_A, _N = "/activities/{draft}", "/activities/{draft}/notices/0"
PAGES: tuple[tuple[str, str, str], ...] = (
    ("handler-a1", "home-clerk", "/"),
    ("handler-a1", "projects", "/projects"),
    ("handler-a1", "project-new", "/projects/new"),
    ("handler-a1", "project", "/projects/{project}"),
    ("handler-a1", "project-edit", "/projects/{new_project}/edit"),
    ("handler-a1", "activities", "/activities"),
    ("handler-a1", "choose-project", "/activities/new"),
    ("handler-a1", "draft-new", "/projects/{new_project}/activities/new"),
    ("handler-a1", "draft", _A + "/edit"),
    ("handler-a1", "activity", _A),
    ("handler-a1", "activity-project", _A + "?tab=project"),
    ("handler-a1", "activity-conditions", _A + "?tab=conditions"),
    ("handler-a1", "avoidance", _A + "/avoidance"),
    ("handler-a1", "avoidance-persons", _A + "/avoidance?list=persons"),
    ("handler-a1", "conditions", _A + "/conditions"),
    ("handler-a1", "notice-new", _A + "/notices/new"),
    ("handler-a1", "notice", _N),
    ("handler-a1", "copy-choose", _A + "/copy"),
    ("handler-a1", "copy", _A + "/copy/{submitted}"),
    ("handler-a1", "copy-wrong", _A + "/copy/{submitted}"),
    ("handler-a1", "draft-wrong", "/projects/{new_project}/activities/new"),
    ("handler-a1", "avoidance-bad-file", _A + "/avoidance"),
    ("handler-a1", "condition-preview", _N + "/conditions/c1"),
    ("handler-a1", "condition-new", _N + "/conditions/new"),
    ("handler-a1", "condition", _N + "/conditions/c1"),
    ("handler-a1", "audition", _N + "/audition"),
    ("handler-a1", "submission", _A + "/submission"),
    ("handler-a1", "submission-waiting", "/activities/{submitted}/submission"),
    ("handler-a1", "draw-ready", "/activities/{ready}/draw"),
    ("handler-a1", "draw-waiting", "/activities/{waiting}/draw"),
    ("handler-a1", "draw-live", "/activities/{drawing}/draw"),
    ("handler-a1", "draw-paused", "/activities/{paused}/draw"),
    ("handler-a1", "draw-ended", "/activities/{ended}/draw"),
    ("handler-a1", "draw-pause", "/activities/{drawing}/draw/pause"),
    ("handler-a1", "draw-force-end", "/activities/{drawing}/draw/force-end"),
    ("handler-a1", "draw-force-end-wrong", "/activities/{drawing}/draw/force-end"),
    ("handler-a1", "draw-short", "/activities/{short}/draw"),
    ("handler-a1", "draw-sealed", "/activities/{sealed}/draw"),
    ("handler-a1", "result-sealed", "/activities/{sealed}/result"),
    ("handler-a1", "result-ended", "/activities/{ended}/result"),
    ("handler-a1", "result-open", "/activities/{opened}/result"),
    ("handler-a1", "samples", "/samples"),
    ("reviewer-1", "home-reviewer", "/"),
    ("reviewer-1", "reviews", "/reviews"),
    ("reviewer-1", "review", "/activities/{submitted}/review"),
    ("reviewer-1", "supervisors", "/supervisors"),
    ("reviewer-1", "supervisor-new", "/supervisors/new"),
    ("reviewer-1", "supervisor-wrong", "/supervisors/new"),
    ("reviewer-1", "supervisor", "/supervisors/{supervisor}"),
    ("reviewer-1", "witnesses", "/activities/{ready}/witnesses"),
    ("reviewer-1", "witnesses-fixed", "/activities/{waiting}/witnesses"),
    ("supervisor-1", "witness-list", "/witness"),
    ("supervisor-1", "witness-digits", "/witness/{waiting}"),
    ("supervisor-1", "witness-wrong", "/witness/{waiting}"),
    ("supervisor-1", "witness-ready", "/witness/{ready}"),
    ("supervisor-1", "recordings", "/witness/{opened}/recordings"),
    ("supervisor-1", "recordings-none", "/witness/{ready}/recordings"),
    ("supervisor-1", "activities-supervisor", "/activities"),
    ("supervisor-2", "registration-code", "/registration"),
    ("supervisor-2", "registration-replaced", "/witness"),
    ("administrator-1", "home-administrator", "/"),
    ("administrator-1", "pool", "/pool"),
    ("administrator-1", "pool-imports", "/pool/imports"),
    ("administrator-1", "pool-import", "/pool/imports/{import}"),
    ("administrator-1", "pool-import-bad", "/pool/imports/{bad_import}"),
    ("administrator-1", "lines", "/lines"),
    ("administrator-1", "line-numbers", "/lines/numbers"),
    ("administrator-1", "line-number", "/lines/numbers/{expert}/redirected"),
    ("administrator-1", "line-number-wrong", "/lines/numbers/{expert}/redirected"),
    ("administrator-1", "operations", "/operations"),
    ("administrator-1", "operation", "/operations/{operation}"),
    ("registrar-1", "home-registrar", "/"),
    ("registrar-1", "status", "/status"),
)  # fmt: skip
"""Who looks, what the picture is called, where."""


def _bad_file(page: Page) -> None:
    with NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(filled(Kind.UNITS, ("某公司", "", "竞争对手"), ("某", "", "投标人")))
        file.flush()
        page.fill(file=file.name)
        page.leave(page.find('form[enctype="multipart/form-data"] button'))
    assert "2 行中有 2 行有误" in page.text


def _same_digits(page: Page) -> None:
    page.fill(digits="11111111", repeated="11111111")
    page.click("提供见证数字")
    assert "数字都相同" in page.text


def _with_a_number(page: Page) -> None:
    page.fill(word="新号码 138 0013 8000")
    page.click("标记为已处理")
    assert "请勿填写电话号码" in page.text


AFTER: Mapping[str, Callable[[Page], None]] = {
    "draft-wrong": lambda page: page.click("保存，下一步"),
    "copy-wrong": lambda page: page.click("复制"),
    "condition-preview": lambda page: page.click("预览"),
    "draw-force-end-wrong": lambda page: page.leave(page.find("button.danger")),
    "avoidance-bad-file": _bad_file,
    "witness-wrong": _same_digits,
    "supervisor-wrong": lambda page: page.click("保存"),
    "line-number-wrong": _with_a_number,
}
"""What is done on the page before it is looked at, by the picture's name."""
FIT = {"witnesses", "witnesses-fixed", "result-open"}
"""Pictures of pages whose tables are cards on a telephone."""
_SIDEWAYS = "return [...document.querySelectorAll('.scroll')].some(each => each.scrollWidth > each.clientWidth)"
ELSEWHERE = frozenset({"/login", "/projects/{project}/lots"})
"""The login (tests/browser/test_base.py), and a form's address, which shows the page it stands on."""
NO_PAGES = {route.path for route in ROUTES if address_of(route) in ELSEWHERE | LEFT_OUT.keys()}


@pytest.fixture
def settings(database: TestDatabase, keys: Keys, tmp_path: Path) -> Settings:
    """With a voice, so that there are players to look at."""
    return console_settings(database, keys, speech={"cache": tmp_path / "speech"})


async def test_every_page_at_both_widths(page: Page, db: Database, database: TestDatabase, keys: Keys) -> None:
    world = await make_world(page.address, Draws(db, database, keys))
    assert await asyncio.to_thread(_wrong, page, world) == []


def _wrong(page: Page, world: World) -> list[str]:
    """What is wrong with which page; all are looked at."""
    found = []
    for who, pages in groupby(PAGES, key=lambda each: each[0]):
        page.log_in(who)
        for _, name, pattern in pages:
            page.open(world.path(pattern))
            AFTER.get(name, _nothing)(page)
            for size in (WIDE, NARROW):
                page.resize(size)
                page.screenshot(f"page-{name}")
                found += [f"{name} at {size[0]} px: {each}" for each in page.faults()]
                if name in FIT and page.driver.execute_script(_SIDEWAYS):
                    found.append(f"{name} at {size[0]} px: a table scrolls sideways")
        page.resize(WIDE)
        page.shows_no_errors()
    return found


def _nothing(page: Page) -> None:
    pass


def test_no_page_is_left_out() -> None:
    """A new page fails here until it has a row in PAGES."""
    wanted = {route.path for route in ROUTES if route.method == "GET"} - NO_PAGES
    looked_at = {_route(pattern) for _, _, pattern in PAGES}
    assert wanted - looked_at == set()


def _route(pattern: str) -> str | None:
    """The first route that fits the page's address."""
    numbers = dict.fromkeys(("project", "new_project", "import", "bad_import", "operation", "supervisor", "expert"), "1")
    activities = ("draft", "submitted", "ready", "waiting", "drawing", "paused", "ended", "short", "sealed", "opened")
    path = pattern.partition("?")[0].format(**numbers, **dict.fromkeys(activities, "CQSQ202611230001"))
    for route in ROUTES:
        resource = web.UrlDispatcher().add_resource(route.path)
        fits = resource.get_info().get("pattern")
        if route.method == "GET" and (fits.fullmatch(path) if fits else route.path == path):
            return route.path
    return None
