"""One row of a table as it stands in the file, before anything is known about its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class TableRow(NamedTuple):
    """`number` as in a spreadsheet (the header is row 1); `cells`: column -> text, stripped; `faults`: (column, reason)
    of cells that are of a kind that can't be text without loss, column empty if it is the whole row's.
    """

    number: int
    cells: Mapping[str, str]
    faults: Sequence[tuple[str, str]] = ()
