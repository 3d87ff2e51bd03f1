"""Checks pool.jsonl: every record, its facts where they are shown, the root, size and numbers."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

from drawing import merkle
from drawing.bodies import check_object, count, distinct, hex_hash, one_of, ordinal, table, text
from drawing.canonical import canon_again, read_canonical
from drawing.commit import Commit
from drawing.eligibility import ASSERTED, Exclusion, Facts, derived_exclusions, eligible
from drawing.evidence_files import POOL, BadFile, Unreadable
from drawing.standing import Order, Room, Standing, TooMuch

ROOM = 600 << 20
"""The most bytes that the orders of all draws may take: about six million experts in orders."""
_ASSERTED = {code.value for code in ASSERTED}
_RECORD = {
    "id": text,
    "facts_hash": hex_hash,
    "eligible": table(lambda tier: count(tier) and tier <= 1),
    "excluded": distinct(one_of(*(code.value for code in Exclusion))),
}
_LISTS = ("willing", "specialties", "qualifications", "authorities", "units")


class Pool:
    """The pool of one draw while it is read: what its commit must say, and what the picks need of it."""

    def __init__(
        self, commit: Commit, picked: Collection[str], unsealed: bool, seed: bytes | None, wanted: Collection[str]
    ) -> None:
        """`picked`: in earlier draws, and not reopened since; `unsealed`: facts may be shown; `seed`: None where it is
        not open yet; `wanted`: whose bound identity is to be kept."""
        self.commit, self.picked, self.unsealed, self.wanted = commit, picked, unsealed, wanted
        self.size = 0
        self.opened = 0  # records with facts
        self.identities: dict[str, str] = {}
        self.orders: dict[str, Order] | None = None
        self._names = [condition.id for condition in commit.conditions]
        self._seed = seed
        self._standing: Standing | None = None
        self._last = ""
        self._tree = merkle.Growing()
        self._eligible = {name: [0, 0] for name in self._names}
        self._excluded = Counter[str]()
        self._avoided = commit.avoid.sets()

    @property
    def whole(self) -> bool:
        """Whether all facts are shown."""
        return self.opened == self.size

    def keep_within(self, room: Room) -> None:
        """How much its orders may take."""
        if self._seed is not None:
            self._standing = Standing(self._seed, self._names, room)

    def take(self, value: Mapping[str, Any]) -> None:
        """The next line; raises ValueError, TooMuch."""
        record = value["record"]
        check_object(_RECORD, record, "record")
        if record["id"] <= self._last:
            raise ValueError("未按编号升序，或有重复")
        if record["excluded"] != sorted(record["excluded"]):
            raise ValueError("排除原因未按序排列")
        if not set(record["eligible"]) <= set(self._eligible):
            raise ValueError("合格条件不在承诺的条件之列")
        again = Exclusion.PICKED_BEFORE.value in record["excluded"]
        if again != (record["id"] in self.picked):
            raise ValueError("“此前已抽取”的标注与记录链不符")
        units = self._check_facts(value) if "facts" in value else ()
        self._count(record, units)

    def _check_facts(self, value: Mapping[str, Any]) -> Sequence[str]:
        """The units, of facts that are the record's."""
        if not self.unsealed:
            raise ValueError("本次抽取尚未解密，不应出现专家事实")
        record, facts, salt = value["record"], Facts.from_json(value["facts"]), bytes.fromhex(value["salt"])
        if len(salt) != 16 or salt.hex() != value["salt"]:
            raise ValueError("盐值不是 16 字节")
        if sha256(salt + canon_again(value["facts"])).hexdigest() != record["facts_hash"]:
            raise ValueError("事实与其哈希值不符")
        if any(after <= before for name in _LISTS for before, after in pairwise(value["facts"][name])):
            raise ValueError("事实中的列表未按序排列，或有重复")
        hashes = [*facts.units, facts.person]
        if self.commit.facts is not None:
            hashes += [facts.identity or "", facts.id_no or ""]
        elif facts.identity is not None or facts.id_no is not None:
            raise ValueError("旧形式的承诺不应有 identity 和 id_no")
        if not all(map(hex_hash, hashes)):
            raise ValueError("事实中的单位、人员、identity 或 id_no 缺失，或不是哈希值")
        if eligible(self.commit.conditions, facts) != record["eligible"]:
            raise ValueError("合格与否与事实不符")
        derived = {code.value for code in derived_exclusions(*self._avoided, facts)}
        if derived != set(record["excluded"]) - _ASSERTED - {Exclusion.PICKED_BEFORE.value}:
            raise ValueError("回避与否与事实不符")
        self.opened += 1
        if facts.identity is not None and record["id"] in self.wanted:
            self.identities[record["id"]] = facts.identity
        return facts.units

    def _count(self, record: Mapping[str, Any], units: Sequence[str]) -> None:
        self.size += 1
        self._last = record["id"]
        self._tree.add(merkle.leaf_hash(canon_again(record)))
        self._excluded.update(record["excluded"])
        if record["excluded"]:
            return
        for name, tier in record["eligible"].items():
            self._eligible[name][tier] += 1
        if self._standing is not None and record["eligible"]:
            self._standing.add(record["id"], record["eligible"], units)

    def end(self) -> None:
        """After its last line: it is as a whole what the commit says. Raises BadFile."""
        commit, draw = self.commit, self.commit.draw
        if self.size != commit.pool_size:
            raise BadFile(f"第 {draw} 次抽取的专家池应有 {commit.pool_size} 人，{POOL} 有 {self.size} 人")
        if self._tree.root().hex() != commit.pool_root:
            raise BadFile(f"第 {draw} 次抽取的专家池与承诺的根（pool_root）不符")
        if (self._eligible, dict(self._excluded)) != (commit.counts.eligible, commit.counts.excluded):
            raise BadFile(f"第 {draw} 次抽取的合格或排除人数与承诺不符")
        if self._standing is not None:
            self.orders, self._standing = self._standing.orders(), None


def check_pools(lines: Iterable[bytes], pools: Sequence[Pool]) -> None:
    """Read all lines into the pools of their draws, in turn, and check these. Raises BadFile (naming the line), Unreadable."""
    room, waiting = Room(ROOM), list(pools)
    for pool in waiting:
        pool.keep_within(room)
    for number, line in enumerate(lines, start=1):
        try:
            value = _read(line)
            while waiting and value["draw"] > waiting[0].commit.draw:
                waiting.pop(0).end()
            if not waiting or value["draw"] != waiting[0].commit.draw:
                raise ValueError(f"抽取次序 {value['draw']} 不对")
            waiting[0].take(value)
        except TooMuch as error:
            raise Unreadable("专家池过大，超出核验程序的内存限额") from error
        except BadFile:
            raise
        except ValueError as error:
            raise BadFile(f"{POOL} 第 {number} 行：{error}") from error
    for pool in waiting:
        pool.end()


def _read(line: bytes) -> Mapping[str, Any]:
    value: Mapping[str, Any] = read_canonical(line)
    shape = {"draw": ordinal, "record": _is_object}
    opened = isinstance(value, dict) and "facts" in value
    check_object(shape | ({"facts": _is_object, "salt": text} if opened else {}), value, "pool")
    return value


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)
