"""The ids of calls."""

from __future__ import annotations

import secrets


def new_call_id() -> str:
    """Of the operating system's randomness; also the channel's id (see ivr.ari.line: all of one length)."""
    return "el" + secrets.token_hex(16)
