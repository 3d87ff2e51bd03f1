"""The first row of a file of experts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from drawing.experts.identity import shown
from drawing.experts.report import BadFile
from drawing.experts.row import ExpertRow


def columns_of_header(found: Sequence[str], where: str) -> list[str]:
    """The columns of a file of experts, in whatever order they stand. Raises BadFile."""
    return check_header(found, where, ExpertRow.header())


def check_header(found: Sequence[str], where: str, wanted: Sequence[str]) -> list[str]:
    """The columns as they stand; BadFile names each that is missing, unknown or double. `where`: for people."""
    columns = [column.strip() for column in found]
    missing = [column for column in wanted if column not in columns]
    faults = [f"缺少列“{column}”" for column in missing]
    if len(missing) == len(wanted):
        faults.insert(0, "第一行不是表头")  # but perhaps a person: not quoted
    else:
        faults += [_unknown(column, missing) for column in columns if column not in wanted]
    faults += [f"列“{column}”出现多次" for column in wanted if columns.count(column) > 1]
    if faults:
        raise BadFile(f"{where} 的表头不对：" + "；".join(faults) + f"。表头应为：{','.join(wanted)}")
    return columns


def _unknown(column: str, missing: Iterable[str]) -> str:
    near = get_close_matches(column, list(missing), n=1, cutoff=0.5)
    return f"多出列{shown(column)}" + (f"（是否指“{near[0]}”？）" if near else "")
