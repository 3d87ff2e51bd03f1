"""`python -m drawing verify EVIDENCE`: check the evidence of an activity and print a report (Chinese)."""

import argparse
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from drawing.verify import Notes, verify


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 holds, 1 does not hold, 2 unfinished."""
    given = _parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a report in Chinese, whatever the console's locale
    report = verify(given.evidence, Notes(given.key, tuple(given.commit), tuple(given.share)))
    print(report.text(), end="")
    return report.exit_code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{message}\n")  # EX_USAGE: 2 already means unfinished


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m drawing", description="核验专家抽取证据")
    command = parser.add_subparsers(required=True, metavar="verify").add_parser("verify", help="核验证据")
    command.add_argument("evidence", type=Path, metavar="EVIDENCE", help="证据文件夹或 zip")
    command.add_argument("--key", metavar="FINGERPRINT", help="服务公钥指纹（64 位十六进制数）")
    command.add_argument(
        "--commit", metavar="FINGERPRINT", action="append", default=[], help="见证人所记承诺指纹，可多次给出"
    )
    command.add_argument(
        "--share", metavar="DIGITS", action="append", default=[], help="见证人所记见证数字，可多次给出"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
