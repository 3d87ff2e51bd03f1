"""预览 as an oracle: 1,000 adaptive previews tell neither how many there are (within 25 %) nor whether somebody is in the pool.

Each attack is played against the preview as it was, where it succeeds, and against the service. As one key could be a lucky
one, it is also played against a model of the service under many keys; a test says that the model answers as the service does.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from db.blocking import Value, transaction
from db.pool import Database
from db.vault import Vault
from drawing.activities import AvoidedPerson, AvoidedUnit
from drawing.bands import Band
from drawing.eligibility import Condition
from drawing.preview import Looker, preview
from drawing.preview_rules import PreviewRule
from drawing.rules import Rules
from tests.attack.preview_attacker import (
    BUDGET,
    CITY,
    COMMON,
    CONDITION,
    DISTRICTS,
    HIS,
    NOBODY,
    Attacker,
    BySet,
    Exact,
    Model,
    Pool,
    made,
    told_apart,
)
from tests.postgres import TestDatabase
from tests.scenes import condition, make_activity, plan

RULE = Rules.load("gd-2").preview
SIZES = (70, 150, 400)
KEYS = 60
WRONG_BY = 0.25
OFTEN = 0.6
"""What averages out leaves the scale, each factor from 1 to 3 as likely: the best guess is within 25 % in 46 of 100."""


def against(key: int, least: int, most: int, rule: PreviewRule = RULE) -> tuple[Attacker, int]:
    """An attacker of the service under a key of its own, with a pool of any size between these (each factor as likely)."""
    choose = random.Random(key)
    size = round(least * (most / least) ** choose.random())
    return Attacker(model(made(size, choose, with_him=False), key, rule=rule), rule, choose), size


def model(pool: Pool, key: int, kind: type[Model] = Model, rule: PreviewRule = RULE) -> Model:
    """The service under a key of its own."""
    return kind(pool, rule, Vault(random.Random(key).randbytes(32)).keyed_hash)


def right(guess: float, truth: int) -> bool:
    """Within 25 %."""
    return abs(guess - truth) <= WRONG_BY * truth


# --- the attacks succeed on the preview as it was ----------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_before_fourteen_previews_gave_the_exact_number(size: int) -> None:
    pool = made(size, random.Random(1), with_him=True)
    attacker = Attacker(Exact(pool), RULE, random.Random(2))
    assert await attacker.by_seats(CONDITION) == size
    assert BUDGET - attacker.looks <= 14


async def test_before_one_more_avoided_person_told_who_is_in_the_pool() -> None:
    pool = made(150, random.Random(1), with_him=True)
    attacker = Attacker(Exact(pool), RULE, random.Random(2))
    asked = replace(CONDITION, main=(*COMMON, HIS))
    assert await attacker.is_in_by_avoiding(asked, len(pool.people) - 1)
    assert not await attacker.is_in_by_avoiding(CONDITION, len(pool.people) - 1)
    assert BUDGET - attacker.looks <= 56


async def test_before_two_sets_that_differ_by_him_told_it_too() -> None:
    for there in (True, False):
        pool = made(150, random.Random(1), with_him=there)
        attacker = Attacker(Exact(pool), RULE, random.Random(2))
        with_him = await attacker.by_seats(replace(CONDITION, main=(*COMMON, HIS)))
        assert (with_him != await attacker.by_seats(CONDITION)) is there


# --- not on the preview as it is, under any key ------------------------------------------------------------------


async def test_the_number_is_not_determined_by_all_the_seats_there_are() -> None:
    """The ladder is all that seats give."""
    hits = 0
    for key in range(KEYS):
        attacker, size = against(key, 50, 1000)
        shown = await attacker.by_seats(CONDITION)
        assert shown in (0, *(RULE.minimum * RULE.step**n for n in range(5)))
        assert shown <= size, "never more than there are"
        hits += right((shown or RULE.minimum / RULE.step) * RULE.step * RULE.scale**0.5, size)
    assert hits <= OFTEN * KEYS, hits


async def test_the_number_is_not_determined_by_many_sets_that_are_nearly_the_same() -> None:
    hits, spread = 0, []
    for key in range(KEYS):
        attacker, size = against(key, 100, 1000)
        guess = await attacker.by_many_sets(attacker.nearly(CONDITION, 200))
        hits += right(guess, size)
        spread.append(guess / size)
    assert hits <= OFTEN * KEYS, hits
    assert max(spread) / min(spread) > 2


async def test_without_the_scale_it_would_be() -> None:
    """Why the offsets alone are not enough: over 200 conditions they average out."""
    for key in range(20):
        attacker, size = against(key, 100, 1000, replace(RULE, scale=1))
        assert right(await attacker.by_many_sets(attacker.nearly(CONDITION, 200)), size)


async def test_the_number_is_not_determined_by_its_parts() -> None:
    hits = 0
    for key in range(KEYS):
        attacker, size = against(key, 1200, 5000)
        districts = [replace(CONDITION, regions=(each,)) for each in DISTRICTS]
        hits += right(await attacker.by_parts([attacker.nearly(each, 25) for each in districts]), size)
    assert hits <= OFTEN * KEYS, hits


async def told_right(kind: type[Model], keys: int) -> float:
    """How often the better of two tests is right about him, over pools in which he is or is not, with its best threshold."""
    found: dict[bool, list[tuple[float, int]]] = {True: [], False: []}
    for there, evidence in found.items():
        for key in range(keys):
            pool = made(300, random.Random(key), with_him=there)
            attacker = Attacker(model(pool, 1000 * there + key, kind), RULE, random.Random(key))
            evidence.append(await attacker.evidence_of_him())
            assert attacker.looks < 2
    return max(_best([each[n] for each in found[True]], [each[n] for each in found[False]]) for n in (0, 1)) / (2 * keys)


def _best(there: Sequence[float], away: Sequence[float]) -> int:
    return max(sum(each > t for each in there) + sum(each <= t for each in away) for t in (*there, *away))


async def test_nobody_is_found_by_pairs_of_conditions_that_differ_by_one() -> None:
    """About the edge where one person tells most, all previews spent on one person: hardly better than a coin."""
    assert await told_right(Model, 40) <= 0.75
    assert told_apart(RULE.step, 1.5 * RULE.minimum, BUDGET // 2) < 1


async def test_offsets_that_follow_from_who_fits_would_tell_it() -> None:
    """Why equivalent conditions do not show the same where only the pool says that they are: without him nothing ever differs."""
    assert await told_right(BySet, 8) == 1


async def test_nobody_is_found_by_a_narrow_condition() -> None:
    """Fewer than the minimum are one band, whether somebody is there or not."""
    for there in (True, False):
        look = model(made(RULE.minimum - 2, random.Random(1), with_him=there), 1)
        for main in ((HIS,), (*COMMON, HIS)):
            assert await look(replace(CONDITION, main=main)) is Band.SHORT


# --- the service, with 1,000 previews ----------------------------------------------------------------------------

COLUMNS = (
    "name_enc", "id_card_enc", "phone_enc", "id_card_hash", "phone_hash", "name_hash", "residence", "willing",
    "specialties", "title", "qualifications", "authorities", "unit",
)  # fmt: skip


def store(database: TestDatabase, vault: Vault, pool: Pool) -> None:
    """As experts 专家0, 专家1 …, three to a unit."""
    rows: list[tuple[Value, ...]] = []
    for n, each in enumerate(pool.people):
        filler, name = n.to_bytes(8, "big"), vault.keyed_hash("name", f"专家{n}")
        sealed = (filler * 5, filler * 6, filler * 5, filler * 4, filler * 4, name)
        rows.append((*sealed, each.district, [CITY], [each.specialty], "高级", [], [], f"单位{n // 3}"))
    with transaction(database.dsn) as tx:
        tx.copy("expert", COLUMNS, rows)


class Service:
    """Previews of the real one. Whoever has looked as often as the rules allow is followed by another clerk of another company;
    each set of avoided people has a draft of its own, and each time another notice."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self.db, self.vault, self.looks = db, vault, 0
        self.drafts: dict[frozenset[int], str] = {}

    async def __call__(self, condition: Condition, avoided: frozenset[int] = NOBODY) -> Band:
        name = f"clerk-{self.looks // RULE.person_hour}"
        self.looks += 1
        who = Looker(name, name, f"company of {name}")
        return (await preview(self.db, self.vault, await self.draft(avoided), condition, who)).band

    async def draft(self, avoided: frozenset[int]) -> str:
        """A draft that avoids these people, and their employers."""
        if avoided not in self.drafts:
            made = plan(
                [condition(seats=9999)],
                rules="gd-2",
                persons=[AvoidedPerson(f"专家{n}") for n in avoided],
                units=[AvoidedUnit(f"单位{n // 3}") for n in avoided],
                opens_in=timedelta(days=1 + len(self.drafts)),
            )
            self.drafts[avoided] = await make_activity(self.db, self.vault, made)
        return self.drafts[avoided]


@pytest.mark.postgres
async def test_a_thousand_previews_of_the_service(db: Database, database: TestDatabase) -> None:
    """All attacks at once, and each answer is the model's, so that what holds for it holds here."""
    pool = made(150, random.Random(1), with_him=True)
    him = len(pool.people) - 1
    vault = Vault(random.Random(5).randbytes(32))
    store(database, vault, pool)
    service, expected = Service(db, vault), Model(pool, RULE, vault.keyed_hash)
    attacker = Attacker(service, RULE, random.Random(9))

    with_him = replace(CONDITION, main=(*COMMON, HIS))
    assert not await attacker.is_in_by_avoiding(with_him, him)
    assert not right(await attacker.by_seats(CONDITION), 150)
    for everybody in (frozenset(range(60)), frozenset(range(150))):  # and as many units
        assert await attacker.by_seats(CONDITION, everybody) == await attacker.by_seats(CONDITION)
    near = await attacker.by_many_sets(attacker.nearly(CONDITION, 60))
    parts = await attacker.by_parts([[replace(CONDITION, regions=(each,))] for each in DISTRICTS])
    more, _ = await attacker.evidence_of_him()
    assert BUDGET - 1 <= service.looks <= BUDGET
    assert await db.value("SELECT count(*) FROM preview") == service.looks
    assert not right(near, 150)  # whose scale, under this key, is not the median
    assert not right(parts, 150)
    assert abs(more) < 2
    for (asked, _), shown in attacker.seen.items():
        assert shown is await expected(asked), asked


@pytest.mark.postgres
async def test_the_same_in_other_words_shows_the_same(db: Database, database: TestDatabase) -> None:
    """However it is ordered, said twice, split, or covered by what stands beside it."""
    pool, vault = made(200, random.Random(4), with_him=False), Vault(random.Random(6).randbytes(32))
    store(database, vault, pool)
    service, asked = Service(db, vault), replace(CONDITION, main=("A08", "B"), titles=("中级", "高级"))
    same = (
        asked,
        replace(asked, main=("B", "A08", *COMMON), titles=("高级", "中级")),
        replace(asked, main=("A08",), backup=("B", "B01")),
        replace(asked, regions=(*DISTRICTS, CITY)),
    )
    for seats in (3, 12, 15, 40, 41, 120, 121, 200):
        shown = {await service(replace(each, seats=seats)) for each in same}
        assert len(shown) == 1, seats
