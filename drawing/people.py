"""经办人 and 监督人员 of an activity, as its clerk entered them; sealed at rest."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from db.contexts import PEOPLE
from db.vault import Vault


@dataclass(frozen=True, slots=True)
class Supervision:
    """监督人员 as the clerk enters them; who witnesses the draw is registered by the terminal."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    department: str


@dataclass(frozen=True, slots=True)
class People:
    """经办人 (姓名, 电话, 证件号) and 监督人员; sealed at rest."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    id_card: str = field(repr=False)
    supervision: tuple[Supervision, ...]


def people(vault: Vault, activity: str, sealed: bytes | None) -> People | None:
    """经办人 and 监督人员, opened; None for an activity that was entered without."""
    if sealed is None:
        return None
    value = json.loads(vault.decrypt(bytes(sealed), PEOPLE.at(activity)))
    return People(**{**value, "supervision": tuple(Supervision(**each) for each in value["supervision"])})
