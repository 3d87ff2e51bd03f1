"""Who is at the console. Where they come from (省统一身份认证平台, an account of ours) is a provider's matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from drawing.lifecycle import Role

CLERKS = frozenset({Role.LEGAL_PERSON, Role.HANDLER})


@dataclass(frozen=True, slots=True)
class Company:
    """The unit (招标人 or 代理机构) that somebody acts for."""

    name: str
    code: str
    """统一社会信用代码 (GB 32100), 18 characters."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person in one role; a 法人 or 经办人 acts for exactly one company at a time."""

    id: str
    role: Role
    name: str
    company: Company | None = None
    terminal: str | None = None
    """抽取终端 (code) of a reviewer; who has none decides nothing."""

    @property
    def actor(self) -> str:
        """As 操作记录 names them."""
        return f"{self.name}（{self.id}）"

    @property
    def is_clerk(self) -> bool:
        """Acts for a company."""
        return self.role in CLERKS


class Provider(Protocol):
    """Knows identities. Asked at every request, so that what was revoked ends at once."""

    name: str
    """Short and fixed: it is stored with each session."""

    async def find(self, identity: str) -> Identity | None:
        """The identity of this id as it is now; None when it may not (or no longer) use the console."""
        ...
