"""回避单位 and 回避人员 as lists to look through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.pool import Database
from db.vault import Vault
from drawing.projects import Q

PERSON = "回避人员"


@dataclass(frozen=True, slots=True)
class Look:
    """One of the two lists, all of it or what was looked for."""

    db: Database
    counting: str
    listing: str
    values: Mapping[str, object]

    async def count(self) -> int:
        """总计."""
        number: int = await self.db.value(self.counting, self.values)
        return number

    async def page(self, limits: Mapping[str, int]) -> list[Any]:
        """A page of it."""
        return await self.db.all(self.listing, {**self.values, **limits})


def units(db: Database, activity: str, search: str = "") -> Look:
    """回避单位, by any part of name or code; the fixed ones first."""
    return Look(db, Q.count_avoidance_units, Q.avoidance_units, {"activity": activity, "search": search})


def persons(db: Database, activity: str, name_hash: bytes | None = None) -> Look:
    """回避人员, by the keyed hash of the whole name."""
    return Look(db, Q.count_avoidance_persons, Q.avoidance_persons, {"activity": activity, "name_hash": name_hash})


def name(vault: Vault, row: Any) -> str:
    """Who it is, of a row of `persons`."""
    return vault.decrypt(bytes(row.name_enc), "avoidance.name").decode()
