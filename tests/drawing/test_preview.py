"""预览: the index says of everybody what eligibility says; a preview tells a band, no number; each look is recorded."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.blocking import transaction
from db.pool import Database
from db.vault import Vault
from drawing.activities import AvoidedPerson, AvoidedUnit
from drawing.bands import ASKED, Band, band, count_to, terms
from drawing.eligibility import Condition, Facts, Mode, tier
from drawing.preview import Preview, preview
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference
from tests.postgres import TestDatabase
from tests.scenes import add_experts, condition, make_activity, plan

RULES = "gd-1"


@given(st.integers(0, 5000), st.integers(1, 50))
def test_counting_further_than_needed_changes_no_band(count: int, seats: int) -> None:
    bands = (1, 3, 10)
    assert band(min(count, count_to(seats, bands)), seats, bands) is band(count, seats, bands)


def facts_at_random(choose: random.Random) -> Facts:
    data = reference()
    return Facts(
        residence=choose.choice(data.residences()),
        willing=tuple(choose.sample([*data.cities(), *data.residences()], choose.randrange(3))),
        specialties=tuple(choose.sample([code for code, each in data.specialties.items() if each.level], 3)),
        title=choose.choice(data.names(TITLES)),
        qualifications=tuple(choose.sample(data.names(QUALIFICATIONS), choose.randrange(3))),
        authorities=tuple(choose.sample(data.names(AUTHORITIES), choose.randrange(3))),
        units=(),
        person="",
    )


def condition_at_random(choose: random.Random) -> Condition:
    data = reference()
    some = {level: [code for code, each in data.specialties.items() if each.level == level] for level in range(4)}

    def few(values: tuple[str, ...]) -> tuple[str, ...]:
        return () if choose.random() < 0.6 else tuple(choose.sample(values, 3))

    return Condition(
        id="c1",
        mode=choose.choice(list(Mode)),
        regions=tuple(choose.sample(list(data.regions), choose.choice((1, 3, 30)))),
        main=tuple(choose.choice(some[choose.randrange(4)]) for _ in range(choose.choice((1, 8)))),
        backup=tuple(choose.choice(some[choose.randrange(3)]) for _ in range(choose.randrange(3))),
        titles=few(data.names(TITLES)),
        qualifications=few(data.names(QUALIFICATIONS)),
        authorities=few(data.names(AUTHORITIES)),
        seats=1,
    )


async def test_terms_say_what_eligibility_says(db: Database) -> None:
    choose, agreed = random.Random(7), 0
    people = [facts_at_random(choose) for _ in range(300)]
    sql = (
        "SELECT expert_terms(%(residence)s, %(willing)s::text[], %(specialties)s::text[], %(title)s,"
        " %(qualifications)s::text[], %(authorities)s::text[])"
    )
    names = [each.name for each in fields(Facts)][:6]
    lists = [{name: getattr(each, name) for name in names} for each in people]
    plain = [{key: list(value) if isinstance(value, tuple) else value for key, value in each.items()} for each in lists]
    found = [set(await db.value(sql, each)) for each in plain]
    for _ in range(300):
        wanted = condition_at_random(choose)
        asked = terms(wanted).values()
        for facts, has in zip(people, found, strict=True):
            by_index = all(not has.isdisjoint(each) for each in asked)
            assert by_index == (tier(wanted, facts) is not None), (wanted, facts)
            agreed += by_index
    assert agreed > 100, "conditions that nobody meets prove nothing"


async def looked(db: Database, vault: Vault, wanted: Condition, **changes: Any) -> Preview:
    made = plan([replace(wanted, seats=1)], rules=RULES, **changes)
    return await preview(db, await make_activity(db, vault, made), wanted, "张经办（handler-a1）")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("seats", "expected"), [(13, Band.SHORT), (12, Band.FEW), (5, Band.FEW), (4, Band.ENOUGH), (1, Band.PLENTY)]
)
async def test_bands_of_twelve_experts(
    db: Database, database: TestDatabase, vault: Vault, seats: int, expected: Band
) -> None:
    add_experts(database.dsn, vault, [f"1600000{n:04d}" for n in range(12)])
    seen = await looked(db, vault, condition(seats=seats))
    assert seen.band is expected
    assert seen.consent == (expected in (Band.SHORT, Band.FEW))
    assert "12" not in f"{seen.words}{seen.main_words}{''.join(seen.reasons)}"


@pytest.mark.postgres
async def test_what_is_not_eligible_is_not_counted(db: Database, database: TestDatabase, vault: Vault) -> None:
    units = ["甲公司", "乙公司", "（甲）公司", "丙", "丁", "戊"]
    add_experts(database.dsn, vault, [f"1600000{n:04d}" for n in range(6)], units=units)
    with transaction(database.dsn) as tx:
        tx.run("UPDATE expert SET suspended = true WHERE unit = '乙公司'")
        tx.run("""UPDATE expert SET former_units = '[["甲 公司", "2026-06-30"]]' WHERE unit = '丁'""")
        tx.run("""UPDATE expert SET former_units = '[["甲公司", "2019-06-30"]]' WHERE unit = '戊'""")
    avoid: dict[str, Any] = {
        "units": [AvoidedUnit("甲 公司"), AvoidedUnit("(甲)公司")],
        "persons": [AvoidedPerson("专家3")],
    }
    # left: 戊, who left 甲公司 too long ago
    assert (await looked(db, vault, condition(seats=1), **avoid)).band is Band.FEW
    seen = await looked(db, vault, condition(seats=2), **avoid)
    assert seen.band is Band.SHORT
    assert any("回避" in reason for reason in seen.reasons)


@pytest.mark.postgres
async def test_it_says_which_demand_makes_it_short(db: Database, database: TestDatabase, vault: Vault) -> None:
    add_experts(database.dsn, vault, [f"1600000{n:04d}" for n in range(12)])
    seen = await looked(db, vault, condition(seats=1, qualifications=("注册测绘师",)))
    assert seen.band is Band.SHORT
    assert [reason for reason in seen.reasons if ASKED["qualifications"] in reason]
    assert not [reason for reason in seen.reasons if ASKED["regions"] in reason]
    seen = await looked(db, vault, condition(seats=1, main=("B",), backup=("A08",)))
    assert (seen.main, seen.band) == (Band.SHORT, Band.PLENTY)


@pytest.mark.postgres
async def test_a_broad_condition_in_a_larger_pool(db: Database, database: TestDatabase, vault: Vault) -> None:
    add_experts(database.dsn, vault, [f"160000{n:05d}" for n in range(5000)])
    assert (await looked(db, vault, condition(seats=20))).band is Band.PLENTY
    assert (await looked(db, vault, condition(seats=501))).band is Band.ENOUGH


@pytest.mark.postgres
async def test_every_look_is_recorded_for_good(db: Database, database: TestDatabase, vault: Vault) -> None:
    add_experts(database.dsn, vault, ["16000000000"])
    await looked(db, vault, condition())
    (row,) = await db.all("SELECT actor, band, condition::text AS condition FROM preview")
    assert (row.actor, row.band) == ("张经办（handler-a1）", "few")
    assert '"A08"' in row.condition
    with pytest.raises(Exception, match=r"append-only|permission"), transaction(database.dsn) as tx:
        tx.run("DELETE FROM preview")


