"""预览 over a large pool: `python -m bench.preview [EXPERTS] [CONDITIONS]`, in a private PostgreSQL.

The experts are generated and stored with filler for what is sealed, because a preview opens nothing.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from time import perf_counter

from db.blocking import Value, transaction
from db.pool import Database
from db.queries import load
from db.vault import Vault
from drawing.activities import AvoidedUnit
from drawing.eligibility import Condition, Mode
from drawing.experts.generate import generate
from drawing.preview import Looker, preview
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference
from tests.postgres import TestDatabase, fresh_database, make_template, private_cluster
from tests.scenes import condition, make_activity, plan

Q = load("drawing.experts")
COLUMNS = (
    "name_enc", "id_card_enc", "phone_enc", "id_card_hash", "phone_hash", "name_hash", "residence", "willing",
    "specialties", "title", "qualifications", "authorities", "unit", "suspended",
)  # fmt: skip

WHO = Looker("bench", "bench", "bench")


def rows(count: int) -> Iterator[tuple[Value, ...]]:
    """Generated experts as rows of the table."""
    for n, row in enumerate(generate(count, random.Random(1), reference())):
        filler = n.to_bytes(8, "big")
        lists = [[each for each in cell.split(";") if each] for cell in (row[4], row[5], row[7], row[8])]
        willing, specialties, qualifications, authorities = lists
        sealed = (filler * 5, filler * 6, filler * 5, filler * 4, filler * 4, (n // 3).to_bytes(8, "big") * 4)
        work = (row[3], willing, specialties, row[6], qualifications, authorities, row[9], row[11] == "是")
        yield (*sealed, *work)


def at_random(choose: random.Random) -> Condition:
    """A condition as somebody may ask for it, often a narrow one."""
    data = reference()
    levels = [[code for code, each in data.specialties.items() if each.level == level] for level in range(4)]
    places = [["440000"], choose.sample(data.cities(), 3), choose.sample(data.residences(), 3)]

    def some(names: tuple[str, ...], often: float) -> tuple[str, ...]:
        return tuple(choose.sample(names, 2)) if choose.random() < often else ()

    return Condition(
        id="c1",
        mode=choose.choice(list(Mode)),
        regions=tuple(choose.choice(places)),
        main=tuple(choose.sample(choose.choice(levels), choose.randint(1, 3))),
        backup=tuple(choose.sample(levels[2], choose.choice((0, 0, 1, 3)))),
        titles=some(data.names(TITLES), 0.5),
        qualifications=some(data.names(QUALIFICATIONS), 0.3),
        authorities=some(data.names(AUTHORITIES), 0.3),
        seats=choose.randint(1, 20),
    )


async def measure(database: TestDatabase, looks: int) -> None:
    """Look, and print how long it took."""
    choose, times, bands = random.Random(2), [], Counter[str]()
    with transaction(database.dsn) as tx:
        units = [AvoidedUnit(row.unit) for row in tx.all("SELECT unit FROM expert LIMIT 3")]
    async with Database(database.dsn) as db:
        vault, made = Vault(os.urandom(32)), plan([condition()], units=units, rules="bench-3")
        activity = await make_activity(db, vault, made)
        for _ in range(looks):
            begun = perf_counter()
            bands[(await preview(db, vault, activity, at_random(choose), WHO)).band.value] += 1
            times.append(perf_counter() - begun)
    times.sort()
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
        print(f"{name}  {times[min(int(looks * share), looks - 1)] * 1000:7.1f} ms")
    print(dict(bands))


def main(arguments: list[str]) -> None:
    """Make the pool, then measure."""
    count = int(arguments[0]) if arguments else 1_000_000
    looks = int(arguments[1]) if len(arguments) > 1 else 200
    with private_cluster() as cluster:
        make_template(cluster)
        with fresh_database(cluster) as database:
            begun = perf_counter()
            with transaction(database.owner_dsn) as tx:
                tx.run(Q.make_room)
                tx.copy("expert", COLUMNS, rows(count))
                tx.run(Q.tidy_pool)
            print(f"{count} experts stored in {perf_counter() - begun:.0f} s")
            asyncio.run(measure(database, looks))


if __name__ == "__main__":
    main(sys.argv[1:])
