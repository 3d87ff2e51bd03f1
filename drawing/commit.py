"""The commit: everything that is fixed before anybody knows the seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from drawing.bodies import BadBody, check_shape
from drawing.eligibility import Avoid, Condition
from drawing.lots import ALGORITHM
from drawing.pool import Counts


@dataclass(frozen=True, slots=True)
class Commit:
    """The body of a `commit` entry.

    `previous` has for each lot (标段) the hash of the ledger's last entry about it, or None. `facts` is the version of the
    pool's facts (`drawing.bodies.FACTS`), None in commits from before there were versions. `others` says of lots that look like
    one drawn for before why the reviewer takes them for another: (lot, reason), ascending.
    """

    activity: str
    avoid: Avoid
    conditions: tuple[Condition, ...]
    draw: int
    counts: Counts
    lots: tuple[str, ...]
    pool_root: str
    pool_size: int
    previous: tuple[str | None, ...]
    rules: str
    system_share_hash: str
    witnesses: tuple[str, ...]
    facts: int | None = None
    others: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The body; kind follows from the draw's number."""
        version = {} if self.facts is None else {"facts": self.facts}
        others = {"others": [list(each) for each in self.others]} if self.others else {}
        return version | others | {
            "activity": self.activity,
            "algorithm": ALGORITHM,
            "avoid": self.avoid.to_json(),
            "conditions": [condition.to_json() for condition in self.conditions],
            "draw": self.draw,
            "eligible": self.counts.eligible,
            "excluded": self.counts.excluded,
            "kind": "first" if self.draw == 1 else "supplement",
            "lots": list(self.lots),
            "pool_root": self.pool_root,
            "pool_size": self.pool_size,
            "previous": list(self.previous),
            "rules": self.rules,
            "system_share_hash": self.system_share_hash,
            "witnesses": list(self.witnesses),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """From a body; raises BadBody."""
        check_shape("commit", body)
        others = tuple((lot, reason) for lot, reason in body.get("others", ()))
        if len({lot for lot, _ in others} & set(body["lots"])) != len(others):
            raise BadBody("commit.others: each a lot of this commit, once")
        return cls(
            activity=body["activity"],
            avoid=Avoid.from_json(body["avoid"]),
            conditions=tuple(Condition.from_json(each) for each in body["conditions"]),
            draw=body["draw"],
            counts=Counts(dict(body["eligible"]), dict(body["excluded"])),
            lots=tuple(body["lots"]),
            pool_root=body["pool_root"],
            pool_size=body["pool_size"],
            previous=tuple(body["previous"]),
            rules=body["rules"],
            system_share_hash=body["system_share_hash"],
            witnesses=tuple(body["witnesses"]),
            facts=body.get("facts"),
            others=others,
        )
