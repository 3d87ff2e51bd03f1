"""How fast the console's pages are with 10,000 activities and 1,000,000 experts: p50 and p99 at 30 requests a second.

    script/bench console [--json] [--experts N] [--activities N] [--rate 30] [--seconds 10] [--only WORD,WORD]

A private PostgreSQL, the real `python -m web`, logged-in people of every role; requests arrive at a constant rate from
a second process. Times are those that somebody waits: from when the request was due to its last byte.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
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
from db.blocking import transaction
from db.cluster import Cluster
from db.migrate import migrate
from db.rights import CONSOLE
from db.vault import Signer, Vault
from web.routes import ROUTES

AIM_MS = 100.0
PREVIEW_AIM_MS = 500.0
PREVIEW_RATE = 5.0
"""A clerk looks at a preview a few times for each condition: 18,000 an hour are more than a province makes."""
PREVIEW = "预览"
ROOT = Path(__file__).resolve().parents[1]
CLERK, LEGAL, REVIEWER, ADMINISTRATOR = "handler-a1", "legal-a", "reviewer-1", "administrator-1"
CONDITION = {
    "mode": "residence", "regions": ["440100", "440600"], "main": ["A08"], "titles": ["副高级"], "seats": "3",
    "_preview": "1",
}  # fmt: skip
RARE = {**CONDITION, "regions": ["445200"], "main": ["C0101"], "titles": ["正高级"]}


def pages(found: Filled) -> list[Page]:
    """Every page that is there, as who opens it most."""
    draft, drawing, done = found.by_state["draft"], found.by_state["drawing"], found.by_state["completed"]
    conditions = f"/activities/{draft}/notices/0/conditions/new"
    condition = f"/activities/{draft}/notices/0/conditions/c1"  # its three seats remain for it
    given = (
        Page("状态（未登录）", "", "/status"),
        Page("health", "", "/health"),
        Page("首页", CLERK, "/"),
        Page("首页", LEGAL, "/"),
        Page("首页", REVIEWER, "/"),
        Page("首页", ADMINISTRATOR, "/"),
        Page("招标项目", CLERK, "/projects"),
        Page("招标项目，查询", CLERK, "/projects?name=项目123"),
        Page("招标项目，末页", CLERK, "/projects?page=99999"),
        Page("项目", CLERK, "/projects/2"),
        Page("新建项目", CLERK, "/projects/new"),
        Page("抽取活动列表", CLERK, "/activities"),
        Page("抽取活动列表", REVIEWER, "/activities"),
        Page("抽取活动列表，末页", CLERK, "/activities?page=99999"),
        Page("抽取活动列表，查询", CLERK, "/activities?name=项目123"),
        Page("抽取活动", CLERK, f"/activities/{done}"),
        Page("选择项目", CLERK, "/activities/new"),
        Page("编辑活动信息", CLERK, f"/activities/{draft}/edit"),
        Page("回避", CLERK, f"/activities/{draft}/avoidance"),
        Page("抽取条件", CLERK, f"/activities/{draft}/conditions"),
        Page("新增抽取条件", CLERK, conditions),
        Page(f"{PREVIEW}，常见", CLERK, condition, CONDITION, rate=PREVIEW_RATE),
        Page(f"{PREVIEW}，少见", CLERK, condition, RARE, rate=PREVIEW_RATE),
        Page("抽取现场", CLERK, f"/activities/{drawing}/draw"),
        Page("抽取结果", CLERK, f"/activities/{done}/result"),
        Page("审核列表", REVIEWER, "/reviews"),
        Page("操作记录", ADMINISTRATOR, "/operations"),
        Page("操作记录，查询", ADMINISTRATOR, "/operations?q=handler-a1"),
        Page("操作记录，末页", ADMINISTRATOR, "/operations?page=99999"),
        Page("专家库", ADMINISTRATOR, "/pool"),
        Page("查询专家", ADMINISTRATOR, "/pool/search", {"kind": "phone", "number": found.phone}, "/pool"),
        Page("导入列表", ADMINISTRATOR, "/pool/imports"),
        Page("导入，问题末页", ADMINISTRATOR, "/pool/imports/300?page=99999"),
    )
    return [page for page in given if _there(page)]


def _there(page: Page) -> bool:
    """Whether the console has such a page yet."""
    path, method = page.path.partition("?")[0].split("/"), "GET" if page.form is None else "POST"
    return any(_fits(route.path.split("/"), path) for route in ROUTES if route.method == method)


def _fits(pattern: Sequence[str], path: Sequence[str]) -> bool:
    pairs = zip(pattern, path, strict=False)
    return len(pattern) == len(path) and all(want == got or want.startswith("{") for want, got in pairs)


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
            Thread(target=shutil.copyfileobj, args=(process.stderr, sys.stderr), daemon=True).start()
            yield f"http://127.0.0.1:{port}"
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


def show(rows: Sequence[dict[str, Any]], rate: float) -> Table:
    """The table; what misses its aim is marked."""
    table = Table(title=f"{rate:g} requests a second, milliseconds")
    for title in ("page", "who", "rate", "p50", "p99", "slowest", "answers", "KiB"):
        table.add_column(title, justify="left" if title in ("page", "who", "answers") else "right")
    for row in rows:
        answers = " ".join(f"{status}×{count}" for status, count in row["statuses"].items())
        p99 = f"{row['p99']:.0f}" + ("" if row["p99"] <= aim(row["name"]) else " !")
        cells = (f"{row['p50']:.0f}", p99, f"{row['slowest']:.0f}", answers, f"{row['kib']:.0f}")
        table.add_row(row["name"], row["who"] or "—", f"{row['rate']:g}", *cells)
    return table


def aim(name: str) -> float:
    """What p99 should not exceed."""
    return PREVIEW_AIM_MS if name.startswith(PREVIEW) else AIM_MS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--experts", type=int, default=1_000_000)
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each page")
    parser.add_argument("--only", default="", help="pages whose name or address contains one of these words")
    given = parser.parse_args()
    rows = []
    with installation(given.experts, given.activities) as (found, address):
        words = given.only.split(",")
        asked = [page for page in pages(found) if any(word in page.name or word in page.path for word in words)]
        for row in measured(address, asked, given.rate, given.seconds):
            rows.append(row)
            print(f"{row['name']}: p50 {row['p50']:.0f} ms, p99 {row['p99']:.0f} ms", file=sys.stderr)
    if given.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        Console().print(show(rows, given.rate))


if __name__ == "__main__":
    main()
