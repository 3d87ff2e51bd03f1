"""抽取活动列表: who sees which activities, by the manual's filters (D5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from db.pool import Database
from drawing.lifecycle import ActivityState
from drawing.normal_forms import code_form, normal_unit
from drawing.projects import Q
from web.identity import Identity
from web.ownership import scope, terminal
from web.places import city_of
from web.versions import stand

SOURCES = ("省专家库",)
KINDS = {"CQSQ": "正常项目", "CQNE": "重新抽取项目", "CQRE": "通知原专家项目"}
FILTERS = ("name", "number", "project_name", "project_code", "source", "state", "kind", "city", "district")


_KNOWN: Mapping[str, Collection[str]] = {"state": {each.value for each in ActivityState}, "kind": KINDS.keys()}


@dataclass(frozen=True, slots=True)
class Filters:
    """活动名称, 活动编号, 项目名称, 项目编号, 活动来源, 活动状态, 活动类型, 市, 区; "" is all."""

    name: str = ""
    number: str = ""
    project_name: str = ""
    project_code: str = ""
    source: str = ""
    state: str = ""
    kind: str = ""
    city: str = ""
    district: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """From an address's query; what is unknown there is left out.

        >>> Filters.of({"name": " 医院 ", "state": "gone", "kind": "CQSQ", "page": "2"})
        Filters(name='医院', number='', project_name='', project_code='', source='', state='', kind='CQSQ', city='', district='')
        """
        given = {name: query.get(name, "").strip()[:100] for name in FILTERS}
        return cls(**{name: text for name, text in given.items() if name not in _KNOWN or text in _KNOWN[name]})

    @property
    def inside(self) -> str:
        """The 区, unless it was chosen for another 市 than that which is asked for now."""
        return self.district if not self.city or city_of(self.district) == self.city else ""

    @property
    def region(self) -> str:
        """How the region's code begins.

        >>> Filters(city="440100").region, Filters(city="440100", district="440104").region, Filters().region
        ('4401', '440104', '')
        >>> Filters(city="440300", district="440104").region
        '4403'
        """
        code = self.inside or self.city
        known = code.isascii() and code.isdigit() and len(code) == 6
        return "" if not known else code[:4] if code.endswith("00") else code

    def values(self) -> dict[str, str]:
        """Statement parameters."""
        sought = {name: normal_unit(getattr(self, name)) for name in ("name", "number", "project_name")}
        chosen = {name: getattr(self, name) for name in ("source", "state", "kind")}
        return sought | chosen | {"project_code": code_form(self.project_code), "region": self.region}


@dataclass(frozen=True, slots=True)
class Card:
    """One activity in the list."""

    id: str
    name: str
    kind: str
    state: ActivityState
    agreed: int
    seats: int
    started_at: Any
    created_at: Any
    region: str
    project: str | None
    project_code: str | None
    tenderer: str | None
    handler: str | None
    handler_name: str | None
    last_change: int | None
    """Of a draft: its last line of 操作记录."""

    @property
    def stand(self) -> str:
        """The version of a draft, for the form that takes it away."""
        return stand(self.last_change)


async def count(db: Database, me: Identity, filters: Filters) -> int:
    """项目数量."""
    number: int = await db.value(Q.count_activities, _values(me, filters))
    return number


async def listed(db: Database, me: Identity, filters: Filters, limits: Mapping[str, int]) -> list[Card]:
    """A page of them, the newest first."""
    rows = await db.all(Q.activities, {**_values(me, filters), **limits})
    return [Card(**{**row._asdict(), "state": ActivityState(row.state), "kind": KINDS[row.kind]}) for row in rows]


async def operations(db: Database, activity: str) -> list[Any]:
    """操作记录 of one activity, the newest first."""
    return await db.all(Q.operations, {"activity": activity})


def _values(me: Identity, filters: Filters) -> dict[str, object]:
    return {**filters.values(), **scope(me), "drafts": me.is_clerk, "terminal": terminal(me)}
