"""What can be attached: a file of the kind that its name says, by its first bytes and by its parts."""

from __future__ import annotations

import io
from collections.abc import Mapping
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from drawing.attachments import wrong

TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
OOXML = "application/vnd.openxmlformats-officedocument"
DOCUMENT = f"{OOXML}.wordprocessingml.document.main+xml"


def packed(parts: Mapping[str, str]) -> bytes:
    data = io.BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return data.getvalue()


def office(kind: str, main: str = "word/document.xml", **more: str) -> bytes:
    """A file of Office with this main part."""
    types = f'<?xml version="1.0"?><Types xmlns="{TYPES}"><Override PartName="/{main}" ContentType="{kind}"/></Types>'
    return packed({"[Content_Types].xml": types, "_rels/.rels": "<x/>", main: "<document/>", **more})


def workbook() -> bytes:
    data = io.BytesIO()
    Workbook().save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("申请表.docx", office(DOCUMENT)),
        ("申请表.DOCX", office(DOCUMENT)),
        ("新版.docx", office(DOCUMENT, "word/document2.xml")),
        ("清单.xlsx", workbook()),
        ("扫描.pdf", b"%PDF-1.7\n"),
        ("传真.pdf", b"\xef\xbb\xbf\r\n%PDF-1.4\n"),
        ("照片.jpg", b"\xff\xd8\xff\xe0"),
        ("图.png", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_what_is_what_it_says(name: str, data: bytes) -> None:
    assert wrong(name, data) == ""


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("申请表.docx", packed({"任意.txt": "x"}), "文件内容不是 docx"),
        ("申请表.docx", b"PK\x03\x04", "文件内容不是 docx"),
        ("申请表.docx", workbook(), "文件是 Excel 工作簿（xlsx），不是 docx"),
        ("清单.xlsx", office(DOCUMENT), "文件是 Word 文档（docx），不是 xlsx"),
        ("申请表.docx", office("application/vnd.ms-word.document.macroEnabled.main+xml"), "含宏的 Word 文档（docm）"),
        ("申请表.docx", office(f"{OOXML}.presentationml.presentation.main+xml", "ppt/presentation.xml"), "（pptx）"),
        ("申请表.docx", packed({"[Content_Types].xml": f'<Types xmlns="{TYPES}"/>', "word/document.xml": "<x/>"}), "不是 docx"),
        ("申请表.docx", packed({"[Content_Types].xml": "<Types", "word/document.xml": "<x/>"}), "不是 docx"),
        ("缺.docx", office(DOCUMENT)[:-30], "不是 docx"),
        ("申请表.docx", bytes.fromhex("d0cf11e0a1b11ae1"), "旧版格式（doc、xls）或加了密码"),
        ("清单.xlsx", bytes.fromhex("d0cf11e0a1b11ae1"), "旧版格式（doc、xls）或加了密码"),
        ("网页.pdf", b"<html>" + bytes(2000) + b"%PDF-", "文件内容不是 pdf"),
        ("包.zip", packed({"a": "b"}), "只能上传"),
    ],
)
def test_what_only_says_so(name: str, data: bytes, told: str) -> None:
    assert told in wrong(name, data)


def test_a_main_part_must_be_there() -> None:
    types = f'<Types xmlns="{TYPES}"><Override PartName="/word/document.xml" ContentType="{DOCUMENT}"/></Types>'
    assert "不是 docx" in wrong("申请表.docx", packed({"[Content_Types].xml": types, "别的.xml": "<x/>"}))


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Types>&b;</Types>'
    assert "不是 docx" in wrong("申请表.docx", packed({"[Content_Types].xml": bomb, "word/document.xml": "<x/>"}))


def test_many_parts_and_long_lists_are_not_read() -> None:
    assert "不是 xlsx" in wrong("清单.xlsx", b"PK\x03\x04" + b"PK\x01\x02" * 10_001)
    long = packed({"[Content_Types].xml": " " * (2 << 20), "word/document.xml": "<x/>"})
    assert "不是 docx" in wrong("申请表.docx", long)
