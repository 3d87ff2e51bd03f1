"""Everything that an application says, as its clerk sees it before 提交审核 and the terminal's reviewer when deciding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from db.pool import Database, Transaction
from db.vault import Vault
from drawing import avoiding, drafts, projects
from drawing.drafts import People
from web.versions import stand

_PASSING = frozenset({"now", "state", "people_enc"})
_ALL = {"limit": avoiding.MOST, "offset": 0}  # B5


@dataclass(frozen=True, slots=True)
class Application:
    """Rows as the modules of `drawing` give them."""

    row: Any
    project: Any
    people: People | None
    lots: Sequence[Any]
    earlier: Sequence[Any]
    notices: Sequence[Any]
    conditions: Sequence[Any]
    units: Sequence[Any]
    persons: Sequence[Any]

    @property
    def stand(self) -> str:
        """The version of all of it; not of what is no content (the time, the state, how people are sealed)."""
        row = {name: value for name, value in self.row._asdict().items() if name not in _PASSING}
        persons = [(each.id, each.reason) for each in self.persons]
        project = None if self.project is None else self.project._asdict()
        told = (self.lots, self.earlier, self.notices, self.conditions, self.units)
        return stand(row, project, self.people, persons, *([tuple(each) for each in rows] for rows in told))


async def of(db: Database | Transaction, vault: Vault, activity: str, scope: Mapping[str, str | None]) -> Application:
    """Raises 404 for what this person may not see."""
    row = await drafts.details(db, activity, scope)
    if row is None:
        raise web.HTTPNotFound
    return Application(
        row=row,
        project=None if row.project is None else await projects.seen(db, scope, row.project),
        people=drafts.people(vault, activity, row.people_enc),
        lots=await drafts.lots(db, activity),
        earlier=await drafts.earlier(db, activity),
        notices=await drafts.notices(db, activity),
        conditions=await drafts.conditions(db, activity),
        units=await avoiding.units(db, activity).page(_ALL),
        persons=await avoiding.persons(db, activity).page(_ALL),
    )
