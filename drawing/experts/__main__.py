"""The pool by command: `python -m drawing.experts import FILE` and `python -m drawing.experts generate N`.

Exit codes: 0 done; 1 refused, the reasons are on standard error and nothing was taken in; 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import csv
import getpass
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from db.blocking import transaction
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.vault import Vault, confirm_blocking
from drawing.experts.generate import generate
from drawing.experts.read import Source
from drawing.experts.read_csv import ENCODINGS
from drawing.experts.rehash import rehash_names
from drawing.experts.report import BadFile
from drawing.experts.row import ExpertRow
from drawing.experts.store import ImportRefused, import_file
from drawing.reference import reference

_STEP_SECONDS = 0.5


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        done: int = options.run(options)
    except ImportRefused as refused:
        for line in refused.report.lines():
            print(line, file=sys.stderr)
        return 1
    except (BadFile, KeyFileRefused, DatabaseError) as error:
        print(f"未导入：{error}", file=sys.stderr)
        return 1
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m drawing.experts", description="专家库：导入与生成")
    commands = parser.add_subparsers(required=True, metavar="命令")
    take = commands.add_parser("import", help="导入 csv 或 xlsx；有一行不合格则全部不导入（见 docs/pool-import.md）")
    take.add_argument("file", type=Path, help="csv 或 xlsx 文件")
    take.add_argument("--dsn", default=os.environ.get("EXPERTLINE_DSN"), help="数据库（或环境变量 EXPERTLINE_DSN）")
    take.add_argument("--key", type=Path, default=os.environ.get("EXPERTLINE_MASTER_KEY"), help="主密钥文件")
    take.add_argument("--encoding", choices=ENCODINGS, default=ENCODINGS[0], help="文本文件的编码（不写则按表头识别）")
    take.add_argument("--by", default=getpass.getuser(), help="由谁导入（记入导入记录）")
    take.set_defaults(run=_import)
    make = commands.add_parser("generate", help="生成虚构的专家库（测试、演示用）")
    make.add_argument("count", type=_positive, metavar="N", help="人数")
    make.add_argument("--seed", type=int, default=1, help="相同的种子生成相同的专家库")
    make.add_argument("--out", type=Path, required=True, help="写到哪个 csv 文件")
    make.add_argument("--suffixes", type=_suffixes, help="手机号末两位及其权重，如 00=8,11=1,12=1")
    make.set_defaults(run=_generate)
    renew = commands.add_parser("rehash", help="按统一写法更新姓名的查找值（工作进程启动时也会自动完成；可中断后重来）")
    renew.add_argument("--dsn", default=os.environ.get("EXPERTLINE_DSN"), help="数据库（或环境变量 EXPERTLINE_DSN）")
    renew.add_argument("--key", type=Path, default=os.environ.get("EXPERTLINE_MASTER_KEY"), help="主密钥文件")
    renew.set_defaults(run=_rehash)
    return parser


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _suffixes(text: str) -> Mapping[str, float]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    return {digits: float(weight or 1) for digits, _, weight in pairs}


def _import(options: argparse.Namespace) -> int:
    if not options.dsn or not options.key:
        print("请指明 --dsn 和 --key（或环境变量 EXPERTLINE_DSN、EXPERTLINE_MASTER_KEY）", file=sys.stderr)
        return 2
    started = time.monotonic()
    vault = Vault.open(Path(options.key))
    left_out: list[str] = []
    rows = import_file(
        Source(options.file, options.encoding), options.dsn, vault, options.by, progress=_progress("已读"),
        also=lambda tx, report: left_out.extend(report.left_out.lines()),
    )  # fmt: skip
    took = time.monotonic() - started
    for line in left_out:
        print(line, file=sys.stderr)
    print(f"已导入 {rows} 位专家，用时 {took:.1f} 秒（每秒 {rows / took:.0f} 位）")
    return 0


def _rehash(options: argparse.Namespace) -> int:
    if not options.dsn or not options.key:
        print("请指明 --dsn 和 --key（或环境变量 EXPERTLINE_DSN、EXPERTLINE_MASTER_KEY）", file=sys.stderr)
        return 2
    vault = Vault.open(Path(options.key))
    with transaction(options.dsn) as tx:
        confirm_blocking(vault, tx)
    changed = rehash_names(options.dsn, vault, _progress("已查看"))
    print(f"完成：{changed} 个姓名的查找值已更新")
    return 0


def _generate(options: argparse.Namespace) -> int:
    started, tell = time.monotonic(), _progress("已生成")
    randomness = random.Random(options.seed)  # noqa: S311 - invented people, no secret
    with options.out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(ExpertRow.header())
        for number, row in enumerate(generate(options.count, randomness, reference(), options.suffixes), start=1):
            table.writerow(row)
            if number % 1000 == 0 or number == options.count:
                tell(number)
    print(f"已生成 {options.count} 位虚构专家，用时 {time.monotonic() - started:.1f} 秒：{options.out}")
    return 0


def _progress(what: str) -> Callable[[int], None]:
    """Tells how far it is, twice a second, where somebody is watching."""
    told = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told > _STEP_SECONDS:
            told = time.monotonic()
            print(f"{what} {rows} 行", end="\r", file=sys.stderr)

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
