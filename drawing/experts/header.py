"""The header of a table: it need not stand in the first row, nor in the first column (pure).

No message repeats what stands in a cell: a row taken for the header may be a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from drawing.normal_forms import tidy
from drawing.signs import UNSEEN

HEADER_ROWS = 10
"""Of so many rows with text one must be the header."""
_TOLD = 5  # titles that are no column of ours, each by itself
_LONGEST = 60
"""Characters of a title; what is longer is none, and costs no look."""
NUMBERING = "序号"
"""A column that lists number their rows with; left out."""
_MARKS = re.compile(r"^[*＊#]+|[*＊:：]+$|[(（【\[［]([^()（）【】\[\]［］]*)[)）】\]］]$")
_NOTE = re.compile(r"必填|选填|必须|必选|可选|可空|不填|\d位|格式|文本|代码|多个|分隔|逗号|分号|例如|^如|是/否|是或否")
"""In brackets after a title: how the column is to be filled in."""


@dataclass(frozen=True, slots=True)
class Header:
    """What one row is as a header. `row` as in a spreadsheet; `columns`: place from 0 -> column; `left_out`: places of columns that
    are not read; `hidden`: columns that are read although they are hidden; `width`: places up to the last title;
    `missing`, and all `faults` in Chinese.
    """

    row: int
    columns: Mapping[int, str]
    left_out: frozenset[int]
    hidden: tuple[str, ...]
    width: int
    missing: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def unnamed(self) -> list[int]:
        """Places among the titles of which it does not say what stands there."""
        return [place for place in range(self.width) if place not in self.columns and place not in self.left_out]


def title(text: str) -> str:
    """What a cell of the header is called, without white space and marks of what must be filled in.

    >>> title("手机\\n号码"), title("* 姓　名（必填）")
    ('手机号码', '姓名')
    >>> title("证件号（18 位）："), title("意愿评标区【多个用分号】*"), title("工作单位（曾任）")
    ('证件号', '意愿评标区', '工作单位（曾任）')
    """
    if len(text) > _LONGEST:
        return ""
    plain = UNSEEN.sub("", tidy(text))
    while (shorter := _MARKS.sub(_without_note, plain)) != plain:
        plain = shorter
    return plain


def _without_note(found: re.Match[str]) -> str:
    """A mark is left out, and so is a note; other words in brackets may be part of the title (工作单位（曾任）)."""
    return found[0] if found[1] is not None and not _NOTE.search(found[1]) else ""


def find_header(rows: Iterable[tuple[int, Sequence[str]]], wanted: Sequence[str], hidden: Collection[int] = ()) -> Header | None:
    """The first row that has every wanted column, else the one that has most of them, of the first HEADER_ROWS with text; None if
    no row has any. `rows`: numbers and cells; `hidden`: places of hidden columns.
    """
    best: Header | None = None
    for number, values in _first(rows):
        header = _header(number, values, wanted, hidden)
        if not header.missing:
            return header
        if header.columns and (best is None or len(header.missing) < len(best.missing)):
            best = header
    return best


def header_fault(header: Header | None, where: str, wanted: Sequence[str], *, ordered: bool = False) -> str | None:
    """What to say of a header that can't be used; None if nothing is wrong. `ordered`: its columns stand as they are wanted."""
    should = f"。表头应为：{','.join(wanted)}"
    if header is None:
        return f"{where} 的表头不对：前 {HEADER_ROWS} 行中没有表头{should}"
    if header.faults:
        return f"第 {header.row} 行：{where} 的表头不对：" + "；".join(header.faults) + should
    if ordered and [header.columns[place] for place in sorted(header.columns)] != list(wanted):
        return f"第 {header.row} 行：{where} 的列次序被改动，应为：{','.join(wanted)}。请使用模板文件"
    return None


def column_letter(place: int) -> str:
    """A place from 0 as a spreadsheet shows it.

    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def named_place(place: int) -> str:
    """A column by its place: `第 3 列（C）`."""
    return f"第 {place + 1} 列（{column_letter(place)}）"


def _first(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Sequence[str]]]:
    left = HEADER_ROWS
    for number, values in rows:
        if any(value.strip() for value in values):
            yield number, values
            left -= 1
            if not left:
                return


def _header(row: int, values: Sequence[str], wanted: Sequence[str], hidden: Collection[int]) -> Header:
    titles = {place: found for place, value in enumerate(values) if (found := title(value) or value[:_LONGEST].strip())}
    columns: dict[int, str] = {}
    left_out = {place for place, found in titles.items() if found == NUMBERING and NUMBERING not in wanted}
    faults: list[str] = []
    for column in wanted:
        places = [place for place, found in titles.items() if found == column]
        seen = [place for place in places if place not in hidden] or places
        left_out.update(place for place in places if place not in seen)
        if len(seen) > 1:
            faults.append(f"列“{column}”出现多次（{'、'.join(map(named_place, seen))}）")
        columns |= dict.fromkeys(seen, column)
    missing = tuple(column for column in wanted if column not in columns.values())
    unknown = [place for place in titles if place not in columns and place not in left_out]
    left_out.update(place for place in unknown if place in hidden)
    if missing:
        faults.insert(0, "缺少列" + "、".join(f"“{column}”" for column in missing))
    shown = [place for place in unknown if place not in hidden]
    faults += [_unknown(place, titles[place], missing) for place in shown[:_TOLD]]
    if len(shown) > _TOLD:
        faults.append(f"另有 {len(shown) - _TOLD} 列也不是模板中的列，请删去")
    return Header(
        row=row,
        columns=columns,
        left_out=frozenset(left_out),
        hidden=tuple(column for place, column in columns.items() if place in hidden),
        width=max(titles, default=-1) + 1,
        missing=missing,
        faults=tuple(faults),
    )


def _unknown(place: int, found: str, missing: Iterable[str]) -> str:
    near = get_close_matches(found, list(missing), n=1, cutoff=0.5)
    return f"{named_place(place)}不是模板中的列" + (f"（是否指“{near[0]}”？）" if near else "，请删去")
