"""Logging in and out, sessions, and what protects them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest

from db.pool import Database
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.conftest import Client, Visitor, console_settings, opened
from web.access import BODY_BYTES
from web.development import IDENTITIES
from web.identity import Identity

pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
_SESSIONS = "SELECT count(*) FROM session"


@pytest.mark.parametrize("me", IDENTITIES, ids=lambda each: each.id)
async def test_each_role_logs_in_and_sees_who_it_is(visit: Visit, db: Database, me: Identity) -> None:
    text = await (await visit(me.id)).text("/")
    assert me.name in text
    assert me.role.label in text
    assert "演示/开发环境" in text
    assert me.company is None or me.company.name in text
    assert await db.value("SELECT actor || act FROM operation") == f"{me.actor}登录"


async def test_who_is_not_logged_in_is_sent_to_the_login_and_back(visit: Visit) -> None:
    visitor = await visit()
    response = await visitor.get("/samples?a=1", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/login?next=/samples?a%3D1")
    page = await visitor.get(response.headers["Location"])
    assert 'name="next" value="/samples?a=1"' in await page.text()
    entered = await visitor.post("/login", identity="reviewer-1", next="/samples?a=1")
    assert entered.headers["Location"] == "/samples?a=1"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
async def test_the_login_sends_nobody_elsewhere(visit: Visit, target: str) -> None:
    visitor = await visit()
    await visitor.get("/login")
    response = await visitor.post("/login", identity="reviewer-1", next=target)
    assert response.headers["Location"] == "/"


async def test_the_cookie_is_out_of_reach_and_the_table_opens_nothing(visit: Visit, db: Database) -> None:
    visitor = await visit()
    await visitor.get("/login")
    response = await visitor.post("/login", identity="reviewer-1")
    cookie = response.cookies["expertline"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert not cookie["secure"]
    row = await db.one("SELECT token_hash, csrf FROM session")
    assert cookie.value.encode() not in bytes(row.token_hash)
    assert cookie.value != row.csrf


async def test_a_login_gets_a_new_token_and_ends_the_old_one(visit: Visit, db: Database) -> None:
    visitor = await visit("handler-a1")
    before = visitor.client.session.cookie_jar.filter_cookies(visitor.client.make_url("/"))["expertline"].value
    await visitor.log_in("reviewer-1")
    after = visitor.client.session.cookie_jar.filter_cookies(visitor.client.make_url("/"))["expertline"].value
    assert before != after
    assert await db.value(_SESSIONS) == 1


async def test_logging_out_ends_the_session_in_the_database_too(visit: Visit, db: Database) -> None:
    visitor = await visit("handler-a1")
    response = await visitor.post("/logout")
    assert (response.status, response.headers["Location"]) == (303, "/login")
    assert await db.value(_SESSIONS) == 0
    assert (await visitor.get("/", allow_redirects=False)).status == 303


@pytest.mark.parametrize(
    "age",
    [
        "seen_at = seen_at - interval '31 minutes'",
        "created_at = created_at - interval '13 hours', expires_at = expires_at - interval '13 hours'",
    ],
    ids=["idle", "absolute"],
)
async def test_a_session_ends_by_itself(visit: Visit, db: Database, age: str) -> None:
    visitor = await visit("handler-a1")
    await db.run(f"UPDATE session SET {age}")
    assert (await visitor.get("/", allow_redirects=False)).status == 303
    refused = await visitor.post("/samples", name="x")
    assert (refused.status, "登录已过期" in await refused.text()) == (403, True)
    await visit("handler-b1")
    assert await db.value(_SESSIONS) == 1, "the next login tidies up"


async def test_what_was_typed_outlives_the_session(visit: Visit, db: Database) -> None:
    """The page that says that the login has expired keeps the form; after a new login it can be sent again."""
    visitor = await visit("handler-a1")
    ours = {"Origin": str(visitor.client.make_url("/")).rstrip("/")}
    typed: dict[str, Any] = {"name": '甲"项目', "lots": ["一", "二"]}
    await db.run("UPDATE session SET seen_at = seen_at - interval '31 minutes'")
    page = await (await visitor.post("/samples?a=1", headers=ours, **typed)).text()
    assert "您填写的内容仍保留在本页" in page
    assert 'target="_blank"' in page
    assert 'action="/samples?a=1"' in page
    assert '<textarea name="name" hidden>\n甲&#34;项目</textarea>' in page
    assert page.count('<textarea name="lots"') == 2
    stale, visitor.csrf = visitor.csrf, ""
    await visitor.log_in("handler-a1")
    fresh, visitor.csrf = visitor.csrf, stale
    response = await visitor.post("/samples", headers=ours, **typed)
    assert response.status == 403
    page = await response.text()
    assert "您现在以“张经办（经办人）”登录" in page
    assert f'name="_csrf" value="{fresh}"' in page


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_form_that_is_not_surely_ours_is_not_offered_again(visit: Visit, headers: dict[str, str]) -> None:
    visitor = await visit("handler-a1")
    visitor.csrf = "wrong"
    response = await visitor.post("/samples", headers=headers, name="甲")
    page = await response.text()
    assert response.status == 403
    assert "<textarea" not in page
    assert "请返回原页面" in page


async def test_use_keeps_a_session_alive(visit: Visit, db: Database) -> None:
    visitor = await visit("handler-a1")
    await db.run("UPDATE session SET seen_at = seen_at - interval '20 minutes'")
    await visitor.text("/")
    assert await db.value("SELECT clock_timestamp() - seen_at < interval '1 minute' FROM session")


async def test_an_unknown_identity_is_refused(visit: Visit) -> None:
    visitor = await visit()
    await visitor.get("/login")
    response = await visitor.post("/login", identity="root")
    assert (response.status, "没有这个身份" in await response.text()) == (422, True)


async def test_without_development_identities_nobody_is_offered(
    database: TestDatabase, keys: Keys, aiohttp_client: Callable[..., Awaitable[Client]]
) -> None:
    visitor = Visitor(await opened(console_settings(database, keys, development={}), aiohttp_client))
    text = await visitor.text("/login")
    assert "尚未配置登录方式" in text
    assert "演示/开发环境" not in text
    assert (await visitor.post("/login", identity="handler-a1")).status == 403  # not even a token


async def test_behind_https_the_cookie_is_secure(
    database: TestDatabase, keys: Keys, aiohttp_client: Callable[..., Awaitable[Client]]
) -> None:
    url = "https://experts.example.cn"
    client = await opened(console_settings(database, keys, public_url=url), aiohttp_client)
    page = await client.get("/login")
    assert page.cookies["expertline-login"]["secure"]
    token = page.cookies["expertline-login"].value
    fields = {"_csrf": token, "identity": "reviewer-1"}
    headers = {"Cookie": f"expertline-login={token}", "Origin": url}
    response = await client.post("/login", data=fields, headers=headers, allow_redirects=False)
    assert response.cookies["__Host-expertline"]["secure"]
    strange = await client.post("/login", data=fields, headers={**headers, "Origin": "http://127.0.0.1"})
    assert strange.status == 403


@pytest.mark.parametrize(
    ("csrf", "headers"),
    [
        (None, {}),
        ("", {}),
        ("0" * 43, {}),
        ("right", {"Origin": "https://evil.example"}),
        ("right", {"Origin": "null"}),
        ("right", {"Sec-Fetch-Site": "cross-site"}),
        ("right", {"Sec-Fetch-Site": "same-site"}),
    ],
)
async def test_a_forged_form_changes_nothing(
    visit: Visit, db: Database, csrf: str | None, headers: dict[str, str]
) -> None:
    visitor = await visit("handler-a1")
    right = await db.value("SELECT csrf FROM session")
    data = {} if csrf is None else {"_csrf": right if csrf == "right" else csrf}
    response = await visitor.client.post("/logout", data=data, headers=headers)
    assert (response.status, "没有保存任何内容" in await response.text()) == (403, True)
    assert await db.value(_SESSIONS) == 1


async def test_anothers_token_is_no_use(visit: Visit, db: Database) -> None:
    await visit("handler-b1")
    others = await db.value("SELECT csrf FROM session")
    visitor = await visit("handler-a1")
    assert (await visitor.client.post("/logout", data={"_csrf": others})).status == 403


async def test_a_body_that_is_too_large_is_refused(visit: Visit) -> None:
    visitor = await visit("handler-a1")
    body = BytesIO(b"note=" + b"1" * (BODY_BYTES + 1))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await visitor.client.post("/samples", data=body, headers=form)
    assert (response.status, "提交的内容过大" in await response.text()) == (413, True)


async def test_an_identity_that_was_taken_from_the_list_is_out_at_once(visit: Visit, db: Database) -> None:
    visitor = await visit("handler-a1")
    await db.run("UPDATE session SET identity = 'gone'")
    assert (await visitor.get("/", allow_redirects=False)).status == 303
