"""A row of a file beside the same person's row in the pool: which columns differ (pure)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from drawing.experts.row import ExpertRow

_PLAIN = ("residence", "title", "unit", "suspended")
_MANY = ("willing", "specialties", "qualifications", "authorities")


def differing(expert: ExpertRow, pool: Any, name_hash: bytes, phone_hash: bytes) -> tuple[str, ...]:
    """The columns, as the template calls them, in which `expert` differs from a row of the statement `known_experts`; the order
    of several values in a cell does not count. Names and numbers are compared by their keyed hashes, unopened.
    """
    found = set()
    if bytes(pool.name_hash) != name_hash:
        found.add("name")
    if bytes(pool.phone_hash) != phone_hash:
        found.add("phone")
    found |= {name for name in _PLAIN if getattr(expert, name) != getattr(pool, name)}
    found |= {name for name in _MANY if set(getattr(expert, name)) != set(getattr(pool, name))}
    if {(unit.name, unit.until.isoformat()) for unit in expert.former_units} != set(map(tuple, pool.former_units)):
        found.add("former_units")
    return _called(found)


def _called(names: Collection[str]) -> tuple[str, ...]:
    return tuple(str(field.alias) for name, field in ExpertRow.model_fields.items() if name in names)
