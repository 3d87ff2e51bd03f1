"""The bulk path writes what the plain path says, byte by byte."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import blocks, bulk, lots, pool
from drawing.eligibility import Avoid, Condition, Mode
from tests.drawing.simulator import CONDITIONS, experts

KEYS = pool.Keys(b"a" * 32, b"p" * 32)
AVOID = Avoid((pool.person_hash(KEYS.activity, b"\x01"),), (pool.unit_hash(KEYS.activity, "乙（院）"), "00" * 32))


def some(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=4)


rows = st.lists(
    st.builds(
        pool.Expert,
        number=st.integers(0, 2**63 - 1),
        id_card_hash=st.sampled_from([b"\x01", b"\x02", b"\xff" * 32]),
        residence=st.sampled_from(["440106", "440305", "110101"]),
        willing=some("440100", "440300", "440000"),
        specialties=some("A0801", "A0101", "B01", "Z"),
        title=st.sampled_from(["高级", "", 'a"\\\u0001é']),
        qualifications=some("注册", "造价"),
        authorities=some("住建", "交通"),
        units=some("甲", "乙(院)", "乙（院） ", "丙 公司"),
        asserted=some("suspended", "appointment", "no_number"),
    ),
    max_size=40,
    unique_by=lambda expert: expert.number,
)
conditions = (
    *CONDITIONS,
    Condition("c3", Mode.WILLING, ("440000",), ("A",), ("B",), ("高级",), ("注册", "造价"), ("住建",), 1),
)


@pytest.fixture(scope="module")
def executor() -> Iterator[ProcessPoolExecutor]:
    with bulk.workers(2) as found:
        yield found


def plain_order(members: list[pool.Member], numbers: dict[str, int], condition: str) -> list[blocks.Entry]:
    units = {str(each.record["id"]): each.facts.units for each in members}
    standing = pool.standing([each.record for each in members], condition)
    return [
        blocks.Entry(numbers[lot.expert], lot.expert, lot.tier, units[lot.expert])
        for lot in lots.order(b"s" * 32, condition, standing)
    ]


def compare(people: list[pool.Expert], executor: ProcessPoolExecutor | None) -> None:
    numbers = {pool.pool_id(KEYS.activity, each.number): each.number for each in people}
    picked = frozenset(list(numbers)[:3])
    found = bulk.snapshot(people, bulk.Setting(KEYS, conditions, AVOID, 2, picked), executor)
    members = pool.members(people, KEYS, conditions, AVOID, picked)
    records = [each.record for each in members]
    assert [line for block in found.pool_blocks for line in blocks.pool_lines(block)] == [
        each.line(2) for each in members
    ]
    assert (found.size, found.pool_root) == (len(people), pool.root(records))
    assert found.counts == pool.count(conditions, records)
    for condition in conditions:
        ordered = bulk.order(b"s" * 32, condition.id, found.standing[condition.id], executor)
        entries = plain_order(members, numbers, condition.id)
        assert ordered == [
            blocks.pack_block(entries[at : at + blocks.BLOCK]) for at in range(0, len(entries), blocks.BLOCK)
        ]


@settings(deadline=None)
@given(rows)
def test_bulk_equals_plain(people: list[pool.Expert]) -> None:
    compare(people, None)


def test_bulk_equals_plain_over_many_blocks_in_processes(executor: ProcessPoolExecutor) -> None:
    compare(experts(bulk.CHUNK + 2 * blocks.BLOCK + 5), executor)


@given(rows, st.randoms())
@settings(deadline=None)
def test_the_order_of_rows_does_not_matter(people: list[pool.Expert], mix: object) -> None:
    setting = bulk.Setting(KEYS, conditions, AVOID, 1)
    shuffled = list(people)
    mix.shuffle(shuffled)  # type: ignore[attr-defined]
    assert bulk.snapshot(people, setting) == bulk.snapshot(shuffled, setting)


def test_an_expert_given_twice_is_refused() -> None:
    people = experts(5)
    with pytest.raises(ValueError, match="expert 2 is in the snapshot twice"):
        bulk.snapshot([*people, people[1]], bulk.Setting(KEYS, conditions, AVOID, 1))


def test_another_activity_knows_nobody_again() -> None:
    expert = experts(1)[0]
    mine, other = (pool.facts_of(key, expert) for key in (b"a" * 32, b"b" * 32))
    assert set(mine.units).isdisjoint(other.units)
    assert mine.person != other.person
    assert pool.pool_id(b"a" * 32, 1) != pool.pool_id(b"b" * 32, 1)


def test_an_avoided_unit_and_person_stand_in_no_order() -> None:
    person = experts(1)[0]._replace(id_card_hash=b"\x01", units=["乙(院)"], asserted=[])
    found = pool.member(KEYS, conditions, AVOID, (), person)
    assert found.record["excluded"] == ["avoided_person", "avoided_unit"]


def test_an_unknown_exclusion_is_refused() -> None:
    person = experts(1)[0]._replace(asserted=["dislike"])
    with pytest.raises(ValueError):
        pool.member(KEYS, conditions, AVOID, (), person)
    with pytest.raises(ValueError):
        bulk.snapshot([person], bulk.Setting(KEYS, conditions, AVOID, 1))


def test_the_public_line_shows_no_facts() -> None:
    member = pool.members(experts(1), KEYS, conditions, AVOID)[0]
    line = blocks.public_line(member.line(1))
    assert b'facts"' not in line
    assert b"salt" not in line
