"""Which kind a file is, by its first bytes or by what a zip file holds; its name may be wrong (pure).

For each kind that is no table of ours there is the one step that makes it one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # [MS-CFB]: .xls, .doc, and .xlsx under a password
_STREAMS = (
    ("EncryptedPackage", "加了密码：请用表格软件打开，去掉密码后保存"),  # [MS-OFFCRYPTO]
    ("WordDocument", "是 Word 文档，不是表格：请把表格复制到模板中，保存"),
    ("Workbook", "是旧版 xls 工作簿：请用表格软件打开，“另存为 Excel 工作簿（.xlsx）”"),
)
"""Streams of a compound file by which its kind is known."""
ZIP = b"PK"
_OLE_HEADER = 512
HEAD_BYTES = 1 << 16
_SAVE = "请用表格软件打开，“另存为 Excel 工作簿（.xlsx）”"
_SIGNATURES = (
    (b"%PDF", "是 PDF，不是表格：请找到原来的表格文件"),
    (b"{\\rtf", "是文字文档，不是表格：请把表格复制到模板中"),
    (b"Rar!", "是压缩包：请先解压，选择其中的表格文件"),
    (b"7z\xbc\xaf\x27\x1c", "是压缩包：请先解压，选择其中的表格文件"),
    (b"\x1f\x8b", "是压缩包：请先解压，选择其中的表格文件"),
    (b"\x89PNG", "是图片，不是表格：请找到原来的表格文件"),
    (b"\xff\xd8\xff", "是图片，不是表格：请找到原来的表格文件"),
    (b"SQLite format 3", "是数据库文件，不是表格：请从原来的系统导出表格"),
)
_XML_TABLE = re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet")
_MARKUP = re.compile(rb"\s*<(?:\?xml|!doctype|html|head|meta|table|!--)", re.IGNORECASE)
_MIME = re.compile(rb"\s*MIME-Version:", re.IGNORECASE)
_PACKED = (
    ("xl/workbook.bin", f"是 xlsb 工作簿：{_SAVE}"),
    ("word/document.xml", "是 Word 文档，不是表格：请把表格复制到模板中，保存"),
    ("ppt/presentation.xml", "是演示文稿，不是表格：请把表格复制到模板中，保存"),
    ("index/document.iwa", "是 Numbers 表格：请在 Numbers 中选“文件 → 导出为 → Excel”，导出"),
    ("index.zip", "是 Numbers 表格：请在 Numbers 中选“文件 → 导出为 → Excel”，导出"),
    ("content.xml", f"是 ods 等其他格式的表格：{_SAVE}"),
)
_TABLE_NAMES = (".xlsx", ".xls", ".csv", ".et", ".txt")


def directory_place(head: bytes) -> int | None:
    """Where in a compound file its directory begins; None for other files."""
    if not head.startswith(_OLE) or len(head) < _OLE_HEADER:
        return None
    return (int.from_bytes(head[48:52], "little") + 1) << min(int.from_bytes(head[30:32], "little"), 16)


def other_kind(head: bytes, directory: bytes = b"") -> str | None:
    """What a file is that begins so and what to do, in Chinese; None if it may be a workbook or a text. `directory`: what stands at
    `directory_place`.
    """
    if head.startswith(_OLE):
        found = (said for stream, said in _STREAMS if stream.encode("utf-16-le") in directory)
        return next(found, f"是旧版 xls 或加了密码的工作簿：请去掉密码，{_SAVE}")
    for signature, said in _SIGNATURES:
        if head.startswith(signature):
            return said
    plain = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if _MARKUP.match(plain) or _MIME.match(plain):
        what = "XML 表格" if _XML_TABLE.search(plain) else "网页格式的表格"
        return f"是{what}（有的系统导出时把它叫作 xls）：{_SAVE}"
    return None


def packed_kind(names: Iterable[str]) -> str | None:
    """The same of a zip file with such names in it."""
    found = [name.replace("\\", "/").casefold() for name in names]
    if any(name.endswith("xl/workbook.xml") for name in found):
        return None
    if said := next((said for name, said in _PACKED if name in found), None):
        return said
    if "[content_types].xml" not in found and any(name.endswith(_TABLE_NAMES) for name in found):
        return "是压缩包：请先解压，选择其中的表格文件"
    return None
