"""The secret that we share with a gateway."""

from __future__ import annotations

from pathlib import Path

from db.keyfile import KeyFileRefused, read_key_file
from ivr.messages.signature import MIN_SECRET_BYTES


def gateway_secret(path: Path) -> bytes:
    """The secret shared with the gateway; raises KeyFileRefused."""
    secret = read_key_file(path, create_hint="agree one with the gateway, e.g. by openssl rand -hex 32").encode()
    if len(secret) < MIN_SECRET_BYTES:
        raise KeyFileRefused(f"{path}: the gateway's secret must have {MIN_SECRET_BYTES} bytes or more")
    return secret
