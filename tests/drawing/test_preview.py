"""预览: the index says what eligibility says; a preview tells a band by keyed edges; looks are recorded and limited."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.blocking import transaction
from db.pool import Database
from db.vault import Vault
from drawing.activities import AvoidedPerson, AvoidedUnit
from drawing.bands import Band, band, enough_to_count, normal_form, offset_of, rung, scale_of, terms
from drawing.eligibility import Condition, Facts, Mode, tier
from drawing.preview import Looker, LooksUsedUp, Preview, look_numbers, looks, preview
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference
from drawing.rules import Rules
from tests.postgres import TestDatabase
from tests.scenes import add_experts, condition, make_activity, plan

RULES = "gd-2"


RULE = Rules.load(RULES).preview
CLERK = Looker("张经办（handler-a1）", "handler-a1", "91440000MA0000001X")


@given(st.integers(0, 50_000), st.integers(1, 500), st.floats(0, 1), st.floats(1, RULE.scale))
def test_what_is_shown_is_never_more_than_there_are(count: int, seats: int, offset: float, scale: float) -> None:
    shown = rung(count, RULE, scale, offset)
    assert shown <= count
    assert rung(count + 1, RULE, scale, offset) >= shown
    assert shown == 0 or count >= RULE.minimum
    if seats > count:
        assert band(shown, seats, RULE.bands) is Band.SHORT


@given(st.integers(0, 50_000), st.integers(1, 500), st.floats(0, 1), st.floats(1, RULE.scale))
def test_counting_further_than_needed_changes_no_band(count: int, seats: int, offset: float, scale: float) -> None:
    counted = min(count, enough_to_count(seats, RULE, scale))
    bands = [band(rung(each, RULE, scale, offset), seats, RULE.bands) for each in (counted, count)]
    assert bands[0] is bands[1]


@given(st.integers(0, 2**64 - 1))
def test_offsets_are_between_the_edges(secret: int) -> None:
    assert 0 <= offset_of(secret.to_bytes(8)) <= 1
    assert 1 <= scale_of(secret.to_bytes(8), RULE) <= RULE.scale


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
    values = {"rules": RULES, **changes}
    number = await make_activity(db, vault, plan([replace(wanted, seats=1)], **values))
    return await preview(db, vault, number, wanted, CLERK)


def least(vault: Vault, wanted: Condition, count: int) -> int:
    """What so many are shown as, by this vault's key."""
    scale, offset = vault.keyed_hash("preview", "scale"), vault.keyed_hash("preview", f"offset {normal_form(wanted)}")
    return rung(count, RULE, scale_of(scale, RULE), offset_of(offset))


@pytest.mark.postgres
@pytest.mark.parametrize("count", [39, 40, 100, 361, 1500])
async def test_bands_are_those_of_what_is_shown(db: Database, database: TestDatabase, vault: Vault, count: int) -> None:
    add_experts(database.dsn, vault, [f"160000{n:05d}" for n in range(count)])
    for seats in (1, 3, 14, 41, 400):
        wanted = condition(seats=seats)
        seen = await looked(db, vault, wanted)
        assert seen.band is band(least(vault, wanted, count), seats, RULE.bands)
        assert seen.consent == (seen.band in (Band.SHORT, Band.FEW))
        assert str(count) not in f"{seen.words}{seen.advice}"


@pytest.mark.postgres
async def test_a_demonstration_shows_bands_of_few(db: Database, database: TestDatabase, vault: Vault) -> None:
    add_experts(database.dsn, vault, [f"1600000{n:04d}" for n in range(40)])
    shown = [(await looked(db, vault, condition(seats=seats), rules="demo-2")).band for seats in (1, 2, 3, 41)]
    assert shown[0] is Band.PLENTY
    assert shown[-1] is Band.SHORT
    assert shown == sorted(shown, key=list(Band).index, reverse=True)


@pytest.mark.postgres
async def test_who_is_suspended_is_not_counted(db: Database, database: TestDatabase, vault: Vault) -> None:
    add_experts(database.dsn, vault, [f"160000{n:05d}" for n in range(400)])
    assert (await looked(db, vault, condition(seats=1))).band is Band.PLENTY
    with transaction(database.dsn) as tx:
        tx.run("UPDATE expert SET suspended = true WHERE id > 39")
    assert (await looked(db, vault, condition(seats=1))).band is Band.SHORT


@pytest.mark.postgres
async def test_nothing_that_a_clerk_enters_besides_changes_anything(
    db: Database, database: TestDatabase, vault: Vault
) -> None:
    """回避人员, 回避单位, 原参评专家, 集合时间, 评标时间, the activity itself."""
    add_experts(database.dsn, vault, [f"160000{n:05d}" for n in range(200)])
    before = [(await looked(db, vault, condition(seats=seats))).band for seats in (3, 13, 40)]
    changes: dict[str, Any] = {
        "persons": [AvoidedPerson(f"专家{n}") for n in range(150)],
        "units": [AvoidedUnit(f"单位{n}") for n in range(50, 200)],
        "opens_in": timedelta(days=9),
    }
    number = await make_activity(db, vault, plan([condition()], rules=RULES, **changes))
    earlier = await make_activity(db, vault, plan([condition()]))
    with transaction(database.owner_dsn) as tx:
        tx.run("INSERT INTO activity_before VALUES (%(a)s, %(b)s)", {"a": number, "b": earlier})
        tx.run(
            """INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)
               SELECT %(b)s, 1, 'c1', id, id, 'p' || id, '{}', id, to_char(id, 'FM000000'), 'accepted', now() FROM expert""",
            {"b": earlier},
        )
        tx.run(
            "INSERT INTO appointment (pick, expert, activity, during)"
            " SELECT p.id, p.expert, p.activity, tstzrange(now(), a.evaluation_end)"
            " FROM pick p JOIN activity a ON a.id = p.activity"
        )
    after = [(await preview(db, vault, number, condition(seats=seats), CLERK)).band for seats in (3, 13, 40)]
    assert after == before


@pytest.mark.postgres
async def test_it_says_what_can_be_eased_by_the_condition_alone(
    db: Database, database: TestDatabase, vault: Vault
) -> None:
    add_experts(database.dsn, vault, [f"1600000{n:04d}" for n in range(12)])
    seen = await looked(db, vault, condition(seats=1, qualifications=("注册测绘师",)))
    assert (seen.band, seen.advice) == (Band.SHORT, "可放宽的要求：专业、执业资格；也可增加备选专业")
    seen = await looked(db, vault, condition(seats=1, regions=("440100",), backup=("B",)))
    assert seen.advice == "可放宽的要求：抽取地区、专业"


@pytest.mark.postgres
async def test_a_broad_condition_in_a_larger_pool(db: Database, database: TestDatabase, vault: Vault) -> None:
    add_experts(database.dsn, vault, [f"160000{n:05d}" for n in range(5000)])
    assert (await looked(db, vault, condition(seats=11))).band is Band.PLENTY
    assert (await looked(db, vault, condition(seats=5001))).band is Band.SHORT


@pytest.mark.postgres
async def test_every_look_is_recorded_for_good(db: Database, database: TestDatabase, vault: Vault) -> None:
    add_experts(database.dsn, vault, ["16000000000"])
    await looked(db, vault, condition())
    (row,) = await db.all("SELECT actor, person, company, band, condition::text AS condition FROM preview")
    assert (row.actor, row.person, row.company, row.band) == (CLERK.actor, CLERK.person, CLERK.company, "short")
    assert '"A08"' in row.condition
    with pytest.raises(Exception, match=r"append-only|permission"), transaction(database.dsn) as tx:
        tx.run("DELETE FROM preview")


@pytest.mark.postgres
async def test_a_reviewers_looks_count_in_no_limit(db: Database, vault: Vault) -> None:
    number = await make_activity(db, vault, plan([condition()], rules=RULES))
    for _ in range(RULE.company_hour + 1):
        await preview(db, vault, number, condition(), Looker("赵审核（reviewer-1）"))
    for _ in range(RULE.person_hour):
        await preview(db, vault, number, condition(), CLERK)
    with pytest.raises(LooksUsedUp) as error:
        await preview(db, vault, number, condition(), CLERK)
    first = await db.value("SELECT min(at) FROM preview WHERE person IS NOT NULL")
    assert error.value.until == first + timedelta(hours=1)
    assert [row.band for row in await looks(db, number)] == [None] + ["short"] * RULE.person_hour


@pytest.mark.postgres
async def test_the_reviewer_is_told_how_often_the_clerk_looked_here_and_elsewhere(db: Database, vault: Vault) -> None:
    here, there, given_up = [await make_activity(db, vault, plan([condition()], lots=())) for _ in range(3)]
    await db.run(
        "INSERT INTO activity_owner VALUES (%(a)s, %(c)s, '单位', %(h)s, '张经办')",
        {"a": here, "c": CLERK.company, "h": CLERK.person},
    )
    for number, times in ((here, 3), (there, 2), (given_up, 1)):
        for _ in range(times):
            await preview(db, vault, number, condition(), CLERK)
    numbers = await look_numbers(db, here)
    assert (numbers.shown, numbers.refused, numbers.elsewhere, numbers.activities) == (3, 0, 3, 2)
    assert await look_numbers(db, there) is None
