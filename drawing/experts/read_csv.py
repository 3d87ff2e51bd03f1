"""A csv file of experts: UTF-8 (with or without BOM) or, if asked for, GB 18030; LF or CRLF; columns in any order."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from drawing.experts.header import columns_of_header
from drawing.experts.report import BadFile
from drawing.experts.table import TableRow

ENCODINGS = ("utf-8", "gb18030")


def rows(path: Path, called: str, encoding: str) -> Iterator[TableRow]:
    """The rows that are not empty. Raises BadFile."""
    number = 1
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as lines:
            table = csv.reader(lines, strict=True)
            header = columns_of_header(next(table, []), called)
            for number, row in enumerate(table, start=2):
                cells = list(map(str.strip, row))
                if not any(cells):
                    continue
                if len(cells) == len(header):
                    yield TableRow(number, dict(zip(header, cells, strict=True)))
                else:
                    wrong = f"有 {len(row)} 列，表头有 {len(header)} 列：值中的逗号要用双引号括起"
                    yield TableRow(number, {}, [("", wrong)])
    except UnicodeDecodeError:
        raise BadFile(_wrong_encoding(called, encoding)) from None
    except csv.Error as error:
        raise BadFile(f"第 {number + 1} 行附近不是有效的 csv（{error}）：请检查双引号是否成对") from None
    except OSError as error:
        raise BadFile(f"读不到文件 {called}：{error.strerror}") from None


def _wrong_encoding(called: str, encoding: str) -> str:
    if encoding != "utf-8":
        return (
            f"{called} 不是 {encoding} 编码：请另存为 CSV UTF-8（逗号分隔），"
            "编码选 utf-8（命令行不带 --encoding）再导入"
        )
    return (
        f"{called} 不是 UTF-8 编码（多半是 GBK/GB18030）：请在表格软件中“另存为 CSV UTF-8（逗号分隔）”，"
        "或确认后选编码 gb18030（命令行加 --encoding gb18030）"
    )
