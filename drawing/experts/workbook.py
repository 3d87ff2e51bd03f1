"""The parts of a workbook (ISO/IEC 29500, transitional and strict): its sheets, and the cells of one, row by row.

Only what a table needs is read, so that charts, styles and extensions can't hinder it; and what a table needs is more than values:
which sheets, rows and columns are hidden, and whether a number is a date. Strict and transitional workbooks differ in their
namespaces only.

An xml part with a DTD is refused before it is parsed: without one there are no entities, and so nothing that could grow.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import IO, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl.styles.numbers import is_date_format

WIDEST = 256
"""Places that are read of a row."""
_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_SHEET_PARTS = ("worksheet", "chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet")
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)))  # 18.8.30, those of Chinese programs too
_PROLOG_BYTES = 1 << 16
_TRUE = ("1", "true", "on")


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
    """A row of a sheet; `cells` from column A on, empty ones as empty text."""

    number: int
    hidden: bool
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a book; `is_table`: no chart, dialog or macro sheet."""

    title: str
    part: str
    hidden: bool
    is_table: bool


@dataclass
class Columns:
    """What a sheet says of itself before its rows; complete once the first of them has come."""

    hidden: set[int] = field(default_factory=set)
    last_row: int | None = None


class Broken(ValueError):
    """It is no workbook of these kinds."""


class Book:
    """An opened workbook. Raises Broken, and whatever zipfile and the xml parser raise, for what is none."""

    def __init__(self, packed: ZipFile) -> None:
        self._packed = packed
        self._parts = {name.replace("\\", "/").lstrip("/").casefold(): name for name in packed.namelist()}
        self._main = self._main_part()
        self._related = self._relationships(self._main)
        self.sheets = tuple(self._sheets())
        self._texts: list[str] | None = None
        self._dates: Collection[str] | None = None

    def rows(self, sheet: Sheet, columns: Columns | None = None) -> Iterator[RawRow]:
        """The rows that the file has of a sheet, in its order."""
        columns = columns or Columns()
        read = self._reader()
        number = 0
        for element in self._elements(sheet.part):
            if element.tag in _ROW:
                number = int(element.get("r") or number + 1)
                yield RawRow(number, _is_hidden(element), _cells(element, read))
                element.clear()
            elif element.tag in _COL and element.get("hidden") in _TRUE:
                columns.hidden.update(range(int(element.get("min", 1)) - 1, min(int(element.get("max", 1)), WIDEST)))
            elif element.tag in _DIMENSION:
                columns.last_row = _last_row(element.get("ref", ""))

    def _reader(self) -> Callable[[Element], Cell]:
        if self._texts is None or self._dates is None:
            self._texts, self._dates = self._shared_texts(), self._date_styles()
        texts, dates = self._texts, self._dates
        return lambda cell: _value(cell, texts, dates)

    def _main_part(self) -> str:
        found = [target for kind, target in self._relationships("").values() if kind == "officeDocument"]
        part = found[0] if found else "xl/workbook.xml"
        if part.casefold() not in self._parts:
            raise Broken(part)
        return part

    def _relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Id -> (kind, part) of what a part, or the package, refers to."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path.casefold() not in self._parts:
            return {}
        return {
            each.get("Id", ""): (each.get("Type", "").rpartition("/")[2], _resolved(folder, each.get("Target", "")))
            for each in self._elements(path)
            if each.tag == _RELATIONSHIPS
        }

    def _sheets(self) -> Iterator[Sheet]:
        for element in self._elements(self._main):
            if element.tag in _SHEET:
                given = (value for name, value in element.items() if name.rpartition("}")[2] == "id" and name != "id")
                kind, part = self._related.get(next(given, ""), ("", ""))
                if kind in _SHEET_PARTS and part.casefold() in self._parts:
                    hidden = element.get("state", "visible") != "visible"
                    yield Sheet(element.get("name", ""), part, hidden, kind == "worksheet")

    def _part_of_kind(self, kind: str) -> str | None:
        return next((part for is_kind, part in self._related.values() if is_kind == kind and part.casefold() in self._parts), None)

    def _shared_texts(self) -> list[str]:
        part, texts = self._part_of_kind("sharedStrings"), []
        for element in self._elements(part) if part else ():
            if element.tag in _SI:
                texts.append(_text(element))
                element.clear()
        return texts

    def _date_styles(self) -> Collection[str]:
        """The cell styles, by number, that show a number as a date or time."""
        part, formats, styles, place = self._part_of_kind("styles"), set(_DATE_FORMATS), set(), 0
        for element in self._elements(part) if part else ():
            if element.tag in _NUMBER_FORMAT and is_date_format(element.get("formatCode")):
                formats.add(int(element.get("numFmtId", -1)))
            elif element.tag in _CELL_STYLES:
                for place, style in enumerate(element):
                    if int(style.get("numFmtId", 0)) in formats:
                        styles.add(str(place))
        return styles

    def _elements(self, part: str) -> Iterator[Element]:
        """Every element of a part, as it ends."""
        name = self._parts[part.casefold()]
        with self._packed.open(name) as file:
            _refuse_dtd(file)
        with self._packed.open(name) as file:
            for _, element in ElementTree.iterparse(file):  # noqa: S314 - no DTD, see above
                yield element


def _tags(*names: str) -> frozenset[str]:
    return frozenset(f"{{{space}}}{name}" for space in _MAIN for name in names)


_SHEET, _ROW, _COL, _DIMENSION, _CELL = _tags("sheet"), _tags("row"), _tags("col"), _tags("dimension"), _tags("c")
_SI, _RUN, _TEXT, _VALUE, _FORMULA, _INLINE = _tags("si"), _tags("r"), _tags("t"), _tags("v"), _tags("f"), _tags("is")
_NUMBER_FORMAT, _CELL_STYLES = _tags("numFmt"), _tags("cellXfs")
_KINDS = {"b": Kind.LOGICAL, "e": Kind.ERROR, "d": Kind.DATE}


def _refuse_dtd(file: IO[bytes]) -> None:
    """Raises Broken for a DTD, which can only stand before the first element."""
    parser, begun = expat.ParserCreate(), []

    def refuse(*_: object) -> None:
        raise Broken("a DTD")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: begun.append(name)
    while not begun:
        chunk = file.read(_PROLOG_BYTES)
        try:
            parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            raise Broken(str(error)) from None
        if not chunk:
            return


def _resolved(folder: str, target: str) -> str:
    """The part that a relationship of something in `folder` points at."""
    target = target.replace("\\", "/")
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target))


def _last_row(reference: str) -> int | None:
    """The last row of `A1:L30`.

    >>> _last_row("A1:L30"), _last_row("A1")
    (30, None)
    """
    digits = reference.partition(":")[2].lstrip("$ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits) if digits.isdecimal() else None


def _is_hidden(row: Element) -> bool:
    if row.get("hidden") in _TRUE:
        return True
    height = row.get("ht")
    return height is not None and float(height) == 0


def _cells(row: Element, read: Callable[[Element], Cell]) -> list[Cell]:
    cells: list[Cell] = []
    place = -1
    for cell in row:
        if cell.tag not in _CELL:
            continue
        reference = cell.get("r")
        place = _place(reference.rstrip("0123456789")) if reference else place + 1
        if len(cell) and place < WIDEST:
            cells.extend([""] * (place + 1 - len(cells)))
            cells[place] = read(cell)
    return cells


@lru_cache(maxsize=1024)
def _place(letters: str) -> int:
    """A column's place from 0.

    >>> _place("A"), _place("AB")
    (0, 27)
    """
    place = 0
    for letter in letters.lstrip("$"):
        place = place * 26 + ord(letter.upper()) - ord("A") + 1
    if place < 1:
        raise Broken("a cell without a column")
    return place - 1


def _value(cell: Element, texts: list[str], dates: Collection[str]) -> Cell:
    kind, value = cell.get("t", "n"), ""
    for child in cell:
        if child.tag in _VALUE:
            value = child.text or ""
        elif child.tag in _INLINE:
            value = _text(child)
        elif child.tag in _FORMULA:
            return Odd(Kind.FORMULA, "")
    if kind == "s" and value:
        return texts[_natural(value)]
    if kind in ("s", "str", "inlineStr") or not value:
        return value
    if kind == "n":
        return Odd(Kind.DATE if cell.get("s", "0") in dates else Kind.NUMBER, value)
    return Odd(_KINDS[kind], value)


def _natural(text: str) -> int:
    """A count from 0; a negative one would count from the end."""
    if (number := int(text)) < 0:
        raise Broken("a negative place")
    return number


def _text(element: Element) -> str:
    """What a shared or inline string says: its text, or that of its runs; how it is pronounced (rPh) is not part of it."""
    parts = [child.text or "" for child in element if child.tag in _TEXT]
    parts += [each.text or "" for run in element if run.tag in _RUN for each in run if each.tag in _TEXT]
    return "".join(parts)
