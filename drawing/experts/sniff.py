"""How a text file of a table is written: encoding and separator, by the one thing that is known of it, its header (pure).

A guess by likeness could change names without a word. But a header of Chinese titles can be read in one encoding only, and falls
into its columns by one separator only: whoever finds it has not guessed.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from drawing.experts.header import Header, find_header

HEAD_BYTES = 1 << 16
"""So much of a file is looked at; the header must be in it."""
MARKED = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"\x84\x31\x95\x33": "gb18030",
}
"""Byte order marks; that of UTF-32 begins with that of UTF-16, so it comes first."""
UNMARKED = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
SEPARATORS = {",": "逗号", "\t": "制表符", ";": "分号", "|": "竖线", "，": "全角逗号"}
_SEPARATOR_LINE = re.compile('\ufeff?"?sep=(.)"?[,;\t|]*\r?\n?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextForm:
    """`encoding` as Python names it; `told`: the file says its separator in a first line `sep=…`, which is no row;
    `header`: None if no row has any of the columns.
    """

    encoding: str
    separator: str
    told: bool
    header: Header | None


def text_form(head: bytes, wanted: Sequence[str], encodings: Iterable[str] = ()) -> TextForm | None:
    """How the text is written that begins so; None if it is no text at all. `encodings`: only these are tried."""
    forms = [form for encoding in encodings or candidates(head) for form in _forms(head, encoding, wanted)]
    found = [form for form in forms if form.header]
    if found:
        return min(found, key=lambda form: len(form.header.missing) if form.header else 0)
    return next((form for form in forms if _readable(head, form.encoding)), None)


def candidates(head: bytes) -> Sequence[str]:
    """Encodings that the text may have."""
    marked = next((encoding for mark, encoding in MARKED.items() if head.startswith(mark)), None)
    return (marked,) if marked else UNMARKED


def separator_line(line: str) -> str | None:
    """The separator that a first line `sep=…` tells.

    >>> separator_line("sep=;\\r\\n"), separator_line("姓名;证件号")
    (';', None)
    """
    found = _SEPARATOR_LINE.fullmatch(line)
    return found[1] if found else None


def records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a beginning of a table, numbered as a spreadsheet numbers them, as far as they can be read."""
    with suppress(csv.Error):
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1)


def _forms(head: bytes, encoding: str, wanted: Sequence[str]) -> Iterator[TextForm]:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    end = text.find("\n") + 1
    told = separator_line(text[:end])
    for separator in [told] if told else SEPARATORS:
        header = find_header(records(text[end:] if told else text, separator), wanted)
        yield TextForm(encoding, separator, told is not None, header)


def _readable(head: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except UnicodeError:
        return False
    return "\0" not in text
