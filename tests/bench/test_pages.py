"""What bench/console measures is every page of the console, as each role that may open it, with every filter."""

from __future__ import annotations

import pytest

from bench import console
from bench.loaded import pages
from bench.loaded.fill import Filled
from drawing.lifecycle import Role
from web.access import CONSOLE
from web.activities import FILTERS
from web.routes import ROUTES

PLACES = ("completed", "draft", "drawing", "ready", "submitted", "project", "free", "operation", "job", "faulty", "supervisor")
FOUND = Filled({name: f"<{name}>" for name in PLACES}, "13800000000")


def test_every_page_is_there_or_left_out_for_a_reason() -> None:
    shown = {pages.address_of(route) for route in ROUTES if route.method == "GET"}
    assert shown == set(pages.ADDRESSES) | set(pages.LEFT_OUT)
    assert not set(pages.ADDRESSES) & set(pages.LEFT_OUT)
    assert all(pages.LEFT_OUT.values())


def test_each_role_opens_each_page_that_it_may() -> None:
    asked = {(page.who, page.path) for page in pages.pages(FOUND)}
    assert set(pages.WHO) == CONSOLE
    for route in ROUTES:
        if route.method != "GET" or (address := pages.address_of(route)) not in pages.ADDRESSES:
            continue
        roles = [None] if route.roles is None else [each for each in Role if each in route.roles]
        for role in roles:
            if address in pages.OWN and role is Role.LEGAL_PERSON:
                continue
            who = "" if role is None else pages.WHO[role]
            for path in pages.ADDRESSES[address].values():
                assert (who, path.format_map(FOUND.places)) in asked


def test_every_filter_of_the_list_of_activities_is_asked() -> None:
    assert set(pages.FILTERS) == set(FILTERS)
    for name, query in pages.FILTERS.items():
        assert name in query


@pytest.mark.postgres
@pytest.mark.parametrize(("aim", "code"), [(0, 1), (3_600_000, 0)])
def test_an_aim_that_is_missed_is_the_exit_code(aim: float, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--experts", "50", "--activities", "400", "--seconds", "1", "--rate", "3"]
    assert console.main([*small, "--only", "/reviews", "--aim", str(aim)]) == code
    assert ("not met: 审核列表 as reviewer-1, /reviews: " in capsys.readouterr().err) == (code == 1)
