"""Every address of the console: each module of handlers has its own ROUTES."""

from __future__ import annotations

from web.access import Route
from web.handlers import health, home, login, operations, pool, pool_imports, samples, status

ROUTES: tuple[Route, ...] = (
    *home.ROUTES,
    *login.ROUTES,
    *operations.ROUTES,
    *samples.ROUTES,
    *pool.ROUTES,
    *pool_imports.ROUTES,
    *status.ROUTES,
    *health.ROUTES,
)
