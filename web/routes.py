"""Every address of the console: each module of handlers has its own ROUTES."""

from __future__ import annotations

from web.access import Route
from web.handlers import draw, health, home, login, operations, result, samples, status, witness

ROUTES: tuple[Route, ...] = (
    *home.ROUTES,
    *login.ROUTES,
    *operations.ROUTES,
    *samples.ROUTES,
    *status.ROUTES,
    *draw.ROUTES,
    *result.ROUTES,
    *witness.ROUTES,
    *health.ROUTES,
)
