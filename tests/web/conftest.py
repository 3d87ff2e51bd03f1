"""The console on a real database."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient

from db.pool import Database
from drawing.lifecycle import Role
from drawing.start import start
from tests.postgres import TestDatabase
from tests.scenes import Keys, condition, make_activity, make_keys, plan
from tests.web.draws import Draws
from web.app import create_app
from web.settings import Settings

Client = TestClient[web.Request, web.Application]
_CSRF = re.compile(r'name="_csrf" value="([^"]+)"')
_VERSION = re.compile(r'name="_version" value="([^"]+)"')
_PAGES = {
    r"(/projects/\d+/edit)": r"\1",
    r"(/projects/\d+/edit)\?draw=1": r"\1?draw=1",
    r"(/projects/\d+)/delete": r"\1",
    r"(/activities/\w+/(?:edit|submission|witnesses|notices/\d+|notices/\d+/conditions/c\d+))": r"\1",
    r"(/activities/\w+)/notices/\d+(?:/conditions/c\d+)?/delete": r"\1/conditions",
    r"(/supervisors/\d+)": r"\1",
    r"/activities/\w+/delete": "/activities",
}
"""Forms that carry a version, and the pages that they stand on."""


class Visitor:
    """A browser without scripts: keeps cookies, takes the CSRF token from the page that it looks at."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.csrf = ""
        self.projects = 0
        """How many tests.web.clerk.make_project has made."""

    async def get(self, path: str, **options: Any) -> ClientResponse:
        """Open a page, following redirects."""
        response = await self.client.get(path, **options)
        if response.content_type == "text/html" and (found := _CSRF.search(await response.text())):
            self.csrf = found[1]
        return response

    async def text(self, path: str) -> str:
        """The page at `path`, which must be there."""
        response = await self.get(path)
        assert response.status == 200, (path, response.status)
        return await response.text()

    async def post(
        self, path: str, *, follow: bool = False, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> ClientResponse:
        """Send a form with the last page's token; a list sends its field repeatedly. A form that carries a version is opened first,
        as if it had been filled in at once; but for `_version`, and not its key: each post is a form of its own.
        """
        if "_version" not in fields:
            fields |= await self.version(path)
        lists = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
        pairs = [(name, each) for name, values in lists.items() for each in values]
        return await self.client.post(path, data=[("_csrf", self.csrf), *pairs], headers=headers, allow_redirects=follow)

    async def version(self, path: str) -> dict[str, str]:
        """What the form at this address carries on its page as it is now; nothing if it carries none, or is not there."""
        for form, page in _PAGES.items():
            if (found := re.fullmatch(form, path)) is not None:
                text = await (await self.client.get(found.expand(page))).text()
                there = re.search(rf'<form [^>]*(?:{re.escape(path)}|"#errors).*?</form>', text, re.DOTALL)
                carried = _VERSION.search(there[0]) if there else None
                return {"_version": carried[1]} if carried else {}
        return {}

    async def log_in(self, identity: str) -> None:
        """As one of web.development.IDENTITIES."""
        await self.get("/login")
        response = await self.post("/login", identity=identity)
        assert response.status == 303, await response.text()
        await self.get("/")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """The installation's key files."""
    return make_keys(tmp_path)


@pytest.fixture
def settings(database: TestDatabase, keys: Keys) -> Settings:
    """With development identities."""
    return console_settings(database, keys)


def console_settings(database: TestDatabase, keys: Keys, **changes: Any) -> Settings:
    """The console's settings on this test's database."""
    values = {"dsn": database.console_dsn, "master_key": keys.master, "signing_key": keys.signing}
    return Settings.model_validate({**values, "development": {"identities": True}, **changes})


@pytest.fixture
async def client(settings: Settings, aiohttp_client: Callable[..., Awaitable[Client]]) -> Client:
    """A browser without scripts, on the whole application."""
    return await opened(settings, aiohttp_client)


async def opened(settings: Settings, aiohttp_client: Callable[..., Awaitable[Client]]) -> Client:
    """The whole application with these settings."""
    return await aiohttp_client(create_app(settings), cookie_jar=CookieJar(unsafe=True))  # 127.0.0.1 has cookies too


@pytest.fixture
def visit(client: Client, aiohttp_client: Callable[..., Awaitable[Client]]) -> Callable[..., Awaitable[Visitor]]:
    """`await visit("handler-a1")`: somebody logged in, or, without a name, not; each with cookies of their own."""

    async def enter(identity: str | None = None) -> Visitor:
        visitor = Visitor(await aiohttp_client(client.server, cookie_jar=CookieJar(unsafe=True)))
        if identity is not None:
            await visitor.log_in(identity)
        return visitor

    return enter


@pytest.fixture
def started(db: Database, keys: Keys) -> Callable[..., Awaitable[str]]:
    """Makes an activity whose draw has been started, and says its number."""

    async def begin(seats: int, **changes: Any) -> str:
        number = await make_activity(db, keys.custody.vault, plan([condition(seats=seats)], **changes))
        await start(db, keys.custody.vault, number, "clerk", Role.HANDLER)
        return number

    return begin


@pytest.fixture
def draws(db: Database, database: TestDatabase, keys: Keys) -> Draws:
    """Makes draws of handler-a1's."""
    return Draws(db, database, keys)
