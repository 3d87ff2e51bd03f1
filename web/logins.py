"""Tries to log in, counted in PostgreSQL: a try counts as failed before anything is looked up, and is taken back when it succeeds.

Every way to log in does the same: `admit`, look up, and `succeeded` where somebody was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from db.pool import Database
from db.queries import load
from db.vault import Vault
from web.login_waits import FORGOTTEN_SECONDS, KNOWN_DAYS, Failures, Scope, network_of, wait

Q = load("web", "logins.sql")
_ONE_AT_A_TIME, _FAILURES, _COUNT = Q.one_try_at_a_time, Q.login_failures, Q.count_login_try
_TAKE_BACK, _KNOW, _DROP_FAILURES, _DROP_PLACES = (
    Q.take_back_login_try, Q.know_login_place, Q.drop_old_login_failures, Q.drop_old_login_places,
)  # fmt: skip
_HASH = "login"


@dataclass(frozen=True, slots=True)
class Try:
    """One try of an account from an address, as keyed hashes."""

    place: bytes
    account: bytes
    address: bytes

    @classmethod
    def of(cls, vault: Vault, account: str, address: str) -> Try:
        """However the account is written: full width, capitals and blanks around it make no other account."""
        name, network = normalize("NFKC", account).strip().casefold(), network_of(address)
        texts = (f"place\0{name}\0{network}", f"account\0{name}", f"address\0{network}")
        return cls(*(vault.keyed_hash(_HASH, text) for text in texts))

    @property
    def _values(self) -> dict[str, Any]:
        keys = {"place": self.place, "account": self.account, "address": self.address}
        return {**keys, "forgotten": FORGOTTEN_SECONDS, "known_days": KNOWN_DAYS}

    async def admit(self, db: Database) -> float:
        """Count it as failed and return 0; or the seconds that it must wait, and then it counts as nothing."""
        async with db.transaction() as tx:
            await tx.run(_ONE_AT_A_TIME, self._values)
            rows = await tx.all(_FAILURES, self._values)
            failed = [Failures(Scope(row.scope), row.failures, row.ago) for row in rows if not row.known]
            if left := wait(failed, known=any(row.known for row in rows)):
                return left
            await tx.run(_COUNT, self._values)
        await _tidy(db)
        return 0.0

    async def succeeded(self, db: Database) -> None:
        """Somebody is logged in by it."""
        async with db.transaction() as tx:
            await tx.run(_ONE_AT_A_TIME, self._values)
            await tx.run(_TAKE_BACK, self._values)
            await tx.run(_KNOW, self._values)


async def _tidy(db: Database) -> None:
    """Drop what counts no more."""
    await db.run(_DROP_FAILURES, {"forgotten": FORGOTTEN_SECONDS})
    await db.run(_DROP_PLACES, {"known_days": KNOWN_DAYS})
