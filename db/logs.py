"""The log of a process: standard error, and no telephone number or 证件号 in it.

No message of ours names one. This is for what others put into their exceptions' texts, such as the input that a library refused.
"""

from __future__ import annotations

import logging
import re

MASK = "…"
_KEPT = (
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # ids
    r"|(?<![0-9A-Za-z])[A-Z]{2,6}(?!1[3-9][0-9]{9}(?![0-9]))[0-9]{6,14}(?![0-9A-Za-z])"  # an activity's 编号, no mobile number
    r"|(?<![0-9.])1[0-9]{9}\.[0-9]{1,7}(?![0-9.])"  # Asterisk's id of a call from outside: seconds and a serial number
    r"|(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{24,}(?![0-9A-Za-z])"  # ids and hashes
    r"|(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?"  # times
    r"|(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])"  # network addresses
)
_FOUND = re.compile(rf"(?P<kept>{_KEPT})|[+＋]?[0-9０-９](?:[ ().-]{{0,2}}[0-9０-９]){{6,}}[xX]?")


def without_numbers(text: str) -> str:
    """The text without what may be a telephone number or a 证件号; ids, hashes, times and network addresses stay.

    >>> without_numbers("input_value='+86 139-0013-9000' at 2026-11-30 11:02:39")
    "input_value='…' at 2026-11-30 11:02:39"
    """
    return _FOUND.sub(lambda found: found["kept"] or MASK, text)


class WithoutNumbers(logging.Formatter):
    """Formats as usual; message and traceback lose their numbers."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = without_numbers(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        return without_numbers(super().formatException(ei))  # type: ignore[arg-type]


def start_logging() -> None:
    """To standard error, from INFO on."""
    handler = logging.StreamHandler()
    handler.setFormatter(WithoutNumbers("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
