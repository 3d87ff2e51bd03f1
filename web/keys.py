"""What handlers find in the application."""

from __future__ import annotations

from aiohttp import web

from db.pool import Database

DATABASE: web.AppKey[Database] = web.AppKey("database", Database)
