"""The test vector of expert-draw/1, every line of it: if one of these changes, it is another algorithm."""

from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest

from drawing import lots, merkle, pool
from drawing.commit import Commit
from drawing.eligibility import Avoid, Condition, Facts, Mode, eligible
from drawing.transcript import EntryType, append

SHARE = {"by": "supervisor-1", "value": "48291306"}
SYSTEM_SHARE = sha256(b"system").digest()
CONDITIONS = (
    Condition("c1", Mode.RESIDENCE, ("440000",), ("A08",), ("A01",), (), (), (), 2),
    Condition("c2", Mode.WILLING, ("440300",), ("A", "B"), (), (), (), (), 1),
)


def facts(i: int) -> Facts:
    return Facts(
        residence="440106" if i <= 6 else "440305",
        willing=("440100",) if i <= 6 else ("440300",),
        specialties=("A0801",) if i % 2 else ("A0101",) if i % 3 == 0 else ("B01",),
        title="高级",
        qualifications=(),
        authorities=(),
        units=(sha256(f"unit {i % 4}".encode()).hexdigest(),),
        person=sha256(f"person {i}".encode()).hexdigest(),
    )


def record(i: int) -> dict[str, Any]:
    salt = sha256(f"public salt {i}".encode()).digest()[:16]
    return {
        "id": f"E{i:04d}",
        "facts_hash": pool.facts_hash(salt, facts(i)),
        "eligible": eligible(CONDITIONS, facts(i)),
        "excluded": ["suspended"] if i == 9 else [],
    }


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [record(i) for i in range(1, 13)]


@pytest.fixture(scope="module")
def commit_hash(records: list[dict[str, Any]]) -> str:
    body = Commit(
        activity="CQSQ202611230001",
        avoid=Avoid(),
        conditions=CONDITIONS,
        draw=1,
        counts=pool.count(CONDITIONS, records),
        lots=("440100-2026-0001-1",),
        pool_root=pool.root(records),
        pool_size=len(records),
        previous=(None,),
        rules="demo-1",
        system_share_hash=sha256(SYSTEM_SHARE).hexdigest(),
        witnesses=("supervisor-1",),
    )
    assert Commit.from_json(body.to_json()) == body
    at = datetime.fromisoformat("2026-11-23T09:00:00.000+08:00")
    return append(None, at, EntryType.COMMIT, body.to_json(), lambda digest: b"").hash


def test_facts_hash(records: list[dict[str, Any]]) -> None:
    assert records[0]["facts_hash"] == "2aebf3f9b39a984e8c57e16662b3463dbfc4440871a9e33d1eebb7ae5f1cbce0"


def test_first_leaf(records: list[dict[str, Any]]) -> None:
    assert pool.leaf(records[0]).hex() == "536c5b36c3e4804391e56c9b053347eb1a0de9c4a5b968c4d8d8f16cd2444582"


def test_pool_root(records: list[dict[str, Any]]) -> None:
    expected = "48cc0f3a5cfb417d6545874d91c1eaec12aa8eaba38fcc86706be97c2be136ed"
    assert pool.root(records) == expected
    assert merkle.root([pool.leaf(each) for each in records]).hex() == expected


def test_system_share_hash() -> None:
    expected = "6af73a3c94de555142841e73fe14d206614d5aeeb8d709b8e6a493847fec8dc8"
    assert sha256(SYSTEM_SHARE).hexdigest() == expected


def test_counts(records: list[dict[str, Any]]) -> None:
    assert pool.count(CONDITIONS, records) == pool.Counts({"c1": [5, 2], "c2": [5, 0]}, {"suspended": 1})


def test_commit_and_fingerprint(commit_hash: str) -> None:
    assert commit_hash == "0c1aab2d6edee7c3e8efc6523c50fb653a246c80f49f8e59e9cbbbe05a7d7ae1"
    assert lots.fingerprint(commit_hash) == "4830 8909 6701 3139 9393"


def test_seed_ticket_and_orders(commit_hash: str, records: list[dict[str, Any]]) -> None:
    seed = lots.seed(commit_hash, SYSTEM_SHARE, SHARE)
    assert seed.hex() == "2ea683f70845257aae795b01bccc49215e23664d37ae2c6ce592d94527b84f14"
    expected = "b80b84a09a0829dc100673ad6df53f495f1795176956dd8e160476232cfb73a8"
    assert lots.ticket(seed, "c1", "E0001").hex() == expected
    orders = [
        [lot.expert for lot in lots.order(seed, condition.id, pool.standing(records, condition.id))]
        for condition in CONDITIONS
    ]
    assert orders == [
        ["E0011", "E0005", "E0007", "E0003", "E0001", "E0006", "E0012"],
        ["E0010", "E0007", "E0008", "E0012", "E0011"],
    ]


def test_without_a_witness_the_seed_is_another(commit_hash: str) -> None:
    assert lots.seed(commit_hash, SYSTEM_SHARE, None) != lots.seed(commit_hash, SYSTEM_SHARE, SHARE)
