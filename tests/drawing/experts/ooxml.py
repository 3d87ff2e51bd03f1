"""Workbooks made by hand: what other programs write, and openpyxl does not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

TRANSITIONAL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_OFFICE = {
    TRANSITIONAL: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    STRICT: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@dataclass
class Page:
    """A sheet. `rows`: number -> cells as xml; `attributes` of rows by number; `before`: xml in front of the rows."""

    title: str
    rows: Mapping[int, Sequence[str]] = field(default_factory=dict)
    attributes: Mapping[int, str] = field(default_factory=dict)
    before: str = ""
    state: str = ""
    kind: str = "worksheet"


def inline(value: str) -> str:
    """A cell whose text stands in it."""
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def cells(rows: Iterable[Sequence[str]], first: int = 1) -> dict[int, list[str]]:
    """Rows of inline cells from row `first` on."""
    return {number: [inline(value) for value in row] for number, row in enumerate(rows, start=first)}


def workbook(
    *pages: Page, space: str = TRANSITIONAL, shared: str = "", styles: str = "", parts: Mapping[str, str] | None = None,
    folder: str = "xl/", absolute: bool = False,
) -> bytes:  # fmt: skip
    """The file. `shared`, `styles`: xml inside the part's root; `parts`: further ones; `absolute`: how targets are written."""
    office = _OFFICE[space]
    files: dict[str, str] = {"[Content_Types].xml": "<Types/>"}
    related: list[str] = []
    listed: list[str] = []

    def relate(kind: str, name: str) -> str:
        target = f"/{folder}{name}" if absolute else name
        related.append(f'<Relationship Id="rId{len(related) + 1}" Type="{office}/{kind}" Target="{target}"/>')
        return f"rId{len(related)}"

    for number, page in enumerate(pages, start=1):
        name = f"{page.kind}s/sheet{number}.xml"
        files[folder + name] = _page(page, space)
        state = f" state={quoteattr(page.state)}" if page.state else ""
        identity = relate(page.kind, name)
        listed.append(f'<sheet name={quoteattr(page.title)} sheetId="{number}"{state} r:id="{identity}"/>')
    for kind, root, inner in (("sharedStrings", "sst", shared), ("styles", "styleSheet", styles)):
        if inner:
            files[f"{folder}{kind}.xml"] = f'<{root} xmlns="{space}">{inner}</{root}>'
            relate(kind, f"{kind}.xml")
    files[f"{folder}workbook.xml"] = (
        f'<workbook xmlns="{space}" xmlns:r="{office}"><sheets>{"".join(listed)}</sheets></workbook>'
    )
    files[f"{folder}_rels/workbook.xml.rels"] = f'<Relationships xmlns="{_PACKAGE}">{"".join(related)}</Relationships>'
    files["_rels/.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="a" Type="{office}/officeDocument" '
        f'Target="{folder}workbook.xml"/></Relationships>'
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in (files | dict(parts or {})).items():
            packed.writestr(name, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + content)
    return data.getvalue()


def _page(page: Page, space: str) -> str:
    if page.kind != "worksheet":
        return f'<{page.kind} xmlns="{space}"/>'
    rows = "".join(
        f'<row r="{number}"{page.attributes.get(number, "")}>{"".join(row)}</row>' for number, row in page.rows.items()
    )
    return f'<worksheet xmlns="{space}">{page.before}<sheetData>{rows}</sheetData></worksheet>'
