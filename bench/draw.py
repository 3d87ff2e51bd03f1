"""How long a draw's pool takes: snapshot, commit and order over 10^4, 10^5, 10^6 experts, and the next pick.

Run as `script/bench draw [--json] [--sizes 10000,…] [--workers 2]`. Experts come from a seeded generator;
its own time is part of the snapshot's. Memory: the peak of this process plus the peak of the largest worker
× workers.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from db.contexts import EXPERT_ID_CARD, EXPERT_NAME
from db.vault import Vault
from drawing import blocks, bulk, lots, pool
from drawing.commit import Commit
from drawing.eligibility import Avoid, Condition, Mode
from drawing.identities import SealedIdentities
from drawing.transcript import EntryType, append

SIZES = (10_000, 100_000, 1_000_000)
NAIVE = 10_000
KEYS = pool.Keys(b"a" * 32, b"p" * 32)
CONDITIONS = (
    Condition("c1", Mode.RESIDENCE, ("440000",), ("A08",), ("A01",), (), (), (), 3),
    Condition("c2", Mode.WILLING, ("440100", "440300"), ("A", "B"), (), ("高级", "正高级"), (), (), 2),
)
AVOIDED = tuple(pool.unit_hash(KEYS.activity, f"第{i}设计院有限公司") for i in range(20))
AVOID = Avoid((), AVOIDED)
SEALED = 1_000  # different sealed names and 证件号; each is opened anew, whoever has it
Sealed = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Repeated:
    """`SealedIdentities` for a pool whose names and 证件号 repeat every SEALED experts: each is sealed for the first of them."""

    identities: SealedIdentities

    def __call__(
        self, numbers: Sequence[int], names: Sequence[bytes], id_cards: Sequence[bytes]
    ) -> tuple[list[str], list[str]]:
        return self.identities([number % SEALED for number in numbers], names, id_cards)


def setting_in(folder: Path) -> tuple[bulk.Setting, Sealed]:
    """What the snapshot depends on, with a new master key, and names and 证件号 that it seals."""
    master = folder / "master.key"
    vault = Vault.create(master)
    sealed = [
        (vault.encrypt(f"专家{n:04d}".encode(), EXPERT_NAME.at(n)), vault.encrypt(b"44010419800101%04d" % n, EXPERT_ID_CARD.at(n)))
        for n in range(SEALED)
    ]
    return bulk.Setting(KEYS, CONDITIONS, AVOID, 1, identities=Repeated(SealedIdentities(master))), sealed


def generate(size: int, sealed: Sealed) -> Iterator[pool.Expert]:
    """`size` experts, always the same but for how their names are sealed."""
    choose = random.Random(20261123)
    cities = [f"44{city:02d}00" for city in range(1, 22)]
    districts = [f"44{city:02d}{part:02d}" for city in range(1, 22) for part in range(3, 9)]
    codes = [f"{letter}{one:02d}{two:02d}" for letter in "ABC" for one in range(1, 15) for two in range(1, 12)]
    willing = [tuple(choose.sample(cities, choose.randint(1, 5))) for _ in range(500)]
    specialties = [tuple(choose.sample(codes, choose.randint(1, 4))) for _ in range(20_000)]
    units = [(f"第{i}设计院有限公司",) for i in range(50_000)]
    titles = ("中级", "高级", "正高级")
    titles, authorities = ("中级", "高级", "正高级"), ("住房城乡建设",)
    nothing: tuple[str, ...] = ()
    for number in range(1, size + 1):
        lot = choose.getrandbits(64)  # one number, several choices: what is measured is not the generator
        unit, (name, id_card) = units[(lot >> 20) % len(units)], sealed[number % SEALED]
        yield pool.Expert(
            number,
            number.to_bytes(32, "big"),
            districts[lot % len(districts)],
            willing[(lot >> 8) % len(willing)],
            specialties[(lot >> 16) % len(specialties)],
            titles[(lot >> 32) % 3],
            nothing,
            authorities,
            unit,
            ("suspended",) if lot >> 57 == 0 else nothing,
            unit[0],
            name,
            id_card,
        )


def commit_of(found: bulk.Snapshot) -> tuple[str, bytes]:
    """The commit entry's hash, and the system share."""
    share = b"s" * 32
    commit = Commit(
        activity="CQSQ202611230001",
        avoid=AVOID,
        conditions=CONDITIONS,
        draw=1,
        counts=found.counts,
        lots=("1",),
        pool_root=found.pool_root,
        pool_size=found.size,
        previous=(None,),
        rules="demo-1",
        system_share_hash=sha256(share).hexdigest(),
        witnesses=("supervisor-1",),
    )
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return append(None, at, EntryType.COMMIT, commit.to_json(), lambda digest: b"").hash, share


def measure(size: int, workers: int) -> dict[str, Any]:
    """One size: seconds of each step, and what came out."""
    with tempfile.TemporaryDirectory() as folder, bulk.workers(workers) as executor:
        setting, sealed = setting_in(Path(folder))
        start, used = time.perf_counter(), processor_s()
        found = bulk.snapshot(generate(size, sealed), setting, executor)
        snapped = time.perf_counter()
        commit_hash, share = commit_of(found)
        committed = time.perf_counter()
        seed = lots.seed(commit_hash, share, {"by": "supervisor-1", "value": "48291306"})
        orders = {each.id: bulk.order(seed, each.id, found.standing[each.id], executor) for each in CONDITIONS}
        ordered = time.perf_counter()
    used = processor_s() - used
    return {
        "experts": size,
        "eligible": sum(map(sum, found.counts.eligible.values())),
        "snapshot_s": snapped - start,
        "commit_ms": (committed - snapped) * 1000,
        "order_s": ordered - committed,
        "total_s": ordered - start,
        "processor_s": used,
        "pick_ms": pick_ms(orders["c1"]),
        "pool_mib": sum(map(len, found.pool_blocks)) / 2**20,
        "names_mib": sum(len(each.data) for each in found.names) / 2**20,
        "peak_mib": peak_mib(workers),
        "pool_root": found.pool_root,
    }


def pick_ms(order: list[bytes]) -> float:
    """The next pick after 500 picks, 5 of whom hold the others' units back: the slowest of 20."""
    head = blocks.unpack_block(order[0])
    picked = {entry.expert for entry in head[:500]}
    engaged = [entry.placed for entry in head[:5]]
    slowest = 0.0
    for _ in range(20):
        start = time.perf_counter()
        assert lots.next_pick(blocks.placed(order), picked, engaged) is not None
        slowest = max(slowest, time.perf_counter() - start)
    return slowest * 1000


def processor_s() -> float:
    """What this process and those that have ended used of the processors: less in doubt than time on a machine that others use."""
    both = (resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def peak_mib(workers: int) -> float:
    """An upper bound of what all processes held at once."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (own + workers * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def naive_ratio(workers: int) -> dict[str, Any]:
    """The plain path, expert by expert in one process, against the bulk path at the same size."""
    with tempfile.TemporaryDirectory() as folder:
        return _ratio(workers, *setting_in(Path(folder)))


def _ratio(workers: int, setting: bulk.Setting, sealed: Sealed) -> dict[str, Any]:
    start = time.perf_counter()
    members = pool.members(generate(NAIVE, sealed), KEYS, CONDITIONS, AVOID, identities=setting.identities)
    records = [member.record for member in members]
    root, _ = pool.root(records), pool.count(CONDITIONS, records)
    _ = [blocks.pack_lines(m.line(1) for m in members[at : at + 1024]) for at in range(0, NAIVE, 1024)]
    _ = [blocks.pack_lines(m.name_line() for m in members[at : at + 64]) for at in range(0, NAIVE, 64)]
    for condition in CONDITIONS:
        lots.order(b"s" * 32, condition.id, pool.standing(records, condition.id))
    plain = time.perf_counter() - start
    with bulk.workers(workers) as executor:
        bulk.snapshot(generate(10, sealed), setting, executor)  # the workers have started
        start = time.perf_counter()
        found = bulk.snapshot(generate(NAIVE, sealed), setting, executor)
        for condition in CONDITIONS:
            bulk.order(b"s" * 32, condition.id, found.standing[condition.id], executor)
        fast = time.perf_counter() - start
    assert found.pool_root == root
    return {"experts": NAIVE, "plain_s": plain, "bulk_s": fast, "ratio": plain / fast}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.workers)))
        return
    # A process for each size, so that one's peak memory is not the next one's.
    rows = [_in_own_process(int(size), given.workers) for size in given.sizes.split(",")]
    naive = naive_ratio(given.workers)
    if given.json:
        print(json.dumps({"sizes": rows, "naive": naive}, indent=2))
    else:
        _print_table(rows, naive)


def _in_own_process(size: int, workers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.draw", "--one", str(size), "--workers", str(workers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _print_table(rows: list[dict[str, Any]], naive: dict[str, Any]) -> None:
    names = (
        "experts",
        "eligible",
        "snapshot_s",
        "commit_ms",
        "order_s",
        "total_s",
        "pick_ms",
        "processor_s",
        "pool_mib",
        "names_mib",
        "peak_mib",
    )
    print("".join(f"{name:>12}" for name in names))
    for row in rows:
        cells = (row[name] for name in names)
        print("".join(f"{cell:>12,.2f}" if isinstance(cell, float) else f"{cell:>12,}" for cell in cells))
    print(
        f"one by one at {naive['experts']:,}: {naive['plain_s']:.2f} s, bulk {naive['bulk_s']:.2f} s, "
        f"ratio {naive['ratio']:.1f}"
    )


if __name__ == "__main__":
    main()
