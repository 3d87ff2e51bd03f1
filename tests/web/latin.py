"""Latin words in what a Chinese page shows, but for those that people here use: file kinds, codes, and what somebody typed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

CHINESE = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[A-Za-z][A-Za-z-]*")
ALLOWED = re.compile(
    "|".join((
        r"CQ(?:SQ|NE|RE)\d{12}",  # 活动编号
        r"P\d{6}-\d{2}",  # the number of a 标段
        r"\b[ABC]\d{0,8}(?=[) （]|\b)",  # specialties: (A08)工程施工
        r"\b[0-9A-HJ-NPQRTUWXY]{18}\b",  # 统一社会信用代码
        r"\b[0-9a-f]{4}(?:[ -]?[0-9a-f]{4}){3,}\b…?",  # fingerprints
        r"\b(?:Excel|Word|PowerPoint|WPS|Numbers)\b",
        r"\bCSV UTF-8\b|\bXML 表格|\bPDF\b",  # as spreadsheets call kinds of files
        r"\.?\b(?:xlsx?|xlsm|xlsb|xltx|ods|docx?|docm|dotx|pptx|pdf|jpg|jpeg|png|csv|zip)\b",  # what a file is called by everybody
        r"\b(?:KB|MB)\b",  # as file managers show sizes
        r"U\+(?:[0-9A-F]{4,6}|\b)",  # which sign is refused (its name can't be shown)
        r"字母 ?“?[A-Z](?:”|(?:、| 或 )[A-Z])*",  # signs that a code may have, or not
        r"数字或 X",  # the last sign of a 证件号
        r"XX市XX区XX路XXXX",  # the manual's own words
    )),
    re.ASCII,
)  # fmt: skip
"""What is no word."""
_PATTERN = re.compile(r"\(\?|\\[AZdsbw]|a-z")
"""In a regular expression, which is no message."""
_SHOWN = ("alt", "title", "aria-label", "placeholder", "data-label", "label")


def latin(text: str, typed: re.Pattern[str] | None = None) -> list[str]:
    """The Latin words of a text.

    >>> latin("附件（.pdf）不超过 10 MB，CQSQ202611230001"), latin("system 启动，SHA-256，12 Bytes")
    ([], ['system', 'SHA-', 'Bytes'])
    """
    rest = text if typed is None else typed.sub(" ", text)
    return WORD.findall(ALLOWED.sub(" ", rest))


class _Reader(HTMLParser):
    """What a page lets people read: texts, and attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, tuple[str, str]]]] = []
        """Of forms that are sent: where to, and field → the kind of field, and its value."""
        self._silent = 0
        self._form: dict[str, tuple[str, str]] | None = None

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in given}
        if tag in ("script", "style"):
            self._silent += 1
        self.texts += [found[name] for name in _SHOWN if name in found]
        if tag == "a" and "download" not in found:
            self.links.append(found.get("href", ""))
        if tag == "form" and found.get("method") == "post":
            self._form = {}
            self.forms.append((found.get("action", ""), self._form))
        if self._form is not None and "name" in found and tag in ("input", "select", "textarea"):
            self._form[found["name"]] = found.get("type", tag), found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent -= 1
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(data.strip())


def read(page: str) -> _Reader:
    """The page as it is read, its links and its forms."""
    reader = _Reader()
    reader.feed(page)
    return reader


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """Every Chinese text of a module, with its line; what is filled in is left out, docstrings are for developers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    parts = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in each.values}
    for each in ast.walk(tree):
        if isinstance(each, ast.JoinedStr):
            text = "0".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in passed | parts:
            text = each.value
        else:
            continue
        if CHINESE.search(text) and not _PATTERN.search(text):
            yield each.lineno, text
