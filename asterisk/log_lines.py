"""What Asterisk logs, made fit to be kept: no telephone number, and a bounded number of lines however many there are.

Asterisk writes JSON to its standard output (templates/shared/logger.conf.j2), so that one message is one line whatever a
stranger put into it. Callers, callees and call ids in it are chosen by whoever sends a packet; of those nothing is kept. Network
addresses are: whoever defends a node needs them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address
from typing import Literal

File = Literal["messages", "security"]

MASK = "…"
LONGEST = 400
"""So many characters of a message are kept."""
_LOOKED_AT = 1_000
"""Longer ones are cut before anything is searched in them: whoever sends long headers shall not buy our time."""

WINDOW = 60.0
"""Seconds over which equal lines are counted."""
OF_A_KIND = 5
"""So many lines that differ in nothing but ports and serial numbers are written in a window; the others are counted."""
IN_ALL = 300
"""So many lines are written in a window; a flood from many addresses makes as many kinds."""

_URI = re.compile(r"(?i)\b(sips?|tel|urn|mailto):[^\s>'\",;)]*")
_ADDRESS_SPEC = re.compile(r"(?<![^\s<>\"'(])[^\s<>\"'(]*@[^\s<>\"')]*")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|<[^<>]*>|'[^']*'")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_./()-]{0,30}|(?:PJSIP/)?[a-z][a-z0-9-]{0,39}-0000[0-9a-f]{4}|[a-z]+(?:-[a-z]+)*")
_CALL_ID = re.compile(r"(?i)\bcall-?id:? *[^\s)]+")
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_NOT_ASCII = re.compile(r"[^\x20-\x7e…]+")
_IPV4 = r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?(?!\.?[0-9])"
_CHANNEL = r"-0000[0-9a-f]{4}(?![0-9a-f])|\bel[0-9a-f]{32}(?![0-9a-f])"  # Asterisk's serial number; an id of the worker's
_DIGITS = r"[0-9](?:[\s()._+/-]{0,3}[0-9]){4,}"
_NUMBER = re.compile(rf"(?P<address>{_IPV4})|(?P<channel>{_CHANNEL})|(?P<digits>{_DIGITS})")
_VARIES = re.compile(r"'?\b0x[0-9a-f…]+'?|(?<=[0-9]):[0-9]{1,5}\b|-0000[0-9a-f]{4}\b|\b[0-9]+ (?=bytes|ms|seconds)")
_PLAIN_LINE = re.compile(r"\[([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3})\] (.*)", re.DOTALL)
_EVENT = re.compile(r'SecurityEvent="([A-Za-z]{1,40})"')
_SERVICE = re.compile(r'Service="([A-Za-z]{1,20})"')
_REMOTE = re.compile(r'RemoteAddress="IPV[46]/([A-Z]{2,4})/([0-9A-Fa-f.:]{2,45})/[0-9]{1,5}"')


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of Asterisk's, without anything that a stranger could have made a number of."""

    file: File
    at: str
    """Asterisk's local time, to the millisecond; empty where the line was none of its logger's."""
    text: str

    @property
    def kind(self) -> str:
        """Equal for messages that differ in ports, sizes and serial numbers only."""
        return _VARIES.sub("", self.text)


def without_numbers(text: str) -> str:
    """The text without telephone numbers, names, SIP addresses and call ids; IPv4 addresses and their ports stay.

    >>> without_numbers("Request 'INVITE' from '<sip:13900139000@x>' failed for '192.0.2.7:5060' (callid: 1-139@x)")
    "Request 'INVITE' from '…' failed for '192.0.2.7:5060' (callid …)"
    >>> without_numbers("to extension 'alice13900139000' from 139 0013-9000")
    "to extension '…' from …"
    """
    text = _NOT_ASCII.sub(MASK, text[:_LOOKED_AT])
    text = _QUOTED.sub(_unquoted, text)
    text = _CALL_ID.sub(f"callid {MASK}", text)
    text = _URI.sub(rf"\1:{MASK}", text)
    text = _ADDRESS_SPEC.sub(MASK, text)
    text = _ESCAPED.sub(MASK, text)
    return _NUMBER.sub(_masked, text)[:LONGEST]


def _unquoted(found: re.Match[str]) -> str:
    """What stands in quotes is a stranger's, but for words of Asterisk's own and addresses."""
    whole = found[0]
    inner = whole[1:-1]
    keep = _PLAIN.fullmatch(inner) or (re.fullmatch(_IPV4, inner) and _is_address(inner))
    return whole if keep else f"{whole[0]}{MASK}{whole[-1]}"


def _masked(found: re.Match[str]) -> str:
    if found["channel"] or (found["address"] and _is_address(found["address"])):
        return found[0]
    return MASK


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text.partition(":")[0])
    except AddressValueError:
        return False
    return True


def read_line(line: bytes) -> Entry | None:
    """What is kept of one line of Asterisk's output; None of an empty one."""
    text = line.decode(errors="replace").strip()
    if not text:
        return None
    try:
        said = json.loads(text)
        message = said["logmsg"]
        where, level = message["location"], str(message["level"])
        at, words, call = str(said["timestamp"]), str(message["message"]), str(said["identifiers"]["callid"])
        source = f"{where['filename']}:{where['line']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return _read_plain(text)
    if level == "SECURITY":
        return Entry("security", at, f"{level} {_security(words)}")
    if where["filename"] == "acl.c" and "Rejecting" in words:
        return None  # res_pjsip_acl says the same with the port
    words = without_numbers(" ".join(words.split()))
    file: File = "security" if where["filename"] == "res_pjsip_acl.c" and level == "WARNING" else "messages"
    return Entry(file, at, " ".join(filter(None, (level, source, call, words))))


def _read_plain(text: str) -> Entry:
    """A line that is no JSON: from before the logger runs, of a library, or of an older version's log."""
    at, text = found.groups() if (found := _PLAIN_LINE.fullmatch(text)) else ("", text)
    if text.startswith("SECURITY["):
        return Entry("security", at, f"SECURITY {_security(text)}")
    return Entry("messages", at, without_numbers(text))


def _security(words: str) -> str:
    """What happened, where and from which address; account and session are whatever a stranger wrote.

    The last address counts: fields that a stranger fills stand before it.
    """
    event, service, remote = _EVENT.search(words), _SERVICE.search(words), list(_REMOTE.finditer(words))
    source = f"{remote[-1][1]} {remote[-1][2]}" if remote else "?"
    return f"{event[1] if event else '?'} {service[1] if service else '?'} from {source}"


@dataclass
class Digest:
    """Which entries are written, and how many are only counted. Times in seconds of a monotonic clock."""

    _began: float = 0.0
    _written: int = 0
    _seen: dict[tuple[File, str], int] = field(default_factory=dict)
    _more: dict[tuple[File, str], tuple[int, Entry]] = field(default_factory=dict)
    _uncounted: int = 0

    def take(self, entry: Entry, now: float) -> Iterator[Entry]:
        """What is to be written, now that this one has come."""
        yield from self.due(entry.at, now)
        key = entry.file, entry.kind
        if key not in self._seen and len(self._seen) >= IN_ALL:
            self._uncounted += 1
            return
        self._seen[key] = self._seen.get(key, 0) + 1
        if self._seen[key] <= OF_A_KIND and self._written < IN_ALL:
            self._written += 1
            yield entry
        else:
            self._more[key] = self._more.get(key, (0, entry))[0] + 1, entry

    def due(self, at: str, now: float) -> Iterator[Entry]:
        """The counts of the window that has passed, if it has; `at` is the time that they are written under."""
        if now - self._began >= WINDOW:
            yield from self.rest(at)
            self._began = now

    def rest(self, at: str) -> Iterator[Entry]:
        """The counts so far; counting begins anew."""
        for (file, _), (count, entry) in self._more.items():
            yield Entry(file, at or entry.at, f"{count} more of the kind, the last at {entry.at}: {entry.text}")
        if self._uncounted:
            yield Entry("messages", at, f"{self._uncounted} more lines, of more than {IN_ALL} kinds in {WINDOW:.0f} s")
        self._written, self._uncounted = 0, 0
        self._seen.clear()
        self._more.clear()
