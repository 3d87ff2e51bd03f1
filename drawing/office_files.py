"""Whether a file is a docx or an xlsx, by its parts (ISO/IEC 29500-2): every zip file begins with the same two bytes.

The list of content types names the kind of the main part, wherever that lies, and each part that it names by its own path must be
there. Nothing else is opened.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_OOXML = "application/vnd.openxmlformats-officedocument"
MAIN: Mapping[str, str] = {
    "docx": f"{_OOXML}.wordprocessingml.document.main+xml",
    "xlsx": f"{_OOXML}.spreadsheetml.sheet.main+xml",
}
"""The content type of the main part, by the end of a file's name."""
_OTHER: Mapping[str, str] = {
    MAIN["docx"]: " Word 文档（docx）",
    MAIN["xlsx"]: " Excel 工作簿（xlsx）",
    f"{_OOXML}.presentationml.presentation.main+xml": " PowerPoint 演示文稿（pptx）",
    f"{_OOXML}.wordprocessingml.template.main+xml": " Word 模板（dotx）",
    f"{_OOXML}.spreadsheetml.template.main+xml": " Excel 模板（xltx）",
    "application/vnd.ms-word.document.macroEnabled.main+xml": "含宏的 Word 文档（docm）",
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml": "含宏的 Excel 工作簿（xlsm）",
    "application/vnd.ms-excel.sheet.binary.macroEnabled.main": "二进制的 Excel 工作簿（xlsb）",
}
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # [MS-CFB]: doc, xls, and whatever is under a password
_TYPES = "[Content_Types].xml"
_MOST_TYPES = 1 << 20
_ENTRY, _MOST_PARTS = b"PK\x01\x02", 10_000
_NAMESPACE = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_BROKEN = (
    BadZipFile, ParseError, ZlibError, DefusedXmlException, EOFError, NotImplementedError, RuntimeError, KeyError, ValueError,
    TypeError, IndexError, AttributeError, OverflowError, RecursionError, OSError,
)  # fmt: skip


def wrong(ending: str, data: bytes) -> str:
    """Why a file is no sound one of this kind, or nothing. `ending`: one of MAIN."""
    if data.startswith(_OLE):
        return f"文件是旧版格式（doc、xls）或加了密码，不是 {ending}：请去掉密码，另存为 {ending} 后上传。"
    if data.count(_ENTRY) > _MOST_PARTS:
        return _no(ending)
    try:
        with ZipFile(io.BytesIO(data)) as packed:
            kinds = _kinds(packed)
    except _BROKEN:
        return _no(ending)
    if MAIN[ending] in kinds:
        return ""
    other = next((name for kind, name in _OTHER.items() if kind in kinds), "")
    return f"文件是{other}，不是 {ending}：请另存为 {ending} 后上传，不要只改扩展名。" if other else _no(ending)


def _no(ending: str) -> str:
    return f"文件内容不是 {ending}：请确认文件没有损坏，也没有改过扩展名。"


def _kinds(packed: ZipFile) -> set[str]:
    """The content types of parts that are there."""
    there = {f"/{each.filename}".casefold() for each in packed.infolist()}
    endings = {name.rpartition(".")[2] for name in there}
    named = {f"{_NAMESPACE}Override": ("PartName", there), f"{_NAMESPACE}Default": ("Extension", endings)}
    found = set()
    for each in _types(packed):
        attribute, known = named.get(each.tag, ("", set()))
        if each.get(attribute, "").casefold() in known:
            found.add(each.get("ContentType", ""))
    return found


def _types(packed: ZipFile) -> Element:
    info: ZipInfo = packed.getinfo(_TYPES)
    if info.file_size > _MOST_TYPES:
        raise ValueError("too long a list of content types")
    root: Element = fromstring(packed.read(info))
    return root
