"""From the driver's tuples to values: a NamedTuple by column name, or a given frozen dataclass.

Importing this module also settles, for every connection of the process, how our types travel: bytea comes
as `bytes`, an Enum goes as its value, a dict goes as json.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import Enum
from functools import lru_cache
from typing import Any, get_origin, get_type_hints

import psycopg2
import psycopg2.extensions as _ext
from psycopg2.extras import Json

Make = Callable[[Sequence[Any]], Any]


def _bytea(value: str | None, cursor: Any) -> bytes | None:
    return None if value is None else bytes(psycopg2.BINARY(value, cursor))


def _adapt_enum(value: Enum) -> Any:
    return _ext.adapt(value.value)


_ext.register_type(_ext.new_type((17,), "BYTES", _bytea))
_ext.register_adapter(Enum, _adapt_enum)
_ext.register_adapter(dict, Json)


def maker(description: Sequence[Any], into: type | None) -> Make:
    """What turns one tuple with these columns into a row."""
    names = tuple(column[0] for column in description)
    return _namedtuple(names) if into is None else _dataclass(names, into)


@lru_cache(maxsize=1024)
def _namedtuple(names: tuple[str, ...]) -> Make:
    make: Make = namedtuple("Row", names, rename=True)._make  # type: ignore[attr-defined]
    return make


@lru_cache(maxsize=1024)
def _dataclass(names: tuple[str, ...], into: type) -> Make:
    hints = get_type_hints(into)
    wanted = [field.name for field in fields(into)]
    if sorted(wanted) != sorted(names):
        odd = sorted(set(wanted) ^ set(names))
        raise TypeError(f"{into.__name__} and the query's columns differ in {', '.join(odd)}")
    places = [(names.index(name), _converter(hints[name])) for name in wanted]
    return lambda row: into(*[row[i] if f is None or row[i] is None else f(row[i]) for i, f in places])


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    """An Enum from its value, a tuple from an array; everything else is what the driver gives."""
    for kind in (hint, *getattr(hint, "__args__", ())):
        if get_origin(hint) is tuple or get_origin(kind) is tuple:
            return tuple
        if isinstance(kind, type) and issubclass(kind, Enum) and get_origin(hint) is not list:
            return kind
    return None
