"""Identities for demonstration and development: anybody may take any, so they are switched on, on loopback only."""

from __future__ import annotations

from collections.abc import Sequence

from drawing.lifecycle import Role
from web.identity import Company, Identity

AGENCY = Company("广东演示招标代理有限公司", "91440000MA00000015")
OWNER = Company("广州演示建设投资集团有限公司", "91440101MA0000002U")
IDENTITIES: tuple[Identity, ...] = (
    Identity("legal-a", Role.LEGAL_PERSON, "陈法人", AGENCY),
    Identity("handler-a1", Role.HANDLER, "张经办", AGENCY),
    Identity("handler-a2", Role.HANDLER, "李经办", AGENCY),
    Identity("legal-b", Role.LEGAL_PERSON, "黄法人", OWNER),
    Identity("handler-b1", Role.HANDLER, "王经办", OWNER),
    Identity("reviewer-1", Role.REVIEWER, "赵审核", terminal="440000"),
    Identity("reviewer-2", Role.REVIEWER, "钱审核", terminal="440100"),
    Identity("supervisor-1", Role.SUPERVISOR, "李监督"),
    Identity("supervisor-2", Role.SUPERVISOR, "孙监督"),
    Identity("registrar-1", Role.REGISTRAR, "周登记"),
    Identity("administrator-1", Role.ADMINISTRATOR, "吴管理"),
)


class DevelopmentIdentities:
    """The provider of the list above."""

    name = "development"

    def __init__(self, identities: Sequence[Identity] = IDENTITIES) -> None:
        self._by_id = {each.id: each for each in identities}

    @property
    def identities(self) -> Sequence[Identity]:
        """For the login page: a button each."""
        return tuple(self._by_id.values())

    async def find(self, identity: str) -> Identity | None:
        """Whoever of the list has this id."""
        return self._by_id.get(identity)
