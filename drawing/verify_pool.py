"""Checks pool.jsonl: every record, its facts where they are shown, the root, size and numbers."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from drawing import merkle
from drawing.bodies import BadBody, check_object, count, distinct, hex_hash, one_of, ordinal, table, text
from drawing.canonical import NotCanonical, canon, read_canonical
from drawing.commit import Commit
from drawing.eligibility import ASSERTED, Exclusion, Facts, derived_exclusions, eligible
from drawing.lots import Placed, order

_CODES = {code.value for code in Exclusion}
_ASSERTED = {code.value for code in ASSERTED}
_RECORD = {
    "id": text,
    "facts_hash": hex_hash,
    "eligible": table(lambda tier: count(tier) and tier <= 1),
    "excluded": distinct(one_of(*_CODES)),
}


class BadPool(ValueError):
    """What does not hold in pool.jsonl; the message (Chinese) names the line."""


@dataclass(slots=True)
class Pool:
    """The pool of one draw, as far as the picks need it."""

    commit: Commit
    picked: Collection[str]  # in earlier draws
    size: int = 0
    opened: int = 0  # records with facts
    leaves: list[bytes] = field(default_factory=list)
    last: str = ""
    eligible: dict[str, list[int]] = field(default_factory=dict)
    excluded: Counter[str] = field(default_factory=Counter)
    standing: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    units: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether all facts are shown: the supervisor's form."""
        return self.opened == self.size

    def orders(self, seed: bytes) -> dict[str, list[Placed]]:
        """The order of each condition under the seed."""
        nobody: frozenset[str] = frozenset()
        return {
            name: [Placed(lot.expert, self.units.get(lot.expert, nobody)) for lot in order(seed, name, who)]
            for name, who in self.standing.items()
        }


def check_pools(lines: Iterable[bytes], pools: Mapping[int, Pool]) -> None:
    """Read all lines into the pools of their draws and check these; raises BadPool."""
    for each in pools.values():
        names = [condition.id for condition in each.commit.conditions]
        each.eligible = {name: [0, 0] for name in names}
        each.standing = {name: [] for name in names}
    reached = 1
    for number, line in enumerate(lines, start=1):
        try:
            reached = _take(line, pools, reached)
        except (NotCanonical, BadBody, ValueError) as error:
            raise BadPool(f"pool.jsonl 第 {number} 行：{error}") from error
    for draw, each in pools.items():
        _check_commit(draw, each)


def _take(line: bytes, pools: Mapping[int, Pool], reached: int) -> int:
    value = read_canonical(line)
    opened = isinstance(value, dict) and "facts" in value
    shape = {"draw": ordinal, "record": _is_object}
    check_object(shape | ({"facts": _is_object, "salt": text} if opened else {}), value, "pool")
    record = value["record"]
    draw: int = value["draw"]
    check_object(_RECORD, record, "record")
    if draw not in pools or draw < reached:
        raise ValueError(f"抽取次序 {draw} 不对")
    found = pools[draw]
    if record["id"] <= found.last:
        raise ValueError("未按编号升序，或有重复")
    if record["excluded"] != sorted(record["excluded"]):
        raise ValueError("排除原因未按序排列")
    if not set(record["eligible"]) <= set(found.eligible):
        raise ValueError("合格条件不在承诺的条件之列")
    again = Exclusion.PICKED_BEFORE.value in record["excluded"]
    if again != (record["id"] in found.picked):
        raise ValueError("“此前已抽取”的标注与记录链不符")
    if opened:
        _check_facts(value, found)
    _count(record, found)
    return draw


def _check_facts(value: Mapping[str, Any], found: Pool) -> None:
    record, facts, salt = value["record"], Facts.from_json(value["facts"]), bytes.fromhex(value["salt"])
    if len(salt) != 16 or salt.hex() != value["salt"]:
        raise ValueError("盐值不是 16 字节")
    if sha256(salt + canon(value["facts"])).hexdigest() != record["facts_hash"]:
        raise ValueError("事实与其哈希值不符")
    if eligible(found.commit.conditions, facts) != record["eligible"]:
        raise ValueError("合格与否与事实不符")
    derived = {code.value for code in derived_exclusions(*found.commit.avoid.sets(), facts)}
    stated = set(record["excluded"]) - _ASSERTED - {Exclusion.PICKED_BEFORE.value}
    if derived != stated:
        raise ValueError("回避与否与事实不符")
    found.opened += 1
    found.units[record["id"]] = frozenset(facts.units)


def _count(record: Mapping[str, Any], found: Pool) -> None:
    found.size += 1
    found.last = record["id"]
    found.leaves.append(merkle.leaf_hash(canon(record)))
    found.excluded.update(record["excluded"])
    if record["excluded"]:
        return
    for name, tier in record["eligible"].items():
        found.eligible[name][tier] += 1
        found.standing[name].append((record["id"], tier))


def _check_commit(draw: int, found: Pool) -> None:
    commit = found.commit
    if found.size != commit.pool_size:
        raise BadPool(f"第 {draw} 次抽取的专家池应有 {commit.pool_size} 人，pool.jsonl 有 {found.size} 人")
    if merkle.root(found.leaves).hex() != commit.pool_root:
        raise BadPool(f"第 {draw} 次抽取的专家池与承诺的根（pool_root）不符")
    if (found.eligible, dict(found.excluded)) != (commit.counts.eligible, commit.counts.excluded):
        raise BadPool(f"第 {draw} 次抽取的合格或排除人数与承诺不符")
    found.leaves.clear()


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)
