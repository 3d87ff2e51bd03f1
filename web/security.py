"""Headers on every response, files and errors included. Nothing of ours needs a frame or another server."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # under no-referrer browsers send "Origin: null" with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "expertline",  # not which version of what
}


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`, which runs for whatever is answered, files and errors included."""
    response.headers.update(HEADERS)
