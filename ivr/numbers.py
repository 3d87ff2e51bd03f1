"""The numbers that are dialled: opened at the last moment, compared with what was registered, and known by keyed hash only."""

from __future__ import annotations

from collections.abc import Iterable

from db.contexts import Context
from db.vault import Undecipherable, Vault
from drawing.phone_numbers import subscriber

KIND = "phone"
"""The kind of keyed hash, as expert.phone_hash."""


class NumberRefused(Exception):
    """A sealed number does not open in its row, or is not the one that was registered. Says which row, never the number."""


def opened(vault: Vault, sealed: bytes, context: Context, registered: bytes | None) -> str:
    """The number. Raises NumberRefused.

    registered: its keyed hash; None only in rows from before there was one, as long as layout 1 opens.
    """
    try:
        number = vault.decrypt(bytes(sealed), context).decode()
    except Undecipherable as error:
        raise NumberRefused(str(error)) from None
    if registered is None and vault.former_opens:
        return number
    if registered is None or vault.keyed_hash(KIND, number) != bytes(registered):
        raise NumberRefused(f"sealed {context}: not the number that was registered")
    return number


def hashes(vault: Vault, numbers: Iterable[str]) -> list[bytes]:
    """By what a live call holds its numbers (live_number), however they are written."""
    return [vault.keyed_hash(KIND, subscriber(number)) for number in numbers]
