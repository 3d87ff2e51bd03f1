"""Who may open which address: every route names its roles, and nothing is open that does not say so.

ROUTES = (
    get("/projects", listing, CLERKS, name="projects"),
    post("/projects/new", create, CLERKS, act="新建项目"),
)
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from drawing.lifecycle import Role
from web.identity import CLERKS

__all__ = ["ANYBODY", "CLERKS", "CONSOLE", "OPERATORS", "PUBLIC", "Route", "get", "post"]

BODY_BYTES = 1 << 20  # a form; an import says how much it needs
PUBLIC: frozenset[Role] | None = None
"""Without a login: numbers and the login itself, nothing else."""
CONSOLE = frozenset({
    Role.LEGAL_PERSON, Role.HANDLER, Role.REVIEWER, Role.SUPERVISOR, Role.REGISTRAR, Role.ADMINISTRATOR,
})  # fmt: skip
ANYBODY = CONSOLE
"""Whoever is logged in."""
OPERATORS = CLERKS | {Role.REVIEWER, Role.SUPERVISOR, Role.REGISTRAR}
"""Who sees activities: whose they see is web/ownership.py's matter."""


@dataclass(frozen=True, slots=True)
class Route:
    """An address. `act` is what 操作记录 says of a successful POST; None: what the handler calls records it itself.

    `streams`: a long upload; its form begins with the token, and the rest is the handler's to read (keys.upload).
    `signed`: no form of a browser's; the handler checks a signature over the body instead of origin and token.
    `sessionless`: whose login it is does not matter, and is not looked up.
    """

    method: str
    path: str
    handler: Handler
    roles: frozenset[Role] | None
    name: str | None = None
    act: str | None = None
    body: int = BODY_BYTES
    streams: bool = False
    signed: bool = False
    sessionless: bool = False

    def add_to(self, app: web.Application) -> list[web.AbstractRoute]:
        """Register it; a public page for HEAD too, which is how monitors ask."""
        resource = app.router.add_resource(self.path, name=self.name)
        methods = ("GET", "HEAD") if self.method == "GET" and self.roles is PUBLIC else (self.method,)
        return [resource.add_route(method, self.handler) for method in methods]


def get(
    path: str, handler: Handler, roles: frozenset[Role] | None, *, name: str | None = None, sessionless: bool = False
) -> Route:
    """A page."""
    return Route("GET", path, handler, roles, name, sessionless=sessionless)


def post(
    path: str,
    handler: Handler,
    roles: frozenset[Role] | None,
    *,
    act: str | None,
    name: str | None = None,
    body: int = BODY_BYTES,
    streams: bool = False,
    signed: bool = False,
) -> Route:
    """What changes something. `body`: the largest request in bytes, unless it streams; of files so much is kept at most."""
    return Route("POST", path, handler, roles, name, act, body, streams, signed)
