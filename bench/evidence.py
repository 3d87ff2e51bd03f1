"""What the verifier takes: damaged evidence by the ten thousand, and the time and memory of a large pool.

Run as `script/bench evidence [--json] [--cases 20000] [--sizes 10000,100000] [--zip]`. The cases are those of
`tests/drawing/fuzzing.py`. Each size is a draw in the supervisor's form whose pool is written to a folder (or zip) and
verified by the command itself, in a process of its own. Ends with exit code 1 beyond the aims.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drawing.eligibility import Condition, Mode
from tests.drawing.fuzzing import run
from tests.drawing.simulator import Activity, Person, put

SIZES = (10_000, 100_000)
CASES = 20_000
PARTS = 20
MOST_MIB = 1024
MOST_US_A_RECORD = 1000
"""Processor time; a pool of a million then takes a quarter of an hour at most."""
CONDITIONS = (
    Condition("c1", Mode.RESIDENCE, ("440000",), ("A08",), ("A01",), (), (), (), 3),
    Condition("c2", Mode.WILLING, ("440100", "440300"), ("A", "B"), (), ("高级", "正高级"), (), (), 2),
)


def experts(size: int) -> list[Person]:
    """So many, always the same."""
    choose = random.Random(20261130)
    cities = [f"44{city:02d}00" for city in range(1, 22)]
    districts = [f"44{city:02d}{part:02d}" for city in range(1, 22) for part in range(3, 9)]
    codes = [f"{letter}{one:02d}{two:02d}" for letter in "ABC" for one in range(1, 15) for two in range(1, 12)]
    return [
        Person(
            number, f"专家{number}", f"{number:018d}", choose.choice(districts), choose.sample(cities, 3),
            choose.sample(codes, 2), choose.choice(("中级", "高级", "正高级")), (), ("住房城乡建设",),
            (f"第{choose.randrange(50_000)}设计院有限公司",), ("suspended",) if number % 128 == 0 else (),
        )
        for number in range(1, size + 1)
    ]  # fmt: skip


def write(size: int, folder: Path, *, as_zip: bool) -> Path:
    """Evidence of a whole draw over so many experts."""
    activity = Activity(random.Random(1), experts(size), pauses=False)
    activity.begin(CONDITIONS)
    activity.run()
    activity.seal()
    activity.open_result()
    activity.close()
    found = put(activity.files(), folder / f"{size}")
    if not as_zip:
        return found
    with zipfile.ZipFile(folder / f"{size}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in found.iterdir():
            archive.write(path, path.name)
    return folder / f"{size}.zip"


def measure(size: int, *, as_zip: bool) -> dict[str, Any]:
    """One size, written and verified in processes of their own: what was written is not the verifier's memory."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "bench.evidence", "--write", str(size), "--folder", name]
        done = subprocess.run([*command, *(["--zip"] if as_zip else [])], check=True, capture_output=True, text=True)
        path = Path(done.stdout.strip())
        start = time.perf_counter()
        verifier = subprocess.Popen(
            [sys.executable, "-m", "drawing", "verify", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(verifier.pid, 0)
        verifier.returncode = os.waitstatus_to_exitcode(status)
        pool = path.parent / str(size) / "pool.jsonl"
        return {
            "experts": size,
            "exit_code": verifier.returncode,
            "line_bytes": pool.stat().st_size // size,
            "wall_s": time.perf_counter() - start,
            "cpu_s": used.ru_utime + used.ru_stime,
            "us_a_record": (used.ru_utime + used.ru_stime) / size * 1e6,
            "peak_mib": used.ru_maxrss / 1024,
        }


def fuzz(cases: int) -> dict[str, Any]:
    """The verdicts of so many damaged and forged evidences; AssertionError at the first wrong one."""
    start, seen = time.perf_counter(), Counter[str]()
    for part in range(PARTS):
        with tempfile.TemporaryDirectory() as name:
            seen.update(run(1000 + part, cases // PARTS, Path(name)))
    verdicts = Counter[str]()
    for each, count in seen.items():
        verdicts[each.split()[-1]] += count
    return {"cases": sum(seen.values()), "verdicts": dict(sorted(verdicts.items())), "wall_s": time.perf_counter() - start}


def missed(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The aims that were not met."""
    found = []
    for row in rows:
        if row["exit_code"] != 0:
            found.append(f"{row['experts']:,} experts: exit code {row['exit_code']}")
        if row["peak_mib"] > MOST_MIB:
            found.append(f"{row['experts']:,} experts: {row['peak_mib']:.0f} MiB, at most {MOST_MIB}")
        if row["us_a_record"] > MOST_US_A_RECORD and row["experts"] >= SIZES[0]:
            found.append(f"{row['experts']:,} experts: {row['us_a_record']:.0f} µs a record, at most {MOST_US_A_RECORD}")
    return found


def main() -> int:
    """0, or 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--zip", action="store_true")
    parser.add_argument("--write", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        print(write(given.write, given.folder, as_zip=given.zip))
        return 0
    rows = [measure(int(size), as_zip=given.zip) for size in given.sizes.split(",") if size]
    fuzzed = fuzz(given.cases) if given.cases else None
    aims = missed(rows)
    if given.json:
        print(json.dumps({"sizes": rows, "fuzz": fuzzed, "missed": aims}, indent=2))
    else:
        _print_table(rows, fuzzed, aims)
    return 1 if aims else 0


def _print_table(rows: Sequence[dict[str, Any]], fuzzed: dict[str, Any] | None, aims: Sequence[str]) -> None:
    names = ("experts", "exit_code", "line_bytes", "wall_s", "cpu_s", "us_a_record", "peak_mib")
    print("".join(f"{name:>12}" for name in names))
    for row in rows:
        cells = (row[name] for name in names)
        print("".join(f"{cell:>12,.1f}" if isinstance(cell, float) else f"{cell:>12,}" for cell in cells))
    if fuzzed is not None:
        print(f"{fuzzed['cases']:,} damaged or forged: verdicts {fuzzed['verdicts']}, {fuzzed['wall_s']:.0f} s")
    for each in aims:
        print(f"MISSED {each}")


if __name__ == "__main__":
    sys.exit(main())
