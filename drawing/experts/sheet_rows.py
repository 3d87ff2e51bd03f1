"""The rows of one sheet of a workbook (ISO/IEC 29500-1, 18.3.1.73), as its xml comes, without those that hold nothing.

A sheet that was painted to its end has a million rows of cells that only have a style: such cells and rows are cut out before the
parser sees them, and memory does not grow with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import IO, NamedTuple
from xml.parsers import expat

WIDEST = 256
"""Places that are read of a row; one more says that there is something beyond them."""
NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main",
)  # fmt: skip
"""Of a sheet's elements: transitional and strict."""
TRUE = ("1", "true", "on")
_CHUNK = 1 << 18
_LONGEST = 1 << 20  # of a row that is not cut
_ROW_END = b"row>"
_EMPTY_CELL = re.compile(rb'<c r="[A-Z]+[0-9]+"(?: [a-z]+="[0-9A-Za-z]*")*/>')
_EMPTY_ROW = re.compile(rb'<row r="[0-9]+"[^<>/]*(?:/>|></row>)')


class Kind(Enum):
    """What a cell is that is no text."""

    NUMBER = auto()
    DATE = auto()
    LOGICAL = auto()
    FORMULA = auto()
    ERROR = auto()


class Odd(NamedTuple):
    """A cell that is no text; `text` as the file has it."""

    kind: Kind
    text: str


Cell = str | Odd


class RawRow(NamedTuple):
    """A row of a sheet that holds something; `cells` from column A on, empty ones as empty text."""

    number: int
    hidden: bool
    cells: list[Cell]


@dataclass
class Columns:
    """What a sheet says of itself before its rows; complete once the first of them has come."""

    hidden: set[int] = field(default_factory=set)
    last_row: int | None = None


class Broken(ValueError):
    """It is no workbook of these kinds."""


_KINDS = {"b": Kind.LOGICAL, "e": Kind.ERROR, "d": Kind.DATE}


def sheet_rows(file: IO[bytes], texts: list[str], dates: Collection[str], columns: Columns) -> Iterator[RawRow]:
    """The rows, in the file's order. `texts`: the shared strings; `dates`: the cell styles that show a number as a date. Raises
    Broken, and whatever the file raises."""
    reader = _Reader(texts, dates, columns)
    for piece in _pieces(file):
        reader.feed(piece)
        yield from reader.take()
    reader.end()
    yield from reader.take()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The file, cut where a row ends, or anywhere in a row that is too long."""
    left = b""
    while chunk := file.read(_CHUNK):
        left += chunk
        end = left.rfind(_ROW_END) + len(_ROW_END)
        if end < len(_ROW_END):
            end = len(left) if len(left) > _LONGEST else 0
        if end:
            yield left[:end]
            left = left[end:]
    yield left


def _all_placed(piece: bytes) -> bool:
    """Whether all its rows and cells, and nothing like them, say where they stand.

    >>> _all_placed(b'<row r="1"><c r="A1"/></row>'), _all_placed(b'<row r="1"><c/></row>'), _all_placed(b'<cols>')
    (True, False, False)
    """
    return piece.count(b"<c") == piece.count(b'<c r="') and piece.count(b"<row") == piece.count(b'<row r="')


class _Reader:
    """What expat tells, made into rows."""

    def __init__(self, texts: list[str], dates: Collection[str], columns: Columns) -> None:
        self._texts, self._dates, self._columns = texts, dates, columns
        self._rows: list[RawRow] = []
        self._number, self._hidden, self._cells, self._place = 0, False, list[Cell](), -1
        self._cell: Mapping[str, str] = {}
        self._filled, self._formula = False, False  # whether the cell holds an element, and a formula
        self._value, self._plain, self._runs = "", "", ""
        self._in_cell = self._inline = self._run = self._phonetic = False
        self._text: list[str] = []
        self._sparing = self._thinned = False
        self._parser = parser = expat.ParserCreate(namespace_separator="}")
        self._begin, self._end = self._handlers()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _no_dtd
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended

    def feed(self, piece: bytes) -> None:
        """A piece of the file, as every program writes it; one that may hold anything else is parsed as it is."""
        self._sparing = self._sparing or b"<!" in piece or piece.endswith(b"<")  # CDATA may look like a cell
        if not self._sparing and _all_placed(piece):
            whole, piece = len(piece), _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", piece))
            self._thinned = self._thinned or len(piece) < whole
        self._parse(piece, False)

    def end(self) -> None:
        """Nothing more comes."""
        self._parse(b"", True)

    def _parse(self, piece: bytes, is_last: bool) -> None:
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise Broken(str(error)) from None

    def take(self) -> list[RawRow]:
        """The rows that have come since."""
        rows, self._rows = self._rows, []
        return rows

    def _handlers(self) -> tuple[dict[str, Callable[[dict[str, str]], None]], dict[str, Callable[[], None]]]:
        begin = {
            "row": self._row, "c": self._begin_cell, "v": self._listen, "t": self._listen, "f": self._has_formula,
            "is": self._begin_inline, "r": self._begin_run, "rPh": self._begin_phonetic, "col": self._col,
            "dimension": self._dimension,
        }  # fmt: skip
        end = {
            "row": self._end_row, "c": self._end_cell, "v": self._end_value, "t": self._end_text, "is": self._end_inline,
            "r": self._end_run, "rPh": self._end_phonetic,
        }  # fmt: skip
        begins = {f"{space}}}{name}": each for space in NAMESPACES for name, each in begin.items()}
        return begins, {f"{space}}}{name}": each for space in NAMESPACES for name, each in end.items()}

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if (handler := self._begin.get(name)) is not None:
            handler(attributes)

    def _ended(self, name: str) -> None:
        if (handler := self._end.get(name)) is not None:
            handler()

    def _row(self, attributes: dict[str, str]) -> None:
        self._number = int(attributes.get("r") or self._next(self._number))
        height = attributes.get("ht")
        self._hidden = attributes.get("hidden") in TRUE or (height is not None and float(height) == 0)
        self._cells, self._place = [], -1

    def _next(self, place: int) -> int:
        """Where something without a place of its own stands."""
        if self._thinned:
            raise Broken("places of some rows or cells only")
        return place + 1

    def _end_row(self) -> None:
        if self._cells:
            self._rows.append(RawRow(self._number, self._hidden, self._cells))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        if self._in_cell:
            raise Broken("a cell in a cell")
        self._in_cell, self._cell, self._filled, self._formula, self._value = True, attributes, False, False, ""
        reference = attributes.get("r")
        self._place = place_of(reference.rstrip("0123456789")) if reference else self._next(self._place)

    def _end_cell(self) -> None:
        self._in_cell = False
        if not self._filled:
            return
        self._filled = False
        if value := self._read():
            cells, place = self._cells, min(self._place, WIDEST)
            cells.extend([""] * (place + 1 - len(cells)))
            if place < WIDEST or not str(cells[place]).strip():
                cells[place] = value

    def _read(self) -> Cell:
        kind, value = self._cell.get("t", "n"), self._value
        if self._formula:
            return Odd(Kind.FORMULA, "")
        if kind == "s" and value:
            if (place := int(value)) < 0:  # it would count from the end
                raise Broken("a negative place")
            return self._texts[place]
        if kind in ("s", "str", "inlineStr") or not value:
            return value
        if kind == "n":
            return Odd(Kind.DATE if self._cell.get("s", "0") in self._dates else Kind.NUMBER, value)
        return Odd(_KINDS[kind], value)

    def _has_formula(self, _: dict[str, str]) -> None:
        self._filled = self._formula = True

    def _listen(self, _: dict[str, str]) -> None:
        self._text = []
        self._parser.CharacterDataHandler = self._text.append

    def _heard(self) -> str:
        self._parser.CharacterDataHandler = None
        text, self._text = "".join(self._text), []
        return text

    def _end_value(self) -> None:
        self._value, self._filled = self._heard(), True

    def _end_text(self) -> None:
        text = self._heard()
        if not self._inline or self._phonetic:
            return
        if self._run:
            self._runs += text
        else:
            self._plain += text

    def _begin_inline(self, _: dict[str, str]) -> None:
        self._inline, self._plain, self._runs = True, "", ""

    def _end_inline(self) -> None:
        self._inline, self._filled, self._value = False, True, self._plain + self._runs

    def _begin_run(self, _: dict[str, str]) -> None:
        self._run = True

    def _end_run(self) -> None:
        self._run = False

    def _begin_phonetic(self, _: dict[str, str]) -> None:
        self._phonetic = True  # how it is pronounced is no part of a text

    def _end_phonetic(self) -> None:
        self._phonetic = False

    def _col(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in TRUE:
            first, last = int(attributes.get("min", 1)), int(attributes.get("max", 1))
            self._columns.hidden.update(range(first - 1, min(last, WIDEST)))

    def _dimension(self, attributes: dict[str, str]) -> None:
        self._columns.last_row = _last_row(attributes.get("ref", ""))


def _no_dtd(*_: object) -> None:
    raise Broken("a DTD")


@lru_cache(maxsize=1024)
def place_of(letters: str) -> int:
    """A column's place from 0.

    >>> place_of("A"), place_of("AB")
    (0, 27)
    """
    place = 0
    for letter in letters.lstrip("$"):
        place = place * 26 + ord(letter.upper()) - ord("A") + 1
    if place < 1:
        raise Broken("a cell without a column")
    return place - 1


def _last_row(reference: str) -> int | None:
    """The last row of `A1:L30`.

    >>> _last_row("A1:L30"), _last_row("A1")
    (30, None)
    """
    digits = reference.partition(":")[2].lstrip("$ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits) if digits.isdecimal() else None
