"""Canonical JSON: one value, one sequence of bytes (RFC 8785 for the data that this project hashes).

Keys are ASCII; values are strings, integers within ±(2^53−1), booleans, null, arrays and objects. Within
these limits RFC 8785 is: UTF-8, keys sorted, no white space, non-ASCII unescaped. The reader refuses what two
readers could understand differently: duplicate keys, floats, larger integers, lone surrogates.

>>> canon({"b": [1, None], "a": "职称"}).decode()
'{"a":"职称","b":[1,null]}'
>>> read('{"a":1,"a":2}')
Traceback (most recent call last):
drawing.canonical.NotCanonical: duplicate key 'a'
"""

import json
from typing import Any, NoReturn

LARGEST = 2**53 - 1


class NotCanonical(ValueError):
    """The value or the text has no canonical form; the message says why."""


def canon(value: Any) -> bytes:
    """The canonical bytes of `value`; raises NotCanonical."""
    try:
        _check(value)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a string holds a lone surrogate") from error
    except RecursionError as error:
        raise NotCanonical("nested too deeply") from error


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
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=_pairs,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except NotCanonical:
        raise
    except RecursionError as error:
        raise NotCanonical("nested too deeply") from error
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, integers with thousands of digits
        raise NotCanonical(f"not JSON: {error}") from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise NotCanonical(f"duplicate key {key!r}")
        found[key] = value
    return found


def _no_float(text: str) -> NoReturn:
    raise NotCanonical(f"not an integer: {text}")


def _check(value: Any) -> None:
    """Raises NotCanonical for what has no canonical form; strings are checked when they are encoded."""
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(f"key is not ASCII: {key!r}")
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    elif not isinstance(value, int):
        raise NotCanonical(f"{type(value).__name__} has no canonical form")
    elif abs(value) > LARGEST:
        raise NotCanonical(f"integer beyond 2^53-1: {value}")
