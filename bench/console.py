"""How fast the console's pages are with 10,000 activities and 1,000,000 experts: p50 and p99 at 30 requests a second.

    script/bench console [--json] [--experts N] [--activities N] [--rate 30] [--seconds 10] [--only WORD,WORD] [--aim 100]

A private PostgreSQL, the real `python -m web`, every page as each role that may open it, with every filter; requests arrive at a
constant rate from a second process. Times are those that somebody waits: from when the request was due to its last byte. The exit
code is 1 when a p99 is over its aim, or any answer is not the page (status 200).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import Any

from rich.console import Console
from rich.table import Table

from asterisk.ports import free_port
from bench.loaded.arrivals import Page
from bench.loaded.fill import Filled, fill
from bench.loaded.pages import PREVIEW, pages
from db.blocking import transaction
from db.cluster import Cluster
from db.migrate import migrate
from db.rights import CONSOLE
from db.vault import Signer, Vault

AIM_MS = 100.0
PREVIEW_AIM_MS = 500.0
ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def installation(experts: int, activities: int) -> Iterator[tuple[Filled, str]]:
    """A filled database and a console on it; its address. All gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="xl-bench-"))
    folder.chmod(0o755)  # the user postgres must pass
    cluster = Cluster(folder / "pg", durable=False)
    try:
        cluster.start()
        with transaction(cluster.dsn(), autocommit=True) as tx:
            tx.run("CREATE DATABASE expertline")
        migrate(cluster.dsn("expertline"))
        vault = Vault.create(folder / "master.key")
        Signer.create(folder / "signing.key", vault)
        began = time.monotonic()
        found = fill(cluster.dsn("expertline"), vault, experts, activities)
        print(f"{experts} experts, {activities} activities: {time.monotonic() - began:.0f} s", file=sys.stderr)
        with console(folder, cluster.dsn("expertline", CONSOLE)) as address:
            yield found, address
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder)


@contextmanager
def console(folder: Path, dsn: str) -> Iterator[str]:
    """The real process, with development identities."""
    port, settings = free_port(), folder / "web.toml"
    keys = f'master_key = "{folder}/master.key"\nsigning_key = "{folder}/signing.key"\n'
    settings.write_text(f'dsn = "{dsn}"\nport = {port}\n{keys}[development]\nidentities = true\n', encoding="utf-8")
    command = [sys.executable, "-m", "web", str(settings)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            if f":{port}/" not in line:
                raise SystemExit(line + process.stderr.read())
            # A console whose log nobody reads stands still once the pipe is full.
            reading = Thread(target=shutil.copyfileobj, args=(process.stderr, sys.stderr), daemon=True)
            reading.start()
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                reading.join()  # until the log's end: closed under its reader it would be an error in the thread
        finally:
            process.terminate()


def measured(address: str, asked: Sequence[Page], rate: float, seconds: float) -> Iterator[dict[str, Any]]:
    """Each page as it is done, by the process that sends the requests."""
    plan = {"address": address, "rate": rate, "seconds": seconds, "pages": [asdict(page) for page in asked]}
    command = [sys.executable, "-m", "bench.loaded.arrivals"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(plan))
        process.stdin.close()
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise SystemExit(f"the requests' process ended with {process.returncode}")


def show(rows: Sequence[dict[str, Any]], rate: float, aim_ms: float = AIM_MS) -> Table:
    """The table; what misses its aim is marked."""
    table = Table(title=f"{rate:g} requests a second, milliseconds")
    for title in ("page", "who", "rate", "p50", "p99", "slowest", "answers", "KiB"):
        table.add_column(title, justify="left" if title in ("page", "who", "answers") else "right")
    for row in rows:
        answers = " ".join(f"{status}×{count}" for status, count in row["statuses"].items())
        p99 = f"{row['p99']:.0f}" + ("" if met(row, aim_ms) else " !")
        cells = (f"{row['p50']:.0f}", p99, f"{row['slowest']:.0f}", answers, f"{row['kib']:.0f}")
        table.add_row(row["name"], row["who"] or "—", f"{row['rate']:g}", *cells)
    return table


def aim(name: str, aim_ms: float = AIM_MS) -> float:
    """What p99 should not exceed."""
    return PREVIEW_AIM_MS if name.startswith(PREVIEW) else aim_ms


def met(row: Mapping[str, Any], aim_ms: float = AIM_MS) -> bool:
    """Whether a page came each time, and within its aim.

    >>> met({"name": "首页", "p99": 100.0, "statuses": {"200": 300}}), met({"name": "首页", "p99": 100.1, "statuses": {"200": 300}})
    (True, False)
    >>> met({"name": "首页", "p99": 5.0, "statuses": {"200": 299, "503": 1}})
    False
    """
    return row["p99"] <= aim(row["name"], aim_ms) and set(row["statuses"]) == {"200"}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0, or 1 when an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--experts", type=int, default=1_000_000)
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each page")
    parser.add_argument("--only", default="", help="pages whose name, identity or address contains one of these words")
    parser.add_argument("--aim", type=float, default=AIM_MS, help="p99 of all pages but previews, in milliseconds")
    given = parser.parse_args(arguments)
    rows = []
    with installation(given.experts, given.activities) as (found, address):
        words = given.only.split(",")
        asked = [page for page in pages(found) if any(word in " ".join((page.name, page.who, page.path)) for word in words)]
        for row in measured(address, asked, given.rate, given.seconds):
            rows.append(row)
            print(f"{row['name']}: p50 {row['p50']:.0f} ms, p99 {row['p99']:.0f} ms", file=sys.stderr)
    if given.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        Console().print(show(rows, given.rate, given.aim))
    missed = [row for row in rows if not met(row, given.aim)]
    for row in missed:
        what = f"p99 {row['p99']:.0f} ms, aim {aim(row['name'], given.aim):.0f}, answers {row['statuses']}"
        print(f"not met: {row['name']} as {row['who'] or 'nobody'}, {row['path']}: {what}", file=sys.stderr)
    return 1 if missed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
