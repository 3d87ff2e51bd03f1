"""Canonical JSON: one value, one sequence of bytes (RFC 8785 for the data that this project hashes).

Keys are ASCII; values are strings, integers within ±(2^53−1), booleans, null, arrays and objects. Within
these limits RFC 8785 is: UTF-8, keys sorted, no white space, non-ASCII unescaped. The reader refuses what two
readers could understand differently: duplicate keys, floats, larger integers, lone surrogates. Arrays and objects
nest at most `DEEPEST` deep, which is looked at before anything is parsed: no text exhausts the stack.

>>> canon({"b": [1, None], "a": "职称"}).decode()
'{"a":"职称","b":[1,null]}'
>>> read('{"a":1,"a":2}')
Traceback (most recent call last):
drawing.canonical.NotCanonical: duplicate key 'a'
"""

import json
import re
from typing import Any, NoReturn

LARGEST = 2**53 - 1
DEEPEST = 64
"""How deep arrays and objects may nest; what the project writes has at most six levels."""
_LONGEST_INTEGER = 17  # characters of -(2^53-1)
_SHOWN = 40  # characters of a refused text that a message repeats
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotCanonical(ValueError):
    """The value or the text has no canonical form; the message says why."""


def canon(value: Any) -> bytes:
    """The canonical bytes of `value`; raises NotCanonical."""
    try:
        _check(value, DEEPEST)
        return canon_again(value)
    except UnicodeEncodeError as error:
        raise NotCanonical("a string holds a lone surrogate") from error


def canon_again(value: Any) -> bytes:
    """As `canon`, for a value that was read or written canonically before, or a part of it: it is not checked again."""
    return _ENCODER.encode(value).encode()


def read(text: str | bytes) -> Any:
    """Strictly parse JSON text (not necessarily written canonically); raises NotCanonical."""
    value = _parse(text)
    canon(value)  # integers, keys and strings within the limits
    return value


def read_canonical(line: bytes) -> Any:
    """Parse `line` and insist that it is the canonical form itself, so that no byte of it is free."""
    value = _parse(line)
    if canon(value) != line:
        raise NotCanonical("not in canonical form")
    return value


def _parse(text: str | bytes) -> Any:
    try:
        raw = text if isinstance(text, bytes) else text.encode()
        _check_depth(raw)
        return _DECODER.decode(raw.decode())
    except NotCanonical:
        raise
    except UnicodeError as error:
        raise NotCanonical("not UTF-8") from error
    except ValueError as error:
        raise NotCanonical(f"not JSON: {str(error)[:_SHOWN]}") from error


def _check_depth(text: bytes) -> None:
    """Few brackets can't nest deeply, so nearly every line is counted only."""
    if text.count(b"[") + text.count(b"{") <= DEEPEST:
        return
    depth = 0
    for found in _STRUCTURE.finditer(text):
        mark = found[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth > DEEPEST:
                raise NotCanonical("nested too deeply")
        elif mark in (b"]", b"}"):
            depth -= 1


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise NotCanonical(f"duplicate key {key[:_SHOWN]!r}")
        found[key] = value
    return found


def _no_float(text: str) -> NoReturn:
    raise NotCanonical(f"not an integer: {text[:_SHOWN]}")


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:  # Python itself refuses thousands of digits, and takes long for hundreds
        raise NotCanonical("integer beyond 2^53-1")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_no_float, parse_constant=_no_float
)


def _check(value: Any, room: int) -> None:
    """Raises NotCanonical for what has no canonical form; strings are checked when they are encoded."""
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return
    if isinstance(value, dict | list | tuple) and not room:
        raise NotCanonical("nested too deeply")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(f"key is not ASCII: {str(key)[:_SHOWN]!r}")
            if type(item) is not str:  # most are
                _check(item, room - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            if type(item) is not str:
                _check(item, room - 1)
    elif not isinstance(value, int):
        raise NotCanonical(f"{type(value).__name__} has no canonical form")
    elif abs(value) > LARGEST:
        raise NotCanonical("integer beyond 2^53-1")
