"""Every address of the console: each module of handlers has its own ROUTES."""

from __future__ import annotations

from web.access import Route
from web.handlers import health, home, login, operations, samples, status

ROUTES: tuple[Route, ...] = (
    *home.ROUTES,
    *login.ROUTES,
    *operations.ROUTES,
    *samples.ROUTES,
    *status.ROUTES,
    *health.ROUTES,
)
