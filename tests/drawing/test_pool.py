"""The bulk path writes what the plain path says, byte by byte."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.contexts import EXPERT_ID_CARD, EXPERT_NAME
from db.vault import Vault
from drawing import blocks, bulk, lots, merkle, pool
from drawing.eligibility import Avoid, Condition, Mode
from drawing.identities import SealedIdentities, Unopened
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
        unit=st.sampled_from(["甲", 'a"\\\u0001é,"record":', "丙 公司"]),
        name_enc=st.sampled_from(["张三", '"', "阿卜杜拉·买买提"]).map(str.encode),
        id_card_enc=st.sampled_from([b"11010519491231002X", b""]),
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


def opened(numbers: Sequence[int], names: Sequence[bytes], id_cards: Sequence[bytes]) -> tuple[list[str], list[str]]:
    """Here nothing is sealed."""
    assert len(numbers) == len(names)
    return [bytes(name).decode() for name in names], [bytes(id_card).decode() for id_card in id_cards]


def plain_order(members: list[pool.Member], numbers: dict[str, int], condition: str) -> list[blocks.Entry]:
    units = {str(each.record["id"]): each.facts.units for each in members}
    standing = pool.standing([each.record for each in members], condition)
    return [
        blocks.Entry(numbers[lot.expert], lot.expert, lot.tier, units[lot.expert])
        for lot in lots.order(b"s" * 32, condition, standing)
    ]


def compare(
    people: list[pool.Expert], executor: ProcessPoolExecutor | None, identities: pool.Identities | None = opened
) -> None:
    numbers = {pool.pool_id(KEYS.activity, each.number): each.number for each in people}
    picked = frozenset(list(numbers)[:3])
    found = bulk.snapshot(people, bulk.Setting(KEYS, conditions, AVOID, 2, picked, identities), executor)
    members = pool.members(people, KEYS, conditions, AVOID, picked, identities)
    records = [each.record for each in members]
    assert [line for block in found.pool_blocks for line in blocks.pool_lines(block)] == [
        each.line(2) for each in members
    ]
    assert (found.size, found.pool_root) == (len(people), pool.root(records))
    compare_blocks(found, members)
    assert found.counts == pool.count(conditions, records)
    for condition in conditions:
        ordered = bulk.order(b"s" * 32, condition.id, found.standing[condition.id], executor)
        entries = plain_order(members, numbers, condition.id)
        assert ordered == [
            blocks.pack_block(entries[at : at + blocks.BLOCK]) for at in range(0, len(entries), blocks.BLOCK)
        ]


def compare_blocks(found: bulk.Snapshot, members: list[pool.Member]) -> None:
    """Roots, first ids, and the names in their own blocks."""
    ids = [str(each.record["id"]) for each in members]
    assert [block.first for block in found.blocks] == ids[:: blocks.BLOCK]
    assert [block.root for block in found.blocks] == [blocks.block_root(blocks.pool_lines(b.data)) for b in found.blocks]
    assert merkle.root([block.root for block in found.blocks]).hex() == found.pool_root
    named = [each for each in members if each.who is not None]
    assert [names.first for names in found.names] == [str(each.record["id"]) for each in named][:: blocks.NAMES]
    lines = [blocks.pool_lines(names.data) for names in found.names]
    assert [line for some in lines for line in some] == [each.name_line() for each in named]
    assert all(len(some) <= blocks.NAMES for some in lines)
    for each in named[:9]:
        identity, id_no = pool.bound(KEYS.pool, each.record["id"], opened_line(lines, each.record["id"]))
        assert (each.facts.identity, each.facts.id_no) == (identity, id_no)


def opened_line(lines: list[list[bytes]], expert: str) -> pool.Identity:
    (found,) = [line for line in (blocks.line_of(some, expert) for some in lines) if line is not None]
    assert found["id"] == expert
    return pool.Identity(found["name"], found["unit"], found["id_no"])


@settings(deadline=None)
@given(rows)
def test_bulk_equals_plain(people: list[pool.Expert]) -> None:
    compare(people, None)
    compare(people, None, None)


@pytest.mark.parametrize("chunk", [blocks.BLOCK, pytest.param(bulk.CHUNK, marks=pytest.mark.slow)])
def test_bulk_equals_plain_over_many_blocks_in_processes(
    executor: ProcessPoolExecutor, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """`chunk`: rows per task, which only this process knows; small ones are more tasks than are in flight at once."""
    monkeypatch.setattr(bulk, "CHUNK", chunk)
    people = experts(chunk + 3 * blocks.BLOCK + 5)
    named = [each._replace(unit="甲", name_enc=b"n%d" % n, id_card_enc=b"%d" % n) for n, each in enumerate(people)]
    compare(named, executor)


@given(st.integers(0, 5 * blocks.BLOCK), st.integers(0, 2**32))
def test_the_roots_of_blocks_give_the_pools_root(size: int, seed: int) -> None:
    leaves = [merkle.leaf_hash(b"%d %d" % (seed, n)) for n in range(size)]
    roots = [merkle.root(leaves[at : at + blocks.BLOCK]) for at in range(0, size, blocks.BLOCK)]
    assert merkle.root(roots) == merkle.root(leaves)


def test_a_name_binds_to_its_own_expert_and_draw() -> None:
    who = pool.Identity("张三", "甲", "11010519491231002X")
    here = pool.bound(b"p" * 32, "00", who)
    assert here != pool.bound(b"q" * 32, "00", who)
    assert here != pool.bound(b"p" * 32, "01", who)
    assert len({here, *(pool.bound(b"p" * 32, "00", other) for other in (
        pool.Identity("张四", "甲", who.id_no), pool.Identity("张三", "乙", who.id_no), pool.Identity("张三", "甲", ""),
    ))}) == 4  # fmt: skip
    assert "张三" not in repr(who)


def test_who_can_not_be_opened_is_told_from_a_process(executor: ProcessPoolExecutor, tmp_path: Path) -> None:
    vault = Vault.create(tmp_path / "master.key")
    sealed = [
        each._replace(unit="甲", name_enc=vault.encrypt("张".encode(), EXPERT_NAME.at(each.number)),
                      id_card_enc=vault.encrypt(b"1", EXPERT_ID_CARD.at(each.number)))
        for each in experts(3)
    ]
    setting = bulk.Setting(KEYS, conditions, AVOID, 1, identities=SealedIdentities(tmp_path / "master.key"))
    (names,) = bulk.snapshot(sealed, setting, executor).names
    assert blocks.pool_lines(names.data)[0].endswith('"name":"张","unit":"甲"}'.encode())
    sealed[1] = sealed[1]._replace(id_card_enc=sealed[1].name_enc)
    with pytest.raises(Unopened, match="of expert 2 does not open"):
        bulk.snapshot(sealed, setting, executor)


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
