"""Every address of the console: each module of handlers has its own ROUTES."""

from __future__ import annotations

from web.access import Route
from web.handlers import (
    activities,
    attachments,
    audition,
    avoidance,
    conditions,
    copying,
    drafting,
    draw,
    halts,
    health,
    home,
    login,
    message_receipts,
    operations,
    pool,
    pool_imports,
    projects,
    result,
    reviews,
    samples,
    status,
    witness,
)

ROUTES: tuple[Route, ...] = (
    *home.ROUTES,
    *projects.ROUTES,
    *activities.ROUTES,
    *drafting.ROUTES,
    *avoidance.ROUTES,
    *conditions.ROUTES,
    *copying.ROUTES,
    *audition.ROUTES,
    *attachments.ROUTES,
    *reviews.ROUTES,
    *login.ROUTES,
    *operations.ROUTES,
    *samples.ROUTES,
    *pool.ROUTES,
    *pool_imports.ROUTES,
    *status.ROUTES,
    *draw.ROUTES,
    *halts.ROUTES,
    *result.ROUTES,
    *witness.ROUTES,
    *message_receipts.ROUTES,
    *health.ROUTES,
)
