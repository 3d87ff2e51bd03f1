"""`python -m drawing verify EVIDENCE`: check the evidence of an activity and print a report (Chinese).

The exit code is the verdict (docs/expert-draw-1.md): 0, 3, 2, 1, 65, or 64 for a wrong command line.
"""

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from drawing.report import Report
from drawing.verify import Notes, plain, verify
from drawing.verify_head import NotedHead

MOST_MEMORY = 1 << 30
_HEAD = re.compile(r"([1-9]\d{0,15}):([0-9a-f]{8,64})", re.ASCII)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    given = _parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):  # a report in Chinese, whatever the console's locale
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    report = _verified(given.evidence, Notes(given.key, tuple(given.commit), tuple(given.share), tuple(given.head)))
    try:
        print(report.text(), end="", flush=True)
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for the interpreter's own last flush
    return report.exit_code


def _verified(path: Path, notes: Notes) -> Report:
    """The one guard: whatever nobody foresaw of what was given is one sentence, not a traceback."""
    try:
        return verify(path, notes)
    except Exception as error:
        return Report(unreadable=f"核验程序不能处理所给的内容（{type(error).__name__}）")


def _limit_memory() -> None:
    """Fail rather than take a machine's memory; the system may know no such limit."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{message}\n")  # EX_USAGE: 2 already means unfinished


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m drawing", description="核验专家抽取证据")
    command = parser.add_subparsers(required=True, metavar="verify").add_parser("verify", help="核验证据")
    command.add_argument("evidence", type=Path, metavar="EVIDENCE", help="证据文件夹或 zip")
    key = _noted(r"[0-9a-f]{64}", "应为 64 位十六进制数")
    command.add_argument("--key", type=key, metavar="FINGERPRINT", help="服务公钥指纹（64 位十六进制数）")
    for option, read, metavar, told in (
        ("--commit", _noted(r"\d{20}", "应为 20 位数字"), "FINGERPRINT", "见证人所记承诺指纹"),
        ("--share", _noted(r"\d{8,12}", "应为 8 至 12 位数字"), "DIGITS", "见证人所记见证数字"),
        ("--head", _head, "SIZE:ROOT", "回执或打印件上的台账头（根至少前 8 位）"),
    ):
        command.add_argument(
            option, type=read, metavar=metavar, help=f"{told}，可多次给出", action="append", default=[]
        )  # fmt: skip
    return parser


def _noted(form: str, wanted: str) -> Callable[[str], object]:
    def read(given: str) -> str:
        if re.fullmatch(form, plain(given), re.ASCII) is None:
            raise argparse.ArgumentTypeError(wanted)
        return plain(given)

    return read


def _head(given: str) -> NotedHead:
    found = _HEAD.fullmatch("".join(given.split()).lower())
    if found is None:
        raise argparse.ArgumentTypeError("应为“条数:根”，根至少 8 位十六进制数，如 12:0a1b2c3d")
    return NotedHead(int(found[1]), found[2])


if __name__ == "__main__":
    _limit_memory()
    sys.exit(main())
