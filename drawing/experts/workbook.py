"""The parts of a workbook (ISO/IEC 29500, transitional and strict): its sheets, and the cells of one, row by row.

Only what a table needs is read, so that charts, styles and extensions can't hinder it; and what a table needs is more than values:
which sheets, rows and columns are hidden, and whether a number is a date. Strict and transitional workbooks differ in their
namespaces only.

An xml part with a DTD is refused before it is parsed: without one there are no entities, and so nothing that could grow.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl.styles.numbers import is_date_format

from drawing.experts.sheet_rows import NAMESPACES, Broken, Columns, RawRow, sheet_rows

_RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_SHEET_PARTS = ("worksheet", "chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet")
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)))  # 18.8.30, those of Chinese programs too
_PROLOG_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a book; `is_table`: no chart, dialog or macro sheet."""

    title: str
    part: str
    hidden: bool
    is_table: bool


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
        """The rows of a sheet that hold something, in the file's order."""
        if self._texts is None or self._dates is None:
            self._texts, self._dates = self._shared_texts(), self._date_styles()
        with self._packed.open(self._parts[sheet.part.casefold()]) as file:
            yield from sheet_rows(file, self._texts, self._dates, columns or Columns())

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
    return frozenset(f"{{{space}}}{name}" for space in NAMESPACES for name in names)


_SHEET, _SI, _RUN, _TEXT = _tags("sheet"), _tags("si"), _tags("r"), _tags("t")
_NUMBER_FORMAT, _CELL_STYLES = _tags("numFmt"), _tags("cellXfs")


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


def _text(element: Element) -> str:
    """What a shared or inline string says: its text, or that of its runs; how it is pronounced (rPh) is not part of it."""
    parts = [child.text or "" for child in element if child.tag in _TEXT]
    parts += [each.text or "" for run in element if run.tag in _RUN for each in run if each.tag in _TEXT]
    return "".join(parts)
